//! Whether an ID token belongs to a sign-in.

use std::time::Duration;

use ims_claims::{ClientId, CompactJwt, NumericDate};
use ims_exchange::{IdToken, Nonce};
use serde_json::Value;

/// How far the clocks of IMS and of this machine may lie apart.
const LEEWAY: Duration = Duration::from_mins(1);

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenFault {
    /// The scope `openid` was asked for, and the answer has none.
    #[error("the answer has none, although the scope openid was asked for")]
    Missing,
    /// It is no JWT, or a claim is missing or of another type.
    #[error("it cannot be read")]
    Unreadable,
    /// It was made for another request.
    #[error("its nonce is not the one that was sent")]
    Nonce,
    /// It was made for another client.
    #[error("its audience is another client")]
    Audience,
    /// It has expired, or the clock of this machine is wrong.
    #[error("it has expired")]
    Expired,
}

/// `OpenID` Connect Core 1.0 §3.1.3.7: the audience (3), the end (9) and the nonce (11). The signature (6) and the issuer (2)
/// are those of the endpoint that was asked.
pub(super) fn check(
    id_token: &IdToken,
    nonce: &Nonce,
    client_id: &ClientId,
    now: NumericDate,
) -> Result<(), IdTokenFault> {
    let claims = CompactJwt::parse(id_token.expose_secret()).and_then(|jwt| jwt.payload_object());
    let claims = claims.map_err(|_| IdTokenFault::Unreadable)?;
    let audience = claims.get("aud").ok_or(IdTokenFault::Unreadable)?;
    let end = claims.get("exp").and_then(Value::as_i64).ok_or(IdTokenFault::Unreadable)?;
    if !nonce.is_in(id_token) {
        return Err(IdTokenFault::Nonce);
    }
    if !names(audience, client_id) {
        return Err(IdTokenFault::Audience);
    }
    if NumericDate::from_secs(end).plus(LEEWAY) <= now {
        return Err(IdTokenFault::Expired);
    }
    Ok(())
}

/// `aud` is one string, or an array of them (RFC 7519 §4.1.3).
fn names(audience: &Value, client_id: &ClientId) -> bool {
    let is_client = |value: &Value| value.as_str() == Some(client_id.as_str());
    is_client(audience) || audience.as_array().is_some_and(|all| all.iter().any(is_client))
}
