//! `/ims/exchange/jwt`: an assertion for an access token. The order of the checks is the one that the README lists.

use std::time::Duration;

use ims_claims::NumericDate;
use serde::Serialize;

use crate::{
    Certificate, Refusal,
    answer::Answer,
    assertion::{self, Claims},
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenOrder,
    key_ring::KeyRing,
    metascopes, resource,
    service::{Registered, Service},
};

/// How far a client's clock may be off. Source: adobe/aio-lib-java, the documentation of `JwtTokenBuilder`.
const SKEW: Duration = Duration::from_secs(30);

/// How far away `exp` may lie. Source: Adobe, "JWT Authentication", Required Claims.
const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// The answer, whose unit is milliseconds. Source: adobe/aemcs-api-client-lib, README; adobe/ims-go,
/// `ims/exchange_jwt.go`.
#[derive(Serialize)]
struct Granted {
    token_type: &'static str,
    access_token: String,
    #[serde(rename = "expires_in")]
    expires_in_ms: u64,
}

/// Examines the request and issues the token.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    resource::check(call, checks)?;
    may_exchange(&registered, checks)?;
    let jwt = checks
        .given("jwt_token is sent", call.parameters.get("jwt_token"))
        .expected("the parameter jwt_token")
        .or(Refusal::JwtMissing)?;
    let jwt = assertion::decode(jwt, checks)?;
    let claims = assertion::read(&jwt, checks)?;
    audience(service, call, &registered, &claims.aud, checks)?;
    identity(&registered, &claims, checks)?;
    signature(&registered, jwt.signing_input(), jwt.signature().as_bytes(), call.now(), checks)?;
    let exp = times(service, &claims, call.now(), checks)?;
    let Claims { metascopes, jti, .. } = claims;
    let granted = metascopes::grant(service, call, &registered, metascopes, checks)?;
    unused(&registered, jti.as_deref(), exp, call.now(), checks)?;
    let integration = &registered.integration;
    let user_id = integration.technical_account_id().as_str();
    let order = TokenOrder::access(integration, user_id, metascopes::list(&granted));
    Ok(Answer::ok(&Granted {
        token_type: "bearer",
        access_token: order.fill(keys, &call.debug_id, call.now_ms),
        // IMS says how long the token still lives, which is a moment less than its lifetime.
        expires_in_ms: order.lifetime_ms().saturating_sub(1),
    }))
}

fn may_exchange(registered: &Registered, checks: &mut Checks) -> Result<(), Refusal> {
    checks
        .that("client has the exchange_jwt scope", registered.integration.may_exchange())
        .expected("an integration that may exchange JWTs")
        .actual(if registered.integration.may_exchange() { "it may" } else { "it may not" })
        .or(Refusal::ExchangeNotAllowed)?;
    checks
        .that("credential is not migrated", !registered.integration.is_migrated())
        .expected("a JWT credential")
        .actual(if registered.integration.is_migrated() {
            "an OAuth one"
        } else {
            "a JWT credential"
        })
        .or(Refusal::Migrated)
}

fn audience(
    service: &Service,
    call: &Call,
    registered: &Registered,
    aud: &str,
    checks: &mut Checks,
) -> Result<(), Refusal> {
    let (base_url, client_id) = aud.rsplit_once("/c/").unwrap_or((aud, ""));
    checks
        .that("aud is this IMS", service.is_base_url(base_url, call))
        .expected(format!("{} or {}", service.environment(), call.authority))
        .actual(base_url.to_owned())
        .or(Refusal::AudienceElsewhere)?;
    checks
        .that("aud is this client", client_id == registered.integration.client_id().as_str())
        .expected(registered.integration.client_id().to_string())
        .actual(client_id.to_owned())
        .or(Refusal::AudienceOfAnotherClient)
}

fn identity(registered: &Registered, claims: &Claims, checks: &mut Checks) -> Result<(), Refusal> {
    let integration = &registered.integration;
    checks
        .that("iss is the integration's", claims.iss == *integration.org_id())
        .expected(integration.org_id().to_string())
        .actual(claims.iss.to_string())
        .or(Refusal::IdentityUnknown)?;
    checks
        .that("sub is the integration's", claims.sub == *integration.technical_account_id())
        .expected(integration.technical_account_id().to_string())
        .actual(claims.sub.to_string())
        .or(Refusal::IdentityUnknown)
}

/// Looks for a certificate whose key has signed, and for one that is valid if several have.
fn signature(
    registered: &Registered,
    signing_input: &str,
    signature: &[u8],
    now: NumericDate,
    checks: &mut Checks,
) -> Result<(), Refusal> {
    let certificates = registered.integration.certificates();
    let is_valid = |certificate: &Certificate| {
        certificate.not_before() <= now && now <= certificate.not_after()
    };
    let signers = certificates.iter().filter(|one| one.has_signed(signing_input, signature));
    let best = signers.max_by_key(|one| is_valid(one));
    let found = best.map_or("none of them", |one| one.subject()).to_owned();
    let certificate = checks
        .given("signature matches a certificate", best)
        .expected(format!("one of the {} certificates of the integration", certificates.len()))
        .actual(found)
        .or(Refusal::SignatureWrong)?;
    checks
        .that("certificate is valid now", is_valid(certificate))
        .expected(format!(
            "{} ≤ now ≤ {}",
            certificate.not_before().as_secs(),
            certificate.not_after().as_secs()
        ))
        .actual(now.as_secs().to_string())
        .or(Refusal::CertificateNotValid)
}

/// Compares `exp`, `nbf` and `iat` with the clock, and gives `exp`.
fn times(
    service: &Service,
    claims: &Claims,
    now: NumericDate,
    checks: &mut Checks,
) -> Result<NumericDate, Refusal> {
    let exp = NumericDate::from_secs(service.seconds(claims.exp));
    checks
        .that("JWT has not expired", now < exp.plus(SKEW))
        .expected(format!("exp after {}", now.minus(SKEW).as_secs()))
        .actual(exp.as_secs().to_string())
        .or(Refusal::Expired)?;
    if let Some(nbf) = claims.nbf {
        checks
            .that("nbf has passed", NumericDate::from_secs(nbf) <= now.plus(SKEW))
            .expected(format!("nbf up to {}", now.plus(SKEW).as_secs()))
            .actual(nbf.to_string())
            .or(Refusal::NotYetValid)?;
    }
    let issued = claims.iat.map_or(now, NumericDate::from_secs);
    let is_near = exp <= now.plus(MAX_LIFETIME).plus(SKEW)
        && (claims.iat.is_none() || (issued < exp && exp <= issued.plus(MAX_LIFETIME)));
    checks
        .that("exp is at most 24 hours after issue", is_near)
        .expected(format!("up to {}", issued.min(now).plus(MAX_LIFETIME).as_secs()))
        .actual(exp.as_secs().to_string())
        .or(Refusal::ExpOutOfRange)?;
    Ok(exp)
}

/// The last check, so that a request which is refused for another reason does not use up its `jti`.
fn unused(
    registered: &Registered,
    jti: Option<&str>,
    exp: NumericDate,
    now: NumericDate,
    checks: &mut Checks,
) -> Result<(), Refusal> {
    if !registered.integration.requires_jti() {
        return Ok(());
    }
    let jti = checks
        .given("jti is sent", jti)
        .expected("jti, which this integration requires")
        .or(Refusal::JtiMissing)?;
    checks
        .that("jti is new", registered.replay_memory.remember(jti, exp.plus(SKEW), now))
        .expected("a number that was not used before")
        .actual(jti.to_owned())
        .or(Refusal::JtiUsed)
}
