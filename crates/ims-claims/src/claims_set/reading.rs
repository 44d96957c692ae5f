//! Reading the payload of an assertion, by every rule of form that Adobe documents for it.

use alloc::vec::Vec;

use serde_json::Value;

use super::{Audience, ClaimsSet, JwtId, expect_at_most_24_hours};
use crate::{
    claims_error::ClaimsError, environment::Environment, metascope::Metascope,
    numeric_date::NumericDate, strict_json::JsonObject,
};

impl ClaimsSet {
    /// Reads the payload of an assertion. Members that Adobe does not document are ignored.
    ///
    /// # Errors
    /// [`ClaimsError`], for the first rule broken, in the order `exp`, `iss`, `sub`, `aud`, metascopes, `jti`,
    /// `iat`, `nbf`. Rules that depend on the time are those of [`ClaimsSet::accept_at`].
    pub fn from_object(payload: &JsonObject) -> Result<Self, ClaimsError> {
        let exp = date(payload, "exp")?.ok_or(ClaimsError::Missing { claim: "exp" })?;
        let iss = text(payload, "iss", "one string of the form \"…@AdobeOrg\"")?;
        let sub = text(payload, "sub", "one string of the form \"…@techacct.adobe.com\"")?;
        let aud = audience(payload)?;
        let metascopes = metascopes(payload, &aud.environment)?;
        let jti = jti(payload)?;
        let iat = date(payload, "iat")?;
        let nbf = date(payload, "nbf")?;
        if let Some(iat) = iat {
            expect_at_most_24_hours(iat, exp)?;
            if exp <= iat {
                return Err(ClaimsError::ExpiresBeforeIssue);
            }
        }
        Ok(Self { exp, iss, sub, aud, metascopes, jti, iat, nbf })
    }
}

fn date(payload: &JsonObject, claim: &'static str) -> Result<Option<NumericDate>, ClaimsError> {
    let expected = "an integer of seconds since 1970";
    match payload.get(claim) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(seconds) => Ok(Some(NumericDate::from_secs(seconds))),
            None => Err(ClaimsError::Malformed { claim, expected }),
        },
    }
}

fn text<T: core::str::FromStr>(
    payload: &JsonObject,
    claim: &'static str,
    expected: &'static str,
) -> Result<T, ClaimsError> {
    let value = payload.get(claim).ok_or(ClaimsError::Missing { claim })?;
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or(ClaimsError::Malformed { claim, expected })
}

fn audience(payload: &JsonObject) -> Result<Audience, ClaimsError> {
    let value = payload.get("aud").ok_or(ClaimsError::Missing { claim: "aud" })?;
    let parsed = value.as_str().and_then(|text| {
        let (environment, client_id) = text.rsplit_once("/c/")?;
        Some(Audience {
            environment: environment.parse().ok()?,
            client_id: client_id.parse().ok()?,
        })
    });
    parsed.ok_or(ClaimsError::Malformed {
        claim: "aud",
        expected: "one string of the form \"https://…/c/<client_id>\"",
    })
}

/// The members named `<base URL>/s/<code>`.
fn metascopes(
    payload: &JsonObject,
    environment: &Environment,
) -> Result<Vec<Metascope>, ClaimsError> {
    let mut metascopes = Vec::new();
    for (name, value) in payload {
        let Some((base_url, code)) = name.rsplit_once("/s/") else { continue };
        let Ok(claimed_at) = base_url.parse::<Environment>() else { continue };
        if *value != Value::Bool(true) {
            return Err(ClaimsError::Malformed {
                claim: "of a metascope",
                expected: "the value true",
            });
        }
        let Ok(metascope) = code.parse() else {
            return Err(ClaimsError::Malformed {
                claim: "of a metascope",
                expected: "named \"https://…/s/<code>\"",
            });
        };
        if claimed_at != *environment {
            return Err(ClaimsError::MixedEnvironments);
        }
        metascopes.push(metascope);
    }
    if metascopes.is_empty() { Err(ClaimsError::NoMetascopes) } else { Ok(metascopes) }
}

/// A decimal number, in a string or bare: Adobe's documents ask for both (seed "JWT Authentication Reference":
/// "not an integer"; adobeio-auth@36b9bb2: "a string created from a decimal number").
fn jti(payload: &JsonObject) -> Result<Option<JwtId>, ClaimsError> {
    let number = match payload.get("jti") {
        None => return Ok(None),
        Some(Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let malformed = ClaimsError::Malformed { claim: "jti", expected: "a decimal number" };
    number.map(|number| Some(JwtId(number))).ok_or(malformed)
}
