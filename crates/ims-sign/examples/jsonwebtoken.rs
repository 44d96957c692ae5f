//! Signs the assertion of an Adobe service account in code that is written for the crate jsonwebtoken.
//!
//! `cargo run --example jsonwebtoken --features jsonwebtoken -- private.key`
//!
//! The claims are a struct of the program's own, as in most code for jsonwebtoken. What changes is one argument: a
//! `PemSigner`, which has the key parsed and ready, instead of an `EncodingKey`, of which jsonwebtoken parses the key for
//! each signature. The assertion itself is not printed, since it is a credential.

#![expect(clippy::print_stdout, reason = "an example says what it has done")]

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ims_claims::CompactJwt;
use ims_sign::{PemSigner, jsonwebtoken::encode};
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;

#[derive(Serialize)]
struct Claims {
    exp: u64,
    iss: &'static str,
    sub: &'static str,
    aud: &'static str,
    #[serde(rename = "https://ims-na1.adobelogin.com/s/ent_user_sdk")]
    may_manage_users: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the file of a private key")?;
    let signer = PemSigner::from_bytes(&std::fs::read(path)?, None)?;

    let in_five_minutes = SystemTime::now() + Duration::from_mins(5);
    let claims = Claims {
        exp: in_five_minutes.duration_since(UNIX_EPOCH)?.as_secs(),
        iss: "C74F69D7594880280@AdobeOrg",
        sub: "6657031C5C095BB40A4@techacct.adobe.com",
        aud: "https://ims-na1.adobelogin.com/c/a64f5f10849a410a97ffdac8ae1",
        may_manage_users: true,
    };
    let assertion = encode(&Header::new(Algorithm::RS256), &claims, &signer)?;

    let jwt = CompactJwt::parse(&assertion)?;
    println!("an assertion of {} bytes, with the header {:?}", assertion.len(), jwt.header());
    Ok(())
}
