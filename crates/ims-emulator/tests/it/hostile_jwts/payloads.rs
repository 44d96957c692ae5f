//! Claims of another type, form or value, and payloads that are not claims.

use serde_json::{Value, json};

use super::{Cases, Forge, HEADER, claims, claims_having, claims_with, encoded};
use crate::harness::{CLIENT_ID, NOW};

const IMS: &str = "https://ims-na1.adobelogin.com";

pub(super) fn forge(forge: &Forge, cases: &mut Cases) {
    no_objects(forge, cases);
    twice(forge, cases);
    times(forge, cases);
    numbers(forge, cases);
    identities(forge, cases);
    audiences(forge, cases);
    metascopes(forge, cases);
}

fn add(forge: &Forge, cases: &mut Cases, claim: &str, value: Value, error: &'static str) {
    let fault = format!("{claim} {value}");
    cases.add(fault, forge.signed(HEADER, claims_having(claim, value)), error);
}

fn no_objects(forge: &Forge, cases: &mut Cases) {
    let nested = claims_with(&format!("\"a\":{}{}", "[".repeat(300), "]".repeat(300)));
    let (unended, followed) = (claims(json!({})), claims(json!({})) + "{}");
    let unended = &unended[..unended.len() - 1];
    let (marked, commented) = (format!("\u{feff}{unended}}}"), format!("{unended},/**/}}"));
    let (comma, nan) = (format!("{unended},}}"), claims_with("\"x\":NaN"));
    let (lone, control) = (claims_with("\"x\":\"\\udc00\""), claims_with("\"x\":\"\n\""));
    for text in [
        "", " ", "[]", "null", "true", "1", "\"x\"", "{", "}", unended, &followed, &marked,
        &commented, &comma, &nan, &lone, &control, &nested,
    ] {
        cases.add(format!("payload {text:?}"), forge.signed(HEADER, text), "invalid_token");
    }
    for octets in [&b"\xff"[..], b"{\"\xff\":1}", b"\x1f\x8b\x08", b"{\x00}"] {
        let jwt = forge.signed(HEADER, octets);
        cases.add(format!("payload of octets {octets:?}"), jwt, "invalid_token");
    }
    let (header, payload) = (encoded(HEADER), encoded(claims(json!({}))));
    for payload in [
        format!("{payload}="),
        format!("{payload}===="),
        format!(" {payload}"),
        format!("{payload}\r\n"),
        format!("*{payload}"),
        format!("{}+", &payload[1..]),
        claims(json!({})),
    ] {
        let jwt = forge.joined(&header, &payload);
        cases.add(format!("payload spelled {payload:?}"), jwt, "invalid_token");
    }
}

/// If two members have one name, readers may use different ones (RFC 7519 §4).
fn twice(forge: &Forge, cases: &mut Cases) {
    let metascope = format!("\"{IMS}/s/ent_dataservices_sdk\":true");
    let escaped = format!("\"\\u0065xp\":{}", NOW + 300);
    for member in [
        "\"exp\":1",
        "\"exp\":4102444800",
        &escaped,
        "\"iss\":\"X@AdobeOrg\"",
        "\"sub\":\"X@techacct.adobe.com\"",
        "\"aud\":\"x\"",
        &metascope,
        "\"a\":1,\"a\":1",
        "\"a\":{\"b\":1,\"b\":2}",
    ] {
        let jwt = forge.signed(HEADER, claims_with(member));
        cases.add(format!("twice {member}"), jwt, "invalid_token");
    }
}

/// Ends that have passed, are too far, or are not integers.
fn times(forge: &Forge, cases: &mut Cases) {
    for exp in
        [0, 1, -1, NOW - 30, NOW - 31, NOW - 300, NOW - 86_400, i64::MIN, i64::from(i32::MIN)]
    {
        add(forge, cases, "exp", json!(exp), "invalid_token");
    }
    for exp in [NOW + 86_431, NOW + 172_800, (NOW + 300) * 1000, 253_402_300_800, i64::MAX] {
        add(forge, cases, "exp", json!(exp), "bad_request");
    }
    for text in [
        "1800000300.0",
        "1800000300.5",
        "1.8e9",
        "18000003e2",
        "1e400",
        "-0.0",
        "9223372036854775808",
        "18446744073709551616",
        "\"1800000300\"",
        "\"\"",
        "\"soon\"",
        "\"2027-01-15T08:05:00Z\"",
        "null",
        "true",
        "false",
        "[]",
        "[1800000300]",
        "{}",
        "{\"exp\":1800000300}",
    ] {
        let claims = claims(json!({ "exp": null }));
        let claims = format!("{{\"exp\":{text},{}", &claims[1..]);
        cases.add(format!("exp {text}"), forge.signed(HEADER, claims), "invalid_token");
    }
    cases.add("no exp", forge.jwt(json!({ "exp": null })), "invalid_token");
    for nbf in [NOW + 31, NOW + 300, NOW * 1000, i64::MAX] {
        add(forge, cases, "nbf", json!(nbf), "invalid_token");
    }
    for iat in [NOW + 300, NOW + 301, NOW * 1000, NOW - 86_101, 0, i64::MIN, i64::MAX] {
        add(forge, cases, "iat", json!(iat), "bad_request");
    }
}

/// Values in place of a number.
fn numbers(forge: &Forge, cases: &mut Cases) {
    for claim in ["iat", "nbf"] {
        for value in [
            json!(null),
            json!("1800000000"),
            json!(""),
            json!(1_800_000_000.5),
            json!(1e300),
            json!(u64::MAX),
            json!(true),
            json!([]),
            json!({}),
        ] {
            add(forge, cases, claim, value, "bad_request");
        }
    }
    for value in [
        json!(null),
        json!(""),
        json!("x"),
        json!("1x"),
        json!("-1"),
        json!("+1"),
        json!("1.5"),
        json!("0x1f"),
        json!(" 1"),
        json!("1\n"),
        json!("１"),
        json!("9".repeat(65)),
        json!(-1),
        json!(1.5),
        json!(true),
        json!([1]),
        json!({}),
        json!("7d444840-9dc0-11d1-b245-5ffdce74fad2"),
    ] {
        add(forge, cases, "jti", value, "invalid_token");
    }
}

fn identities(forge: &Forge, cases: &mut Cases) {
    let long = "X".repeat(300);
    for (claim, suffix, ident) in [
        ("iss", "@AdobeOrg", "C74F69D7594880280"),
        ("sub", "@techacct.adobe.com", "6657031C5C095BB40A4"),
    ] {
        let right = format!("{ident}{suffix}");
        let wrong = [
            ident.to_owned(),
            suffix.to_owned(),
            suffix[1..].to_owned(),
            String::new(),
            format!("{ident}{}", suffix.to_lowercase().to_uppercase()),
            format!("{ident}@x{suffix}"),
            format!(" {right}"),
            format!("{right} "),
            format!("{right}\n"),
            format!("{right}\0"),
            format!("{right}.example"),
            format!("{ident}\u{e9}{suffix}"),
            format!("{long}{suffix}"),
            format!("{ident}@AdobeID"),
        ];
        for text in wrong {
            add(forge, cases, claim, text.into(), "bad_request");
        }
        for value in [json!(null), json!(1), json!(true), json!([right]), json!({ "id": right })] {
            add(forge, cases, claim, value, "bad_request");
        }
        cases.add(format!("no {claim}"), forge.jwt(json!({ claim: null })), "bad_request");
        for other in ["X", "c74f69d7594880280", "6657031c5c095bb40a4", "C74F69D75948802800", "0"] {
            add(forge, cases, claim, format!("{other}{suffix}").into(), "invalid_signature");
        }
    }
}

fn audiences(forge: &Forge, cases: &mut Cases) {
    let right = format!("{IMS}/c/{CLIENT_ID}");
    for value in [json!(null), json!(1), json!([]), json!([right]), json!([right, "x"]), json!({})]
    {
        add(forge, cases, "aud", value, "bad_request");
    }
    cases.add("no aud", forge.jwt(json!({ "aud": null })), "bad_request");
    for text in [
        String::new(),
        IMS.to_owned(),
        CLIENT_ID.to_owned(),
        format!("/c/{CLIENT_ID}"),
        format!("{IMS}/c/"),
        format!("{IMS}/c/another"),
        format!("{IMS}/c/{}", CLIENT_ID.to_uppercase()),
        format!("{right}/"),
        format!("{right} "),
        format!("{right}?"),
        format!("{right}#"),
        format!("{right}\0"),
        format!("{IMS}/s/{CLIENT_ID}"),
        format!("{IMS}/C/{CLIENT_ID}"),
        format!("{IMS}/x/c/{CLIENT_ID}"),
        format!("{IMS}:443/c/{CLIENT_ID}"),
        format!("http://ims-na1.adobelogin.com/c/{CLIENT_ID}"),
        format!("ims-na1.adobelogin.com/c/{CLIENT_ID}"),
        format!("https://x@ims-na1.adobelogin.com/c/{CLIENT_ID}"),
        format!("https://ims-na1.adobelogin.com.evil.example/c/{CLIENT_ID}"),
        format!("https://ims-na1-stg1.adobelogin.com/c/{CLIENT_ID}"),
        format!("https://adobeid-na1.services.adobe.com/c/{CLIENT_ID}"),
        format!("https://ims-na1.adobelog\u{456}n.com/c/{CLIENT_ID}"),
        format!("https://localhost/c/{CLIENT_ID}"),
    ] {
        add(forge, cases, "aud", text.into(), "invalid_client");
    }
}

fn metascopes(forge: &Forge, cases: &mut Cases) {
    let metascope = format!("{IMS}/s/ent_dataservices_sdk");
    for value in [
        json!(null),
        json!(false),
        json!("true"),
        json!("TRUE"),
        json!(1),
        json!(0),
        json!([]),
        json!([true]),
        json!({}),
    ] {
        add(forge, cases, &metascope, value, "bad_request");
    }
    cases.add("no metascope", forge.jwt(json!({ metascope.as_str(): null })), "invalid_scope");
    for claim in [
        format!("{IMS}/s/ent_gdpr_sdk"),
        format!("{IMS}/s/ent_cloudmgr_sdk"),
        format!("{IMS}/s/ent_no_such_sdk"),
        format!("{IMS}/s/ENT_USER_SDK"),
        format!("{IMS}/s/ent_user_sdk "),
        format!("{IMS}/s/ent_user_sdk/"),
        format!("{IMS}/s/"),
        format!("{IMS}/s/*"),
        format!("{IMS}/s/ent_user_sdk,ent_gdpr_sdk"),
        format!("{IMS}/x/s/ent_user_sdk"),
        format!("{IMS}//s/s/ent_user_sdk"),
        "/s/ent_user_sdk".to_owned(),
        "https://ims-na1-stg1.adobelogin.com/s/ent_user_sdk".to_owned(),
        "https://ims-na1.adobelogin.com.evil.example/s/ent_user_sdk".to_owned(),
        "http://ims-na1.adobelogin.com/s/ent_user_sdk".to_owned(),
    ] {
        add(forge, cases, &claim, json!(true), "invalid_scope");
    }
}
