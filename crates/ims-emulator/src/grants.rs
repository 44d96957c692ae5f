//! `/ims/token/v1` to `v4`: the grants of OAuth 2.0 (RFC 6749 §4) that IMS has, chosen by `grant_type`.

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
    let path = exchange.call.path.as_str();
    let grant_type = exchange.parameter("grant_type");
    let grant_type = exchange
        .given("grant_type is sent", grant_type)
        .expected("the parameter grant_type")
        .or(Refusal::GrantTypeMissing)?;
    let grant = exchange
        .given("grant_type is served", grant(grant_type, path))
        .expected(served(path))
        .actual(grant_type.to_owned())
        .or(Refusal::GrantTypeUnsupported)?;
    exchange.check_resources()?;
    grant(exchange)
}

/// The grant of `grant_type`. Some are served at one version alone, where Adobe's own client sends them. Source:
/// adobe/ims-go, `ims/cluster_exchange_token.go`, `ims/obo.go`, `ims/promise.go`.
fn grant(grant_type: &str, path: &str) -> Option<Grant> {
    match (grant_type, path) {
        ("client_credentials", _) => Some(client_credentials::answer),
        ("authorization_code", _) => Some(authorization_code::redeem),
        ("refresh_token", _) => Some(authorization_code::refresh),
        ("cluster_at_exchange", "/ims/token/v3") => Some(on_behalf::cluster_exchange),
        (on_behalf::TOKEN_EXCHANGE, "/ims/token/v4") => Some(on_behalf::token_exchange),
        ("promise", "/ims/token/v4") => Some(promise::give),
        ("promise_exchange", "/ims/token/v4") => Some(promise::exchange_promise),
        _ => None,
    }
}

fn served(path: &str) -> &'static str {
    match path {
        "/ims/token/v3" => {
            "client_credentials, authorization_code, refresh_token or cluster_at_exchange"
        }
        "/ims/token/v4" => {
            "client_credentials, authorization_code, refresh_token, token exchange, promise or promise_exchange"
        }
        _ => "client_credentials, authorization_code or refresh_token",
    }
}
