//! Signing a user in: the consent page, codes with PKCE, refresh tokens.

use ims_emulator::{Binding, Emulator, Refusal};
use serde_json::Value;

use crate::harness::{Answer, CLIENT_ID, CLIENT_SECRET, binding, emulator, form, get};

const REDIRECT_URI: &str = "http://127.0.0.1:8000/callback?x=1";

/// The verifier and the challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn user_binding() -> Binding {
    binding().with_redirect_uri(REDIRECT_URI).with_scopes(["offline_access"])
}

fn public_binding() -> Binding {
    Binding::new(
        CLIENT_ID.parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
    )
    .with_redirect_uri(REDIRECT_URI)
    .with_scopes(["openid", "offline_access"])
}

/// Asks for access with `changes` to a good request, and takes the user's consent for given.
async fn authorize(emulator: &Emulator, changes: &[(&str, &str)]) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::from("/ims/authorize/v2?"));
    let good = [
        ("client_id", CLIENT_ID),
        ("scope", "openid,offline_access"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("state", "a&b"),
        ("prompt", "none"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let unchanged = good.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    query.extend_pairs(unchanged.chain(changes));
    get(emulator, &query.finish().replacen("?&", "?", 1), "").await
}

/// The value of `name` in the query or fragment that the client is sent.
fn sent(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("location")?.replace('#', "&");
    let pairs = location.split_once(REDIRECT_URI)?.1.to_owned();
    let mut pairs = form_urlencoded::parse(pairs.as_bytes());
    pairs.find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
}

async fn redeem(emulator: &Emulator, code: &str, secret: &str, verifier: &str) -> Answer {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", secret),
        ("code", code),
        ("code_verifier", verifier),
    ];
    form(emulator, "/ims/token/v3", &parameters).await
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_refreshed_for_ever_new_tokens() {
    for (binding, secret) in [(user_binding(), CLIENT_SECRET), (public_binding(), "")] {
        let emulator = emulator(binding).await;
        let redirected = authorize(&emulator, &[]).await;
        assert_eq!(redirected.status, 302);
        assert_eq!(sent(&redirected, "state").as_deref(), Some("a&b"));
        let code = sent(&redirected, "code").unwrap();
        let tokens = redeem(&emulator, &code, secret, VERIFIER).await;
        assert_eq!((tokens.status, &tokens.body["expires_in"]), (200, &Value::from(86_399)));
        assert_eq!(
            redeem(&emulator, &code, secret, VERIFIER).await.error(),
            (400, "access_denied")
        );
        let refresh_token = tokens.body["refresh_token"].as_str().unwrap();
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("client_secret", secret),
            ("refresh_token", refresh_token),
        ];
        let refreshed = form(&emulator, "/ims/token/v2", &parameters).await;
        assert_ne!(refreshed.body["access_token"], tokens.body["access_token"]);
        assert_eq!(refreshed.body["sub"], tokens.body["sub"]);
    }
}

#[tokio::test]
async fn a_code_or_verifier_that_does_not_fit_is_refused() {
    let emulator = emulator(user_binding()).await;
    let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
    let token = sent(&authorize(&emulator, &[("response_type", "token")]).await, "access_token");
    #[rustfmt::skip]
    let table = [
        (&*code,          "another",  Refusal::VerifierWrong),
        (&code,           "",         Refusal::VerifierWrong),
        (&code,           CHALLENGE,  Refusal::VerifierWrong),
        ("",              VERIFIER,   Refusal::CodeNotValid),
        ("x",             VERIFIER,   Refusal::CodeNotValid),
        (&token.unwrap(), VERIFIER,   Refusal::CodeNotValid),
    ];
    for (code, verifier, refusal) in table {
        let answer = redeem(&emulator, code, CLIENT_SECRET, verifier).await;
        assert_eq!(answer.error(), (400, "access_denied"), "{refusal:?}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal));
    }
    emulator.set_clock_offset(300);
    let late = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await;
    assert_eq!(late.error(), (400, "access_denied"));
}

#[tokio::test]
async fn a_code_or_refresh_token_opens_no_resource() {
    let emulator = emulator(user_binding()).await;
    let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
    let headers = format!("x-api-key: {CLIENT_ID}\r\nAuthorization: Bearer {code}\r\n");
    assert_eq!(get(&emulator, "/echo", &headers).await.status, 401);
    assert_eq!(get(&emulator, "/ims/userinfo/v2", &headers).await.status, 401);
}

#[tokio::test]
async fn only_a_registered_redirect_uri_is_sent_anything() {
    let emulator = emulator(user_binding()).await;
    #[rustfmt::skip]
    let table = [
        ("redirect_uri",  "http://evil.example/",                 Refusal::RedirectUriUnknown),
        ("redirect_uri",  "http://127.0.0.1:8000/callback",       Refusal::RedirectUriUnknown),
        ("client_id",     "unknown",                              Refusal::ClientUnknown),
        ("state",         &*"x".repeat(4097),                     Refusal::StateTooLong),
    ];
    for (name, value, refusal) in table {
        let answer = authorize(&emulator, &[(name, value)]).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{name}");
        assert_eq!(emulator.requests().last().unwrap().refusal, Some(refusal));
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_wish_is_told_to_the_client() {
    let emulator = emulator(public_binding()).await;
    #[rustfmt::skip]
    let table = [
        ("response_type",         "id_token",     "unsupported_response_type"),
        ("scope",                 "openid,other", "invalid_scope"),
        ("scope",                 "",             "invalid_scope"),
        ("code_challenge",        "",             "invalid_request"),
        ("code_challenge_method", "S512",         "invalid_request"),
    ];
    for (name, value, error) in table {
        let answer = authorize(&emulator, &[(name, value)]).await;
        assert_eq!(
            (answer.status, sent(&answer, "error").as_deref()),
            (302, Some(error)),
            "{name}"
        );
        assert!(emulator.requests().last().unwrap().refusal.is_some());
    }
}

#[tokio::test]
async fn the_user_is_asked_and_only_a_form_can_answer() {
    let emulator = emulator(user_binding()).await;
    let page = authorize(&emulator, &[("prompt", "login"), ("state", "\"><script>")]).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(!page.text.contains("<script"));
    assert!(page.text.contains("value=\"&quot;&gt;&lt;script&gt;\""));
    let link = authorize(&emulator, &[("prompt", "login"), ("consent", "allow")]).await;
    assert_eq!(link.status, 200);
    for (consent, name) in [("allow", "code"), ("deny", "error")] {
        let uri = "http%3A%2F%2F127.0.0.1%3A8000%2Fcallback%3Fx%3D1";
        let parameters = [
            ("client_id", CLIENT_ID),
            ("scope", "openid"),
            ("redirect_uri", uri),
            ("consent", consent),
        ];
        let answer = form(&emulator, "/ims/authorize/v2", &parameters).await;
        assert!(sent(&answer, name).is_some(), "{consent} {answer:?}");
    }
}
