//! JWTs, access tokens and the keys that verify them.

use std::sync::LazyLock;

use ims_claims::{
    AccessTokenClaims, AccessTokenPayload, Algorithm, ClaimsSet, CompactJwt, strict_object,
};
use ims_sign::{PublicKey, VerificationKeys};
use ims_testkit::keys;
use jsonwebtoken::{DecodingKey, Validation, decode};
use serde_json::Value;

pub(crate) fn compact_jwt(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(jwt) = CompactJwt::parse(text) else { return };
    assert!(text.starts_with(jwt.signing_input()));
    let shown = format!("{jwt:?}");
    let payload = text.split('.').nth(1).unwrap_or_default();
    assert!(payload.len() < 24 || !shown.contains(payload), "Debug repeats the payload");
    if let Ok(payload) = jwt.payload_object() {
        let _ = ClaimsSet::from_object(&payload);
    }
}

/// What we verify, jsonwebtoken verifies: our reader is the stricter one.
pub(crate) fn verified_jwt(input: &[u8]) {
    static KEYS: LazyLock<(VerificationKeys, DecodingKey)> = LazyLock::new(|| {
        let public_key = PublicKey::from_bytes(keys::FIRST_PUBLIC.as_bytes()).expect("a test key");
        let peer = DecodingKey::from_rsa_pem(keys::FIRST_PUBLIC.as_bytes()).expect("a test key");
        (VerificationKeys::from(&public_key), peer)
    });
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(jwt) = CompactJwt::parse(text) else { return };
    let (ours, peer) = &*KEYS;
    if ours.verify(Algorithm::Rs256, &jwt).is_err() || jwt.payload_object().is_err() {
        return;
    }
    let mut rules = Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    decode::<Value>(text, peer, &rules).expect("jsonwebtoken refuses what we verify");
}

pub(crate) fn access_token(input: &[u8]) {
    let claims = AccessTokenClaims::read(input).ok();
    let payload = strict_object(input, "payload").ok();
    let payload = payload.and_then(|members| AccessTokenPayload::from_object(members).ok());
    assert_eq!(claims.is_some(), payload.is_some(), "one of two readers refuses");
    let (Some(claims), Some(payload)) = (claims, payload) else { return };
    assert!(claims.scopes().eq(payload.scopes()));
    assert_eq!(claims.expires_at(), payload.expires_at());
    assert_eq!((claims.client_id(), claims.user_id()), (payload.client_id(), payload.user_id()));
    assert!(payload.created_at() <= payload.expires_at());
    assert!(payload.scopes().all(|scope| !scope.is_empty()));
}

pub(crate) fn jwks(input: &[u8]) {
    let Ok(keys) = VerificationKeys::from_jwks(input) else { return };
    for (_, key) in keys.public_keys() {
        assert!((2048..=8192).contains(&key.modulus_bits()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).as_ref(), Ok(key));
    }
}
