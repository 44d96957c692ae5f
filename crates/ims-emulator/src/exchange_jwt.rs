//! `/ims/exchange/jwt`: an assertion for an access token. The order of the checks is the one that the README lists.

use std::{fmt, time::Duration};

use ims_claims::{Metascope, NumericDate};
use serde::Serialize;

use crate::{
    answer::Answer,
    assertion::{self, Assertion, ClaimedMetascope, Claims},
    certificate::Certificate,
    exchange::Exchange,
    integration::Integration,
    issued_token::NewToken,
    refusal::Refusal,
    service::Registered,
};

/// How wrong a client's clock may be. Source: adobe/aio-lib-java, the documentation of `JwtTokenBuilder`.
const SKEW: Duration = Duration::from_secs(30);

/// How far in the future `exp` may be. Source: Adobe, "JWT Authentication", Required Claims.
const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// The answer. Source: adobe/aemcs-api-client-lib, README; adobe/ims-go,
/// `ims/exchange_jwt.go`.
#[derive(Serialize)]
struct Granted {
    token_type: &'static str,
    access_token: String,
    expires_in: u64,
}

/// Examines the request and issues the token.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    let integration = &registered.integration;
    exchange.check_resources()?;
    may_exchange(exchange, integration)?;
    let text = exchange.parameter("jwt_token");
    let text = exchange
        .given("jwt_token is sent", text)
        .expected("the parameter jwt_token")
        .or(Refusal::JwtMissing)?;
    let text = without_line_break(exchange, text);
    let jwt = assertion::decode(text, exchange.checks)?;
    let claims = assertion::read(&jwt, exchange.checks)?;
    audience(exchange, integration, &claims.aud)?;
    identity(exchange, integration, &claims)?;
    signature(exchange, integration, &jwt)?;
    let exp = times(exchange, &claims)?;
    let metascopes = metascopes(exchange, integration, &claims.metascopes)?;
    unused(exchange, &registered, claims.jti.as_deref(), exp)?;
    let user_id = integration.technical_account_id().as_str();
    let token = NewToken::access(integration, user_id, List(&metascopes).to_string());
    Ok(Answer::ok(&Granted {
        token_type: "bearer",
        access_token: exchange.issue(&token, ""),
        expires_in: exchange.expires_in(&token),
    }))
}

/// A file ends with a line break, and `curl --data-urlencode jwt_token@FILE` sends it along. That one is left out, and the
/// verdict says so; white space anywhere else is refused where the JWT is decoded.
fn without_line_break<'a>(exchange: &mut Exchange<'_>, text: &'a str) -> &'a str {
    let Some(line) = text.strip_suffix('\n') else { return text };
    let line = line.strip_suffix('\r').unwrap_or(line);
    exchange.note("jwt_token ends with a line break", true, "", "it is left out");
    line
}

fn may_exchange(exchange: &mut Exchange<'_>, integration: &Integration) -> Result<(), Refusal> {
    let may_exchange = integration.may_exchange();
    exchange
        .that("client has the exchange_jwt scope", may_exchange)
        .expected("an integration that may exchange JWTs")
        .actual(if may_exchange { "it may" } else { "it may not" })
        .or(Refusal::ExchangeNotAllowed)?;
    let is_migrated = integration.is_migrated();
    exchange
        .that("credential is not migrated", !is_migrated)
        .expected("a JWT credential")
        .actual(if is_migrated { "an OAuth one" } else { "a JWT credential" })
        .or(Refusal::Migrated)
}

fn audience(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    aud: &str,
) -> Result<(), Refusal> {
    let (base_url, client_id) = aud.rsplit_once("/c/").unwrap_or((aud, ""));
    let (service, call) = (exchange.service, exchange.call);
    exchange
        .that("aud is this IMS", service.is_base_url(base_url, call))
        .expected(format_args!("{} or {}", service.environment(), call.authority))
        .actual(format_args!("{base_url}"))
        .or(Refusal::AudienceElsewhere)?;
    exchange
        .that("aud is this client", client_id == integration.client_id().as_str())
        .expected(format_args!("{}", integration.client_id()))
        .actual(format_args!("{client_id}"))
        .or(Refusal::AudienceOfAnotherClient)
}

fn identity(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    claims: &Claims,
) -> Result<(), Refusal> {
    exchange
        .that("iss is the integration's", claims.iss == *integration.org_id())
        .expected(format_args!("{}", integration.org_id()))
        .actual(format_args!("{}", claims.iss))
        .or(Refusal::IdentityUnknown)?;
    exchange
        .that("sub is the integration's", claims.sub == *integration.technical_account_id())
        .expected(format_args!("{}", integration.technical_account_id()))
        .actual(format_args!("{}", claims.sub))
        .or(Refusal::IdentityUnknown)
}

/// Looks for a certificate whose key has signed, and for one that is valid if several have.
fn signature(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    jwt: &Assertion<'_>,
) -> Result<(), Refusal> {
    let now = exchange.now();
    let certificates = integration.certificates();
    let mut signer: Option<&Certificate> = None;
    for certificate in certificates {
        if signer.is_some_and(|signer| is_valid(signer, now)) {
            break;
        }
        if jwt.is_signed_for(certificate.verifier()) {
            signer = Some(certificate);
        }
    }
    let count = certificates.len();
    let subject = signer.map_or("none of them", Certificate::subject);
    let signer = exchange
        .given("signature matches a certificate", signer)
        .expected(format_args!("a certificate of the integration, which has {count}"))
        .actual(format_args!("{subject}"))
        .or(Refusal::SignatureWrong)?;
    let (not_before, not_after) = (signer.not_before().as_secs(), signer.not_after().as_secs());
    exchange
        .that("certificate is valid now", is_valid(signer, now))
        .expected(format_args!("a time from {not_before} to {not_after}"))
        .actual(format_args!("{}", now.as_secs()))
        .or(Refusal::CertificateNotValid)
}

fn is_valid(certificate: &Certificate, now: NumericDate) -> bool {
    certificate.not_before() <= now && now <= certificate.not_after()
}

/// Compares `exp`, `nbf` and `iat` with the clock, and returns `exp`.
fn times(exchange: &mut Exchange<'_>, claims: &Claims) -> Result<NumericDate, Refusal> {
    let now = exchange.now();
    let exp = NumericDate::from_secs(exchange.service.seconds(claims.exp));
    exchange
        .that("JWT has not expired", now < exp.plus(SKEW))
        .expected(format_args!("exp after {}", now.minus(SKEW).as_secs()))
        .actual(format_args!("{}", exp.as_secs()))
        .or(Refusal::Expired)?;
    if let Some(nbf) = claims.nbf {
        exchange
            .that("nbf has passed", NumericDate::from_secs(nbf) <= now.plus(SKEW))
            .expected(format_args!("nbf up to {}", now.plus(SKEW).as_secs()))
            .actual(format_args!("{nbf}"))
            .or(Refusal::NotYetValid)?;
    }
    let issued = claims.iat.map_or(now, NumericDate::from_secs);
    let mut is_near = exp <= now.plus(MAX_LIFETIME).plus(SKEW);
    if claims.iat.is_some() {
        is_near &= issued < exp && exp <= issued.plus(MAX_LIFETIME);
    }
    exchange
        .that("exp is at most 24 hours after issue", is_near)
        .expected(format_args!("up to {}", issued.min(now).plus(MAX_LIFETIME).as_secs()))
        .actual(format_args!("{}", exp.as_secs()))
        .or(Refusal::ExpOutOfRange)?;
    Ok(exp)
}

/// The metascopes that the JWT gets: at least one, each of which exists and belongs to the integration and the client.
fn metascopes(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    claimed: &[ClaimedMetascope],
) -> Result<Vec<Metascope>, Refusal> {
    exchange
        .that("JWT has metascopes", !claimed.is_empty())
        .expected("at least one claim <IMS base URL>/s/<code>")
        .or(Refusal::NoMetascopes)?;
    let mut metascopes = Vec::with_capacity(claimed.len());
    for ClaimedMetascope { base_url, code, metascope } in claimed {
        let is_ours = exchange.service.is_base_url(base_url, exchange.call);
        let existing =
            metascope.clone().filter(|code| is_ours && exchange.service.knows_metascope(code));
        let existing = exchange
            .given("metascope exists", existing)
            .expected("a known code at the base URL of this IMS")
            .actual(format_args!("{base_url}/s/{code}"))
            .or(Refusal::MetascopeUnknown)?;
        metascopes.push(existing);
    }
    #[rustfmt::skip]
    let owners = [
        ("metascopes are the integration's", integration.metascopes(),        Refusal::MetascopeNotInIntegration),
        ("metascopes are the client's",      integration.client_metascopes(), Refusal::MetascopeNotInClient),
    ];
    for (name, owned, refusal) in owners {
        let is_subset = metascopes.iter().all(|metascope| owned.contains(metascope));
        exchange
            .that(name, is_subset)
            .expected(format_args!("among {}", List(owned)))
            .actual(format_args!("{}", List(&metascopes)))
            .or(refusal)?;
    }
    Ok(metascopes)
}

/// The codes, separated by commas as IMS separates scopes.
struct List<'a>(&'a [Metascope]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, metascope) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(metascope.as_str())?;
        }
        Ok(())
    }
}

/// The last check, so that a request which is refused for another reason does not use up its `jti`.
fn unused(
    exchange: &mut Exchange<'_>,
    registered: &Registered,
    jti: Option<&str>,
    exp: NumericDate,
) -> Result<(), Refusal> {
    if !registered.integration.requires_jti() {
        return Ok(());
    }
    let jti = exchange
        .given("jti is sent", jti)
        .expected("jti, which this integration requires")
        .or(Refusal::JtiMissing)?;
    let is_new = registered.replay_memory.remember(jti, exp.plus(SKEW), exchange.now());
    exchange
        .that("jti is new", is_new)
        .expected("a number that was not used before")
        .actual(format_args!("{jti}"))
        .or(Refusal::JtiUsed)
}
