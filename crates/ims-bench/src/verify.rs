//! An access token verified on one thread, next to the bare signature check over the same bytes.

use std::{hint::black_box, time::Duration};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use futures_util::FutureExt;
use ims::{
    claims::{CompactJwt, Environment, NumericDate},
    exchange::{Request, Response, SharedTransport, Transport, TransportError},
    sign::PublicKey,
    verify::{Authority, Requirements, TokenVerifier},
};
use ims_testkit::keys;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, jwk::Jwk,
};
use nix::sys::resource::UsageWho;
use serde_json::Value;

use crate::{
    contest::{Contest, at_least},
    integration::{CLIENT_ID, TECHNICAL_ACCOUNT_ID},
};

pub(crate) fn measure() -> Result<bool> {
    let key = EncodingKey::from_rsa_pem(keys::FIRST.as_bytes())?;
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256)?;
    let token = encode(&Header::new(Algorithm::RS256), &claims(), &key)?;
    let (without_cache, with_cache) = verifiers(&jwk, &token)?;

    let public_key = PublicKey::from_bytes(keys::FIRST_PUBLIC.as_bytes())?;
    let public_key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key.pkcs1_der())?;
    let jwt = CompactJwt::parse(&token)?;
    let (message, signature) = (jwt.signing_input().as_bytes(), jwt.signature().as_bytes());
    let (peer_key, peer_rules) = (DecodingKey::from_jwk(&jwk)?, peer_rules());

    let results = Contest::new(100, 400, UsageWho::RUSAGE_SELF)
        .with(RAW, || Ok(public_key.verify_sig(black_box(message), black_box(signature))?))
        .with(WITHOUT_CACHE, || verify(&without_cache, &token))
        .with(WITH_CACHE, || verify(&with_cache, &token))
        .with(JSONWEBTOKEN, || {
            black_box(decode::<Value>(black_box(&token), &peer_key, &peer_rules)?);
            Ok(())
        })
        .run("verify: RS256 access tokens on one thread")?;
    let cpu = |base, other| results.ratio(base, other, |sample| sample.cpu);
    let bare = at_least(
        0.95,
        "verify: rate without a cached verdict, of the bare check",
        cpu(RAW, WITHOUT_CACHE),
    );
    let peer = at_least(1.1, "verify: the same, of jsonwebtoken", cpu(JSONWEBTOKEN, WITHOUT_CACHE));
    let cached = cpu(WITHOUT_CACHE, WITH_CACHE);
    let cached = at_least(20.0, "verify: rate with a cached verdict, of the rate without", cached);
    Ok(bare && peer && cached)
}

fn verify(verifier: &TokenVerifier, token: &str) -> Result<()> {
    let verdict = verifier.verify(black_box(token), NOW).now_or_never();
    black_box(verdict.context("keys in memory verify at once")??);
    Ok(())
}

/// A verifier without a cache of verdicts, and one with the verdict on `token` in its cache. Both have the keys.
fn verifiers(jwk: &Jwk, token: &str) -> Result<(TokenVerifier, TokenVerifier)> {
    let jwks = serde_json::json!({ "keys": [jwk] }).to_string();
    let with_cache = TokenVerifier::new(
        Environment::production(),
        SharedTransport::new(Keys(jwks)),
        Authority::PublishedKeys,
        Requirements::of_clients([CLIENT_ID.parse()?]),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let verified = runtime.block_on(with_cache.verify(token, NOW))?;
    ensure!(verified.client_id().as_str() == CLIENT_ID, "another token was verified");
    Ok((with_cache.clone().without_memory(), with_cache))
}

/// A transport that answers every request with the published keys.
#[derive(Debug)]
struct Keys(String);

impl Transport for Keys {
    async fn send(&self, _: Request, _: Duration) -> Result<Response, TransportError> {
        let (status, headers) = Default::default();
        Ok(Response::new(status, headers, self.0.clone().into_bytes()))
    }
}

/// The payload of a service account's token; source: a token shown in adobe/aio-cli-plugin-cloudmanager#631.
fn claims() -> Value {
    serde_json::json!({
        "id": "1789999999000_8f0f6a3e-5f3d-4f0e-9d0b-0d6f0c1a2b3c_ue1",
        "type": "access_token", "client_id": CLIENT_ID, "user_id": TECHNICAL_ACCOUNT_ID, "as": "ims-na1",
        "aa_id": TECHNICAL_ACCOUNT_ID, "ctp": 0, "fg": "XABCDEFGHIJKLMNOPQRSTUVWXY======", "moi": "abcdef12",
        "expires_in": "86400000", "scope": "openid,AdobeID,read_organizations,additional_info.projectedProductContext",
        "created_at": "1789999999000",
    })
}

/// A token of IMS has no `exp` and no `aud`, so the signature is all that is left to check.
fn peer_rules() -> Validation {
    let mut rules = Validation::new(Algorithm::RS256);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    rules
}

const NOW: NumericDate = NumericDate::from_secs(1_790_000_000);

const RAW: &str = "aws-lc-rs, the bare signature check";
const WITHOUT_CACHE: &str = "ims: TokenVerifier, without a cached verdict";
const WITH_CACHE: &str = "ims: TokenVerifier, with a cached verdict";
const JSONWEBTOKEN: &str = "jsonwebtoken::decode, key read once";
