//! A program that uses jsonwebtoken with its backend `rust_crypto` and depends on `ims`: both work in one process.
//!
//! jsonwebtoken panics at its first use when two backends are enabled, or none. If a library here enabled one, this
//! program would have two. `cargo xtask features` runs it.

use ims::{
    claims::{Algorithm, CompactJwt},
    sign::{PemSigner, Signer, VerificationKeys, VerifyError},
};
use ims_sign::jsonwebtoken::{decoding_key, encode};
use ims_testkit::{certificates, keys};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, jwk::Jwk};
use serde_json::{Value, json};

fn main() {
    let claims = json!({"sub": "x", "exp": 4_102_444_800_u64});
    let header = Header::new(jsonwebtoken::Algorithm::RS256);
    let rules = Validation::new(jsonwebtoken::Algorithm::RS256);

    // jsonwebtoken by itself, with its own backend.
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes()).unwrap();
    let theirs = jsonwebtoken::encode(&header, &claims, &key).unwrap();

    // Our signer makes the same, and each verifies the other's token.
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    let ours = encode(&header, &claims, &signer).unwrap();
    assert_eq!(ours, theirs);
    let decoding = DecodingKey::from(signer.public_key());
    assert_eq!(decode::<Value>(&ours, &decoding, &rules).unwrap().claims, claims);

    // A JWK Set is read by ims and by jsonwebtoken.
    let set = json!({ "keys": [Jwk::from(signer.public_key())] }).to_string();
    let set = VerificationKeys::from_jwks(set.as_bytes()).unwrap();
    set.verify(Algorithm::Rs256, &CompactJwt::parse(&theirs).unwrap()).unwrap();
    let decoding = decoding_key(&set, None).unwrap();
    assert_eq!(decode::<Value>(&theirs, &decoding, &rules).unwrap().claims, claims);

    // And a token of another key is refused by both.
    let other = ims::sign::PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
    assert!(decode::<Value>(&ours, &DecodingKey::from(&other), &rules).is_err());
    let verdict =
        VerificationKeys::from(&other).verify(Algorithm::Rs256, &CompactJwt::parse(&ours).unwrap());
    assert_eq!(verdict, Err(VerifyError::Signature));
    println!("ims and jsonwebtoken with rust_crypto work side by side");
}
