//! What can come of a request to IMS, sorted by what the caller can do.

use std::time::Duration;

use crate::{refusal::Refusal, transport::TransportError};

/// A request to IMS that did not bring what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Wait, at least for `retry_after` if IMS named it, then ask again, with an assertion signed anew.
    #[error("IMS is not available{}", .refusal.as_ref().map(|r| format!(" ({r})")).unwrap_or_default())]
    Unavailable {
        /// How long IMS wants to be left alone.
        retry_after: Option<Duration>,
        /// What IMS answered, if it did.
        refusal: Option<Refusal>,
        /// What the network said, if IMS did not answer.
        source: Option<TransportError>,
    },
    /// Sign a fresh assertion and try once more, no oftener.
    #[error("IMS would not take the assertion ({0})")]
    AssertionRefused(Refusal),
    /// Obtain a new access token and try once more, no oftener: the one that was shown has expired or was revoked.
    #[error("IMS would not take the access token ({0})")]
    TokenRefused(Refusal),
    /// Let the user sign in again: the authorization code or the refresh token is good no more.
    #[error("IMS wants the user to sign in again ({0})")]
    SignInNeeded(Refusal),
    /// Ask a person to change the integration in the Developer Console, or the credentials here.
    #[error("IMS refused the integration ({0})")]
    IntegrationRefused(Refusal),
    /// Ask a person to change the way to IMS: trying again will not help.
    #[error("IMS cannot be reached in this way")]
    Unreachable(#[source] TransportError),
    /// Report it: IMS gave the token a lifetime that no token has.
    #[error("IMS answered with an impossible expires_in, {value} {unit}")]
    ImpossibleLifetime {
        /// The number in the answer.
        value: i64,
        /// The unit of this endpoint.
        unit: &'static str,
    },
    /// Report it: nobody expected this answer.
    #[error("IMS answered in a form that this version does not know ({0})")]
    Unrecognized(Refusal),
}

impl ExchangeError {
    /// Whether asking again, without anybody's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long IMS wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What IMS answered, if it answered with a refusal.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unavailable { refusal, .. } => refusal.as_ref(),
            Self::AssertionRefused(refusal)
            | Self::TokenRefused(refusal)
            | Self::SignInNeeded(refusal)
            | Self::IntegrationRefused(refusal)
            | Self::Unrecognized(refusal) => Some(refusal),
            Self::Unreachable(_) | Self::ImpossibleLifetime { .. } => None,
        }
    }
}

impl From<TransportError> for ExchangeError {
    fn from(error: TransportError) -> Self {
        if error.is_transient() {
            Self::Unavailable { retry_after: None, refusal: None, source: Some(error) }
        } else {
            Self::Unreachable(error)
        }
    }
}
