//! Each documented refusal tells the caller what to do, and none repeats a secret.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use ims_claims::NumericDate;
use proptest::prelude::*;

use super::*;
use crate::{
    answer::{Sent, refused as read},
    error::ExchangeError,
};

const NOW: NumericDate = NumericDate::from_secs(784_111_777);

#[track_caller]
fn response(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    Response::new(StatusCode::from_u16(status).unwrap(), map, body.as_bytes().to_vec())
}

#[track_caller]
fn refused(status: u16, body: &str) -> ExchangeError {
    read(&response(status, &[], body), &Sent::new(CredentialKind::Assertion, NOW, &["canary"]))
}

#[track_caller]
fn with_code(status: u16, code: &str) -> ExchangeError {
    refused(status, &format!(r#"{{"error":"{code}"}}"#))
}

#[test]
fn each_documented_refusal_has_its_reason_and_tells_the_caller_what_to_do() {
    #[rustfmt::skip]
    let table = [
        (400, "invalid_client",    "IMS refused the integration: the client id is unknown (400 invalid_client)"),
        (401, "invalid_client",    "IMS refused the integration: the client secret is wrong (401 invalid_client)"),
        (400, "invalid_token",     "IMS rejected the assertion: the assertion is not valid (400 invalid_token)"),
        (400, "invalid_signature", "IMS refused the integration: IMS holds no certificate that matches the signature (400 invalid_signature)"),
        (400, "invalid_jti",       "IMS rejected the assertion: IMS does not accept the jti, or that there is none (400 invalid_jti)"),
        (400, "invalid_scope",     "IMS refused the integration: a metascope is not granted to the integration (400 invalid_scope)"),
        (400, "bad_request",       "IMS refused the integration: the assertion or one of its claims is malformed (400 bad_request)"),
        (500, "internal_error",    "IMS is not available: IMS has trouble, or the JWT credential was migrated (500 internal_error)"),
        (429, "anything",          "IMS is not available: too many tokens were asked for (429 anything)"),
        (503, "anything",          "IMS is not available: IMS has trouble (503 anything)"),
        (418, "teapot",            "an answer that this version does not know (418 teapot)"),
        (403, "invalid_client",    "an answer that this version does not know (403 invalid_client)"),
    ];
    for (status, code, said) in table {
        assert_eq!(with_code(status, code).to_string(), said, "{status} {code}");
    }
}

/// Texts that were seen, that public programs match on, or that another implementation of IMS's documents says.
#[test]
fn the_description_decides_where_the_status_and_the_code_do_not() {
    use CredentialKind::{AccessToken, Assertion, Client, RefreshToken};
    #[rustfmt::skip]
    let table = [
        (Client,       400, "invalid_client", "invalid client_secret parameter",                                   Reason::WrongSecret),
        (Client,       401, "invalid_client", "invalid client_secret parameter",                                   Reason::WrongSecret),
        (Client,       403, "invalid_client", "Invalid CLIENT_SECRET parameter",                                   Reason::WrongSecret),
        (Assertion,    400, "invalid_client", "invalid client_secret parameter",                                   Reason::WrongSecret),
        (AccessToken,  400, "invalid_client", "invalid client_secret parameter",                                   Reason::WrongSecret),
        (RefreshToken, 400, "invalid_client", "invalid client secret",                                             Reason::WrongSecret),
        (Client,       403, "unauthorized_client", "invalid client_secret",                                       Reason::WrongSecret),
        (Client,       400, "invalid_client", "",                                                                  Reason::ClientInvalid),
        (Assertion,    400, "invalid_client", "",                                                                  Reason::UnknownClient),
        (Client,       400, "invalid_client", "invalid client_id parameter",                                       Reason::UnknownClient),
        (Client,       401, "invalid_client", "invalid client_id parameter",                                       Reason::UnknownClient),
        (Assertion,    400, "invalid_client", "The audience of the JWT does not match the client_id.",             Reason::ClientMismatch),
        (Assertion,    400, "invalid_client", "The audience of the JWT is not valid.",                             Reason::ClientMismatch),
        (Assertion,    401, "invalid_client", "The client does not have the exchange_jwt scope.",                  Reason::ExchangeNotAllowed),
        (Assertion,    400, "invalid_token",  "Could not match JWT signature to any of the bindings",              Reason::CertificateUnknown),
        (Assertion,    400, "invalid_signature", "Could not match JWT signature to any of the bindings",           Reason::CertificateUnknown),
        (Assertion,    400, "invalid_token",  "JWT token has expired",                                             Reason::AssertionExpired),
        (Assertion,    400, "invalid_token",  "JWT token has expired.",                                            Reason::AssertionExpired),
        (Assertion,    400, "invalid_token",  "JWT token is incorrectly formatted, and can not be decoded.",       Reason::AssertionMalformed),
        (Assertion,    400, "invalid_token",  "JWT token is missing.",                                             Reason::AssertionMalformed),
        (Assertion,    400, "invalid_token",  "",                                                                  Reason::AssertionInvalid),
        (Assertion,    400, "invalid_jti",    "The binding requires a JTI.",                                       Reason::JtiRequired),
        (Assertion,    400, "invalid_jti",    "The JTI was previously used.",                                      Reason::JtiReused),
        (Assertion,    400, "invalid_scope",  "The metascopes in the JWT are not a subset of the metascopes in the binding.", Reason::MetascopeNotGranted),
        (Assertion,    400, "invalid_scope",  "The metascopes in the JWT do not match the target client scopes.",  Reason::MetascopeNotGranted),
        (Assertion,    400, "invalid_scope",  "The metascopes in the JWT contain a scope that does not exist.",    Reason::MetascopeUnknown),
        (Assertion,    400, "invalid_scope",  "The JWT has no metascopes.",                                        Reason::NoMetascope),
        (Assertion,    400, "bad_request",    "The contents of the JWT are incorrect.",                            Reason::AssertionMalformed),
        (Assertion,    500, "internal_error", "Please try again later",                                            Reason::MigratedOrFailing),
        (Client,       500, "internal_error", "Please try again later",                                            Reason::TemporaryFailure),
        (Client,       400, "invalid_scope",  "scope is missing.",                                                 Reason::NoScope),
        (Client,       400, "invalid_scope",  "The client does not have all of the scopes.",                       Reason::ScopeNotGranted),
        (Client,       400, "bad_request",    "org_id is not valid for the client.",                               Reason::IdentityUnknown),
        (Client,       400, "unauthorized_client", "The client may not use this grant_type.",                      Reason::GrantNotAllowed),
    ];
    for (credential, status, code, description, reason) in table {
        let body = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        let error = read(&response(status, &[], &body), &Sent::new(credential, NOW, &[]));
        assert_eq!(error.reason(), Some(reason), "{credential:?} {status} {code} {description}");
    }
}

#[test]
fn a_wrong_secret_is_a_missing_one_if_none_was_sent() {
    let response = response(401, &[], r#"{"error":"invalid_client"}"#);
    let sent = Sent::new(CredentialKind::RefreshToken, NOW, &[]);
    assert_eq!(read(&response, &sent).reason(), Some(Reason::WrongSecret));
    let without = read(&response, &sent.without_client_secret());
    assert_eq!(without.reason(), Some(Reason::SecretMissing));
}

#[test]
fn the_error_for_an_answer_of_something_else_says_what_it_is() {
    let (html, json) = ("text/html; charset=utf-8", "application/json");
    #[rustfmt::skip]
    let table = [
        (302, "location", "https://portal.example/login?x=1",       "",                   "a redirect to portal.example answered instead of IMS (302)"),
        (302, "location", "https://user:pw@portal.example:8443/",   "",                   "a redirect to portal.example answered instead of IMS (302)"),
        (307, "location", "/elsewhere",                             "",                   "a redirect answered instead of IMS (307)"),
        (304, "etag", "x",                                          "",                   "a redirect answered instead of IMS (304)"),
        (403, "content-type", html,                                 "<h1>Blocked</h1>",   "a page answered instead of IMS (403)"),
        (403, "etag", "x",                                          "\n<!DOCTYPE html>", "a page answered instead of IMS (403)"),
        (404, "content-type", html,                                 "not found",          "a page answered instead of IMS (404)"),
        (404, "etag", "x",                                          "",                   "a server that has nothing at this path answered instead of IMS (404)"),
        (407, "content-type", html,                                 "<html>",             "a proxy that asks for a user name and a password answered instead of IMS (407)"),
        (400, "content-type", "application/xml",                    "",                   "something (application/xml) answered instead of IMS (400)"),
        (400, "content-type", "x y/z",                              "",                   "something (an unknown media type) answered instead of IMS (400)"),
        (400, "content-type", json,                                 "{}",                 "an answer that this version does not know (400)"),
        (502, "content-type", html,                                 "<html>",             "IMS is not available: IMS has trouble (502)"),
    ];
    for (status, name, value, body, said) in table {
        let response = response(status, &[(name, value)], body);
        let error = read(&response, &Sent::new(CredentialKind::Client, NOW, &[]));
        assert_eq!(error.to_string(), said, "{status} {value}");
        let is_foreign = error.reason() == Some(Reason::NotIms);
        assert_eq!(is_foreign, said.contains("instead of IMS"), "{status} {value}");
    }
}

#[test]
fn an_error_of_the_gateway_is_read_like_one_of_ims() {
    let body = r#"{"error_code":"401013","message":"Oauth token is not valid: canary"}"#;
    let sent = Sent::new(CredentialKind::AccessToken, NOW, &["canary"]);
    let error = read(&response(401, &[], body), &sent);
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.reason(), refusal.code()), (Reason::AccessTokenInvalid, Some("401013")));
    assert_eq!(refusal.description(), Some("Oauth token is not valid: …"));
    let number = r#"{"error_code":401013,"message":7}"#;
    let error = read(&response(401, &[], number), &sent);
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.code(), refusal.description()), (Some("401013"), Some("7")));
    let both = r#"{"error":"invalid_token","error_code":7,"message":{"a":1}}"#;
    let error = read(&response(401, &[], both), &sent);
    assert_eq!(error.refusal().unwrap().code(), Some("invalid_token"));
}

#[test]
fn the_debug_id_repeats_nothing_that_was_sent() {
    let response = response(400, &[("x-debug-id", "id-canary-secret-1")], "");
    let error = read(&response, &Sent::new(CredentialKind::Client, NOW, &["canary-secret"]));
    assert_eq!(error.refusal().unwrap().debug_id(), Some("id-\u{2026}-1"));
}

#[test]
fn what_a_refusal_means_depends_on_what_was_credential() {
    use CredentialKind::{AccessToken, Assertion, Client, Code, RefreshToken};
    #[rustfmt::skip]
    let table = [
        (Assertion,    400, "invalid_token",        "IMS rejected the assertion"),
        (Code,         400, "invalid_token",        "the user has to sign in again"),
        (RefreshToken, 400, "invalid_token",        "the user has to sign in again"),
        (Code,         401, "invalid_token",        "the user has to sign in again"),
        (RefreshToken, 401, "invalid_token",        "the user has to sign in again"),
        (Code,         400, "invalid_grant",        "the user has to sign in again"),
        (RefreshToken, 400, "invalid_grant",        "the user has to sign in again"),
        (Code,         400, "access_denied",        "the user has to sign in again"),
        (RefreshToken, 400, "access_denied",        "the user has to sign in again"),
        (Code,         401, "invalid_client",       "IMS refused the integration"),
        (RefreshToken, 401, "invalid_client",       "IMS refused the integration"),
        (AccessToken,  400, "invalid_token",        "IMS rejected the access token"),
        (AccessToken,  400, "invalid_grant",        "IMS rejected the access token"),
        (AccessToken,  401, "invalid_token",        "IMS rejected the access token"),
        (AccessToken,  401, "",                     "IMS rejected the access token"),
        (AccessToken,  401, "invalid_client",       "IMS refused the integration"),
        (AccessToken,  403, "insufficient_scope",   "IMS refused the integration"),
        (AccessToken,  400, "invalid_request",      "IMS rejected the access token"),
        (AccessToken,  404, "not_found",            "IMS refused the integration"),
        (Assertion,    400, "invalid_target",       "IMS refused the integration"),
        (Client,       400, "invalid_redirect_uri", "IMS refused the integration"),
        (Client,       404, "",                     "a server that has nothing at this path answered instead of IMS"),
        (Client,       401, "invalid_client",       "IMS refused the integration"),
        (Client,       400, "invalid_grant",        "IMS refused the integration"),
        (Client,       401, "",                     "an answer that this version does not know"),
        (Code,         500, "internal_error",       "IMS is not available"),
        (RefreshToken, 500, "internal_error",       "IMS is not available"),
        (AccessToken,  429, "",                     "IMS is not available"),
        (AccessToken,  302, "",                     "a redirect answered instead of IMS"),
    ];
    for (credential, status, code, said) in table {
        let body = format!(r#"{{"error":"{code}"}}"#);
        let error = read(&response(status, &[], &body), &Sent::new(credential, NOW, &[]));
        let said_here = error.to_string();
        assert!(said_here.starts_with(said), "{credential:?} {status} {code}: {said_here}");
        assert!(!said_here.contains("metascope") || credential == Assertion, "{said_here}");
    }
}

#[test]
fn a_signature_of_an_unknown_certificate_is_for_a_person_and_no_other_invalid_token_is() {
    let unmatched = r#"{"error":"invalid_token","error_description":"Could not match JWT signature to any of the bindings"}"#;
    let error = refused(400, unmatched);
    assert!(matches!(&error, ExchangeError::IntegrationRefused(_)), "{error}");
    assert_eq!(error.refusal().unwrap().causes().len(), 4);
    assert!(error.hints()[0].starts_with("if the certificate of this private key is not attached"));
    let expired = r#"{"error":"invalid_token","error_description":"JWT token has expired"}"#;
    assert!(matches!(refused(400, expired), ExchangeError::AssertionRefused(_)));
}

#[test]
fn a_body_that_is_not_a_refusal_still_leaves_the_status() {
    for body in ["", "[]", r#"{"error":1}"#, r#"{"error":{"a":1}}"#, r#"{"error":"a b"}"#, "null"] {
        let error = refused(400, body);
        let said = "an answer that this version does not know (400)";
        assert_eq!(error.to_string(), said, "{body}");
        assert!(matches!(refused(502, body), ExchangeError::Unavailable { .. }), "{body}");
    }
}

#[test]
fn a_description_is_bounded_and_repeats_no_secret() {
    let (longest_word, jwt) = ("x".repeat(48), "x".repeat(49));
    #[rustfmt::skip]
    let table = [
        ("Try again later",                   Some("Try again later")),
        ("  a\\u0000b\\u001b[31m\\n c ",      Some("a b [31m c")),
        ("secret canary is wrong",            Some("secret … is wrong")),
        (longest_word.as_str(),               Some(longest_word.as_str())),
        (jwt.as_str(),                        Some("…")),
        ("   ",                               None),
    ];
    for (text, description) in table {
        let error =
            refused(400, &format!(r#"{{"error":"bad_request","error_description":"{text}"}}"#));
        assert_eq!(error.refusal().unwrap().description(), description, "{text}");
    }
    let long = "word ".repeat(1000);
    let error = refused(400, &format!(r#"{{"error":"bad_request","error_description":"{long}"}}"#));
    assert_eq!(error.refusal().unwrap().description().unwrap().chars().count(), 300);
}

#[test]
fn the_debug_id_is_kept_unless_it_is_too_long_to_read_out() {
    let (longest, too_long) = ("x".repeat(128), "x".repeat(129));
    #[rustfmt::skip]
    let table = [
        ("NcgQzKrz",        Some("NcgQzKrz")),
        (longest.as_str(),  Some(longest.as_str())),
        (too_long.as_str(), None),
        ("h\u{e9}",        None),
    ];
    for (sent, kept) in table {
        let response = response(400, &[("x-debug-id", sent)], "");
        let error = read(&response, &Sent::new(CredentialKind::Assertion, NOW, &[]));
        assert_eq!(error.refusal().unwrap().debug_id(), kept, "{sent}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    #[rustfmt::skip]
    let table = [
        ("120",                            Some(Duration::from_mins(2))),
        ("0",                              Some(Duration::ZERO)),
        (" 7 ",                            Some(Duration::from_secs(7))),
        ("18446744073709551615",           Some(Duration::from_secs(u64::MAX))),
        ("18446744073709551616",           Some(Duration::from_secs(u64::MAX))),
        ("99999999999999999999999999999",  Some(Duration::from_secs(u64::MAX))),
        ("",                               None),
        ("+1",                             None),
        ("Sun, 06 Nov 1994 08:50:37 GMT",  Some(Duration::from_mins(1))),
        ("Sun, 06 Nov 1994 08:49:37 GMT",  Some(Duration::ZERO)),
        ("soon",                           None),
        ("-1",                             None),
        ("1.5",                            None),
    ];
    for (text, wait) in table {
        let error = {
            let response = response(429, &[("retry-after", text)], "");
            read(&response, &Sent::new(CredentialKind::Assertion, NOW, &[]))
        };
        assert_eq!(error.retry_after(), wait, "{text}");
    }
}

#[test]
fn a_date_to_wait_for_is_compared_with_the_date_of_the_answer() {
    let retry_after = ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
    let date = ("date", "Sun, 06 Nov 1994 08:50:07 GMT");
    let wait = |headers: &[_]| {
        read(&response(503, headers, ""), &Sent::new(CredentialKind::Client, NOW, &[]))
            .retry_after()
    };
    assert_eq!(wait(&[retry_after, date]), Some(Duration::from_secs(30)));
    assert_eq!(
        wait(&[retry_after]),
        Some(Duration::from_mins(1)),
        "from when the request was sent"
    );
}

#[test]
fn a_secret_is_not_repeated_and_a_short_one_does_not_change_other_words() {
    #[rustfmt::skip]
    let table = [
        // As it is, and as the form had it.
        ("cannot read client_secret=s%26+1&x=1, s& 1",       "s& 1",         "cannot read client_secret=…&x=1, …"),
        ("p8e-canary1 is wrong",                             "p8e-canary1",  "… is wrong"),
        ("xp8e-canary1x is wrong",                           "p8e-canary1",  "x…x is wrong"),
        ("a=%2Bcanary12",                                    "+canary12",    "a=…"),
        ("invalid client_secret parameter",                  "s",            "invalid client_secret parameter"),
        ("invalid client_secret parameter: s",               "s",            "invalid client_secret parameter: …"),
        ("client_secret=s&x=1",                              "s",            "client_secret=…&x=1"),
        ("the secret 's' of [s] is s.",                      "s",            "the secret '…' of […] is …."),
        ("invalid client_secret parameter: the secret",      "secret",       "invalid client_secret parameter: the …"),
        ("not a secret: secrets, xsecret, secret",           "secret",       "not a …: secrets, xsecret, …"),
        ("7-letter words are short: seven_7 seven77 seven7", "seven77",      "7-letter words are short: seven_7 … seven7"),
        ("longer ones are replaced in words: xseven778x",    "seven778",     "longer ones are replaced in words: x…x"),
        ("ä is of aä and äa",                                "ä",            "… is of aä and äa"),
        ("a-b, -, a",                                        "-",            "a-b, …, a"),
        ("nothing was sent",                                 "",             "nothing was sent"),
    ];
    for (text, secret, said) in table {
        assert_eq!(scrub(text, &[secret]), said, "{secret} in {text}");
    }
}

#[test]
fn a_secret_that_is_a_word_of_ims_does_not_hide_the_reason() {
    for secret in ["client_secret", "invalid_client", "parameter", "secret"] {
        let body =
            r#"{"error":"invalid_client","error_description":"invalid client_secret parameter"}"#;
        let secrets = [secret];
        let sent = Sent::new(CredentialKind::Client, NOW, &secrets);
        let error = read(&response(400, &[], body), &sent);
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.reason(), Reason::WrongSecret, "{secret}");
        let shown = format!("{:?} {:?}", refusal.code(), refusal.description());
        let words: Vec<&str> = shown.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        assert!(!words.contains(&secret), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_of_ims_repeats_a_secret(
        before in "\\PC{0,40}",
        secret in "canary|[!-~]{8,40}",
        after in "\\PC{0,40}",
    ) {
        // A short secret is replaced where it is a whole word.
        let mark = if secret.len() < 8 { "=" } else { "" };
        let scrubbed = scrub(&format!("{before}{mark}{secret}{mark}{after}"), &[&secret]);
        let rest = before.contains(&secret) || after.contains(&secret);
        let is_part_of_word = secret.len() < 8 && rest;
        prop_assert!(is_part_of_word || !scrubbed.contains(&secret), "{scrubbed}");
        prop_assert!(scrubbed.chars().count() <= 300);
    }
}

#[test]
fn the_scopes_that_the_description_names_are_named_each_as_a_whole_word() {
    let asked = ["openid", "AdobeID", "additional_info.roles"];
    #[rustfmt::skip]
    let table = [
        ("Invalid scope: AdobeID",                        "the scope AdobeID is not granted to the credential"),
        ("scopes not allowed: openid,AdobeID.",           "the scopes openid, AdobeID are not granted to the credential"),
        ("additional_info.roles is not granted",          "the scope additional_info.roles is not granted to the credential"),
        ("additional_info.roles.more is not granted",     "one of the scopes openid, AdobeID, additional_info.roles is not granted to the credential"),
        ("",                                              "one of the scopes openid, AdobeID, additional_info.roles is not granted to the credential"),
    ];
    for (description, finding) in table {
        let body = format!(r#"{{"error":"invalid_scope","error_description":"{description}"}}"#);
        let response = response(400, &[], &body);
        let refusal = Refusal::read(&response, CredentialKind::Client, true, &[]);
        assert_eq!(refusal.finding_about(&asked).as_deref(), Some(finding), "{description}");
    }
    let response = response(400, &[], r#"{"error":"invalid_client"}"#);
    let refusal = Refusal::read(&response, CredentialKind::Client, true, &[]);
    assert_eq!(refusal.finding_about(&asked), None);
}

#[test]
fn what_is_said_about_refused_metascopes_depends_on_why_and_on_how_many_were_asked_for() {
    let unknown = "The metascopes in the JWT contain a scope that does not exist.";
    let not_granted =
        "The metascopes in the JWT are not a subset of the metascopes in the binding.";
    #[rustfmt::skip]
    let table: [(&str, &[&str], Option<&str>); 4] = [
        (unknown,     &["ent_analytics_bulk_ingest_sdk"],  Some("the metascope ent_analytics_bulk_ingest_sdk is not known to IMS")),
        (not_granted, &["ent_adobeio_sdk"],                Some("the metascope ent_adobeio_sdk is not granted to the integration")),
        (not_granted, &["ent_a_sdk", "ent_b_sdk"],         Some("one of the metascopes ent_a_sdk, ent_b_sdk is not granted to the integration")),
        (not_granted, &[],                                 None),
    ];
    for (description, asked, finding) in table {
        let body = format!(r#"{{"error":"invalid_scope","error_description":"{description}"}}"#);
        let response = response(400, &[], &body);
        let refusal = Refusal::read(&response, CredentialKind::Assertion, true, &[]);
        assert_eq!(refusal.finding_about(asked).as_deref(), finding, "{description} {asked:?}");
    }
}

#[test]
fn a_success_without_what_it_has_to_have_says_what_is_missing_or_what_answered() {
    let (html, json) = ("text/html", "application/json");
    #[rustfmt::skip]
    let table = [
        (json, "",                   Reason::Other,  "the answer is empty (200)"),
        (json, " \n",                Reason::Other,  "the answer is empty (200)"),
        (json, r#"{"a":"#,           Reason::Other,  "the answer is not JSON, or it is cut off (200)"),
        (json, "{}",                 Reason::Other,  "the answer does not have the members that IMS documents (200)"),
        (html, "<html>Sign in",      Reason::NotIms, "a page answered instead of IMS (200)"),
    ];
    for (media_type, body, reason, said) in table {
        let response = response(200, &[("content-type", media_type)], body);
        let refusal = Refusal::unreadable(&response, &[]);
        assert_eq!((refusal.reason(), refusal.to_string().as_str()), (reason, said));
    }
    let without_lifetime = response(200, &[("content-type", json)], "{}");
    let refusal = Refusal::lacking(Lack::Lifetime, &without_lifetime, &[]);
    assert_eq!(refusal.to_string(), "the answer does not say how long its token lives (200)");
}

#[test]
fn some_reasons_say_that_another_secret_key_or_certificate_can_help() {
    use Reason as R;
    #[rustfmt::skip]
    let table = [
        (R::WrongSecret,        true,  false, false),
        (R::ClientInvalid,      true,  false, false),
        (R::SecretMissing,      false, false, false),
        (R::UnknownClient,      false, false, false),
        (R::CertificateUnknown, false, true,  true),
        (R::AssertionInvalid,   false, false, true),
        (R::AssertionExpired,   false, false, false),
        (R::Other,              false, false, false),
    ];
    for (reason, secret, key, certificate) in table {
        assert_eq!(reason.is_about_the_secret(), secret, "{reason}");
        assert_eq!(reason.is_about_the_key(), key, "{reason}");
        assert_eq!(reason.may_be_the_certificate(), certificate, "{reason}");
    }
}
