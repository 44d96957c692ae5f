//! What a keeper reports about its work. Callers may not notice a refresh that fails or a store that is bypassed, so
//! operators see it here.

mod log;
mod text;

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use ims_claims::{ClientId, NumericDate};
use ims_exchange::AccessToken;

use crate::{clock::Reading, fetch_error::FetchError, store::StoreError};

/// An event of a keeper.
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
    /// A refresh obtained a token.
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
    /// A refresh obtained no token; the old one is still held.
    RefreshFailed {
        /// Why it began.
        reason: RefreshReason,
        /// The error of the last attempt.
        error: FetchError,
        /// How long it took.
        took: Duration,
        /// How long no request is sent to IMS now.
        retry_after: Duration,
    },
    /// Another process refreshes already, and the present token is used meanwhile.
    LeftToAnother,
    /// The store did not do what it should, and the refresh continues without it.
    StoreFailed {
        /// The operation that failed.
        operation: StoreOperation,
        /// What it met.
        error: StoreError,
    },
    /// An API rejected the token, and the keeper will replace it.
    Rejected {
        /// The token.
        token: AccessToken,
    },
    /// IMS refused the first client secret or key of the credentials and accepted another: remove the first, since each
    /// start of the program tries it again.
    OtherAccepted {
        /// Whether it was a client secret or a key.
        kind: Alternative,
    },
    /// The credential that tokens are obtained with expires soon or has expired. Reported at a refresh, once a day.
    CredentialEndsSoon {
        /// When it ends.
        ends_at: NumericDate,
        /// How long that is from now; zero if it has expired.
        remaining: Duration,
    },
}

/// Why a refresh began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshReason {
    /// No token was held.
    Empty,
    /// The token would expire soon.
    Advisory,
    /// The token was about to expire.
    Mandatory,
    /// The token had expired.
    Expired,
    /// An API had rejected the token.
    Rejected,
    /// A caller asked for a new token, or for one that is valid for longer.
    Asked,
}

/// A part that credentials may have twice, so that one can be replaced without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alternative {
    /// The client secret.
    ClientSecret,
    /// The private key with its certificate.
    Key,
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

/// The operation of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOperation {
    /// [`TokenStore::load`](crate::TokenStore::load)
    Load,
    /// [`TokenStore::save`](crate::TokenStore::save)
    Save,
    /// [`TokenStore::load_not_before`](crate::TokenStore::load_not_before)
    LoadNotBefore,
    /// [`TokenStore::save_not_before`](crate::TokenStore::save_not_before)
    SaveNotBefore,
    /// [`TokenStore::lease`](crate::TokenStore::lease)
    Lease,
    /// [`TokenStore::renew`](crate::TokenStore::renew)
    Renew,
    /// [`TokenStore::release`](crate::TokenStore::release)
    Release,
}

impl RefreshReason {
    /// The reason as a word, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Advisory => "advisory",
            Self::Mandatory => "mandatory",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Asked => "asked",
        }
    }
}

impl Alternative {
    /// Its name within a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecret => "client secret",
            Self::Key => "key",
        }
    }
}

impl Origin {
    /// The origin as a word, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Store => "store",
        }
    }
}

impl StoreOperation {
    /// The operation as a word, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Save => "save",
            Self::LoadNotBefore => "load_not_before",
            Self::SaveNotBefore => "save_not_before",
            Self::Lease => "lease",
            Self::Renew => "renew",
            Self::Release => "release",
        }
    }
}

/// The program's own function for events, if there is one: for a keeper and for a source of tokens that reports events
/// too. Cheap to clone; clones call the same function.
///
/// ```
/// use ims_token::{Alternative, Event, Observer};
///
/// let observer = Observer::new(|event| println!("{event:?}"));
/// let event = Event::OtherAccepted { kind: Alternative::Key };
/// observer.report(&"my-client".parse()?, &event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Observe>>);

type Observe = dyn Fn(&Event) + Send + Sync;

impl Observer {
    /// Calls `observe` with each event. It should be quick.
    pub fn new(observe: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    /// Reports an event of `client_id` to the log and to the function. A function that panics has no effect on others.
    ///
    /// A keeper reports its events itself; this is for those of a source of tokens.
    pub fn report(&self, client_id: &ClientId, event: &Event) {
        self.report_text(client_id.as_str(), event);
    }

    pub(crate) fn report_text(&self, client_id: &str, event: &Event) {
        event.log(client_id);
        if let Some(observe) = &self.0 {
            let observed = std::panic::catch_unwind(AssertUnwindSafe(|| observe(event)));
            if observed.is_err() {
                Self::log_panic(client_id);
            }
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer({})", if self.0.is_some() { "some" } else { "none" })
    }
}

/// The end of a credential.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CredentialEnd {
    pub(crate) ends_at: NumericDate,
    /// How long before the end the warnings begin.
    pub(crate) margin: Duration,
}

/// When the last warning was, by the monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastWarning(Option<Duration>);

impl CredentialEnd {
    /// The warning at `now`, if one is due: none before the margin, and none within a day of `last`.
    pub(crate) fn warning(self, last: &mut LastWarning, now: Reading) -> Option<Event> {
        let remaining = self.ends_at.since(now.wall);
        let is_too_early = last.0.is_some_and(|at| now.monotonic < at.saturating_add(ONCE_IN));
        if is_too_early || self.margin < remaining {
            return None;
        }
        *last = LastWarning(Some(now.monotonic));
        Some(Event::CredentialEndsSoon { ends_at: self.ends_at, remaining })
    }
}

/// Less than a day, since tokens of 24 hours are refreshed an hour before they expire.
const ONCE_IN: Duration = Duration::from_hours(22);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    #[test]
    fn the_end_of_a_credential_is_reported_from_the_margin_on_and_once_a_day() {
        let hours = Duration::from_hours;
        let end = CredentialEnd { ends_at: NumericDate::from_secs(100 * 3_600), margin: hours(50) };
        let mut last = LastWarning::default();
        #[rustfmt::skip]
        let table = [
            // at hour  what remains of it, if that is reported
            (0,         None),
            (49,        None),
            (50,        Some(50)),
            (51,        None),
            (71,        None),
            (73,        Some(27)),
            (96,        Some(4)),
            (99,        None),
            (119,       Some(0)),
            (999,       Some(0)),
        ];
        for (hour, reported) in table {
            let wall = NumericDate::from_secs(0).plus(hours(hour));
            let now = Reading { wall, monotonic: Duration::from_secs(7 + hour * HOUR) };
            let remaining = end.warning(&mut last, now).map(|event| match event {
                Event::CredentialEndsSoon { remaining, .. } => remaining,
                other => panic!("{other:?}"),
            });
            assert_eq!(remaining, reported.map(hours), "at hour {hour}");
        }
    }
}
