//! The JWT Claims Set of an assertion, and every rule that Adobe documents for it.

mod reading;

use alloc::{string::ToString, vec::Vec};
use core::time::Duration;

use serde_core::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    assertion::{Algorithm, SigningInput},
    claims_error::ClaimsError,
    environment::Environment,
    error::FormatError,
    identity::{ClientId, OrgId, TechnicalAccountId},
    metascope::Metascope,
    numeric_date::NumericDate,
};

/// The claims of an assertion (RFC 7519 §4, RFC 7523 §3), as Adobe IMS requires them.
///
/// Written as JSON, the members come in the order of Adobe's sample, so that equal claims give equal bytes.
/// [`ServiceAccount::claims`](crate::ServiceAccount::claims) makes one, [`ClaimsSet::from_object`] reads one.
///
/// ```
/// use ims_claims::{ClaimsSet, CompactJwt, NumericDate};
///
/// fn accept(assertion: &str, now: NumericDate) -> Result<ClaimsSet, Box<dyn std::error::Error>> {
///     let jwt = CompactJwt::parse(assertion)?;
///     let claims = ClaimsSet::from_object(&jwt.payload_object()?)?;
///     claims.accept_at(now)?;
///     Ok(claims) // and the signature is still to be verified
/// }
/// ```
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

/// The audience of an assertion, `aud`, which is `…/c/<client_id>` and one value only.
///
/// ```
/// use ims_claims::{Audience, Environment};
///
/// let audience = Audience::new(Environment::stage(), "a64f5f10849a410a97ffdac8ae1".parse()?);
/// assert_eq!(audience.client_id.as_str(), "a64f5f10849a410a97ffdac8ae1");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audience {
    /// The IMS that the assertion is for.
    pub environment: Environment,
    /// The integration that sends it.
    pub client_id: ClientId,
}

impl Audience {
    /// The audience of an assertion that `client_id` sends to `environment`.
    #[must_use]
    pub const fn new(environment: Environment, client_id: ClientId) -> Self {
        Self { environment, client_id }
    }
}

/// The assertion's number, `jti`, written as a decimal number in a string.
///
/// IMS requires it from integrations whose `jti` check is on, each value greater than any used before. Source:
/// AdobeDocs/adobeio-auth@36b9bb2, `JWT/createjwt.md`.
///
/// ```
/// use ims_claims::JwtId;
///
/// assert!(JwtId::from_number(2) > JwtId::from_number(1));
/// ```
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
    /// Adds `jti`, for integrations that require it.
    ///
    /// ```
    /// use ims_claims::JwtId;
    /// # use ims_claims::{AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount};
    /// # let account = ServiceAccount::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?,
    /// #     vec![Metascope::ENT_DATASERVICES_SDK])?;
    /// # let now = NumericDate::from_secs(1_800_000_000);
    /// # let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    ///
    /// // Each assertion needs a greater number than those before it.
    /// let claims = claims.with_jti(JwtId::from_number(1_800_000_000_000_000));
    /// # Ok::<(), ims_claims::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_jti(self, jti: JwtId) -> Self {
        Self { jti: Some(jti), ..self }
    }

    /// Adds `iat`. IMS does not ask for it.
    ///
    /// ```
    /// # use ims_claims::{AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount};
    /// # let account = ServiceAccount::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?,
    /// #     vec![Metascope::ENT_DATASERVICES_SDK])?;
    /// # let now = NumericDate::from_secs(1_800_000_000);
    /// # let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    /// let claims = claims.with_issued_at(now);
    /// assert!(claims.expires_at() > now);
    /// # Ok::<(), ims_claims::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_issued_at(self, iat: NumericDate) -> Self {
        Self { iat: Some(iat), ..self }
    }

    /// Adds `nbf`. IMS does not ask for it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ims_claims::{AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount};
    /// # let account = ServiceAccount::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?,
    /// #     vec![Metascope::ENT_DATASERVICES_SDK])?;
    /// # let now = NumericDate::from_secs(1_800_000_000);
    /// # let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    /// // Clocks may differ by a minute.
    /// let claims = claims.with_not_before(now.minus(Duration::from_secs(60)));
    /// # Ok::<(), ims_claims::FormatError>(())
    /// ```
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

    /// The time before which the assertion is not valid, `nbf`.
    #[must_use]
    pub fn not_before(&self) -> Option<NumericDate> {
        self.nbf
    }

    /// What a signer signs.
    #[must_use]
    pub fn signing_input(&self, algorithm: Algorithm) -> SigningInput {
        SigningInput::new(algorithm, &self.to_json())
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a map of strings, integers and true is always JSON")
    }

    /// Whether the assertion may be accepted at `now`: not before `nbf`, before `exp`, and with `exp` at most
    /// 24 hours away. No clock skew is allowed; to allow some, move `now`.
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
        expect_at_most_24_hours(now, self.exp)
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

/// How long after its issue an assertion expires: one second to 24 hours, five minutes by default.
///
/// The lifetime of the access token does not depend on it, so minutes are enough. Sources: 24 hours, Adobe, "JWT
/// Authentication", Required Claims; minutes, adobe/jwt-auth#23.
///
/// ```
/// # use core::time::Duration;
/// use ims_claims::AssertionLifetime;
///
/// let lifetime = AssertionLifetime::new(Duration::from_mins(10))?;
/// assert_eq!(lifetime.as_duration(), Duration::from_secs(600));
/// assert!(AssertionLifetime::new(Duration::from_hours(25)).is_err());
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssertionLifetime(Duration);

impl AssertionLifetime {
    /// The longest lifetime that Adobe documents, 24 hours.
    pub const MAX: Self = Self(Duration::from_hours(24));

    /// A lifetime of `duration`; a fraction of a second is dropped.
    ///
    /// # Errors
    /// [`FormatError::AssertionLifetime`] for less than a second or more than 24 hours.
    pub fn new(duration: Duration) -> Result<Self, FormatError> {
        match duration.as_secs() {
            seconds @ 1..=86_400 => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(FormatError::AssertionLifetime),
        }
    }

    /// The lifetime in whole seconds.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

impl Default for AssertionLifetime {
    /// Five minutes.
    fn default() -> Self {
        Self(Duration::from_mins(5))
    }
}

fn expect_at_most_24_hours(from: NumericDate, exp: NumericDate) -> Result<(), ClaimsError> {
    if exp.since(from) > AssertionLifetime::MAX.as_duration() {
        Err(ClaimsError::LivesTooLong)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
