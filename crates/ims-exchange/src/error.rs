//! Why a request to IMS failed, sorted by what the caller can do.

use std::{error::Error, fmt, time::Duration};

use ims_claims::DurationText;

use crate::{
    refusal::{
        Refusal,
        reason::{NEWER, Reason},
    },
    transport::TransportError,
};

/// A request to IMS that failed.
///
/// Its `Display` names the cause in one line. Its `Debug` is a report of several: what IMS said, and what to do.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::{Call, ClientCredentials, ClientSecret, Reason, testing::FakeTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let client_id = "my-client".parse()?;
/// # let client_secret = ClientSecret::new("p8e-…".to_owned());
/// # let scopes = ["openid".parse()?];
/// let grant = ClientCredentials::new(&client_id, &client_secret, &scopes);
/// let answer = FakeTransport::answer(401, r#"{"error":"invalid_client"}"#);
/// let error = grant.answer(&answer, NumericDate::from_secs(0)).unwrap_err();
/// assert_eq!(error.reason(), Some(Reason::WrongSecret));
/// assert!(!error.is_transient());
/// println!("{error:?}"); // the cause, what IMS says, and what to do
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Wait, at least for `retry_after` if IMS named it, then ask again, with a newly signed assertion.
    Unavailable {
        /// How long to wait before the next request, if IMS said so.
        retry_after: Option<Duration>,
        /// What IMS answered, if it did.
        refusal: Option<Refusal>,
        /// What the network said, if IMS did not answer.
        source: Option<TransportError>,
    },
    /// Sign a new assertion and try again, but only once.
    AssertionRefused(Refusal),
    /// Obtain a new access token and try again, but only once: the one that was sent has expired or was revoked.
    TokenRefused(Refusal),
    /// Let the user sign in again: the authorization code or the refresh token is no longer valid.
    SignInNeeded(Refusal),
    /// Ask a person to change the integration in the Developer Console, or the credentials here.
    IntegrationRefused(Refusal),
    /// Ask a person to change the network between this machine and IMS: trying again will not help.
    Unreachable(TransportError),
    /// Report it: IMS gave the token an impossible lifetime.
    ImpossibleLifetime {
        /// The number in the answer.
        value: i64,
        /// The unit of this endpoint.
        unit: &'static str,
    },
    /// Find out what answered if it was not IMS ([`Reason::NotIms`](crate::Reason::NotIms)). Otherwise report it: this
    /// version does not know the answer.
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

    /// A name of the cause for programs: that of the [`Reason`] of a refusal, that of the
    /// [`TransportError`](crate::TransportError), or `impossible_lifetime`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        if let Some(reason) = self.reason() {
            return reason.as_str();
        }
        match self {
            Self::Unreachable(source) | Self::Unavailable { source: Some(source), .. } => {
                source.reason_name()
            }
            Self::ImpossibleLifetime { .. } => "impossible_lifetime",
            _ => Reason::TemporaryFailure.as_str(),
        }
    }

    /// What to do, one line each, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        if let Self::Unreachable(source) | Self::Unavailable { source: Some(source), .. } = self {
            return source.hint().into_iter().collect();
        }
        if let Self::ImpossibleLifetime { .. } = self {
            return vec![NEWER.remedy.to_owned()];
        }
        let causes = self.refusal().map_or(&[][..], Refusal::causes);
        // With a single cause, its remedy needs no condition.
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

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { refusal: Some(refusal), .. } => {
                write!(f, "IMS is not available: {refusal}")
            }
            Self::Unavailable { source: Some(source), .. } => {
                write!(f, "IMS is not available: {source}")
            }
            Self::Unavailable { .. } => f.write_str("IMS is not available"),
            Self::AssertionRefused(refusal) => write!(f, "IMS rejected the assertion: {refusal}"),
            Self::TokenRefused(refusal) => write!(f, "IMS rejected the access token: {refusal}"),
            Self::SignInNeeded(refusal) => write!(f, "the user has to sign in again: {refusal}"),
            Self::IntegrationRefused(refusal) => {
                write!(f, "IMS refused the integration: {refusal}")
            }
            Self::Unreachable(source) => write!(f, "IMS cannot be reached: {source}"),
            Self::ImpossibleLifetime { value, unit } => {
                write!(f, "IMS answered with an impossible expires_in, {value} {unit}")
            }
            Self::Unrecognized(refusal) => write!(f, "{refusal}"),
        }
    }
}

impl fmt::Debug for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Some(refusal) = self.refusal() {
            refusal.write_details(f)?;
        }
        for hint in self.hints() {
            write!(f, "\n  what to do: {hint}")?;
        }
        if let Some(wait) = self.retry_after().filter(|wait| !wait.is_zero()) {
            write!(f, "\n  try again in: {}", DurationText(wait))?;
        }
        Ok(())
    }
}

impl Error for ExchangeError {
    /// The source of the cause that `Display` names.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable(source) | Self::Unavailable { source: Some(source), .. } => {
                source.source()
            }
            _ => None,
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

#[cfg(test)]
mod tests {
    use ims_claims::NumericDate;

    use super::*;
    use crate::{
        answer::{Sent, refused},
        message::Response,
        refusal::table::CredentialKind,
    };

    #[test]
    fn an_error_has_a_name_for_programs_with_and_without_an_answer_of_ims() {
        let unavailable =
            |source| ExchangeError::Unavailable { retry_after: None, refusal: None, source };
        let timeout = TransportError::Timeout { timeout: Duration::from_secs(1) };
        let sent = Sent::new(CredentialKind::Client, NumericDate::from_secs(0), &[]);
        let wrong_secret = refused(&Response::json(401, r#"{"error":"invalid_client"}"#), &sent);
        #[rustfmt::skip]
        let table = [
            (wrong_secret,                                                          "wrong_secret"),
            (unavailable(Some(timeout)),                                            "no_answer"),
            (unavailable(None),                                                     "temporary_failure"),
            (ExchangeError::Unreachable(TransportError::TooLong),                   "not_ims"),
            (ExchangeError::ImpossibleLifetime { value: 0, unit: "seconds" },       "impossible_lifetime"),
        ];
        for (error, name) in table {
            assert_eq!(error.reason_name(), name, "{error}");
            assert!(error.source().is_none(), "{error}");
        }
    }

    #[test]
    fn a_report_has_the_cause_what_ims_says_what_to_do_and_when() {
        let mut headers = http::HeaderMap::new();
        headers.insert("x-debug-id", http::HeaderValue::from_static("NcgQzKrz"));
        headers.insert("retry-after", http::HeaderValue::from_static("90"));
        let body = br#"{"error":"too_many","error_description":"Slow down"}"#.to_vec();
        let response = Response::new(http::StatusCode::TOO_MANY_REQUESTS, headers, body);
        let sent = Sent::new(CredentialKind::Client, NumericDate::from_secs(0), &[]);
        let report = format!("{:?}", refused(&response, &sent));
        let expected = "\
IMS is not available: too many tokens were asked for (429 too_many)
  IMS says: Slow down
  X-Debug-Id: NcgQzKrz (for Adobe's support)
  what to do: keep each token for as long as it lives, and share it between processes
  try again in: 1 min 30 s";
        assert_eq!(report, expected);
    }
}
