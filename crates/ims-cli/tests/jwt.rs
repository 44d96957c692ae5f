//! `ims jwt sign`, `decode` and `verify`, and our signatures verified by other programs.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[cfg(unix)]
use std::process::Command;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_testkit::{certificates, keys};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, jwk::Jwk};
use serde_json::{Value, json};

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::{CLIENT_ID, Finished, Sandbox};

/// The time at which the assertions made here were issued.
const NOW: i64 = 1_550_001_138;

const RS256: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// A sandbox with the public key in every form that an option accepts, and the certificate of another key.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("public.pem", keys::FIRST_PUBLIC);
    sandbox.write("other.crt", certificates::SECOND);
    sandbox.write("keys.json", jwks());
    sandbox
}

/// The first test key's public half as a JWK Set, which another library makes.
fn jwks() -> String {
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    json!({"keys": [jwk]}).to_string()
}

/// The payload of a good assertion with `changes` applied to it.
#[track_caller]
fn claims(changes: Value) -> String {
    let mut claims = json!({
        "exp": NOW + 300,
        "iss": "C74F69D7594880280@AdobeOrg",
        "sub": "6657031C5C095BB40A4@techacct.adobe.com",
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": true,
        "aud": format!("https://ims-na1.adobelogin.com/c/{CLIENT_ID}"),
    });
    let Value::Object(changes) = changes else { panic!("not an object: {changes}") };
    claims.as_object_mut().unwrap().extend(changes);
    claims.to_string()
}

fn encoded(part: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part)
}

/// A JWS of any header and payload, signed with RS256 by the first test key.
fn signed(header: &str, payload: &str) -> String {
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
    signed_with(header, payload, &key, Algorithm::RS256)
}

fn signed_with(header: &str, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let input = format!("{}.{}", encoded(header), encoded(payload));
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), key, algorithm).unwrap();
    format!("{input}.{signature}")
}

/// Runs `ims jwt verify` with these options on `jwt`.
fn verify(sandbox: &Sandbox, options: &str, jwt: &str) -> Finished {
    sandbox.write("token.jwt", jwt);
    sandbox.run(&format!("jwt verify {options} token.jwt"))
}

#[track_caller]
fn assert_answer(end: &Finished, code: i32, stdout: &str) {
    let expected = (Some(code), stdout, "");
    assert_eq!((end.code, end.stdout.trim_end(), end.stderr.as_str()), expected);
}

#[test]
fn what_we_sign_is_valid_by_the_key_the_certificate_and_the_jwk_set() {
    let sandbox = sandbox();
    let jwt = sandbox.run("jwt sign -c credentials.json");
    assert_eq!((jwt.code, jwt.stderr.as_str(), jwt.stdout.lines().count()), (Some(0), "", 1));
    for source in ["--key public.pem", "--cert certificate_pub.crt", "--jwks keys.json"] {
        let options = format!("{source} --client-id {CLIENT_ID}");
        assert_answer(&verify(&sandbox, &options, &jwt.stdout), 0, "valid");
    }
    let by_another = verify(&sandbox, "--cert other.crt --json", &jwt.stdout);
    let reason = r#"{"valid":false,"reason":"the signature is not by this key"}"#;
    assert_answer(&by_another, 1, reason);
    let as_data = verify(&sandbox, "--key public.pem --json", &jwt.stdout);
    assert_answer(&as_data, 0, r#"{"valid":true}"#);
}

#[test]
fn each_fault_of_a_jwt_is_reported() {
    let hmac = EncodingKey::from_secret(keys::FIRST_PUBLIC.as_bytes());
    let good = signed(RS256, &claims(json!({})));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("{good}")
    };
    let modified = encoded(&claims(json!({"sub": "ABC@techacct.adobe.com"})));
    let with_header = |header: &str| signed(header, &claims(json!({})));
    let with_claims = |changes: Value| signed(RS256, &claims(changes));
    let algorithm = "alg is not RS256";
    #[rustfmt::skip]
    let table = [
        (format!("{}.{payload}.", encoded(r#"{"alg":"none"}"#)),                 algorithm),
        (with_header(r#"{"alg":"none"}"#),                                       algorithm),
        (with_header(r#"{"alg":"rs256"}"#),                                      algorithm),
        (signed_with(r#"{"alg":"HS256"}"#, &claims(json!({})), &hmac, Algorithm::HS256), algorithm),
        (signed_with(RS256, &claims(json!({})), &hmac, Algorithm::HS256),        "the signature is not by this key"),
        (format!("{header}.{modified}.{signature}"),                             "the signature is not by this key"),
        (format!("{header}.{payload}."),                                         "the signature is not by this key"),
        (format!("{good}=="),                                                    "the signature is not canonical base64url"),
        (format!("{header}=.{payload}.{signature}"),                             "the header is not canonical base64url"),
        (format!("{good}.{signature}"),                                          "not three parts separated by dots"),
        (format!("{header}.{payload}"),                                           "not three parts separated by dots"),
        (with_header(r#"{"alg":"RS256","alg":"RS256"}"#),                        "the header names a member twice"),
        (signed(RS256, r#"{"exp":1,"exp":2}"#),                                  "the payload names a member twice"),
        (signed(RS256, "It's a dangerous business"),                             "the payload is not a JSON object"),
        (with_header(r#"{"alg":"RS256","crit":["exp"],"exp":1}"#),               "the header demands extensions (crit)"),
        (with_header(r#"{"alg":"RS256","jwk":{"kty":"RSA"}}"#),                  "the header contains its own key (jwk)"),
        (with_header(r#"{"alg":"RS256","jku":"https://127.0.0.1/"}"#),           "the header contains its own key (jku)"),
        (with_header(r#"{"alg":"RS256","x5c":["MIID"]}"#),                       "the header contains its own key (x5c)"),
        (with_header(r#"{"alg":"RS256","x5u":"https://127.0.0.1/a"}"#),          "the header contains its own key (x5u)"),
        (with_claims(json!({"exp": NOW - 60})),                                  "the assertion has expired (exp 2019-02-12T19:51:18Z)"),
        (with_claims(json!({"exp": (NOW + 300) * 1000})),                        "exp is more than 24 hours away; it counts seconds, not milliseconds"),
        (with_claims(json!({"exp": "tomorrow"})),                                "the claim exp is not"),
        (with_claims(json!({"aud": "https://ims-na1.adobelogin.com/c/other"})),  "aud names another client id"),
        (with_claims(json!({"nbf": NOW + 200})),                                 "the claim nbf is in the future"),
        (with_claims(json!({"https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": false})), "the claim of a metascope is not the value true"),
    ];
    let sandbox = sandbox();
    let options = format!("--cert certificate_pub.crt --now {NOW} --client-id {CLIENT_ID}");
    assert_answer(&verify(&sandbox, &options, &good), 0, "valid");
    for (jwt, reason) in table {
        let end = verify(&sandbox, &options, &jwt);
        assert_eq!((end.code, end.stderr.as_str()), (Some(1), ""), "{reason}: {end:?}");
        assert!(end.stdout.starts_with(&format!("not valid: {reason}")), "{reason}: {end:?}");
    }
}

#[test]
fn nothing_in_a_jwt_reaches_the_terminal_but_text() {
    let sandbox = sandbox();
    let payload = json!({ "name": "\u{9b}2J\u{202e}x\u{2066}\u{1b}[31m" }).to_string();
    sandbox.write("token.jwt", format!("{}.{}.c2ln", encoded(RS256), encoded(&payload)));
    for options in ["", " --json"] {
        let end = sandbox.run(&format!("jwt decode token.jwt{options}"));
        assert_eq!(end.code, Some(0), "{end:?}");
        let is_active = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}".contains(c);
        assert!(!end.stdout.contains(is_active), "{:?}", end.stdout);
        let said: Value = serde_json::from_str(&end.stdout).unwrap();
        assert_eq!(said["payload"].to_string(), payload, "it is still the same JSON");
    }
}

#[test]
fn without_a_key_to_verify_with_no_verdict_is_given() {
    let sandbox = sandbox();
    let jwt = signed(RS256, &claims(json!({})));
    sandbox.write("nothing.pem", "nothing");
    sandbox.write("chain.p12", [0x30, 0x82, 0x05, 0x00, 0x02, 0x01, 0x03, 0x30]);
    sandbox.write("no-keys.json", r#"{"keys":[]}"#);
    for (options, said) in [
        ("--key private.key", "nothing was verified: private.key: this is"),
        ("--cert private.key", "nothing was verified: private.key: this is"),
        ("--key nothing.pem", "nothing was verified: nothing.pem: "),
        ("--cert chain.p12", "nothing was verified: chain.p12: "),
        ("--jwks no-keys.json", "nothing was verified: no-keys.json: "),
        ("--jwks certificate_pub.crt", "nothing was verified: certificate_pub.crt: "),
        #[cfg(unix)]
        ("--key /dev/zero", "/dev/zero has more than"),
        ("--key nowhere.pem", "cannot read nowhere.pem: "),
    ] {
        for options in [options.to_owned(), format!("{options} --json")] {
            let end = verify(&sandbox, &options, &jwt);
            assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""), "{options}: {end:?}");
            let is_json = options.ends_with("--json");
            let begin = if is_json { "{\"error\":{\"reason\":\"" } else { "error: " };
            assert!(end.stderr.starts_with(begin), "{options}: {}", end.stderr);
            assert!(end.stderr.contains(said), "{options}: {}", end.stderr);
        }
    }
    let end = verify(&sandbox, "--key private.key", &jwt);
    assert!(end.stderr.contains(" hint: openssl "), "{}", end.stderr);
}

#[test]
fn the_time_to_verify_at_can_be_chosen() {
    let sandbox = sandbox();
    let jwt = signed(RS256, &claims(json!({})));
    let at = |now: i64| verify(&sandbox, &format!("--key public.pem --now {now}"), &jwt);
    let expired = "not valid: the assertion has expired (exp 2019-02-12T19:57:18Z)";
    assert_answer(&at(NOW + 299), 0, "valid");
    assert_answer(&at(NOW + 301), 1, expired);
    assert_answer(&verify(&sandbox, "--key public.pem", &jwt), 1, expired);
}

#[test]
fn the_signature_alone_can_be_verified_of_any_payload() {
    let sandbox = sandbox();
    sandbox.write("bilbo.json", RFC_7520_KEY);
    let options = "--jwks bilbo.json --signature-only";
    assert_answer(&verify(&sandbox, options, RFC_7520_JWS), 0, "valid");
    let reason = "not valid: the payload is not a JSON object";
    assert_answer(&verify(&sandbox, "--jwks bilbo.json", RFC_7520_JWS), 1, reason);
    let changed = RFC_7520_JWS.replacen(".SXTi", ".SXTj", 1);
    let reason = "not valid: the signature is not by this key";
    assert_answer(&verify(&sandbox, options, &changed), 1, reason);
}

#[test]
fn the_key_must_be_named_in_one_way() {
    let sandbox = sandbox();
    let jwt = signed(RS256, &claims(json!({})));
    for options in ["", "--key public.pem --cert certificate_pub.crt"] {
        let end = verify(&sandbox, options, &jwt);
        assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{options}: {end:?}");
        assert!(end.stderr.contains("--key"), "{options}: {end:?}");
    }
    let end = verify(&sandbox, "--key nowhere.pem", &jwt);
    assert_eq!((end.code, end.stdout.as_str()), (Some(4), ""), "{end:?}");
    assert!(end.stderr.contains("nowhere.pem"), "{end:?}");
}

#[test]
fn decoding_shows_the_header_and_the_payload_and_verifies_neither() {
    let sandbox = sandbox();
    let payload = claims(json!({}));
    sandbox.write("token.jwt", format!("{}\n", signed(r#"{"alg":"none"}"#, &payload)));
    let shown = sandbox.run("jwt decode token.jwt");
    let data: Value = serde_json::from_str(&shown.stdout).unwrap();
    let payload: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(data, json!({"header": {"alg": "none"}, "payload": payload}));
    assert_eq!(shown.code, Some(0));
    let note = "note: not verified; an assertion for IMS that expired at 2019-02-12T19:57:18Z\n";
    assert_eq!(shown.stderr, note);
    assert_eq!(sandbox.run("jwt decode --json token.jwt").stdout.trim_end(), data.to_string());
}

#[test]
fn the_claims_that_are_signed_are_those_of_the_credentials() {
    let sandbox = sandbox();
    let jwt = sandbox.run("jwt sign -c credentials.json --lifetime 24h --url http://127.0.0.1:1/x");
    let key = DecodingKey::from_rsa_pem(keys::FIRST_PUBLIC.as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&[format!("http://127.0.0.1:1/x/c/{CLIENT_ID}")]);
    rules.set_issuer(&["C74F69D7594880280@AdobeOrg"]);
    let token = jsonwebtoken::decode::<Value>(jwt.stdout.trim_end(), &key, &rules).unwrap();
    assert_eq!(token.claims["http://127.0.0.1:1/x/s/ent_dataservices_sdk"], true);
    assert_eq!(token.claims["sub"], "6657031C5C095BB40A4@techacct.adobe.com");
    assert!(token.claims.get("jti").is_none(), "{:?}", token.claims);
    sandbox.write_credentials("with_jti.json", json!({ "jti": true }));
    let signed = sandbox.run("jwt sign -c with_jti.json --url http://127.0.0.1:1/x").stdout;
    let with_jti = jsonwebtoken::decode::<Value>(signed.trim_end(), &key, &rules).unwrap();
    assert!(with_jti.claims["jti"].is_string(), "{:?}", with_jti.claims);
    for lifetime in ["0s", "25h", "soon"] {
        let end = sandbox.run(&format!("jwt sign -c credentials.json --lifetime {lifetime}"));
        assert_eq!((end.code, end.stdout.as_str()), (Some(2), ""), "{lifetime}: {end:?}");
    }
}

#[cfg(unix)]
#[test]
fn openssl_takes_our_signature() {
    let sandbox = sandbox();
    let jwt = sandbox.run("jwt sign -c credentials.json").stdout;
    let (input, signature) = jwt.trim_end().rsplit_once('.').unwrap();
    sandbox.write("input", input);
    sandbox.write("signature", BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap());
    let verdict = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "input"])
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    let verdict = Finished::from(verdict);
    assert_eq!((verdict.code, verdict.stdout.as_str()), (Some(0), "Verified OK\n"), "{verdict:?}");
}

/// The public key of RFC 7520 §3.3.
const RFC_7520_KEY: &str = r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","e":"AQAB",
     "n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"}"#;

/// The JWS of RFC 7520 §4.1, whose payload is a sentence of Tolkien's.
const RFC_7520_JWS: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2V\
     yb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5\
     kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJ\
     lIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2\
     U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68\
     BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L\
     2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";

#[test]
fn an_assertion_is_printed_with_its_client() {
    let end = Sandbox::new().run("jwt sign -c credentials.json --json");
    let data: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(data["client_id"], CLIENT_ID, "{end:?}");
    assert_eq!(data["jwt_token"].as_str().unwrap().split('.').count(), 3, "{data}");
}
