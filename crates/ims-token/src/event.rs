//! What a keeper tells of its work. No caller waits for any of it, so this is where an operator sees a refresh that
//! fails, and a store that is gone around.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{
    fetch_error::{FetchError, one_line},
    store::StoreError,
};

/// Something that a keeper did or met.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A refresh began.
    RefreshStarted {
        /// Why.
        reason: RefreshReason,
    },
    /// One request of a refresh failed, and another follows after `pause`.
    AttemptFailed {
        /// What it met.
        error: FetchError,
        /// How long the keeper waits.
        pause: Duration,
    },
    /// A refresh brought a token.
    Refreshed {
        /// Why it began.
        reason: RefreshReason,
        /// The token.
        token: AccessToken,
        /// Where it came from.
        origin: Origin,
        /// How long it took.
        took: Duration,
    },
    /// A refresh brought no token; the one that was held is still held.
    RefreshFailed {
        /// Why it began.
        reason: RefreshReason,
        /// What the last attempt met.
        error: FetchError,
        /// How long it took.
        took: Duration,
        /// How long IMS is left alone now.
        retry_after: Duration,
    },
    /// Another process refreshes already, and the token that is held will do meanwhile.
    LeftToAnother,
    /// The store did not do what it should, and the refresh goes on without it.
    StoreFailed {
        /// What it was to do.
        operation: StoreOperation,
        /// What it met.
        error: StoreError,
    },
    /// An API rejected the token, and the keeper took note.
    Rejected {
        /// The token.
        token: AccessToken,
    },
    /// The credential that tokens are obtained with ends soon or has ended. Told at a refresh, once a day.
    CredentialEndsSoon {
        /// When it ends.
        ends_at: NumericDate,
        /// How long that is from now; zero if it has ended.
        remaining: Duration,
    },
}

/// Why a refresh began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshReason {
    /// No token was held.
    Empty,
    /// The token would expire before long.
    Advisory,
    /// The token was about to expire.
    Mandatory,
    /// The token had expired.
    Expired,
    /// An API had rejected the token.
    Rejected,
    /// A caller wanted a new token, or one that lives longer.
    Asked,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// From IMS, by the [`TokenSource`](crate::TokenSource).
    Source,
    /// From the store: another process had obtained it.
    Store,
}

/// What a store was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOperation {
    /// [`TokenStore::load`](crate::TokenStore::load)
    Load,
    /// [`TokenStore::save`](crate::TokenStore::save)
    Save,
    /// [`TokenStore::lease`](crate::TokenStore::lease)
    Lease,
    /// [`TokenStore::release`](crate::TokenStore::release)
    Release,
}

/// Whoever wants to know.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Observe>>);

type Observe = dyn Fn(&Event) + Send + Sync;

impl Observer {
    pub(crate) fn new(observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    /// Tells the log and the observer. An observer that panics takes nobody with it.
    pub(crate) fn tell(&self, event: &Event) {
        log(event);
        if let Some(observe) = &self.0 {
            let told = std::panic::catch_unwind(AssertUnwindSafe(|| observe(event)));
            if told.is_err() {
                tracing::error!("the observer panicked");
            }
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer({})", if self.0.is_some() { "some" } else { "none" })
    }
}

fn log(event: &Event) {
    use tracing::{debug, info, warn};
    match event {
        Event::RefreshStarted { reason } => debug!(?reason, "refresh started"),
        Event::AttemptFailed { error, pause } => {
            warn!(error = one_line(error), ?pause, "attempt failed, another follows");
        }
        Event::Refreshed { reason, token, origin, took } => {
            let (lifetime, token) = (token.lifetime(), token.fingerprint());
            info!(?reason, ?origin, ?took, ?lifetime, token, "token refreshed");
        }
        Event::RefreshFailed { reason, error, took, retry_after } => {
            warn!(?reason, error = one_line(error), ?took, ?retry_after, "refresh failed");
        }
        Event::LeftToAnother => debug!("another process refreshes already"),
        Event::StoreFailed { operation, error } => {
            warn!(?operation, error = one_line(error), "the store failed and is gone around");
        }
        Event::Rejected { token } => info!(token = token.fingerprint(), "token rejected"),
        Event::CredentialEndsSoon { ends_at, remaining } => {
            warn!(ends_at = ends_at.as_secs(), ?remaining, "the credential ends soon");
        }
    }
}
