//! From the claims to the compact JWT on one thread, next to the bare signature over the same bytes.

use std::hint::black_box;

use anyhow::{Context, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use futures_util::FutureExt;
use ims::{
    claims::{Algorithm, Environment},
    sign::{PemSigner, pem, sign_assertion},
};
use ims_testkit::keys;
use jsonwebtoken::{EncodingKey, Header, encode};
use nix::sys::resource::UsageWho;
use serde::Serialize;

use crate::{
    contest::{Contest, at_least},
    integration::{ORG_ID, TECHNICAL_ACCOUNT_ID, account, claims},
};

/// The claims for jsonwebtoken, the same as ours.
#[derive(Serialize)]
struct PeerClaims {
    exp: i64,
    iss: &'static str,
    sub: &'static str,
    aud: String,
    #[serde(rename = "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk")]
    metascope: bool,
}

pub(crate) fn measure() -> Result<bool> {
    let (account, environment) = (account()?, Environment::production());
    let input = claims(&account, &environment).signing_input(Algorithm::Rs256);
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None)?;
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes())?;
    let mut raw = RawSignature::new()?;

    let results = Contest::new(100, 40, UsageWho::RUSAGE_SELF)
        .with(RAW, || raw.sign(input.as_bytes()))
        .with(OURS, || {
            let claims = claims(&account, &environment);
            let assertion = sign_assertion(&claims, &signer).now_or_never();
            black_box(assertion.context("a key in memory signs at once")??);
            Ok(())
        })
        .with(JSONWEBTOKEN, || {
            let header = Header::new(jsonwebtoken::Algorithm::RS256);
            black_box(encode(&header, &peer_claims(), &key)?);
            Ok(())
        })
        .run("assertion: RS256 assertions on one thread")?;
    let cpu = |base, other| results.ratio(base, other, |sample| sample.cpu);
    println!(
        "  jsonwebtoken's rate, of the bare signature's: {:.3}",
        cpu(RAW, JSONWEBTOKEN).median
    );
    Ok(at_least(0.99, "assertion: rate, of the bare signature's", cpu(RAW, OURS)))
}

/// The RSA-2048 signature of aws-lc-rs, without any code around it.
pub(crate) struct RawSignature {
    key_pair: KeyPair,
    random: SystemRandom,
    signature: Vec<u8>,
}

impl RawSignature {
    pub(crate) fn new() -> Result<Self> {
        let blocks = pem::blocks(keys::FIRST.as_bytes())?;
        let der = blocks.first().context("the test key is PEM")?.der();
        let key_pair = RsaKeyPair::from_pkcs8(der)?;
        let signature = vec![0; key_pair.public_modulus_len()];
        Ok(Self { key_pair, random: SystemRandom::new(), signature })
    }

    pub(crate) fn sign(&mut self, message: &[u8]) -> Result<()> {
        let signature = black_box(&mut self.signature);
        self.key_pair.sign(&RSA_PKCS1_SHA256, &self.random, message, signature)?;
        Ok(())
    }
}

fn peer_claims() -> PeerClaims {
    PeerClaims {
        exp: 1_790_000_300,
        iss: ORG_ID,
        sub: TECHNICAL_ACCOUNT_ID,
        aud: format!("https://ims-na1.adobelogin.com/c/{}", crate::integration::CLIENT_ID),
        metascope: true,
    }
}

const RAW: &str = "aws-lc-rs, the bare signature";
const OURS: &str = "ims: claims, sign_assertion";
const JSONWEBTOKEN: &str = "jsonwebtoken::encode, key read once";
