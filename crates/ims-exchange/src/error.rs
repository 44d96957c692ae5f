//! Why a request to IMS failed, sorted by what the caller can do.

use std::time::Duration;

use crate::{
    refusal::{Refusal, reason::Reason},
    transport::TransportError,
};

/// A request to IMS that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Wait, at least for `retry_after` if IMS named it, then ask again, with a newly signed assertion.
    #[error("{}", unavailable(.refusal.as_ref(), .source.as_ref()))]
    Unavailable {
        /// How long to wait before the next request, if IMS said so.
        retry_after: Option<Duration>,
        /// What IMS answered, if it did.
        refusal: Option<Refusal>,
        /// What the network said, if IMS did not answer.
        source: Option<TransportError>,
    },
    /// Sign a new assertion and try once more, not more often.
    #[error("IMS rejected the assertion: {0}")]
    AssertionRefused(Refusal),
    /// Obtain a new access token and try once more, not more often: the one that was sent has expired or was revoked.
    #[error("IMS rejected the access token: {0}")]
    TokenRefused(Refusal),
    /// Let the user sign in again: the authorization code or the refresh token is no longer valid.
    #[error("the user has to sign in again: {0}")]
    SignInNeeded(Refusal),
    /// Ask a person to change the integration in the Developer Console, or the credentials here.
    #[error("IMS refused the integration: {0}")]
    IntegrationRefused(Refusal),
    /// Ask a person to change the way to IMS: trying again will not help.
    #[error("IMS cannot be reached: {0}")]
    Unreachable(#[source] TransportError),
    /// Report it: IMS gave the token a lifetime that no token has.
    #[error("IMS answered with an impossible expires_in, {value} {unit}")]
    ImpossibleLifetime {
        /// The number in the answer.
        value: i64,
        /// The unit of this endpoint.
        unit: &'static str,
    },
    /// Look at what answered: it was not IMS ([`Reason::NotIms`](crate::Reason::NotIms)); or report it: this version does not
    /// know the answer.
    #[error("{0}")]
    Unrecognized(Refusal),
}

impl ExchangeError {
    /// Whether asking again can succeed without a person's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long to wait before the next request, if IMS said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Why IMS refused, if it did.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.refusal().map(Refusal::reason)
    }

    /// What to do, one line each, the likeliest first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let causes = self.refusal().map_or(&[][..], Refusal::causes);
        if let [only] = causes {
            return vec![only.remedy.to_owned()];
        }
        causes.iter().map(|cause| format!("if {}: {}", cause.what, cause.remedy)).collect()
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

/// What the error says that asks to wait.
fn unavailable(refusal: Option<&Refusal>, source: Option<&TransportError>) -> String {
    match (refusal, source) {
        (Some(refusal), _) => format!("IMS is not available: {refusal}"),
        (None, Some(source)) => format!("IMS is not available: {source}"),
        (None, None) => "IMS is not available".to_owned(),
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
