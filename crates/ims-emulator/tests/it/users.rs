//! What the holder of a token can read about the user, and how a token ends before its expiry.

use ims_emulator::Emulator;
use serde_json::{Value, json};

use crate::harness::{
    Answer, CLIENT_ID, CLIENT_SECRET, client_credentials, emulator, form, get, integration, send,
};

async fn token(emulator: &Emulator, scope: &str) -> String {
    let answer = client_credentials(emulator, scope).await;
    answer.body["access_token"].as_str().unwrap().to_owned()
}

async fn get_as(emulator: &Emulator, path: &str, token: &str) -> Answer {
    get(emulator, path, &format!("Authorization: Bearer {token}\r\n")).await
}

#[tokio::test]
async fn a_token_shows_about_its_holder_what_its_scopes_allow() {
    let emulator = emulator(integration().with_scopes(["email", "profile", "address"])).await;
    let sub = "6657031C5C095BB40A4@techacct.adobe.com";
    #[rustfmt::skip]
    let table = [
        ("openid",         json!({ "sub": sub })),
        ("openid,email",   json!({ "sub": sub, "email": sub, "email_verified": true })),
        ("openid,address", json!({ "sub": sub, "address": { "country": "US" } })),
        ("openid,profile", json!({ "sub": sub, "account_type": "ent", "name": "6657031C5C095BB40A4 techacct.adobe.com",
                                   "given_name": "6657031C5C095BB40A4", "family_name": "techacct.adobe.com" })),
    ];
    for (scope, info) in table {
        let token = token(&emulator, scope).await;
        assert_eq!(get_as(&emulator, "/ims/userinfo/v2", &token).await.body, info, "{scope}");
        // OpenID Connect Core 1.0 §5.3.1.
        let post = format!(
            "POST /ims/userinfo/v2 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(send(&emulator, post.as_bytes()).await.body, info, "{scope}");
    }
}

#[tokio::test]
async fn a_token_names_its_organization_at_each_version() {
    let emulator = emulator(integration()).await;
    let token = token(&emulator, "openid").await;
    for version in 1..=6 {
        let path = format!("/ims/organizations/v{version}");
        let org = &get_as(&emulator, &path, &token).await.body[0];
        assert_eq!(org["orgRef"], json!({ "ident": "C74F69D7594880280", "authSrc": "AdobeOrg" }));
    }
    assert_eq!(get_as(&emulator, "/ims/organizations/v7", &token).await.status, 404);
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_revealed() {
    let emulator = emulator(integration()).await;
    let token = token(&emulator, "openid").await;
    for path in ["/ims/userinfo/v1", "/ims/organizations/v6"] {
        assert_eq!(get(&emulator, path, "").await.error(), (401, "invalid_token"));
        assert_eq!(get_as(&emulator, path, "x").await.error(), (401, "invalid_token"));
        emulator.set_clock_offset(86_400);
        assert_eq!(get_as(&emulator, path, &token).await.error(), (401, "invalid_token"));
        emulator.set_clock_offset(0);
    }
}

#[tokio::test]
async fn a_token_that_its_client_revokes_is_valid_nowhere() {
    let emulator = emulator(integration()).await;
    #[rustfmt::skip]
    let ways: [(&str, &[(&str, &str)]); 3] = [
        ("/ims/invalidate_token/v1", &[("client_id", CLIENT_ID), ("token_type", "access_token")]),
        ("/ims/invalidate_token/v2", &[("client_id", CLIENT_ID), ("cascading", "all")]),
        ("/ims/revoke",              &[("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)]),
    ];
    for (path, parameters) in ways {
        let (ended, other) = (token(&emulator, "openid").await, token(&emulator, "openid").await);
        let parameters = [parameters, &[("token", &*ended)]].concat();
        for _ in 0..2 {
            let answer = form(&emulator, path, &parameters).await;
            assert_eq!((answer.status, answer.body), (200, Value::Null), "{path}");
        }
        assert_eq!(get_as(&emulator, "/ims/userinfo/v1", &ended).await.status, 401, "{path}");
        assert_eq!(get_as(&emulator, "/ims/userinfo/v1", &other).await.status, 200, "{path}");
        let validity = [("client_id", CLIENT_ID), ("token", &*ended)];
        let validity = form(&emulator, "/ims/validate_token/v1", &validity).await;
        assert_eq!(validity.body, json!({ "valid": false, "reason": "revoked" }));
    }
}

#[tokio::test]
async fn no_other_client_can_revoke_a_token() {
    let emulator = emulator(integration()).await;
    let other = ims_emulator::Integration::new(
        "public".parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
    );
    emulator.register(other);
    let token = token(&emulator, "openid").await;
    #[rustfmt::skip]
    let table = [
        ("/ims/revoke",              "public",  "",      200),
        ("/ims/revoke",              CLIENT_ID, "",      401),
        ("/ims/revoke",              CLIENT_ID, "wrong", 401),
        ("/ims/revoke",              "unknown", "",      400),
        ("/ims/invalidate_token/v2", "public",  "",      200),
        ("/ims/invalidate_token/v2", "",        "",      400),
    ];
    for (path, client_id, client_secret, status) in table {
        let parameters =
            [("client_id", client_id), ("client_secret", client_secret), ("token", &*token)];
        assert_eq!(form(&emulator, path, &parameters).await.status, status, "{path} {client_id}");
    }
    assert_eq!(get_as(&emulator, "/ims/userinfo/v1", &token).await.status, 200);
}

#[tokio::test]
async fn discovery_names_the_host_of_the_request() {
    let emulator = emulator(integration()).await;
    let path = "/ims/.well-known/openid-configuration";
    let own = get(&emulator, path, "").await.body;
    assert_eq!(own["issuer"], emulator.url());
    assert_eq!(own["jwks_uri"], format!("{}/ims/keys", emulator.url()));
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: ims-na1.adobelogin.com\r\nConnection: close\r\n\r\n");
    let adobe = send(&emulator, request.as_bytes()).await.body;
    assert_eq!(adobe["issuer"], "https://ims-na1.adobelogin.com");
}
