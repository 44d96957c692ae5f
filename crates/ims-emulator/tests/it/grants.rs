//! The grants that exchange one token for another: on behalf of a user, and within a cluster of accounts.

use ims_emulator::{Emulator, Integration, Refusal};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, CLIENT_ID, CLIENT_SECRET, builder, client_credentials, form},
    sign_in::{VERIFIER, authorize, redeem, sent, user_integration},
};

/// Changes to a good request.
type Changes<'a> = &'a [(&'a str, &'a str)];

const SERVICE: &str = "service";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// An emulator with a client that users sign in to, and a service that the client calls.
async fn with_service() -> Emulator {
    let service = Integration::new(
        SERVICE.parse().unwrap(),
        "OTHER@AdobeOrg".parse().unwrap(),
        "OTHER@techacct.adobe.com".parse().unwrap(),
    )
    .with_client_secret("service-secret")
    .with_scopes(["openid", "AdobeID"]);
    builder().with_integration(user_integration()).with_integration(service).start().await.unwrap()
}

/// The access token of the emulated user.
pub(crate) async fn user_token(emulator: &Emulator) -> String {
    let code = sent(&authorize(emulator, &[]).await, "code").unwrap();
    let tokens = redeem(emulator, &code, CLIENT_SECRET, VERIFIER).await;
    tokens.body["access_token"].as_str().unwrap().to_owned()
}

async fn payload(emulator: &Emulator, answer: &Answer) -> Value {
    let token = answer.body["access_token"].as_str().unwrap();
    let parameters = [("client_id", SERVICE), ("token", token)];
    form(emulator, "/ims/validate_token/v1", &parameters).await.body["token"].clone()
}

/// Asks for a token on behalf of a user, with `changes` to a good request; an empty value leaves a parameter out.
async fn on_behalf_of(
    emulator: &Emulator,
    path: &str,
    token: &str,
    changes: &[(&str, &str)],
) -> Answer {
    let good = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", SERVICE),
        ("client_secret", "service-secret"),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
        ("scope", "openid,AdobeID"),
        ("resource", "https://one.example"),
    ];
    changed(emulator, path, &good, changes).await
}

async fn cluster(emulator: &Emulator, path: &str, token: &str, changes: &[(&str, &str)]) -> Answer {
    let good = [
        ("grant_type", "cluster_at_exchange"),
        ("client_secret", "service-secret"),
        ("user_token", token),
        ("user_id", ""),
        ("owning_org_id", "OTHER@AdobeOrg"),
        ("scope", "openid"),
    ];
    changed(emulator, &format!("{path}?client_id={SERVICE}"), &good, changes).await
}

/// Asks for a promise, with `changes` to a good request.
async fn promise(emulator: &Emulator, path: &str, token: &str, changes: Changes<'_>) -> Answer {
    let good = [
        ("grant_type", "promise"),
        ("client_id", SERVICE),
        ("client_secret", "service-secret"),
        ("promise_definition_id", "any"),
        ("authenticating_token", token),
        ("scope", "openid,AdobeID"),
    ];
    changed(emulator, path, &good, changes).await
}

/// Exchanges a promise, with `changes` to a good request.
async fn promised(emulator: &Emulator, path: &str, token: &str, changes: Changes<'_>) -> Answer {
    let good = [
        ("grant_type", "promise_exchange"),
        ("client_id", SERVICE),
        ("client_secret", "service-secret"),
        ("promise_token", token),
        ("scope", "openid"),
    ];
    changed(emulator, path, &good, changes).await
}

/// The promise token of an answer.
fn promise_token(answer: &Answer) -> String {
    answer.body["promise_token"].as_str().unwrap().to_owned()
}

async fn changed(
    emulator: &Emulator,
    path: &str,
    good: &[(&str, &str)],
    changes: &[(&str, &str)],
) -> Answer {
    let is_kept = |(name, _): &&(&str, &str)| !changes.iter().any(|(other, _)| other == name);
    let parameters: Vec<_> = good.iter().filter(is_kept).chain(changes).copied().collect();
    form(emulator, path, &parameters).await
}

#[tokio::test]
async fn a_service_gets_its_own_token_for_the_user_who_called_it() {
    let emulator = with_service().await;
    let token = user_token(&emulator).await;
    let twice = [("resource", "https://two.example"), ("resource", "urn:example:three")];
    let answer = on_behalf_of(&emulator, "/ims/token/v4", &token, &twice).await;
    assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!(86_399)));
    assert_eq!(answer.body["token_type"], "bearer");
    let payload = payload(&emulator, &answer).await;
    assert_eq!(payload["user_id"], "EMULATED0000000000000001@AdobeID");
    assert_eq!(
        (&payload["client_id"], &payload["scope"]),
        (&json!(SERVICE), &json!("openid,AdobeID"))
    );
}

#[tokio::test]
async fn each_fault_of_an_exchange_on_behalf_gives_its_own_answer() {
    use Refusal as R;
    let emulator = with_service().await;
    let token = user_token(&emulator).await;
    let v4 = "/ims/token/v4";
    #[rustfmt::skip]
    let table = [
        (v4, ("client_secret", "wrong"),              (400, "invalid_client"),          R::ClientSecretWrong),
        (v4, ("client_secret", ""),                   (400, "invalid_client"),          R::ClientSecretMissing),
        (v4, ("subject_token", ""),                   (400, "invalid_request"),         R::SubjectTokenNotValid),
        (v4, ("subject_token", "x"),                  (400, "invalid_request"),         R::SubjectTokenNotValid),
        (v4, ("subject_token_type", ""),              (400, "invalid_request"),         R::TokenTypeUnsupported),
        (v4, ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"), (400, "invalid_request"), R::TokenTypeUnsupported),
        (v4, ("scope", ""),                           (400, "invalid_scope"),           R::ScopeMissing),
        (v4, ("scope", "offline_access"),             (400, "invalid_scope"),           R::ScopeNotGranted),
        (v4, ("resource", "no-uri"),                  (400, "invalid_target"),          R::ResourceMalformed),
        ("/ims/token/v3", ("scope", "openid"),        (400, "unsupported_grant_type"),  R::GrantTypeUnsupported),
    ];
    for (path, change, error, refusal) in table {
        let answer = on_behalf_of(&emulator, path, &token, &[change]).await;
        assert_eq!(answer.error(), error, "{change:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{change:?}");
    }
    emulator.set_clock_offset(86_400);
    let late = on_behalf_of(&emulator, v4, &token, &[]).await;
    assert_eq!(late.error(), (400, "invalid_request"));
}

#[tokio::test]
async fn within_a_cluster_a_user_gets_a_token_for_another_account() {
    let emulator = with_service().await;
    let token = user_token(&emulator).await;
    let by_org = cluster(&emulator, "/ims/token/v3", &token, &[]).await;
    assert_eq!((by_org.status, &by_org.body["expires_in"]), (200, &json!(86_399)));
    assert_eq!(payload(&emulator, &by_org).await["user_id"], "EMULATED0000000000000001@AdobeID");
    let by_user = [("owning_org_id", ""), ("user_id", "ABC@def.e")];
    let by_user = cluster(&emulator, "/ims/token/v3", &token, &by_user).await;
    assert_eq!(payload(&emulator, &by_user).await["user_id"], "ABC@def.e");
}

#[tokio::test]
async fn each_fault_of_a_cluster_exchange_gives_its_own_answer() {
    use Refusal as R;
    let emulator = with_service().await;
    let token = user_token(&emulator).await;
    let v3 = "/ims/token/v3";
    #[rustfmt::skip]
    let table: [(&str, Changes<'_>, (u16, &str), Refusal); 9] = [
        (v3, &[("client_secret", "wrong")],     (400, "invalid_client"),         R::ClientSecretWrong),
        (v3, &[("user_token", "")],             (400, "invalid_request"),        R::UserTokenNotValid),
        (v3, &[("user_token", "x")],            (400, "invalid_request"),        R::UserTokenNotValid),
        (v3, &[("owning_org_id", "")],          (400, "bad_request"),            R::ClusterTargetAmbiguous),
        (v3, &[("user_id", "A@b")],             (400, "bad_request"),            R::ClusterTargetAmbiguous),
        (v3, &[("owning_org_id", "NO@AdobeOrg")], (400, "bad_request"),          R::OrgUnknown),
        (v3, &[("owning_org_id", ""), ("user_id", "x")], (400, "bad_request"),   R::UserIdMalformed),
        (v3, &[("scope", "offline_access")],    (400, "invalid_scope"),          R::ScopeNotGranted),
        ("/ims/token/v4", &[],                  (400, "unsupported_grant_type"), R::GrantTypeUnsupported),
    ];
    for (path, changes, error, refusal) in table {
        let answer = cluster(&emulator, path, &token, changes).await;
        assert_eq!(answer.error(), error, "{changes:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{changes:?}");
    }
}

#[tokio::test]
async fn a_promise_gives_access_tokens_one_after_another_for_an_absent_user() {
    let emulator = with_service().await;
    let v4 = "/ims/token/v4";
    let first = promise(&emulator, v4, &user_token(&emulator).await, &[]).await;
    let said = |answer: &Answer, name: &str| answer.body[name].clone();
    assert_eq!((first.status, said(&first, "expires_in")), (200, json!(2_591_999)));
    assert_eq!(said(&first, "token_type"), "promise_token");
    assert_eq!(said(&first, "scope"), "openid,AdobeID");
    let mut held = promise_token(&first);
    // The user's own token has ended by then, and each promise lives for another 30 days.
    for day in [1, 30, 59] {
        emulator.set_clock_offset(day * 86_400);
        let answer = promised(&emulator, v4, &held, &[]).await;
        assert_eq!((answer.status, said(&answer, "expires_in")), (200, json!(86_399)), "{day}");
        assert_eq!(said(&answer, "promise_token_expires_in"), 2_591_999);
        assert_eq!(said(&answer, "token_type"), "access_token");
        assert_eq!(said(&answer, "scope"), "openid");
        let access = payload(&emulator, &answer).await;
        assert_eq!(access["user_id"], "EMULATED0000000000000001@AdobeID");
        assert_eq!((&access["client_id"], &access["scope"]), (&json!(SERVICE), &json!("openid")));
        let again = promised(&emulator, v4, &held, &[]).await;
        assert_eq!(again.error(), (400, "invalid_grant"), "{day}");
        held = promise_token(&answer);
        let parameters = [("client_id", SERVICE), ("token", &held), ("type", "promise_token")];
        let next = form(&emulator, "/ims/validate_token/v1", &parameters).await.body;
        assert_eq!(next["token"]["id"], answer.body["promise_token_id"], "{day}");
        assert_eq!(next["token"]["scope"], "openid,AdobeID", "{day}");
    }
}

#[tokio::test]
async fn each_fault_of_a_promise_gives_its_own_answer_and_ends_no_promise() {
    use Refusal as R;
    let emulator = with_service().await;
    let user = user_token(&emulator).await;
    let v4 = "/ims/token/v4";
    #[rustfmt::skip]
    let table = [
        (v4, ("client_secret", "wrong"),         (400, "invalid_client"),         R::ClientSecretWrong),
        (v4, ("promise_definition_id", ""),      (400, "invalid_request"),        R::PromiseDefinitionMissing),
        (v4, ("authenticating_token", ""),       (400, "invalid_request"),        R::AuthenticatingTokenNotValid),
        (v4, ("authenticating_token", "x"),      (400, "invalid_request"),        R::AuthenticatingTokenNotValid),
        (v4, ("scope", "offline_access"),        (400, "invalid_scope"),          R::ScopeNotGranted),
        ("/ims/token/v3", ("scope", "openid"),   (400, "unsupported_grant_type"), R::GrantTypeUnsupported),
    ];
    for (path, change, error, refusal) in table {
        let answer = promise(&emulator, path, &user, &[change]).await;
        assert_eq!(answer.error(), error, "{change:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{change:?}");
    }
    let held = promise_token(&promise(&emulator, v4, &user, &[]).await);
    #[rustfmt::skip]
    let table: [(&str, Changes<'_>, (u16, &str), Refusal); 6] = [
        (v4, &[("client_secret", "wrong")],      (400, "invalid_client"),         R::ClientSecretWrong),
        (v4, &[("promise_token", "")],           (400, "invalid_grant"),          R::PromiseTokenNotValid),
        (v4, &[("promise_token", "x")],          (400, "invalid_grant"),          R::PromiseTokenNotValid),
        (v4, &[("promise_token", &user)],        (400, "invalid_grant"),          R::PromiseTokenNotValid),
        (v4, &[("scope", "offline_access")],     (400, "invalid_scope"),          R::ScopeNotGranted),
        ("/ims/token/v3", &[],                   (400, "unsupported_grant_type"), R::GrantTypeUnsupported),
    ];
    for (path, changes, error, refusal) in table {
        let answer = promised(&emulator, path, &held, changes).await;
        assert_eq!(answer.error(), error, "{changes:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal), "{changes:?}");
    }
    assert_eq!(promise(&emulator, v4, &held, &[]).await.error(), (400, "invalid_request"));
    emulator.set_clock_offset(30 * 86_400);
    let late = promised(&emulator, v4, &held, &[]).await;
    assert_eq!(late.error(), (400, "invalid_grant"));
    emulator.set_clock_offset(30 * 86_400 - 1);
    assert_eq!(promised(&emulator, v4, &held, &[]).await.status, 200);
}

#[tokio::test]
async fn a_promise_that_one_service_gets_is_exchanged_by_another_and_neither_names_scopes() {
    let emulator = with_service().await;
    let v4 = "/ims/token/v4";
    let user = user_token(&emulator).await;
    let held = promise_token(&promise(&emulator, v4, &user, &[("scope", "")]).await);
    let other = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("scope", "")];
    let answer = promised(&emulator, v4, &held, &other).await;
    assert_eq!((answer.status, &answer.body["scope"]), (200, &json!("openid")));
    let again = promised(&emulator, v4, &held, &[]).await;
    assert_eq!(again.error(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_cluster_exchange_without_scope_keeps_the_scopes_of_the_users_token() {
    let emulator = with_service().await;
    let token = user_token(&emulator).await;
    let answer = cluster(&emulator, "/ims/token/v3", &token, &[("scope", "")]).await;
    assert_eq!(payload(&emulator, &answer).await["scope"], "openid");
}

#[tokio::test]
async fn a_promise_ends_when_it_is_revoked_and_with_the_sign_in_it_comes_from() {
    let v4 = "/ims/token/v4";
    for (path, cascading, is_promise) in [
        ("/ims/revoke", "", true),
        ("/ims/invalidate_token/v2", "", true),
        ("/ims/invalidate_token/v2", "all", false),
    ] {
        let emulator = with_service().await;
        let user = user_token(&emulator).await;
        let held = promise_token(&promise(&emulator, v4, &user, &[]).await);
        let (client, secret, token) = if is_promise {
            (SERVICE, "service-secret", &held)
        } else {
            (CLIENT_ID, CLIENT_SECRET, &user)
        };
        let parameters = [
            ("client_id", client),
            ("client_secret", secret),
            ("token", token),
            ("cascading", cascading),
        ];
        assert_eq!(form(&emulator, path, &parameters).await.status, 200, "{path}");
        // On day 29 the refresh token has expired.
        for day in [0, 29] {
            emulator.set_clock_offset(day * 86_400);
            let answer = promised(&emulator, v4, &held, &[]).await;
            assert_eq!(answer.error(), (400, "invalid_grant"), "{path} {cascading} {day}");
        }
    }
}

#[tokio::test]
async fn a_resource_is_accepted_in_every_request_for_a_token() {
    let emulator = with_service().await;
    let parameters = |resource| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("scope", "openid"),
            ("resource", "https://one.example"),
            ("resource", resource),
        ]
    };
    for (resource, error) in [("urn:x:y", (200, "")), ("x", (400, "invalid_target"))] {
        for path in ["/ims/token/v2", "/ims/exchange/v1/jwt"] {
            let answer = form(&emulator, path, &parameters(resource)).await;
            let is_exchange = path.contains("exchange") && error.0 == 200;
            let error = if is_exchange { (400, "invalid_token") } else { error };
            assert_eq!(answer.error(), error, "{path} {resource}");
        }
    }
    assert_eq!(client_credentials(&emulator, "openid").await.status, 200);
}
