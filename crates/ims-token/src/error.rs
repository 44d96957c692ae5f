//! What a caller of the keeper can meet, sorted by what it can do.

use std::time::Duration;

use crate::{FetchError, source::Remedy};

/// A call that brought no token. A clone shares what is behind it, since one failure reaches all who wait.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Wait, then call again: the keeper asks IMS again after `retry_after` and not before.
    #[error("there is no access token for now")]
    Unavailable {
        /// How long the keeper leaves IMS alone.
        retry_after: Duration,
        /// What the last attempt met.
        source: FetchError,
    },
    /// Ask a person to change the integration or the credentials. The keeper asks IMS again after `retry_after`, so that
    /// it heals by itself once that is done.
    #[error("there is no access token, and a person must act")]
    Refused {
        /// How long the keeper leaves IMS alone.
        retry_after: Duration,
        /// What the last attempt met.
        source: FetchError,
    },
    /// Ask for less: a token that is new lives for no more than `lifetime`.
    #[error("a new access token lives for {} s, and {} s were asked for", .lifetime.as_secs(), .asked.as_secs())]
    LivesTooShort {
        /// What was asked for.
        asked: Duration,
        /// How long the newest token has to live.
        lifetime: Duration,
    },
    /// Call from within a tokio runtime: a refresh has to run somewhere.
    #[error("a token can be obtained within a tokio runtime only")]
    NoRuntime,
}

impl TokenError {
    pub(crate) fn new(source: FetchError, retry_after: Duration) -> Self {
        match source.remedy() {
            Remedy::Wait { .. } | Remedy::Reconnect => Self::Unavailable { retry_after, source },
            Remedy::SignAnew | Remedy::Person => Self::Refused { retry_after, source },
        }
    }

    /// Whether to call again later, without anybody's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long to wait before to call again makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::Refused { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::LivesTooShort { .. } | Self::NoRuntime => None,
        }
    }
}
