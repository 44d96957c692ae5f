//! The errors of the keeper, sorted by what the caller can do.

use std::{error::Error, fmt, time::Duration};

use ims_claims::DurationText;
use ims_exchange::{ExchangeError, Refusal};

use crate::fetch_error::{Evidence, FetchError, Remedy};

/// A call that got no token. Cheap to clone, since all waiting callers get the same failure.
///
/// Its `Display` is the cause in one line. Its `Debug` is a report of several lines, so that a program whose `main` returns
/// the error prints something that a person can act on.
///
/// ```
/// use std::time::Duration;
/// use ims_token::{FetchError, TokenError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn answer(error: &TokenError) -> (u16, Option<Duration>) {
/// match error {
///     TokenError::Unavailable { retry_after, .. } => (503, Some(*retry_after)),
///     TokenError::Refused { source, .. } => {
///         eprintln!("{source:?}"); // the cause, what IMS says, and what to do
///         (500, None)
///     }
///     _ => (500, None),
/// }
/// # }
/// # let source = FetchError::transient("busy", None);
/// # assert_eq!(answer(&TokenError::Unavailable { retry_after: Duration::ZERO, source }).0, 503);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum TokenError {
    /// Wait, then call again: the keeper asks IMS again after `retry_after` and not before.
    Unavailable {
        /// How long the keeper sends no request to IMS.
        retry_after: Duration,
        /// The error of the last attempt.
        source: FetchError,
    },
    /// Ask a person to change the integration or the credentials, or to sign in. The keeper asks IMS again after
    /// `retry_after`, so that nothing has to be restarted once that is done.
    Refused {
        /// How long the keeper sends no request to IMS.
        retry_after: Duration,
        /// The error of the last attempt.
        source: FetchError,
    },
    /// Ask for less: even a new token lives only for `lifetime`.
    LivesTooShort {
        /// What was asked for.
        asked: Duration,
        /// The lifetime of a new token.
        lifetime: Duration,
    },
    /// Call from within a tokio runtime: a refresh has to run somewhere.
    NoRuntime,
}

impl TokenError {
    pub(crate) fn new(source: FetchError, retry_after: Duration) -> Self {
        match source.remedy() {
            Remedy::Wait { .. } | Remedy::Reconnect | Remedy::Resend => {
                Self::Unavailable { retry_after, source }
            }
            Remedy::SignAgain | Remedy::SignIn | Remedy::AskPerson | Remedy::FixCall => {
                Self::Refused { retry_after, source }
            }
        }
    }

    /// Whether calling again later, without anyone's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// How long to wait before it makes sense to call again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::Refused { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::LivesTooShort { .. } | Self::NoRuntime => None,
        }
    }

    /// A name of the cause for programs, such as `wrong_secret`: that of the [`FetchError`] if there is one, otherwise
    /// `lives_too_short` or `no_runtime`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Unavailable { source, .. } | Self::Refused { source, .. } => source.reason_name(),
            Self::LivesTooShort { .. } => "lives_too_short",
            Self::NoRuntime => "no_runtime",
        }
    }

    /// The error of the last attempt to obtain a token, if there was one.
    #[must_use]
    pub fn fetch_error(&self) -> Option<&FetchError> {
        match self {
            Self::Unavailable { source, .. } | Self::Refused { source, .. } => Some(source),
            Self::LivesTooShort { .. } | Self::NoRuntime => None,
        }
    }

    /// The error of the request to IMS, if one was made.
    #[must_use]
    pub fn exchange_error(&self) -> Option<&ExchangeError> {
        self.fetch_error()?.exchange_error()
    }

    /// What IMS answered, if it refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.fetch_error()?.refusal()
    }

    /// What was found on this machine that explains the failure.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.fetch_error()?.evidence()
    }

    /// What to do, one line each, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unavailable { source, .. } | Self::Refused { source, .. } => source.hints(),
            Self::LivesTooShort { .. } | Self::NoRuntime => Vec::new(),
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { source, .. } | Self::Refused { source, .. } => {
                fmt::Display::fmt(source, f)
            }
            Self::LivesTooShort { asked, lifetime } => write!(
                f,
                "a new access token lives for {}, and {} was asked for",
                DurationText(*lifetime),
                DurationText(*asked)
            ),
            Self::NoRuntime => f.write_str("a token can be obtained only within a tokio runtime"),
        }
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, retry_after) = match self {
            Self::Unavailable { source, retry_after } | Self::Refused { source, retry_after } => {
                (source, retry_after)
            }
            Self::LivesTooShort { .. } | Self::NoRuntime => return fmt::Display::fmt(self, f),
        };
        fmt::Debug::fmt(source, f)?;
        // It lasts until a person acts, so no time is given.
        if self.is_transient() && !retry_after.is_zero() {
            write!(f, "\n  try again in: {}", DurationText(*retry_after))?;
        }
        Ok(())
    }
}

impl Error for TokenError {
    /// The source of the cause that `Display` names.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fetch_error()?.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_error_names_its_cause_in_one_line_and_reports_in_several() {
        let (busy, second) = (FetchError::transient("IMS is busy", None), Duration::from_secs(1));
        #[rustfmt::skip]
        let table = [
            (TokenError::new(busy, second * 3),                               "IMS is busy",      "IMS is busy\n  try again in: 3 s"),
            (TokenError::new(FetchError::unsent("no connection"), second / 2), "no connection",    "no connection\n  try again in: 500 ms"),
            (TokenError::new(FetchError::permanent("the key is wrong"), second), "the key is wrong", "the key is wrong"),
            (TokenError::NoRuntime, "a token can be obtained only within a tokio runtime", "a token can be obtained only within a tokio runtime"),
        ];
        for (error, display, report) in table {
            assert_eq!(error.to_string(), display);
            assert_eq!(format!("{error:?}"), report);
            assert!(error.source().is_none(), "{display}: the text is not said twice");
        }
    }
    #[test]
    fn what_the_keeper_itself_refuses_has_a_name_and_no_error_of_ims() {
        let (asked, lifetime) = (Duration::from_hours(2), Duration::from_hours(1));
        let too_short = TokenError::LivesTooShort { asked, lifetime };
        for (error, name) in [(too_short, "lives_too_short"), (TokenError::NoRuntime, "no_runtime")]
        {
            assert_eq!((error.reason_name(), error.is_transient()), (name, false));
            assert_eq!((error.retry_after(), error.hints()), (None, Vec::new()), "{name}");
            assert!(error.fetch_error().is_none() && error.exchange_error().is_none(), "{name}");
            assert!(error.refusal().is_none() && error.evidence().is_none(), "{name}");
        }
    }
}
