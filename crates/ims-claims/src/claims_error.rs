//! What can be wrong with the claims of a JWT.

use core::{error::Error, fmt};

use crate::{error::JwtError, numeric_date::NumericDate};

/// A claims set that Adobe IMS would refuse, one variant for each rule.
///
/// ```
/// use ims_claims::{ClaimsError, ClaimsSet, CompactJwt, NumericDate};
///
/// fn check(assertion: &CompactJwt<'_>, now: NumericDate) -> Result<(), Box<dyn std::error::Error>> {
///     match ClaimsSet::from_object(&assertion.payload_object()?)?.accept_at(now) {
///         Err(ClaimsError::Expired { expired_at }) => println!("sign again: it ended at {expired_at}"),
///         other => other?,
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsError {
    /// Add the named claim.
    Missing {
        /// The claim's name.
        claim: &'static str,
    },
    /// Give the named claim the type and form it must have.
    Malformed {
        /// The claim's name.
        claim: &'static str,
        /// What the claim must be.
        expected: &'static str,
    },
    /// Name at least one metascope as `"https://…/s/code": true`.
    NoMetascopes,
    /// Issue the assertion for the same environment in `aud` and in every metascope.
    MixedEnvironments,
    /// Sign again: the assertion has expired.
    Expired {
        /// The `exp` claim.
        expired_at: NumericDate,
    },
    /// Sign with `exp` later than `iat`.
    ExpiresBeforeIssue,
    /// Sign with `exp` at most 24 hours after issue, in seconds and not in milliseconds.
    LivesTooLong,
    /// Correct the clock of the machine that signs: `nbf` or `iat` is in the future.
    NotYetValid {
        /// The claim's name.
        claim: &'static str,
    },
    /// Sign for the client id that is used in the exchange.
    AnotherClient,
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { claim } => write!(f, "the claim {claim} is missing"),
            Self::Malformed { claim, expected } => write!(f, "the claim {claim} is not {expected}"),
            Self::NoMetascopes => f.write_str("no metascope is claimed"),
            Self::MixedEnvironments => {
                f.write_str("aud and the metascopes name different environments")
            }
            Self::Expired { expired_at } => {
                write!(f, "the assertion has expired (exp {expired_at})")
            }
            Self::ExpiresBeforeIssue => f.write_str("exp is not later than iat"),
            Self::LivesTooLong => {
                f.write_str("exp is more than 24 hours away; it counts seconds, not milliseconds")
            }
            Self::NotYetValid { claim } => write!(f, "the claim {claim} is in the future"),
            Self::AnotherClient => f.write_str("aud names another client id"),
        }
    }
}

impl Error for ClaimsError {}

/// A payload that does not belong to an access token of Adobe IMS.
///
/// ```
/// use ims_claims::{AccessTokenClaims, AccessTokenError};
///
/// assert!(matches!(AccessTokenClaims::read(b"no JSON"), Err(AccessTokenError::Form(_))));
/// assert!(matches!(AccessTokenClaims::read(b"{}"), Err(AccessTokenError::Claims(_))));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// Refuse the token: its payload is not one JSON object without duplicate members.
    Form(JwtError),
    /// Refuse the token: a claim that every access token has is missing or has another form.
    Claims(ClaimsError),
}

impl fmt::Display for AccessTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(f),
            Self::Claims(error) => error.fmt(f),
        }
    }
}

impl Error for AccessTokenError {}

impl From<JwtError> for AccessTokenError {
    fn from(error: JwtError) -> Self {
        Self::Form(error)
    }
}

impl From<ClaimsError> for AccessTokenError {
    fn from(error: ClaimsError) -> Self {
        Self::Claims(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_error_of_an_access_token_says_what_its_cause_says() {
        let form = JwtError::NotAnObject { part: "payload" };
        assert_eq!(AccessTokenError::from(form).to_string(), form.to_string());
        let claims = ClaimsError::Missing { claim: "user_id" };
        assert_eq!(AccessTokenError::from(claims.clone()).to_string(), claims.to_string());
        assert!(!claims.to_string().is_empty());
    }
}
