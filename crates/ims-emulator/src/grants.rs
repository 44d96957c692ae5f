//! `/ims/token` and `/ims/token/v1` to `v4`: the grants of OAuth 2.0 (RFC 6749 §4) that IMS has, chosen by `grant_type`.

mod authorization_code;
mod client_credentials;
mod granted;
mod on_behalf;
mod promise;

pub(crate) use self::granted::{PROMISE_LIFETIME, REFRESH_LIFETIME};

use crate::{answer::Answer, exchange::Exchange, refusal::Refusal};

type Grant = fn(&mut Exchange<'_>) -> Result<Answer, Refusal>;

/// Examines the request and issues the tokens.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let grant_type = exchange.parameter("grant_type");
    let grant_type = exchange
        .given("grant_type is sent", grant_type)
        .expected("the parameter grant_type")
        .or(Refusal::GrantTypeMissing)?;
    let served = exchange.call.version.grants;
    let grant = grant(grant_type).filter(|_| served.contains(&grant_type));
    let grant = exchange
        .given("grant_type is served", grant)
        .expected(format_args!("one of {}", served.join(", ")))
        .actual(format_args!("{grant_type}"))
        .or(Refusal::GrantTypeUnsupported)?;
    exchange.check_resources()?;
    grant(exchange)
}

/// How a grant is examined. Which version serves it is in the table of endpoint versions.
fn grant(grant_type: &str) -> Option<Grant> {
    match grant_type {
        "client_credentials" => Some(client_credentials::answer),
        "authorization_code" => Some(authorization_code::redeem),
        "refresh_token" => Some(authorization_code::refresh),
        "cluster_at_exchange" => Some(on_behalf::cluster_exchange),
        "urn:ietf:params:oauth:grant-type:token-exchange" => Some(on_behalf::token_exchange),
        "promise" => Some(promise::give),
        "promise_exchange" => Some(promise::exchange_promise),
        _ => None,
    }
}
