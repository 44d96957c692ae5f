//! One report for every error: what is wrong, what IMS said, and what to do about it.

mod json;

use std::{fmt, time::Duration};

#[cfg(feature = "service-account")]
use ims_cert::CertError;
use ims_claims::{DurationText, ErrorLine};
#[cfg(feature = "contexts")]
use ims_credentials::ContextsError;
use ims_credentials::{CredentialsError, DiscoveryError, MigrationError, RefreshTokensError};
use ims_exchange::{ExchangeError, Refusal, TransportError, VariableError};
#[cfg(feature = "service-account")]
use ims_sign::{KeyError, SignError};
use ims_token::{FetchError, Remedy, StoreError, TokenError};
#[cfg(feature = "verify")]
use ims_verify::NotVerified;

/// What a person needs to know about an error: the cause, what IMS said, what was found on this machine, and what to do
/// about exactly this cause. `Report::from` makes it from a reference to any error of these crates.
///
/// Its `Display` has a few lines, the cause first. The methods are for programs that show the parts in their own way, or
/// decide what to do. Nothing in it is secret.
///
/// ```
/// use ims::{Credentials, Report};
///
/// let json = r#"{ "client_id": "a", "client_secret": "", "scopes": ["openid"] }"#;
/// let error = Credentials::from_json(json).unwrap_err();
/// let report = Report::from(&error);
/// assert_eq!(report.reason(), "secret_malformed");
/// assert!(report.needs_person() && !report.is_transient());
/// println!("{report}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report(Box<Contents>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Contents {
    reason: &'static str,
    message: String,
    ims: Option<ImsAnswer>,
    evidence: Option<String>,
    remedies: Vec<String>,
    retry_after: Option<Duration>,
    next: Next,
}

/// What IMS answered when it refused.
///
/// ```
/// use ims::ImsAnswer;
///
/// fn for_support(answer: &ImsAnswer) -> String {
///     let code = answer.code.as_deref().unwrap_or("no code");
///     format!("{code}, X-Debug-Id {}", answer.debug_id.as_deref().unwrap_or("none"))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImsAnswer {
    /// The HTTP status; `None` if the answer came through the browser, in the redirect of a sign-in.
    pub status: Option<u16>,
    /// The `error` of the answer (RFC 6749 §5.2).
    pub code: Option<String>,
    /// The `error_description` of the answer, without control characters and without anything that was sent.
    pub description: Option<String>,
    /// The header `X-Debug-Id`, by which Adobe's support finds the request.
    pub debug_id: Option<String>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Time will help.
    Wait,
    /// A person has to change something.
    Person,
    /// The program has to call differently.
    Program,
}

impl Next {
    fn wait_if(is_transient: bool) -> Self {
        if is_transient { Self::Wait } else { Self::Person }
    }
}

impl Report {
    pub(crate) fn new(reason: &'static str, message: impl fmt::Display, next: Next) -> Self {
        Self(Box::new(Contents {
            reason,
            message: message.to_string(),
            ims: None,
            evidence: None,
            remedies: Vec::new(),
            retry_after: None,
            next,
        }))
    }

    pub(crate) fn with_remedies(
        mut self,
        remedies: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.0.remedies.extend(remedies.into_iter().map(Into::into));
        self
    }

    #[cfg(feature = "sign-in")]
    pub(crate) fn with_ims(mut self, ims: Option<ImsAnswer>) -> Self {
        self.0.ims = ims;
        self
    }

    /// A name of the cause for programs, such as `wrong_secret` or `no_connection`. It does not change between versions. For
    /// a refusal of IMS it is that of its [`Reason`](ims_exchange::Reason).
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// The cause in one line, without capital or full stop. The causes that were found on this machine come first.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What IMS answered, if it refused.
    #[must_use]
    pub fn ims(&self) -> Option<&ImsAnswer> {
        self.0.ims.as_ref()
    }

    /// What was found on this machine that explains the failure, such as a certificate that has expired.
    #[must_use]
    pub fn evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// What to do, one line each, the most likely first. The list is empty if nothing is known that helps.
    #[must_use]
    pub fn remedies(&self) -> &[String] {
        &self.0.remedies
    }

    /// How long to wait before it makes sense to try again; `None` if that is not known, or if waiting does not help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether trying again later, without anyone's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.next == Next::Wait
    }

    /// Whether a person has to act first. If neither this nor [`is_transient`](Self::is_transient), the program has to call
    /// differently.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        self.0.next == Next::Person
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(ims) = &self.0.ims {
            if let Some(description) = &ims.description {
                write!(f, "\n  IMS says: {description}")?;
            }
            if let Some(debug_id) = &ims.debug_id {
                write!(f, "\n  X-Debug-Id: {debug_id} (for Adobe's support)")?;
            }
        }
        for remedy in &self.0.remedies {
            write!(f, "\n  what to do: {remedy}")?;
        }
        if let Some(retry_after) = self.0.retry_after {
            write!(f, "\n  try again in: {}", DurationText(retry_after))?;
        }
        Ok(())
    }
}

impl From<&Refusal> for ImsAnswer {
    fn from(refusal: &Refusal) -> Self {
        Self {
            status: Some(refusal.status()),
            code: refusal.code().map(str::to_owned),
            description: refusal.description().map(str::to_owned),
            debug_id: refusal.debug_id().map(str::to_owned),
        }
    }
}

impl From<&TokenError> for Report {
    fn from(error: &TokenError) -> Self {
        let Some(fetch_error) = error.fetch_error() else {
            return Self::new(error.reason_name(), error, Next::Program);
        };
        let mut report = Self::from(fetch_error);
        // Only a person can end such a failure, so no time is given.
        let retry_after =
            error.retry_after().filter(|wait| error.is_transient() && !wait.is_zero());
        report.0.retry_after = retry_after;
        report
    }
}

impl From<&FetchError> for Report {
    fn from(error: &FetchError) -> Self {
        let mut report = match error.exchange_error() {
            // It knows what IMS answered, and whether waiting helps.
            Some(exchange_error) => Self::from(exchange_error),
            None if error.remedy() == Remedy::FixCall => Self::new("", "", Next::Program),
            None => Self::new("", "", Next::wait_if(error.is_transient())),
        };
        // A source may have given its failure a name that says more than the error of the exchange.
        report.0.reason = error.reason_name();
        report.0.message = error.to_string();
        report.0.evidence = error.evidence().map(|evidence| evidence.finding().to_owned());
        report.0.remedies = error.hints();
        report
    }
}

impl From<&ExchangeError> for Report {
    fn from(error: &ExchangeError) -> Self {
        let next = Next::wait_if(error.is_transient());
        let mut report = Self::new(error.reason_name(), error, next).with_remedies(error.hints());
        report.0.ims = error.refusal().map(ImsAnswer::from);
        report.0.retry_after = error.retry_after().filter(|wait| !wait.is_zero());
        report
    }
}

impl From<&TransportError> for Report {
    fn from(error: &TransportError) -> Self {
        let next = match error {
            TransportError::Scheme => Next::Program,
            _ => Next::wait_if(error.is_transient()),
        };
        Self::new(error.reason_name(), error, next).with_remedies(error.hint())
    }
}

/// Errors that say the name of the cause, what to do, and whether waiting helps.
macro_rules! report_of {
    ($($error:ty),+) => {
        $(impl From<&$error> for Report {
            fn from(error: &$error) -> Self {
                let next = Next::wait_if(error.is_transient());
                Self::new(error.reason_name(), error, next).with_remedies(error.hint())
            }
        })+
    };
}

report_of!(CredentialsError, DiscoveryError, MigrationError, RefreshTokensError, VariableError);
#[cfg(feature = "contexts")]
report_of!(ContextsError);
#[cfg(feature = "service-account")]
report_of!(KeyError);

#[cfg(feature = "service-account")]
impl From<&CertError> for Report {
    fn from(error: &CertError) -> Self {
        match error {
            CertError::Key(error) => error.into(),
            CertError::Signing(error) => error.into(),
            _ => Self::new(error.reason_name(), error, Next::wait_if(error.is_transient()))
                .with_remedies(error.hint()),
        }
    }
}

#[cfg(feature = "service-account")]
impl From<&SignError> for Report {
    fn from(error: &SignError) -> Self {
        let next = Next::wait_if(error.is_transient());
        Self::new(error.reason_name(), ErrorLine(error), next)
    }
}

#[cfg(feature = "verify")]
impl From<&NotVerified> for Report {
    fn from(error: &NotVerified) -> Self {
        if let NotVerified::Unavailable(error) = error {
            return error.into();
        }
        Self::new(error.reason_name(), ErrorLine(error), Next::Person).with_remedies(error.hint())
    }
}

impl From<&StoreError> for Report {
    fn from(error: &StoreError) -> Self {
        Self::new("store_failed", ErrorLine(error), Next::wait_if(error.is_transient()))
    }
}

#[cfg(test)]
mod tests;
