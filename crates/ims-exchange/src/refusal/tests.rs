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
fn each_documented_refusal_tells_the_caller_what_to_do() {
    #[rustfmt::skip]
    let table = [
        (400, "invalid_client",    "IMS refused the integration (HTTP 400 invalid_client: the client id is unknown, or the client id in aud is another one, or aud names another IMS environment)"),
        (401, "invalid_client",    "IMS refused the integration (HTTP 401 invalid_client: the client secret is wrong, or the integration has no exchange_jwt scope)"),
        (400, "invalid_token",     "IMS would not take the assertion (HTTP 400 invalid_token: the assertion has expired, or the assertion is missing or cannot be decoded, or exp or jti is not an integer, or the certificate has expired or was removed, or the organization or the technical account is not the one of this integration)"),
        (400, "invalid_signature", "IMS refused the integration (HTTP 400 invalid_signature: the certificate of this private key is not attached to the integration, or the signature is not by the algorithm in the header)"),
        (400, "invalid_jti",       "IMS would not take the assertion (HTTP 400 invalid_jti: the integration requires a jti and none was sent, or the jti was used before)"),
        (400, "invalid_scope",     "IMS refused the integration (HTTP 400 invalid_scope: a metascope is not one of the integration's, or a metascope is not one of the client's scopes, or a metascope does not exist, or no metascope is claimed)"),
        (400, "bad_request",       "IMS refused the integration (HTTP 400 bad_request: sub, iss, exp or jti is not in the proper form)"),
        (500, "internal_error",    "IMS is not available (HTTP 500 internal_error: IMS has trouble, or the JWT credential was migrated to OAuth Server-to-Server)"),
        (429, "anything",          "IMS is not available (HTTP 429 anything: too many tokens were asked for)"),
        (503, "anything",          "IMS is not available (HTTP 503 anything)"),
        (418, "teapot",            "IMS answered in a form that this version does not know (HTTP 418 teapot)"),
        (403, "invalid_client",    "IMS answered in a form that this version does not know (HTTP 403 invalid_client)"),
    ];
    for (status, code, said) in table {
        assert_eq!(with_code(status, code).to_string(), said, "{status} {code}");
    }
}

#[test]
fn what_a_refusal_means_depends_on_what_was_credential() {
    use CredentialKind::{AccessToken, Assertion, Client, Code, RefreshToken};
    #[rustfmt::skip]
    let table = [
        (Assertion,    400, "invalid_token",        "IMS would not take the assertion"),
        (Code,         400, "invalid_token",        "IMS wants the user to sign in again"),
        (RefreshToken, 400, "invalid_token",        "IMS wants the user to sign in again"),
        (Code,         401, "invalid_token",        "IMS wants the user to sign in again"),
        (RefreshToken, 401, "invalid_token",        "IMS wants the user to sign in again"),
        (Code,         400, "invalid_grant",        "IMS wants the user to sign in again"),
        (RefreshToken, 400, "invalid_grant",        "IMS wants the user to sign in again"),
        (Code,         400, "access_denied",        "IMS wants the user to sign in again"),
        (RefreshToken, 400, "access_denied",        "IMS wants the user to sign in again"),
        (Code,         401, "invalid_client",       "IMS refused the integration"),
        (RefreshToken, 401, "invalid_client",       "IMS refused the integration"),
        (AccessToken,  400, "invalid_token",        "IMS would not take the access token"),
        (AccessToken,  400, "invalid_grant",        "IMS would not take the access token"),
        (AccessToken,  401, "invalid_token",        "IMS would not take the access token"),
        (AccessToken,  401, "",                     "IMS would not take the access token"),
        (AccessToken,  401, "invalid_client",       "IMS refused the integration"),
        (AccessToken,  403, "insufficient_scope",   "IMS refused the integration"),
        (AccessToken,  400, "invalid_request",      "IMS would not take the access token"),
        (AccessToken,  404, "not_found",            "IMS refused the integration"),
        (Assertion,    400, "invalid_target",       "IMS refused the integration"),
        (Client,       400, "invalid_redirect_uri", "IMS refused the integration"),
        (Client,       404, "",                     "IMS answered in a form that this version does not know"),
        (Client,       401, "invalid_client",       "IMS refused the integration"),
        (Client,       400, "invalid_grant",        "IMS refused the integration"),
        (Client,       401, "",                     "IMS answered in a form that this version does not know"),
        (Code,         500, "internal_error",       "IMS is not available"),
        (RefreshToken, 500, "internal_error",       "IMS is not available"),
        (AccessToken,  429, "",                     "IMS is not available"),
        (AccessToken,  302, "",                     "IMS answered in a form that this version does not know"),
    ];
    for (credential, status, code, said) in table {
        let body = format!(r#"{{"error":"{code}"}}"#);
        let error = read(&response(status, &[], &body), &Sent::new(credential, NOW, &[]));
        let said_here = error.to_string();
        assert_eq!(said_here.split(" (").next(), Some(said), "{credential:?} {status} {code}");
        assert!(!said_here.contains("metascope") || credential == Assertion, "{said_here}");
    }
}

#[test]
fn every_row_of_the_table_names_a_cause_and_a_remedy() {
    for code in [
        "invalid_client",
        "invalid_token",
        "invalid_signature",
        "invalid_jti",
        "invalid_scope",
        "bad_request",
    ] {
        let error = with_code(400, code);
        let causes = error.refusal().unwrap().causes();
        assert!(!causes.is_empty(), "{code}");
        assert!(
            causes.iter().all(|cause| !cause.what.is_empty() && !cause.remedy.is_empty()),
            "{code}"
        );
    }
}

#[test]
fn a_signature_that_matches_no_binding_is_for_a_person_and_no_other_invalid_token_is() {
    let unmatched = r#"{"error":"invalid_token","error_description":"Could not match JWT signature to any of the bindings"}"#;
    let error = refused(400, unmatched);
    assert!(matches!(&error, ExchangeError::IntegrationRefused(_)), "{error}");
    assert_eq!(error.refusal().unwrap().causes().len(), 3);
    let expired = r#"{"error":"invalid_token","error_description":"JWT token has expired"}"#;
    assert!(matches!(refused(400, expired), ExchangeError::AssertionRefused(_)));
}

#[test]
fn a_body_that_is_no_refusal_still_leaves_the_status() {
    for body in
        ["", "<html>", "[]", r#"{"error":1}"#, r#"{"error":{"a":1}}"#, r#"{"error":"a b"}"#, "null"]
    {
        let error = refused(400, body);
        assert_eq!(
            error.to_string(),
            "IMS answered in a form that this version does not know (HTTP 400)",
            "{body}"
        );
        assert!(matches!(refused(502, body), ExchangeError::Unavailable { .. }), "{body}");
    }
}

#[test]
fn a_description_is_bounded_and_repeats_no_secret() {
    let jwt = "x".repeat(60);
    #[rustfmt::skip]
    let table = [
        ("Try again later",                   Some("Try again later")),
        ("  a\\u0000b\\u001b[31m\\n c ",      Some("a b [31m c")),
        ("secret canary is wrong",            Some("secret … is wrong")),
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
fn the_debug_id_is_kept_unless_nobody_could_read_it_out() {
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
fn a_date_to_wait_for_is_held_against_the_date_of_the_answer() {
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
fn a_secret_is_not_repeated_as_the_form_had_it() {
    let said = scrub("cannot read client_secret=s%26+1&x=1, s& 1", &["s& 1"]);
    assert_eq!(said, "cannot read client_secret=…&x=1, …");
}

proptest! {
    #[test]
    fn no_text_of_ims_brings_a_secret_back(before in "\\PC{0,40}", after in "\\PC{0,40}") {
        let scrubbed = scrub(&format!("{before}canary{after}"), &["canary"]);
        prop_assert!(!scrubbed.contains("canary"));
        prop_assert!(scrubbed.chars().count() <= 300);
    }
}
