//! Profiles, and what a service with a permanent code learns about others.

use ims_emulator::{Emulator, Integration, ProductContext, Refusal};
use serde_json::{Value, json};

use crate::{
    grants::user_token,
    harness::{Answer, CLIENT_ID, CLIENT_SECRET, client_credentials, emulator, form, get, post},
    sign_in::user_integration,
};

const CODE: &str = "canary-permanent-code";

fn service_integration() -> Integration {
    let data = json!({ "iid": "aid-1" }).as_object().unwrap().clone();
    user_integration()
        .with_service_code(CODE)
        .with_scopes(["additional_info.projectedProductContext"])
        .with_product(ProductContext::new("dma_media_library").with_fulfillable_data(data))
        .with_product(ProductContext::new("dma_tartan"))
}

async fn service_token(emulator: &Emulator, client_secret: &str, code: &str) -> Answer {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", client_secret),
        ("code", code),
    ];
    form(emulator, "/ims/token/v2", &parameters).await
}

/// Asks about `guid@AdobeID` or another user, as `client_id` with `token`.
async fn ask(emulator: &Emulator, path: &str, client_id: &str, token: &str, body: &str) -> Answer {
    let content_type = format!(
        "application/x-www-form-urlencoded\r\nX-IMS-ClientID: {client_id}\r\nAuthorization: Bearer {token}"
    );
    post(emulator, path, &content_type, body).await
}

#[tokio::test]
async fn a_profile_names_products_to_tokens_that_may_know_them() {
    let emulator = emulator(service_integration()).await;
    for (scope, knows) in
        [("openid", false), ("openid,additional_info.projectedProductContext", true)]
    {
        let token = client_credentials(&emulator, scope).await.body["access_token"].clone();
        let bearer = format!("Authorization: Bearer {}\r\n", token.as_str().unwrap());
        for version in 1..=3 {
            let path = format!("/ims/profile/v{version}");
            let profile = get(&emulator, &path, &bearer).await.body;
            assert_eq!(profile["userId"], "6657031C5C095BB40A4@techacct.adobe.com");
            let products = &profile["projectedProductContext"];
            assert_eq!(products.is_array(), knows, "{scope}");
            if knows {
                assert_eq!(products[0]["prodCtx"]["serviceCode"], "dma_media_library");
                // gzip begins with 1f 8b 08.
                let data = products[0]["prodCtx"]["fulfillable_data"].as_str().unwrap();
                assert!(data.starts_with("H4sI"), "{data}");
                assert_eq!(products[1]["prodCtx"].get("fulfillable_data"), None);
            }
        }
        assert_eq!(get(&emulator, "/ims/profile/v4", &bearer).await.status, 404);
    }
    assert_eq!(get(&emulator, "/ims/profile/v3", "").await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn a_permanent_code_gives_a_service_token_each_time() {
    let emulator = emulator(service_integration()).await;
    for _ in 0..2 {
        let answer = service_token(&emulator, CLIENT_SECRET, CODE).await;
        assert_eq!((answer.status, answer.body.get("refresh_token")), (200, None));
        let token = answer.body["access_token"].as_str().unwrap();
        let kind = |kind| [("type", kind), ("client_id", CLIENT_ID), ("token", token)];
        let validity = form(&emulator, "/ims/validate_token/v1", &kind("service_token")).await;
        assert_eq!(validity.body["token"]["type"], "service_token");
        let validity = form(&emulator, "/ims/validate_token/v1", &kind("access_token")).await;
        assert_eq!(validity.body["valid"], false);
    }
    assert_eq!(service_token(&emulator, "", CODE).await.error(), (400, "invalid_client"));
    assert_eq!(service_token(&emulator, CLIENT_SECRET, "x").await.error(), (400, "access_denied"));
    for verdict in emulator.requests() {
        assert!(!format!("{verdict} {verdict:?}").contains(CODE));
    }
}

#[tokio::test]
async fn a_service_learns_about_any_user() {
    let emulator = emulator(service_integration()).await;
    let answer = service_token(&emulator, CLIENT_SECRET, CODE).await;
    let token = answer.body["access_token"].as_str().unwrap();
    for (guid, source) in
        [("EMULATED0000000000000001", "AdobeID"), ("6657031C5C095BB40A4", "techacct.adobe.com")]
    {
        let body = format!("guid={guid}&auth_src={source}");
        let profile = ask(&emulator, "/ims/admin_profile/v1", CLIENT_ID, token, &body).await;
        assert_eq!(profile.body["userId"], format!("{guid}@{source}"));
        let path = "/ims/admin_organizations/v5";
        let orgs = ask(&emulator, path, CLIENT_ID, token, &body).await;
        assert_eq!(orgs.body[0]["orgRef"]["ident"], "C74F69D7594880280");
    }
}

#[tokio::test]
async fn each_fault_of_a_service_gives_its_own_answer() {
    use Refusal as R;
    let emulator = emulator(service_integration()).await;
    emulator.register(Integration::new(
        "other".parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
    ));
    let answer = service_token(&emulator, CLIENT_SECRET, CODE).await;
    let token = answer.body["access_token"].as_str().unwrap();
    let access_token = user_token(&emulator).await;
    let user = "guid=EMULATED0000000000000001&auth_src=AdobeID";
    #[rustfmt::skip]
    let table = [
        ("",        &*access_token, user,                    (401, "invalid_token"),  R::TokenNotValid),
        ("unknown", token,         user,                     (400, "invalid_client"), R::ClientUnknown),
        ("other",   token,         user,                     (401, "invalid_token"),  R::TokenNotValid),
        (CLIENT_ID, "x",           user,                     (401, "invalid_token"),  R::TokenNotValid),
        (CLIENT_ID, &access_token, user,                     (401, "invalid_token"),  R::TokenNotValid),
        (CLIENT_ID, token,         "guid=x",                 (400, "bad_request"),    R::GuidMissing),
        (CLIENT_ID, token,         "guid=x&auth_src=AdobeID", (404, "not_found"),     R::UserUnknown),
    ];
    for path in ["/ims/admin_profile/v3", "/ims/admin_organizations/v6"] {
        for (client_id, token, body, error, refusal) in &table {
            let answer = ask(&emulator, path, client_id, token, body).await;
            assert_eq!(answer.error(), *error, "{client_id} {body}");
            assert_eq!(emulator.requests().last().unwrap().refusal, Some(*refusal));
        }
    }
}

#[tokio::test]
async fn only_the_secret_of_its_client_revokes_a_service_token() {
    let emulator = emulator(service_integration()).await;
    let answer = service_token(&emulator, CLIENT_SECRET, CODE).await;
    let token = answer.body["access_token"].as_str().unwrap();
    let body = "guid=EMULATED0000000000000001&auth_src=AdobeID";
    #[rustfmt::skip]
    let table = [
        ("service_token", "",            401, 200),
        ("service_token", "wrong",       401, 200),
        ("access_token",  "",            200, 200),
        ("",              "",            200, 200),
        ("service_token", CLIENT_SECRET, 200, 401),
    ];
    for (kind, secret, status, still) in table {
        let parameters = [
            ("client_id", CLIENT_ID),
            ("token_type", kind),
            ("token", token),
            ("client_secret", secret),
        ];
        let answer = form(&emulator, "/ims/invalidate_token/v2", &parameters).await;
        assert_eq!((answer.status, answer.body.get("access_token")), (status, None), "{kind}");
        let asked = ask(&emulator, "/ims/admin_profile/v1", CLIENT_ID, token, body).await;
        assert_eq!(asked.status, still, "{kind} {secret}");
    }
    assert_eq!(answer.body["token_type"], Value::from("bearer"));
}
