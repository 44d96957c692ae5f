//! The JWT Claims Set of an assertion, and every rule that Adobe documents for it.

use alloc::{string::ToString, vec::Vec};

use serde_core::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use crate::{
    Algorithm, AssertionLifetime, ClaimsError, ClientId, Environment, JsonObject, Metascope,
    NumericDate, OrgId, SigningInput, TechnicalAccountId,
};

/// The claims of an assertion (RFC 7519 §4, RFC 7523 §3), as Adobe IMS wants them.
///
/// Written as JSON, the members come in the order of Adobe's sample, so that equal claims give equal bytes.
/// [`ServiceAccount::claims`](crate::ServiceAccount::claims) makes one, [`ClaimsSet::from_object`] reads one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsSet {
    pub(crate) exp: NumericDate,
    pub(crate) iss: OrgId,
    pub(crate) sub: TechnicalAccountId,
    pub(crate) aud: Audience,
    pub(crate) metascopes: Vec<Metascope>,
    pub(crate) jti: Option<JwtId>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
}

/// For whom an assertion is meant: `aud`, which is `…/c/<client_id>` and one value only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The IMS that is to take the assertion.
    pub environment: Environment,
    /// The integration that presents it.
    pub client_id: ClientId,
}

/// The assertion's number, `jti`, written as a decimal number in a string.
///
/// IMS wants it of bindings that ask for it, each greater than any used before. Source:
/// AdobeDocs/adobeio-auth@36b9bb2, `JWT/createjwt.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwtId(u64);

impl JwtId {
    /// The assertion's number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u64 {
        self.0
    }
}

impl ClaimsSet {
    /// Adds `jti`, for bindings that require it.
    #[must_use]
    pub fn with_jti(self, jti: JwtId) -> Self {
        Self { jti: Some(jti), ..self }
    }

    /// Adds `iat`. IMS does not ask for it.
    #[must_use]
    pub fn with_issued_at(self, iat: NumericDate) -> Self {
        Self { iat: Some(iat), ..self }
    }

    /// Adds `nbf`. IMS does not ask for it.
    #[must_use]
    pub fn with_not_before(self, nbf: NumericDate) -> Self {
        Self { nbf: Some(nbf), ..self }
    }

    /// When the assertion expires, `exp`. It does not bound the access token's life.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.exp
    }

    /// The organization, `iss`.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.iss
    }

    /// The account, `sub`.
    #[must_use]
    pub fn technical_account_id(&self) -> &TechnicalAccountId {
        &self.sub
    }

    /// The one audience, `aud`.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.aud
    }

    /// The metascopes, at least one.
    #[must_use]
    pub fn metascopes(&self) -> &[Metascope] {
        &self.metascopes
    }

    /// The assertion's number, `jti`.
    #[must_use]
    pub fn jti(&self) -> Option<JwtId> {
        self.jti
    }

    /// The time of issue, `iat`.
    #[must_use]
    pub fn issued_at(&self) -> Option<NumericDate> {
        self.iat
    }

    /// What a signer signs.
    #[must_use]
    pub fn signing_input(&self, algorithm: Algorithm) -> SigningInput {
        SigningInput::new(algorithm, self)
    }

    /// Reads the payload of an assertion. Members that Adobe does not document are passed over.
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
            lives_at_most_24_hours(iat, exp)?;
            if exp <= iat {
                return Err(ClaimsError::ExpiresBeforeIssue);
            }
        }
        Ok(Self { exp, iss, sub, aud, metascopes, jti, iat, nbf })
    }

    /// Whether the assertion may be accepted at `now`: not before `nbf`, before `exp`, and with `exp` at most
    /// 24 hours away. No clock skew is allowed for; whoever does so moves `now`.
    ///
    /// # Errors
    /// [`ClaimsError::NotYetValid`], [`ClaimsError::Expired`] and [`ClaimsError::LivesTooLong`].
    ///
    /// Sources: RFC 7519 §4.1.4 and §4.1.5; Adobe, "JWT Authentication", Required Claims.
    pub fn accept_at(&self, now: NumericDate) -> Result<(), ClaimsError> {
        if self.nbf.is_some_and(|nbf| now < nbf) {
            return Err(ClaimsError::NotYetValid { claim: "nbf" });
        }
        if self.exp <= now {
            return Err(ClaimsError::Expired { expired_at: self.exp });
        }
        lives_at_most_24_hours(now, self.exp)
    }

    /// Whether the assertion was made for `client_id`.
    ///
    /// # Errors
    /// [`ClaimsError::AnotherClient`] if it was not.
    pub fn accept_for(&self, client_id: &ClientId) -> Result<(), ClaimsError> {
        if self.aud.client_id == *client_id { Ok(()) } else { Err(ClaimsError::AnotherClient) }
    }
}

impl Serialize for ClaimsSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Audience { environment, client_id } = &self.aud;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("exp", &self.exp.as_secs())?;
        map.serialize_entry("iss", &self.iss)?;
        map.serialize_entry("sub", &self.sub)?;
        for metascope in &self.metascopes {
            map.serialize_entry(&environment.metascope_claim(metascope), &true)?;
        }
        map.serialize_entry("aud", &environment.audience(client_id))?;
        if let Some(jti) = self.jti {
            map.serialize_entry("jti", &jti.0.to_string())?;
        }
        if let Some(iat) = self.iat {
            map.serialize_entry("iat", &iat.as_secs())?;
        }
        if let Some(nbf) = self.nbf {
            map.serialize_entry("nbf", &nbf.as_secs())?;
        }
        map.end()
    }
}

fn lives_at_most_24_hours(from: NumericDate, exp: NumericDate) -> Result<(), ClaimsError> {
    if exp.since(from) > AssertionLifetime::MAX.as_duration() {
        Err(ClaimsError::LivesTooLong)
    } else {
        Ok(())
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

#[cfg(test)]
mod tests;
