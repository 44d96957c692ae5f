//! What makes a JWT invalid.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_testkit::{certificates, keys};
use serde_json::{Value, json};

use super::*;

/// A JWT with the header given, signed with the first key whatever the header says.
#[track_caller]
fn jwt(header: &Value) -> String {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"x"}"#);
    let input = format!("{}.{payload}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()));
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
    let signature =
        jsonwebtoken::crypto::sign(input.as_bytes(), &key, jsonwebtoken::Algorithm::RS256).unwrap();
    format!("{input}.{signature}")
}

#[track_caller]
fn verify(keys: &VerificationKeys, jwt: &str) -> Result<(), VerifyError> {
    let jwt = CompactJwt::parse(jwt).unwrap();
    let verdict = keys.verify(Algorithm::Rs256, &jwt);
    match keys.for_header_of(Algorithm::Rs256, &jwt) {
        Ok(keys) => assert_eq!(keys.verify(&jwt), Some(verdict.clone())),
        Err(error) => assert_eq!(verdict, Err(error)),
    }
    verdict
}

#[test]
fn the_keys_for_one_header_verify_no_jwt_with_another() {
    let keys = VerificationKeys::from(&first());
    let (one, other) = (jwt(&json!({"alg": "RS256"})), jwt(&json!({"alg": "RS256", "kid": "x"})));
    let one = CompactJwt::parse(&one).unwrap();
    let for_one = keys.for_header_of(Algorithm::Rs256, &one).unwrap();
    assert_eq!(for_one.verify(&one), Some(Ok(())));
    let other = CompactJwt::parse_after(for_one.header(), &other).unwrap();
    assert_eq!(for_one.verify(&other), None);
}

#[track_caller]
fn first() -> PublicKey {
    PublicKey::from_bytes(certificates::FIRST.as_bytes()).unwrap()
}

fn jwk(public_key: &PublicKey, members: Value) -> Value {
    use der::Decode;
    let key = pkcs1::RsaPublicKeyRef::from_der(public_key.pkcs1_der()).unwrap();
    let mut jwk = json!({
        "kty": "RSA",
        "n": BASE64_URL_SAFE_NO_PAD.encode(key.modulus.as_bytes()),
        "e": BASE64_URL_SAFE_NO_PAD.encode(key.public_exponent.as_bytes()),
    });
    let Value::Object(members) = members else { panic!("not an object: {members}") };
    jwk.as_object_mut().unwrap().extend(members);
    jwk
}

#[track_caller]
fn jwks(jwks: &Value) -> Result<VerificationKeys, KeyError> {
    VerificationKeys::from_jwks(jwks.to_string().as_bytes())
}

#[test]
fn a_header_may_not_choose_the_algorithm_or_the_key() {
    let embedded = |member| Err(VerifyError::EmbeddedKey { member });
    let algorithm = Err(VerifyError::Algorithm { expected: Algorithm::Rs256 });
    #[rustfmt::skip]
    let table = [
        (json!({"alg": "RS256"}),                                        Ok(())),
        (json!({"alg": "RS256", "typ": "JWT", "kid": "any"}),            Ok(())),
        (json!({"alg": "RS256", "x5u": "ims_na1-key-at-1.cer"}),         Ok(())),
        (json!({"alg": "none"}),                                         algorithm.clone()),
        (json!({"alg": "None"}),                                         algorithm.clone()),
        (json!({"alg": "HS256"}),                                        algorithm.clone()),
        (json!({"alg": "RS384"}),                                        algorithm.clone()),
        (json!({"alg": ["RS256"]}),                                      algorithm.clone()),
        (json!({}),                                                      algorithm),
        (json!({"alg": "RS256", "crit": ["b64"], "b64": false}),         Err(VerifyError::Critical)),
        (json!({"alg": "RS256", "crit": []}),                            Err(VerifyError::Critical)),
        (json!({"alg": "RS256", "jwk": jwk(&first(), json!({}))}),       embedded("jwk")),
        (json!({"alg": "RS256", "jku": "https://evil.example/keys"}),    embedded("jku")),
        (json!({"alg": "RS256", "x5c": ["MIID"]}),                       embedded("x5c")),
        (json!({"alg": "RS256", "x5u": "https://evil.example/a.cer"}),   embedded("x5u")),
        (json!({"alg": "RS256", "x5u": "//evil.example/a.cer"}),         embedded("x5u")),
        (json!({"alg": "RS256", "x5u": 1}),                              embedded("x5u")),
    ];
    let keys = VerificationKeys::from(&first());
    for (header, verdict) in table {
        assert_eq!(verify(&keys, &jwt(&header)), verdict, "{header}");
    }
}

#[test]
fn a_change_of_any_part_is_found() {
    let keys = VerificationKeys::from(&first());
    let jwt = jwt(&json!({"alg": "RS256"}));
    let [header, payload, signature] = jwt.split('.').collect::<Vec<_>>()[..] else {
        panic!("{jwt}")
    };
    let other = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"y"}"#);
    assert_eq!(
        verify(&keys, &format!("{header}.{other}.{signature}")),
        Err(VerifyError::Signature)
    );
    assert_eq!(verify(&keys, &format!("{header}.{payload}.")), Err(VerifyError::Signature));
    assert_eq!(
        verify(&keys, &format!("{header}.{payload}.{}", &signature[4..])),
        Err(VerifyError::Signature)
    );
}

#[test]
fn hs256_with_the_public_key_as_secret_is_refused() {
    let secret = jsonwebtoken::EncodingKey::from_secret(keys::FIRST_PUBLIC.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let jwt = jsonwebtoken::encode(&header, &json!({"sub": "x"}), &secret).unwrap();
    let refused = Err(VerifyError::Algorithm { expected: Algorithm::Rs256 });
    assert_eq!(verify(&VerificationKeys::from(&first()), &jwt), refused);
}

#[test]
fn a_jwk_set_gives_the_key_that_the_header_names() {
    let second = PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
    let keys = jwks(&json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        jwk(&second, json!({"kid": "second", "use": "sig"})),
        jwk(&first(), json!({"kid": "first", "alg": "RS256", "key_ops": ["verify"]})),
    ]}))
    .unwrap();
    #[rustfmt::skip]
    let table = [
        (json!({"alg": "RS256", "kid": "first"}),  Ok(())),
        (json!({"alg": "RS256"}),                  Ok(())),
        (json!({"alg": "RS256", "kid": "second"}), Err(VerifyError::Signature)),
        (json!({"alg": "RS256", "kid": "third"}),  Err(VerifyError::UnknownKey)),
    ];
    for (header, verdict) in table {
        assert_eq!(verify(&keys, &jwt(&header)), verdict, "{header}");
    }
}

#[test]
fn a_key_for_another_use_is_skipped() {
    for members in [
        json!({"use": "enc"}),
        json!({"alg": "RS384"}),
        json!({"alg": "PS256"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"kty": "oct"}),
        json!({"n": "AQAB"}),
        json!({"e": "AQ=="}),
    ] {
        let jwk = jwk(&first(), members.clone());
        assert!(matches!(jwks(&jwk), Err(KeyError::NoVerificationKey)), "{members}");
    }
    assert!(jwks(&jwk(&first(), json!({}))).is_ok());
    assert!(matches!(VerificationKeys::from_jwks(b"<html>"), Err(KeyError::Malformed { .. })));
}

#[test]
fn a_jwk_set_that_can_be_read_in_two_ways_is_refused() {
    let good = jwk(&first(), json!({"kid": "first"})).to_string();
    assert!(VerificationKeys::from_jwks(good.as_bytes()).is_ok());
    let twice = good.replacen('{', r#"{"kid":"second","#, 1);
    #[rustfmt::skip]
    let table = [
        twice.clone(),
        format!(r#"{{"keys":[{good},{twice}]}}"#),
        format!(r#"{{"keys":[{good}],"keys":[]}}"#),
        format!(r#"{{"keys":{good}}}"#),
        format!(r#"{{"keys":[{good}]}} x"#),
        format!("[{good}]"),
    ];
    for set in table {
        let read = VerificationKeys::from_jwks(set.as_bytes());
        assert!(matches!(read, Err(KeyError::Malformed { .. })), "{read:?}: {set}");
    }
}

#[test]
fn a_member_that_does_not_matter_may_have_any_form() {
    for members in [
        json!({"x5c": "MIID", "x5u": 1, "x5t": {}, "ext": true}),
        json!({"alg": null, "use": null, "key_ops": null, "kid": null}),
    ] {
        let jwk = jwk(&first(), members.clone());
        assert!(jwks(&json!({"keys": [jwk, 1, "x", null]})).is_ok(), "{members}");
    }
}

#[test]
fn the_public_keys_of_a_set_are_given_back_with_their_names() {
    let second = PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
    let set = json!({"keys": [jwk(&first(), json!({"kid": "first"})), jwk(&second, json!({}))]});
    let keys = jwks(&set).unwrap();
    let given: Vec<_> = keys.public_keys().collect();
    assert_eq!(given, [(Some("first"), &first()), (None, &second)]);
}
