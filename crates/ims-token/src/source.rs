//! Where tokens come from: an exchange for each token, or one token that the program has already.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{
    clock::{Clock, SharedClock},
    fetch_error::FetchError,
};

/// Obtains one new access token each time it is asked: it signs a new assertion if the grant needs one, sends one request,
/// and retries nothing. Cheap to clone.
///
/// ```
/// use ims_token::{FetchError, TokenSource};
///
/// let source = TokenSource::new(|| async {
///     // Ask a vault, a sidecar or IMS here.
///     Err(FetchError::unsent("the vault is sealed").named("vault_sealed"))
/// });
/// # let _ = source;
/// ```
#[derive(Clone)]
pub struct TokenSource(Arc<Fetch>);

type Fetch = dyn Fn() -> Fetching + Send + Sync;

pub(crate) type Fetching =
    Pin<Box<dyn Future<Output = Result<AccessToken, FetchError>> + Send + 'static>>;

impl TokenSource {
    /// Asks `fetch`, at most once at a time for each keeper.
    ///
    /// The token's `obtained_at` must be from before the request was sent. A future that never ends is dropped at the
    /// keeper's deadline.
    pub fn new<F, Fetched>(fetch: F) -> Self
    where
        F: Fn() -> Fetched + Send + Sync + 'static,
        Fetched: Future<Output = Result<AccessToken, FetchError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(fetch())))
    }

    /// Gives `token` once, as long as it has not expired by `clock`. If the keeper asks again, because an API rejected
    /// the token or a caller asks for a newer one, it gets [`ReadyTokenError`] as the [cause](FetchError::cause).
    ///
    /// ```
    /// use ims_exchange::AccessToken;
    /// use ims_token::{SharedClock, SystemClock, TokenKeeper, TokenSource};
    ///
    /// // A token that someone else has obtained.
    /// fn keeper(token: AccessToken) -> TokenKeeper {
    ///     let clock = SharedClock::new(SystemClock);
    ///     TokenKeeper::new(TokenSource::of_token(token, clock.clone()), clock)
    /// }
    /// ```
    #[must_use]
    pub fn of_token(token: AccessToken, clock: SharedClock) -> Self {
        let was_given = AtomicBool::new(false);
        Self(Arc::new(move || {
            let obtained = ready(&token, &clock, &was_given);
            Box::pin(std::future::ready(obtained.map_err(FetchError::permanent)))
        }))
    }

    pub(crate) fn fetch(&self) -> Fetching {
        (self.0)()
    }
}

fn ready(
    token: &AccessToken,
    clock: &SharedClock,
    was_given: &AtomicBool,
) -> Result<AccessToken, ReadyTokenError> {
    let ends_at = token.expires_at();
    if ends_at <= clock.now() {
        return Err(ReadyTokenError::Ended { ends_at });
    }
    // Relaxed: the flag protects no other data.
    if was_given.swap(true, Ordering::Relaxed) {
        return Err(ReadyTokenError::NotRenewable { ends_at });
    }
    Ok(token.clone())
}

/// Why there is no new token in place of the given one: see [`TokenSource::of_token`].
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_token::ReadyTokenError;
///
/// let error = ReadyTokenError::Ended { ends_at: NumericDate::from_secs(1_800_000_000) };
/// assert_eq!(
///     error.to_string(),
///     "the access token expired at 2027-01-15T08:00:00Z, and there are no credentials that could get another"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadyTokenError {
    /// Get a new token from where you got this one.
    #[error(
        "the access token expired at {ends_at}, and there are no credentials that could get another"
    )]
    Ended {
        /// When it ended.
        ends_at: NumericDate,
    },
    /// Use the token that was given, unless an API rejected it; get a newer one from where you got this one.
    #[error(
        "the access token, which expires at {ends_at}, cannot be renewed: there are no credentials that could get another"
    )]
    NotRenewable {
        /// When it ends.
        ends_at: NumericDate,
    },
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::FakeClock;

    #[test]
    fn a_ready_token_is_given_once_and_not_from_its_end_on() {
        let now = NumericDate::from_secs(1_800_000_000);
        let hour = Duration::from_hours(1);
        let token = AccessToken::new("t".to_owned(), now, hour).unwrap();
        let ends_at = now.plus(hour);
        let second = Duration::from_secs(1);
        #[rustfmt::skip]
        let table = [
            (Duration::ZERO, Ok(())),
            (second * 3_599,  Ok(())),
            (hour,           Err(ReadyTokenError::Ended { ends_at })),
            (hour + second,  Err(ReadyTokenError::Ended { ends_at })),
        ];
        for (age, first) in table {
            let clock = SharedClock::new(FakeClock::new(now.plus(age)));
            let is_given = AtomicBool::new(false);
            let obtain = || ready(&token, &clock, &is_given).map(|_| ());
            assert_eq!(obtain(), first, "{age:?}");
            let second = first.and(Err(ReadyTokenError::NotRenewable { ends_at }));
            assert_eq!(obtain(), second, "{age:?}");
        }
    }
}
