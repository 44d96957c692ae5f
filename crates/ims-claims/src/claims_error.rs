//! What can be wrong with the claims of a JWT.

use core::{error::Error, fmt};

use crate::numeric_date::NumericDate;

/// A claims set that Adobe IMS would refuse, one variant for each rule.
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
