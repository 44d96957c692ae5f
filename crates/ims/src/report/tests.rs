//! What reports say, and that the errors of all layers print them.

use std::{error::Error as StdError, sync::Arc};

use ims_claims::NumericDate;
use ims_exchange::testing::FakeTransport;
use ims_exchange::{Call, ClientCredentials, ClientSecret};
use ims_token::Evidence;

use super::*;
use crate::error::Error;

/// The error of a client credentials grant with this answer of IMS.
#[track_caller]
fn refused(status: u16, body: &str) -> ExchangeError {
    let secret = ClientSecret::new("canary-secret".to_owned());
    let client_id = "client".parse().unwrap();
    let scopes = ["openid".parse().unwrap()];
    let grant = ClientCredentials::new(&client_id, &secret, &scopes);
    let mut answer = FakeTransport::answer(status, body);
    if status == 429 {
        answer = ims_exchange::Response::new(
            answer.status(),
            [(http::header::RETRY_AFTER, http::HeaderValue::from_static("125"))]
                .into_iter()
                .collect(),
            body.as_bytes().to_vec(),
        );
    }
    grant.answer(&answer, NumericDate::from_secs(0)).unwrap_err()
}

fn wrong_secret() -> ExchangeError {
    refused(
        401,
        r#"{"error":"invalid_client","error_description":"invalid client_secret parameter"}"#,
    )
}

#[test]
fn the_cause_comes_first_then_what_ims_said_then_what_to_do_about_this_cause_alone() {
    let report = Report::from(&wrong_secret());
    assert_eq!(
        report.to_string(),
        "IMS refused the integration: the client secret is wrong (401 invalid_client)\n  \
         IMS says: invalid client_secret parameter\n  \
         what to do: copy the client secret from the Developer Console; if it was rotated, use the new one"
    );
    assert_eq!(report.reason(), "wrong_secret");
    assert!(report.needs_person() && !report.is_transient());
    let ims = report.ims().unwrap();
    assert_eq!((ims.status, ims.code.as_deref()), (Some(401), Some("invalid_client")));
}

#[test]
fn evidence_from_this_machine_comes_first_and_so_does_its_remedy() {
    let found = Evidence::new("the certificate expired 2 days ago").with_remedy("make a new one");
    let error = FetchError::from(wrong_secret()).with_evidence(found);
    let report = Report::from(&error);
    assert!(report.message().starts_with("the certificate expired 2 days ago: IMS refused"));
    assert_eq!(report.evidence(), Some("the certificate expired 2 days ago"));
    assert_eq!(report.remedies()[0], "make a new one");
}

#[test]
fn a_temporary_failure_says_when_to_try_again_in_minutes_and_seconds() {
    let report = Report::from(&refused(429, r#"{"error":"too_many_requests"}"#));
    assert_eq!(report.reason(), "throttled");
    assert!(report.is_transient() && !report.needs_person());
    assert!(report.to_string().ends_with("\n  try again in: 2 min 5 s"), "{report}");
}

#[test]
fn the_debug_of_an_error_is_its_report_and_says_nothing_twice() {
    #[track_caller]
    fn check<'a, E: StdError>(error: &'a E)
    where
        Report: From<&'a E>,
    {
        let report = Report::from(error);
        assert_eq!(format!("{error:?}"), report.to_string());
        let display = error.to_string();
        assert_eq!(display, report.message());
        assert!(!display.contains('\n'), "{display}");
        if let Some(source) = error.source() {
            assert!(!display.contains(&source.to_string()), "{display}: {source}");
        }
        assert!(!report.to_string().contains("canary"), "{report}");
        for phrase in ["error sending request", "client error", "tunnel error", "os error"] {
            assert!(!report.to_string().contains(phrase), "{report}");
        }
    }
    let network = || Arc::new(std::io::Error::other("cannot resolve ims.example: not known"));
    let unreachable = TransportError::Untrusted { source: network() };
    let connect = TransportError::Connect { source: network() };
    let credentials = || {
        ims_credentials::Credentials::from_json(r#"{"client_id":"a","client_secret":""}"#)
            .unwrap_err()
    };
    check(&wrong_secret());
    check(&refused(500, r#"{"error":"internal_error"}"#));
    check(&refused(200, "<html>canary</html>"));
    check(&ExchangeError::from(unreachable.clone()));
    check(&ExchangeError::from(connect.clone()));
    check(&unreachable);
    check(&connect);
    check(&TransportError::Timeout { timeout: Duration::from_secs(10) });
    check(&FetchError::from(wrong_secret()));
    check(&FetchError::permanent("no"));
    check(&FetchError::sign_in_needed("no one has signed in"));
    check(&TokenError::NoRuntime);
    check(&credentials());
    check(&DiscoveryError::from(credentials()));
    check(&DiscoveryError::NotFound);
    check(&MigrationError::UnknownScopes { metascopes: Vec::new(), known: Vec::new() });
    check(&Error::from(credentials()));
    check(&Error::from(unreachable));
    check(&Error::MissingFeature { feature: "pkcs11" });
    check(&Error::ApiKeyAlone);
}

#[test]
fn a_program_whose_main_returns_the_error_prints_the_report() {
    fn main() -> Result<(), Box<dyn StdError>> {
        Err(TokenError::Refused {
            retry_after: Duration::from_secs(1),
            source: FetchError::from(wrong_secret()),
        })?
    }
    // So does the standard library (`std::process::Termination`).
    let printed = format!("Error: {:?}", main().unwrap_err());
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines[0],
        "Error: IMS refused the integration: the client secret is wrong (401 invalid_client)"
    );
    assert_eq!(lines[1], "  IMS says: invalid client_secret parameter");
    assert!(lines[2].starts_with("  what to do: copy the client secret"), "{printed}");
    assert_eq!(lines.len(), 3, "{printed}");
}

#[cfg(feature = "service-account")]
#[test]
fn a_key_that_cannot_be_used_is_named_with_what_to_do() {
    let no_key = ims_sign::PemSigner::from_bytes(ims_testkit::certificates::FIRST.as_bytes(), None);
    let error = Error::from(no_key.unwrap_err());
    let report = Report::from(&error);
    assert_eq!(format!("{error:?}"), report.to_string());
    assert_eq!(report.reason(), "another_kind_of_file");
    assert!(report.message().contains("certificate, not a private key"), "{report}");
    assert!(!report.remedies().is_empty());
}

#[cfg(feature = "sign-in")]
#[test]
fn a_refused_sign_in_has_the_remedy_of_its_code() {
    use crate::SignInError;
    let refused = ims_exchange::RedirectError::Refused {
        code: "invalid_scope".to_owned(),
        description: Some("no such scope".to_owned()),
    };
    let error = SignInError::from(refused);
    let report = Report::from(&error);
    assert_eq!(format!("{error:?}"), report.to_string());
    assert_eq!(report.reason(), "invalid_scope");
    assert_eq!(report.ims().unwrap().description.as_deref(), Some("no such scope"));
    assert!(report.remedies()[0].contains("compare the scopes"), "{report}");
}

#[cfg(feature = "verify")]
#[test]
fn a_token_that_is_not_verified_is_reported_with_what_its_holder_can_do() {
    use ims_verify::{Fault, NotVerified};

    let expired_at = NumericDate::from_secs(1_800_000_000);
    let unavailable = NotVerified::Unavailable(refused(503, ""));
    #[rustfmt::skip]
    let table: [(NotVerified, &str, bool, Option<&str>); 4] = [
        (Fault::Expired { expired_at }.into(), "token_expired",     true,  Some("obtain a new access token")),
        (Fault::NotAnAccessToken.into(),       "not_an_access_token", true, Some("send the access token that IMS gave, without quotes or line breaks")),
        (NotVerified::KeyNotPublished,         "key_not_published", true,  Some("refuse the token; if it should be valid, check that it is of this IMS, production or stage")),
        (unavailable,                          "temporary_failure", false, Some("wait, and try again")),
    ];
    for (error, reason, needs_person, remedy) in table {
        let report = Report::from(&error);
        assert_eq!(report.reason(), reason);
        assert_eq!((report.needs_person(), report.is_transient()), (needs_person, !needs_person));
        assert_eq!(report.remedies().first().map(String::as_str), remedy, "{report}");
        assert!(!report.message().contains('\n'), "{report}");
    }
}
