//! Signing a user in: the consent page, codes with PKCE, tokens by the browser, refresh tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_emulator::{Emulator, Integration, Refusal, SilentSignIn, TokenKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};

use crate::harness::{Answer, CLIENT_ID, CLIENT_SECRET, NOW, emulator, form, get, integration};

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:8000/callback?x=1";

/// The verifier and the challenge of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn user_integration() -> Integration {
    integration().with_redirect_uri(REDIRECT_URI).with_scopes(["offline_access"])
}

fn public_integration() -> Integration {
    Integration::new(
        CLIENT_ID.parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
    )
    .with_redirect_uri(REDIRECT_URI)
    .with_scopes(["openid", "offline_access"])
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Asks for access with `changes` to a good request, with the consent of the user.
pub(crate) async fn authorize(emulator: &Emulator, changes: &[(&str, &str)]) -> Answer {
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
pub(crate) fn sent(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.header("location")?.replace('#', "&");
    let pairs = location.split_once(REDIRECT_URI)?.1.to_owned();
    let mut pairs = form_urlencoded::parse(pairs.as_bytes());
    pairs.find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
}

pub(crate) async fn redeem(
    emulator: &Emulator,
    code: &str,
    secret: &str,
    verifier: &str,
) -> Answer {
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
async fn a_code_is_redeemed_once_and_its_refresh_token_is_used_many_times() {
    for (integration, secret) in [(user_integration(), CLIENT_SECRET), (public_integration(), "")] {
        let emulator = emulator(integration).await;
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
        // The access token names the refresh token that came with it, and its end in two weeks.
        let access = claims(tokens.body["access_token"].as_str().unwrap());
        assert_eq!(access["rtid"], claims(refresh_token)["id"]);
        assert_eq!(access["rtea"], ((NOW + 14 * 86_400) * 1000).to_string());
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
async fn a_code_or_verifier_that_does_not_match_is_refused() {
    let emulator = emulator(user_integration()).await;
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
    let emulator = emulator(user_integration()).await;
    let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
    let headers = format!("x-api-key: {CLIENT_ID}\r\nAuthorization: Bearer {code}\r\n");
    assert_eq!(get(&emulator, "/echo", &headers).await.status, 401);
    assert_eq!(get(&emulator, "/ims/userinfo/v2", &headers).await.status, 401);
}

#[tokio::test]
async fn only_a_registered_redirect_uri_gets_an_answer() {
    let emulator = emulator(user_integration()).await;
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
async fn the_client_learns_what_is_wrong_with_the_request() {
    let emulator = emulator(public_integration()).await;
    #[rustfmt::skip]
    let table = [
        ("response_type",         "device",       "unsupported_response_type"),
        ("response_type",         "code token",   "unsupported_response_type"),
        ("response_mode",         "form_post",    "invalid_request"),
        ("prompt",                "none login",   "invalid_request"),
        ("resource",              "no uri",       "invalid_target"),
        ("scope",                 "openid,other", "invalid_scope"),
        ("scope",                 ",",            "invalid_scope"),
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
async fn the_user_has_to_consent_and_only_the_form_can_send_the_consent() {
    let emulator = emulator(user_integration()).await;
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

/// The names of parameters or claims.
type Names = &'static [&'static str];

/// The claims of an ID token, after another library has verified it by the published keys.
async fn verified(emulator: &Emulator, id_token: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(get(emulator, "/ims/keys", "").await.body).unwrap();
    let key = DecodingKey::from_jwk(keys.find(TokenKey::KEY_ID).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[CLIENT_ID]);
    rules.set_issuer(&[emulator.url()]);
    // The test's clock is not that of the machine.
    rules.validate_exp = false;
    jsonwebtoken::decode::<Value>(id_token, &key, &rules).unwrap().claims
}

#[tokio::test]
async fn an_id_token_says_who_signed_in_if_openid_is_asked() {
    let emulator = emulator(user_integration()).await;
    let redirected = authorize(&emulator, &[("nonce", "n-1")]).await;
    let code = sent(&redirected, "code").unwrap();
    let tokens = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await.body;
    let claims = verified(&emulator, tokens["id_token"].as_str().unwrap()).await;
    let expected = json!({
        "iss": emulator.url(), "sub": tokens["sub"], "aud": CLIENT_ID, "nonce": "n-1",
        "iat": NOW, "auth_time": NOW, "exp": NOW + 86_400,
    });
    assert_eq!(claims, expected);
    let redirected = authorize(&emulator, &[("scope", "AdobeID")]).await;
    let code = sent(&redirected, "code").unwrap();
    let tokens = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await.body;
    assert_eq!((tokens.get("id_token"), tokens.get("refresh_token")), (None, None));
}

#[tokio::test]
async fn each_response_type_sends_what_it_names_to_where_the_client_looks() {
    let emulator = emulator(user_integration()).await;
    #[rustfmt::skip]
    let table: [(&str, &str, char, Names, Names); 9] = [
        ("code",           "",         '&', &["code"],                       &[]),
        ("code",           "fragment", '#', &["code"],                       &[]),
        ("token",          "",         '#', &["access_token", "expires_in"], &[]),
        ("token",          "query",    '&', &["access_token", "token_type"], &[]),
        ("id_token",       "",         '#', &["id_token"],                   &[]),
        ("id_token token", "",         '#', &["id_token", "access_token"],   &["at_hash"]),
        ("token id_token", "",         '#', &["id_token", "access_token"],   &["at_hash"]),
        ("code id_token",  "",         '#', &["id_token", "code"],           &["c_hash"]),
        ("code id_token",  "query",    '&', &["id_token", "code"],           &["c_hash"]),
    ];
    for (response_type, mode, separator, names, hashes) in table {
        let changes = [("response_type", response_type), ("response_mode", mode), ("nonce", "n")];
        let answer = authorize(&emulator, &changes).await;
        let rest = answer.header("location").unwrap().strip_prefix(REDIRECT_URI).unwrap();
        assert!(rest.starts_with(separator), "{response_type} {mode} {rest}");
        for name in ["code", "access_token", "id_token"] {
            assert_eq!(sent(&answer, name).is_some(), names.contains(&name), "{response_type}");
        }
        assert!(names.iter().all(|name| sent(&answer, name).is_some()), "{response_type}");
        assert_eq!(sent(&answer, "state").as_deref(), Some("a&b"), "{response_type}");
        if let Some(id_token) = sent(&answer, "id_token") {
            let claims = verified(&emulator, &id_token).await;
            for hash in ["at_hash", "c_hash"] {
                assert_eq!(claims.get(hash).is_some(), hashes.contains(&hash), "{response_type}");
            }
        }
        let refused = [&changes[..2], &[("scope", "AdobeID"), ("resource", "x")]].concat();
        let refused = authorize(&emulator, &refused).await;
        let rest = refused.header("location").unwrap().strip_prefix(REDIRECT_URI).unwrap();
        assert!(rest.starts_with(separator) && sent(&refused, "error").is_some(), "{rest}");
    }
    assert_eq!(emulator.requests().last().unwrap().refusal, Some(Refusal::OpenIdMissing));
}

#[tokio::test]
async fn the_first_version_has_codes_and_tokens_alone() {
    let emulator = emulator(user_integration()).await;
    for (response_type, status) in [("code", 302), ("token", 302), ("id_token", 302)] {
        let query = format!(
            "/ims/authorize/v1?client_id={CLIENT_ID}&scope=openid&prompt=none&response_type={response_type}"
        );
        let answer = get(&emulator, &query, "").await;
        assert_eq!(answer.status, status);
        let is_refused = sent(&answer, "error").as_deref() == Some("unsupported_response_type");
        assert_eq!(is_refused, response_type == "id_token", "{response_type}");
    }
}

#[tokio::test]
async fn a_silent_sign_in_gives_the_error_that_the_integration_sets() {
    for (silent, error) in [
        (SilentSignIn::Granted, None),
        (SilentSignIn::LoginRequired, Some("login_required")),
        (SilentSignIn::ConsentRequired, Some("consent_required")),
        (SilentSignIn::InteractionRequired, Some("interaction_required")),
    ] {
        let emulator = emulator(user_integration().with_silent_sign_in(silent)).await;
        let answer = authorize(&emulator, &[]).await;
        assert_eq!((answer.status, sent(&answer, "error").as_deref()), (302, error));
        assert_eq!(sent(&answer, "code").is_some(), error.is_none());
        let page = authorize(&emulator, &[("prompt", "login")]).await;
        assert_eq!(page.status, 200, "{silent:?}");
    }
}

async fn refresh(emulator: &Emulator, refresh_token: &str) -> Answer {
    let parameters = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("refresh_token", refresh_token),
    ];
    form(emulator, "/ims/token/v3", &parameters).await
}

#[tokio::test]
async fn a_refresh_token_that_rotates_can_be_used_once_and_the_next_one_too() {
    for (integration, again) in [
        (user_integration(), (200, "")),
        (user_integration().rotating_refresh_tokens(), (400, "invalid_grant")),
    ] {
        let emulator = emulator(integration).await;
        let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
        let tokens = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await.body;
        let first = tokens["refresh_token"].as_str().unwrap();
        let refreshed = refresh(&emulator, first).await.body;
        let second = refreshed["refresh_token"].as_str().unwrap();
        assert_ne!(first, second);
        assert_eq!(refresh(&emulator, first).await.error(), again);
        assert_eq!(refresh(&emulator, second).await.status, 200);
        assert_eq!(refresh(&emulator, second).await.error(), again);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_refreshes_with_one_rotating_token_exactly_one_succeeds() {
    let emulator =
        std::sync::Arc::new(emulator(user_integration().rotating_refresh_tokens()).await);
    let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
    let tokens = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await.body;
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let requests = (0..16).map(|_| {
        let (emulator, token) = (std::sync::Arc::clone(&emulator), token.clone());
        tokio::spawn(async move { refresh(&emulator, &token).await.status })
    });
    let mut served = 0;
    for request in requests.collect::<Vec<_>>() {
        served += u32::from(request.await.unwrap() == 200);
    }
    assert_eq!(served, 1);
}
