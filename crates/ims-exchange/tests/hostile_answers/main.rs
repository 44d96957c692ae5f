//! What every grant and every call does with an answer that IMS would not send: it reports that, and repeats nothing.

#![cfg(all(feature = "authorization-code", feature = "reqwest"))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{error::Error, iter, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use ims_claims::Environment;
use ims_exchange::{ExchangeError, ReqwestTransport, Response, Transport, TransportError};
use proptest::prelude::*;
use wiremock::{Mock, MockServer, ResponseTemplate};

use self::doors::{CANARY, Door, Reads, Secrets};

mod doors;

/// An answer in the form of IMS.
#[track_caller]
fn json(status: u16, body: impl Into<Vec<u8>>) -> Response {
    answer(status, "application/json;charset=UTF-8", body)
}

#[track_caller]
fn answer(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::LOCATION, HeaderValue::from_static(CANARY));
    headers.insert("x-debug-id", HeaderValue::from_static("id"));
    Response::new(StatusCode::from_u16(status).unwrap(), headers, body.into())
}

/// The texts of an error and of all its sources.
fn everything_said<'a>(error: &'a (dyn Error + 'static)) -> String {
    iter::successors(Some(error), |&error| error.source())
        .map(|cause| format!("{cause} {cause:?}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Reads `response` at `door`, which has to refuse it as nothing that it knows and to repeat nothing of it.
#[track_caller]
fn assert_unrecognized(door: &Door<'_>, response: &Response, what: &str) {
    let name = door.name;
    let Err(error) = (door.read)(response) else { panic!("{name}: {what} was taken") };
    assert!(matches!(error, ExchangeError::Unrecognized(_)), "{name}: {what}: {error}");
    assert!(!everything_said(&error).contains(CANARY), "{name}: {what} is repeated");
}

#[test]
fn the_right_answer_to_each_call_is_accepted() {
    // Without this, all else here could be refused for another reason.
    for door in doors::all(&Secrets::new()) {
        (door.read)(&json(200, door.good)).unwrap_or_else(|error| panic!("{}: {error}", door.name));
    }
}

#[test]
fn no_secret_is_in_a_url_or_in_a_debug_text() {
    for door in doors::all(&Secrets::new()) {
        let request = (door.request)(&Environment::production());
        let shown = format!("{request:?} {} {:?}", request.url(), request.headers());
        assert!(!shown.contains(CANARY), "{}: {shown}", door.name);
        let is_of_ims = request.url().starts_with("https://ims-na1.adobelogin.com/ims/");
        let is_of_console = request.url().starts_with("https://api.adobe.io/console/");
        assert!(is_of_ims || is_of_console, "{shown}");
    }
}

#[test]
fn a_page_or_another_media_type_is_refused_with_any_body() {
    let page = format!("<!DOCTYPE html><title>{CANARY}</title>");
    for door in doors::all(&Secrets::new()) {
        assert_unrecognized(&door, &answer(200, "text/html", page.as_str()), "a page");
        assert_unrecognized(&door, &json(200, page.as_str()), "a page that says it is JSON");
        assert_unrecognized(&door, &answer(200, "text/html", door.good), "JSON in a page");
        // Some gateways send JSON as text/plain, and it is still JSON.
        (door.read)(&answer(200, "text/plain", door.good)).unwrap();
        assert_unrecognized(&door, &answer(200, "text/plain", page.as_str()), "a page as a text");
    }
}

#[test]
fn an_answer_that_is_cut_off_anywhere_is_refused() {
    for door in doors::all(&Secrets::new()) {
        for end in 0..door.good.len() {
            if end > 0 || door.reads != Reads::Nothing {
                let half = &door.good[..end];
                assert_unrecognized(&door, &json(200, half), &format!("{end} bytes"));
            }
        }
        assert_unrecognized(&door, &json(200, door.good.to_owned() + "x"), "one byte more");
        assert_unrecognized(&door, &json(200, door.good.repeat(2)), "the same twice");
    }
}

#[test]
fn a_member_named_twice_is_refused_in_every_object() {
    for door in doors::all(&Secrets::new()) {
        for (at, _) in door.good.match_indices('{') {
            let end = if door.good[at..].starts_with("{}") { "" } else { "," };
            let twice = format!(r#"{{"{CANARY}":1,"{CANARY}":2{end}"#);
            let body = format!("{}{twice}{}", &door.good[..at], &door.good[at + 1..]);
            assert_unrecognized(&door, &json(200, body), &format!("twice at {at}"));
        }
    }
}

#[test]
fn a_member_of_another_type_is_refused() {
    for door in doors::all(&Secrets::new()) {
        for &(good, wrong) in door.wrong {
            assert!(door.good.contains(good), "{}: {good}", door.name);
            let wrong = wrong.replace("CANARY", CANARY);
            let body = door.good.replacen(good, &wrong, 1);
            assert_unrecognized(&door, &json(200, body), &wrong);
        }
    }
}

#[test]
fn what_is_not_an_object_of_this_kind_is_refused() {
    let deep = "[".repeat(60_000);
    let wide = format!("[{}1]", "1,".repeat(30_000));
    let bom = |door: &Door<'_>| format!("\u{feff}{}", door.good);
    let utf_16 =
        |door: &Door<'_>| door.good.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for door in doors::all(&Secrets::new()) {
        for body in ["null", "true", "1e999", "\"a\"", "NaN", "'a'", deep.as_str()] {
            assert_unrecognized(&door, &json(200, body), body.get(..9).unwrap_or(body));
        }
        if door.reads != Reads::Anything {
            assert_unrecognized(&door, &json(200, wide.as_str()), "a long list");
        }
        if door.reads == Reads::Members {
            assert_unrecognized(&door, &json(200, "{}"), "nothing");
            assert_unrecognized(&door, &json(200, r#"{"error":"invalid"}"#), "an error with 200");
        }
        if door.reads == Reads::Members && door.name != "ValidateToken" {
            assert_unrecognized(&door, &json(200, r#"{"valid":false}"#), "a verdict");
        }
        assert_unrecognized(&door, &json(200, bom(&door)), "a byte order mark");
        assert_unrecognized(&door, &json(200, utf_16(&door)), "UTF-16");
        assert_unrecognized(&door, &json(200, b"{\"a\":\"\xff\"}".to_vec()), "no UTF-8");
    }
}

#[test]
fn an_answer_of_64_kib_is_read_and_a_longer_one_is_not_even_if_the_transport_reads_it() {
    for door in doors::all(&Secrets::new()) {
        let padded = |length: usize| door.good.to_owned() + &" ".repeat(length - door.good.len());
        (door.read)(&json(200, padded(Response::MAX_BODY))).unwrap();
        assert_unrecognized(&door, &json(200, padded(Response::MAX_BODY + 1)), "64 KiB + 1");
    }
}

#[test]
fn a_redirect_is_a_refusal() {
    for door in doors::all(&Secrets::new()) {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            assert_unrecognized(&door, &json(status, door.good), &format!("HTTP {status}"));
        }
    }
}

#[test]
fn no_refusal_repeats_a_secret() {
    for door in doors::all(&Secrets::new()) {
        for status in [400, 401, 403, 404, 413, 429, 500, 503, 599] {
            for code in ["invalid_token", "invalid_grant", "bad_request", CANARY, "a b\u{7}"] {
                let text = format!("{code} {CANARY}\u{1b}[31m {CANARY}");
                let body =
                    serde_json::json!({"error": code, "error_description": text, "x": CANARY});
                let error = (door.read)(&json(status, body.to_string())).unwrap_err();
                let said = everything_said(&error);
                let refusal = error.refusal().unwrap();
                assert_eq!((refusal.status(), refusal.debug_id()), (status, Some("id")));
                assert!(
                    !said.contains('\u{1b}') && !said.contains('\u{7}'),
                    "{}: {said}",
                    door.name
                );
                // Where nothing secret was sent, the canary is a word of IMS like any other.
                assert!(!door.sends_secrets || !said.contains(CANARY), "{}: {said}", door.name);
            }
        }
    }
}

#[tokio::test]
async fn the_transport_refuses_more_than_64_kib_and_does_not_follow_a_redirect() {
    let elsewhere = MockServer::start().await;
    let long =
        answering(ResponseTemplate::new(200).set_body_bytes(vec![b' '; Response::MAX_BODY + 1]))
            .await;
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    let redirecting = answering(redirect).await;
    for door in doors::all(&Secrets::new()) {
        let error = send(&door, &long).await.unwrap_err();
        assert!(matches!(error, TransportError::TooLong), "{}: {error}", door.name);
        assert!(!everything_said(&error).contains(CANARY), "{}", door.name);
        let error = ExchangeError::from(error);
        assert!(matches!(error, ExchangeError::Unreachable(_)) && !error.is_transient());

        let response = send(&door, &redirecting).await.unwrap();
        assert_unrecognized(&door, &response, "a redirect");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(template).mount(&server).await;
    server
}

async fn send(door: &Door<'_>, server: &MockServer) -> Result<Response, TransportError> {
    let environment: Environment = server.uri().parse().unwrap();
    let transport = ReqwestTransport::new(&environment).unwrap();
    transport.send((door.request)(&environment), Duration::from_secs(30)).await
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..80)) {
        for door in doors::all(&Secrets::new()) {
            let _ = (door.read)(&json(status, body.clone()));
        }
    }

    #[test]
    fn no_damage_to_a_good_answer_makes_a_reader_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for door in doors::all(&Secrets::new()) {
            let mut body = door.good.as_bytes().to_vec();
            *at.get_mut(&mut body) = byte;
            let Err(error) = (door.read)(&json(200, body)) else { continue };
            prop_assert!(!everything_said(&error).contains(CANARY), "{}", door.name);
        }
    }
}
