//! Headers that name another algorithm or another key, and parts that are not a header.

use serde_json::{Value, json};

use super::{Cases, Forge, HEADER, claims, encoded};

/// Values of `alg`: RS256, others, and almost RS256.
const ALGORITHMS: [&str; 40] = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "none ",
    "",
    " ",
    "HS256",
    "HS384",
    "HS512",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES256K",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
    "rs256",
    "Rs256",
    "rS256",
    "RS256 ",
    " RS256",
    "RS256\n",
    "RS256\0",
    "RS-256",
    "RS1",
    "RS2562",
    "R",
    "RSA",
    "RSA256",
    "SHA256withRSA",
    "RSASSA-PKCS1-v1_5",
    "RSA-OAEP",
    "dir",
    "A256GCM",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
];

pub(super) fn forge(forge: &Forge, stranger: &Forge, cases: &mut Cases) {
    algorithms(forge, cases);
    extensions(forge, cases);
    own_keys(stranger, cases);
    no_objects(forge, cases);
}

fn algorithms(forge: &Forge, cases: &mut Cases) {
    let with_alg = |alg: Value| forge.signed(json!({ "alg": alg }).to_string(), claims(json!({})));
    for alg in ALGORITHMS {
        cases.add(format!("alg {alg:?}"), with_alg(alg.into()), "invalid_signature");
    }
    for alg in [json!(null), json!(1), json!(true), json!(["RS256"]), json!({ "RS256": 1 })] {
        cases.add(format!("alg {alg}"), with_alg(alg), "invalid_signature");
    }
    for header in [r"{}", r#"{"typ":"JWT"}"#, r#"{"ALG":"RS256"}"#, r#"{"alg ":"RS256"}"#] {
        let jwt = forge.signed(header, claims(json!({})));
        cases.add(format!("no alg in {header}"), jwt, "invalid_signature");
    }
}

/// The emulator understands no extension, so each critical one is refused (RFC 7515 §4.1.11).
fn extensions(forge: &Forge, cases: &mut Cases) {
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!(["alg"]),
        json!(["http://example.com/UNDEFINED"]),
        json!([]),
        json!({}),
        json!("exp"),
        json!(null),
        json!(true),
    ] {
        let header = json!({ "alg": "RS256", "b64": false, "exp": 1, "crit": crit }).to_string();
        let jwt = forge.signed(header, claims(json!({})));
        cases.add(format!("crit {crit}"), jwt, "invalid_signature");
    }
}

/// A key that the JWT itself contains proves nothing.
fn own_keys(stranger: &Forge, cases: &mut Cases) {
    let chain = stranger.certificate_pem.lines().filter(|line| !line.starts_with('-'));
    let chain = chain.collect::<String>();
    let members = [
        json!({ "jwk": { "kty": "RSA", "n": "AQAB", "e": "AQAB" } }),
        json!({ "jwk": { "kty": "oct", "k": "AA" } }),
        json!({ "jku": "http://127.0.0.1:1/keys" }),
        json!({ "jku": "file:///dev/stdin" }),
        json!({ "x5u": "http://127.0.0.1:1/cert.cer" }),
        json!({ "x5u": "/etc/ssl/cert.pem" }),
        json!({ "x5c": [chain] }),
        json!({ "x5c": [] }),
        json!({ "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
        json!({ "x5t#S256": "AA" }),
        json!({ "kid": "ims_emulator-key-at-1" }),
        json!({ "kid": "../../../../dev/null" }),
        json!({ "kid": "' OR 1=1 --" }),
        json!({ "kid": "$(id)" }),
        json!({ "kid": null }),
        json!({ "kid": ["ims", "ims_na1-key-1"] }),
        json!({ "zip": "DEF" }),
        json!({ "typ": "at+jwt" }),
        json!({ "cty": "JWT" }),
        json!({ "itt": "at" }),
    ];
    for mut header in members {
        header["alg"] = json!("RS256");
        let jwt = stranger.signed(header.to_string(), claims(json!({})));
        cases.add(format!("own key under {header}"), jwt, "invalid_signature");
    }
}

fn no_objects(forge: &Forge, cases: &mut Cases) {
    let nested = format!("{{\"alg\":\"RS256\",\"x\":{}{}}}", "[".repeat(300), "]".repeat(300));
    let texts: [&str; 26] = [
        "",
        " ",
        "[]",
        "null",
        "true",
        "0",
        "\"RS256\"",
        "RS256",
        "{",
        "}",
        "{}{}",
        "{\"alg\"}",
        "{\"alg\":}",
        "{\"alg\":\"RS256\"",
        "{\"alg\":\"RS256\",}",
        "{'alg':'RS256'}",
        "{alg:\"RS256\"}",
        "{\"alg\":\"RS256\"}x",
        "\u{feff}{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\"/**/}",
        "{\"alg\":\"RS256\",\"x\":NaN}",
        "{\"alg\":\"RS256\",\"x\":01}",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"alg\":\"none\"}",
        "{\"alg\":\"RS256\",\"kid\":\"\\ud800\"}",
        &nested,
    ];
    for text in texts {
        let jwt = forge.signed(text, claims(json!({})));
        cases.add(format!("header {text:?}"), jwt, "invalid_token");
    }
    for octets in [&b"{\"alg\":\"RS256\",\"\xff\":1}"[..], b"\xff\xfe{\x00", b"\x00", b"\xc0\x80"] {
        let jwt = forge.signed(octets, claims(json!({})));
        cases.add(format!("header of octets {octets:?}"), jwt, "invalid_token");
    }
    let (header, payload) = (encoded(HEADER), encoded(claims(json!({}))));
    for header in [
        format!("{header}="),
        format!("{header}=="),
        format!("{header}A"),
        format!(" {header}"),
        format!("{header}\n"),
        format!("+{header}"),
        format!("{header}/"),
        format!("%65{header}"),
        HEADER.to_owned(),
    ] {
        let jwt = forge.joined(&header, &payload);
        cases.add(format!("header spelled {header:?}"), jwt, "invalid_token");
    }
}
