//! Where tokens come from: one exchange, as the keeper sees it, and what may come of it.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use ims_exchange::{AccessToken, ExchangeError, TransportError};

/// Obtains one new access token each time it is asked: it signs a fresh assertion if there is one, sends one request, and
/// retries nothing. Cheap to clone.
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

    pub(crate) fn fetch(&self) -> Fetching {
        (self.0)()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}

/// Why a source had no token, sorted by what the keeper may do. Its `source()` is the error that was given, so whoever
/// knows the type can look at it. A clone shares it, since one failure reaches all who wait.
#[derive(Debug, Clone)]
pub struct FetchError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    remedy: Remedy,
    source: Box<dyn Error + Send + Sync>,
}

/// What may help against a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    Wait { retry_after: Option<Duration> },
    Reconnect,
    SignAnew,
    Person,
}

impl FetchError {
    /// To ask again later can help; if IMS named a time before which it must not be asked, `retry_after` is it.
    pub fn transient(
        source: impl Into<Box<dyn Error + Send + Sync>>,
        retry_after: Option<Duration>,
    ) -> Self {
        Self::new(Remedy::Wait { retry_after }, source.into())
    }

    /// To ask again soon can help, and nothing has reached IMS yet: no connection came about, or nothing was signed.
    pub fn unsent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Remedy::Reconnect, source.into())
    }

    /// To ask again at once with a fresh assertion can help, but only once.
    pub fn sign_anew(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Remedy::SignAnew, source.into())
    }

    /// Only a person can help. The keeper still asks again, but seldom: no failure is for ever.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Remedy::Person, source.into())
    }

    fn new(remedy: Remedy, source: Box<dyn Error + Send + Sync>) -> Self {
        Self(Arc::new(Inner { remedy, source }))
    }

    /// Whether to ask again, without anybody's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.remedy, Remedy::Wait { .. } | Remedy::Reconnect)
    }

    /// How long IMS wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.remedy {
            Remedy::Wait { retry_after } => retry_after,
            Remedy::Reconnect | Remedy::SignAnew | Remedy::Person => None,
        }
    }

    pub(crate) fn remedy(&self) -> Remedy {
        self.0.remedy
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.remedy {
            Remedy::Wait { .. } | Remedy::Reconnect => "no token can be had for now",
            Remedy::SignAnew => "the assertion was not taken",
            Remedy::Person => "no token can be had until somebody helps",
        })
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0.source)
    }
}

impl From<ExchangeError> for FetchError {
    /// An answer that nobody knows counts as transient: it is more often a proxy in trouble than a verdict of IMS.
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Unavailable { source: Some(TransportError::Connect { .. }), .. } => {
                Self::unsent(error)
            }
            ExchangeError::AssertionRefused(_) => Self::sign_anew(error),
            ExchangeError::IntegrationRefused(_)
            | ExchangeError::TokenRefused(_)
            | ExchangeError::SignInNeeded(_)
            | ExchangeError::Unreachable(_)
            | ExchangeError::ImpossibleLifetime { .. } => Self::permanent(error),
            _ => {
                let retry_after = error.retry_after();
                Self::transient(error, retry_after)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_exchange::TransportError;

    #[test]
    fn an_error_of_the_exchange_says_what_the_keeper_may_do_and_stays_readable() {
        let timeout = TransportError::Timeout { timeout: Duration::from_secs(1) };
        #[rustfmt::skip]
        let table = [
            (ExchangeError::from(timeout),                                                "no token can be had for now"),
            (ExchangeError::from(TransportError::Scheme),                                 "no token can be had until somebody helps"),
            (ExchangeError::ImpossibleLifetime { value: -1, unit: "seconds" },            "no token can be had until somebody helps"),
        ];
        for (error, said) in table {
            let is_transient = error.is_transient();
            let fetch_error = FetchError::from(error);
            assert_eq!(fetch_error.to_string(), said);
            assert_eq!(fetch_error.is_transient(), is_transient);
            assert!(fetch_error.source().is_some_and(<dyn Error>::is::<ExchangeError>));
        }
    }

    #[test]
    fn only_a_transient_failure_carries_the_time_that_ims_asked_for() {
        let minute = Some(Duration::from_mins(1));
        assert_eq!(FetchError::transient("later", minute).retry_after(), minute);
        assert_eq!(FetchError::sign_anew("stale").retry_after(), None);
        assert_eq!(FetchError::permanent("no").retry_after(), None);
    }
}
