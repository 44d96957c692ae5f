//! Signatures of another key or another algorithm, damaged and missing ones, and JWTs of more or fewer parts.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::{Cases, Forge, HEADER, claims, encoded};
use crate::harness::NOW;

/// The length of a signature by a key of 2048 bits, in octets.
const LENGTH: usize = 256;

pub(super) fn forge(forge: &Forge, stranger: &Forge, cases: &mut Cases) {
    others(forge, stranger, cases);
    spoilt(forge, cases);
    spellings(forge, cases);
}

fn others(forge: &Forge, stranger: &Forge, cases: &mut Cases) {
    let input = format!("{}.{}", encoded(HEADER), encoded(claims(json!({}))));
    let with = |signature: &str| format!("{input}.{signature}");
    for algorithm in
        [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512]
    {
        let jwt = with(&forge.signature(&input, algorithm));
        cases.add(format!("{algorithm:?} under the name of RS256"), jwt, "invalid_signature");
    }
    // Public data, used as the secret of an HMAC.
    for (name, secret) in [
        ("the certificate", forge.certificate_pem.as_bytes()),
        ("the certificate without its last line feed", forge.certificate_pem.trim_end().as_bytes()),
        ("nothing", b""),
        ("the word secret", b"secret"),
    ] {
        let key = EncodingKey::from_secret(secret);
        let mac = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::HS256).unwrap();
        cases.add(format!("HS256 by {name}"), with(&mac), "invalid_signature");
    }
    let stranger_signature = stranger.signature(&input, Algorithm::RS256);
    cases.add("another's key", with(&stranger_signature), "invalid_signature");
    let earlier = forge.jwt(json!({ "exp": NOW + 299 }));
    let (_, of_another) = earlier.rsplit_once('.').unwrap();
    cases.add("another payload's signature", with(of_another), "invalid_signature");
    let header = r#"{"typ":"JWT","alg":"RS256"}"#;
    let signature = forge.signature(&input, Algorithm::RS256);
    let other_header = format!("{}.{}.{signature}", encoded(header), encoded(claims(json!({}))));
    cases.add("another header's signature", other_header, "invalid_signature");
    let payload_alone = forge.signature(&encoded(claims(json!({}))), Algorithm::RS256);
    cases.add("the signature of the payload alone", with(&payload_alone), "invalid_signature");
}

fn spoilt(forge: &Forge, cases: &mut Cases) {
    let jwt = forge.jwt(json!({}));
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut add = |fault: String, signature: &[u8]| {
        cases.add(fault, format!("{input}.{}", encoded(signature)), "invalid_signature");
    };
    for place in (0..LENGTH).step_by(8).chain([LENGTH - 1]) {
        let mut spoilt = signature.clone();
        spoilt[place] ^= 1 << (place % 8);
        add(format!("octet {place} changed"), &spoilt);
    }
    for length in [0, 1, 20, 32, 64, 128, 255] {
        add(format!("the first {length} octets"), &signature[..length]);
    }
    add("without its first octet".to_owned(), &signature[1..]);
    add("an octet more".to_owned(), &[&signature[..], &[0]].concat());
    add("a zero before it".to_owned(), &[&[0], &signature[..]].concat());
    add("twice".to_owned(), &[&signature[..], &signature[..]].concat());
    let reversed: Vec<u8> = signature.iter().rev().copied().collect();
    add("backwards".to_owned(), &reversed);
    for octet in [0, 1, 0x7f, 0xff] {
        add(format!("all octets {octet}"), &[octet; LENGTH]);
    }
    let mut one = [0; LENGTH];
    one[LENGTH - 1] = 1;
    add("the number one".to_owned(), &one);
}

/// Another spelling of a good JWT: an IMS that accepts it would have two names for one assertion.
fn spellings(forge: &Forge, cases: &mut Cases) {
    let jwt = forge.jwt(json!({}));
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    // The last character of 256 octets has four bits that no octet holds.
    let last = signature.chars().last().unwrap();
    let next_letter = char::from(u8::try_from(last).unwrap() + 1);
    for (fault, jwt) in [
        ("padding", format!("{jwt}==")),
        ("a blank after it", format!("{jwt} ")),
        ("a blank before it", format!(" {jwt}")),
        ("two line feeds after it", format!("{jwt}\n\n")),
        ("a line feed before it", format!("\n{jwt}")),
        ("a line feed in it", jwt.replacen('.', ".\n", 1)),
        ("a tab after it", format!("{jwt}\t")),
        ("a byte order mark", format!("\u{feff}{jwt}")),
        ("quotes", format!("\"{jwt}\"")),
        ("the word Bearer", format!("Bearer {jwt}")),
        (
            "bits that no octet holds",
            format!("{input}.{}{next_letter}", &signature[..signature.len() - 1]),
        ),
        ("a fourth part", format!("{jwt}.e30")),
        ("five parts, as encrypted ones have", format!("{header}.e30.e30.{payload}.{signature}")),
        ("an empty fourth part", format!("{jwt}.")),
        ("an empty part before it", format!(".{jwt}")),
        ("two parts", format!("{header}.{payload}")),
        ("one part", header.to_owned()),
        ("no part", "..".to_owned()),
        ("a dot", ".".to_owned()),
        ("commas for dots", jwt.replace('.', ",")),
        (
            "the JSON form of a JWS",
            format!(
                r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
        ),
        ("the wrong alphabet", format!("{header}.{payload}.{}", "+/".repeat(171))),
        ("a null", format!("{jwt}\0")),
    ] {
        cases.add(fault, jwt, "invalid_token");
    }
}
