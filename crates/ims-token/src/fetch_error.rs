//! Why a source has no token, sorted by what can help.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use ims_claims::ErrorLine;
use ims_exchange::{ExchangeError, Refusal, TransportError};

/// The longest that a `Retry-After` is honoured.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Why a source has no token. A clone shares it, since all waiting callers get the same failure.
///
/// Its `Display` is the cause in one line, its `Debug` a report of several lines: what IMS says, what was found on this
/// machine, what to do.
///
/// ```
/// use std::time::Duration;
/// use ims_token::FetchError;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let busy = FetchError::transient("the vault is busy", Some(Duration::from_secs(5)));
/// assert!(busy.is_transient());
/// assert_eq!(busy.retry_after(), Some(Duration::from_secs(5)));
/// let gone = FetchError::permanent("the vault has no such entry").named("no_such_entry");
/// assert_eq!(gone.reason_name(), "no_such_entry");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FetchError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    remedy: Remedy,
    cause: Cause,
    /// The name that the source gave the cause, if it did.
    name: Option<&'static str>,
    evidence: Option<Evidence>,
}

#[derive(Clone)]
enum Cause {
    Exchange(ExchangeError),
    /// An error of a signer, of a store for refresh tokens, or of a source of someone else.
    Other(Arc<dyn Error + Send + Sync>),
}

/// What may help against a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Ask again later, and not before `retry_after` if IMS named a time.
    Wait {
        /// How long IMS asks to wait, at most [`LONGEST_RETRY_AFTER`].
        retry_after: Option<Duration>,
    },
    /// Ask again soon: nothing has reached IMS yet.
    Reconnect,
    /// Ask again, but only once while callers wait: the connection broke before the answer was complete.
    Resend,
    /// Ask again once with another assertion.
    SignAgain,
    /// Let the person sign in.
    SignIn,
    /// Ask a person to change the integration, the credentials, or the network between this machine and IMS.
    AskPerson,
    /// Change the program: what it asks for does not exist.
    FixCall,
}

/// Something found on this machine that explains a failure, such as a certificate that has expired.
///
/// ```
/// use ims_token::{Evidence, FetchError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let evidence = Evidence::new("the certificate expired 2 days ago")
///     .with_remedy("make a new one, and upload it");
/// let error = FetchError::permanent("IMS refused the integration").with_evidence(evidence);
/// assert_eq!(error.to_string(), "the certificate expired 2 days ago: IMS refused the integration");
/// assert_eq!(error.hints(), ["make a new one, and upload it"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    finding: String,
    remedy: Option<String>,
    /// Whether the finding names the cause more exactly than the answer of IMS. Then it replaces what is said about all
    /// refusals of that reason, and its remedy replaces their remedies.
    names_cause: bool,
}

impl Evidence {
    /// What was found, in one line.
    #[must_use]
    pub fn new(finding: impl Into<String>) -> Self {
        Self { finding: finding.into(), remedy: None, names_cause: false }
    }

    /// Says what to do about it, in one line.
    ///
    /// ```
    /// use ims_token::Evidence;
    ///
    /// let evidence = Evidence::new("the certificate expired 2 days ago").with_remedy("make a new one");
    /// assert_eq!(evidence.remedy(), Some("make a new one"));
    /// ```
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// What was found.
    #[must_use]
    pub fn finding(&self) -> &str {
        &self.finding
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl FetchError {
    /// Asking again later can help; if IMS named a time before which it must not be asked, `retry_after` is that time, at
    /// most [`LONGEST_RETRY_AFTER`].
    pub fn transient(
        source: impl Into<Box<dyn Error + Send + Sync>>,
        retry_after: Option<Duration>,
    ) -> Self {
        let retry_after = retry_after.map(|time| time.min(LONGEST_RETRY_AFTER));
        Self::other(Remedy::Wait { retry_after }, source)
    }

    /// Asking again soon can help, and nothing has reached IMS yet: the connection failed, or nothing was signed.
    ///
    /// ```
    /// use ims_token::FetchError;
    ///
    /// let error = FetchError::unsent("the vault cannot be reached");
    /// assert_eq!(error.to_string(), "the vault cannot be reached");
    /// ```
    pub fn unsent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::other(Remedy::Reconnect, source)
    }

    /// Asking again once with another assertion can help.
    ///
    /// ```
    /// use ims_token::FetchError;
    ///
    /// let error = FetchError::sign_again("the assertion has expired");
    /// assert_eq!(error.to_string(), "the assertion has expired");
    /// ```
    pub fn sign_again(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::other(Remedy::SignAgain, source)
    }

    /// A person has to sign in. The keeper still asks again, but rarely.
    ///
    /// ```
    /// use ims_token::FetchError;
    ///
    /// let error = FetchError::sign_in_needed("no one is signed in");
    /// assert_eq!(error.to_string(), "no one is signed in");
    /// ```
    pub fn sign_in_needed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::other(Remedy::SignIn, source)
    }

    /// Only a person can help. The keeper still asks again, but rarely: no failure is forever.
    pub fn permanent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::other(Remedy::AskPerson, source)
    }

    /// The program has to call differently: what it asks for does not exist.
    ///
    /// ```
    /// use ims_token::FetchError;
    ///
    /// let error = FetchError::fix_call("an API key alone has no token");
    /// assert_eq!(error.to_string(), "an API key alone has no token");
    /// ```
    pub fn fix_call(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::other(Remedy::FixCall, source)
    }

    fn other(remedy: Remedy, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(remedy, Cause::Other(source.into().into()))
    }

    fn new(remedy: Remedy, cause: Cause) -> Self {
        Self(Arc::new(Inner { remedy, cause, name: None, evidence: None }))
    }

    /// The same failure, with what was found on this machine.
    ///
    /// ```
    /// use ims_token::{Evidence, FetchError};
    ///
    /// let other = Evidence::new("the certificate is of another key")
    ///     .with_remedy("name the certificate of this key");
    /// let error = FetchError::permanent("IMS refused the assertion").with_evidence(other);
    /// println!("{error:?}");
    /// ```
    #[must_use]
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self(Arc::new(Inner { evidence: Some(evidence), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same failure; if IMS refused a scope or a metascope, the message says which of those that were `asked` for, and
    /// the hint is the one for exactly that.
    ///
    /// ```
    /// use ims_exchange::ExchangeError;
    /// use ims_token::FetchError;
    ///
    /// fn explain(error: ExchangeError) -> FetchError {
    ///     // Such as "the scope AdobeID is not granted to the credential".
    ///     FetchError::from(error).with_asked_scopes(["openid", "AdobeID"])
    /// }
    /// ```
    #[must_use]
    pub fn with_asked_scopes<'a>(self, asked: impl IntoIterator<Item = &'a str>) -> Self {
        let asked: Vec<&str> = asked.into_iter().collect();
        let Some(refusal) = self.refusal() else { return self };
        let Some(finding) = refusal.finding_about(&asked) else { return self };
        let remedy = refusal.causes().first().map(|cause| cause.remedy.to_owned());
        self.with_evidence(Evidence { finding, remedy, names_cause: true })
    }

    /// The same failure, with a name of its cause for programs: see [`reason_name`](Self::reason_name).
    ///
    /// ```
    /// use ims_token::FetchError;
    ///
    /// let error = FetchError::permanent("the vault has no entry of this name").named("no_such_entry");
    /// assert_eq!(error.reason_name(), "no_such_entry");
    /// assert_eq!(FetchError::permanent("no").reason_name(), "no_token");
    /// ```
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self(Arc::new(Inner { name: Some(name), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// A name of the cause for programs: the one that the source gave, that of the
    /// [request to IMS](ExchangeError::reason_name), or one that says what may help: `temporary_failure`, `throttled`,
    /// `sign_in_needed`, `no_token`.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        if let Some(name) = self.0.name {
            return name;
        }
        if let Some(error) = self.exchange_error() {
            return error.reason_name();
        }
        match self.0.remedy {
            Remedy::Wait { retry_after: Some(_) } => "throttled",
            Remedy::Wait { retry_after: None } | Remedy::Reconnect | Remedy::Resend => {
                "temporary_failure"
            }
            Remedy::SignIn => "sign_in_needed",
            Remedy::SignAgain | Remedy::AskPerson | Remedy::FixCall => "no_token",
        }
    }

    /// What may help.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        self.0.remedy
    }

    /// Whether asking again, without anyone's help, can succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.remedy, Remedy::Wait { .. } | Remedy::Reconnect | Remedy::Resend)
    }

    /// How long IMS asks to wait, at most [`LONGEST_RETRY_AFTER`].
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.remedy {
            Remedy::Wait { retry_after } => retry_after,
            _ => None,
        }
    }

    /// The error of the request to IMS, if one was made.
    #[must_use]
    pub fn exchange_error(&self) -> Option<&ExchangeError> {
        match &self.0.cause {
            Cause::Exchange(error) => Some(error),
            Cause::Other(_) => None,
        }
    }

    /// What IMS answered, if it refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        self.exchange_error().and_then(ExchangeError::refusal)
    }

    /// What was found on this machine that explains the failure.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_ref()
    }

    /// What to do, one line each, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(evidence) = self.evidence() {
            hints.extend(evidence.remedy.clone());
            if evidence.names_cause && !hints.is_empty() {
                return hints;
            }
        }
        match self.exchange_error() {
            Some(error) => {
                for hint in error.hints() {
                    // The remedy of what was found here may be one of those of the refusal.
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
            }
            None if self.remedy() == Remedy::SignIn => {
                hints.push("let the person sign in".to_owned());
            }
            None => {}
        }
        hints
    }

    /// The error that the source gave, for anyone who knows its type.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        match &self.0.cause {
            Cause::Exchange(error) => error,
            Cause::Other(error) => &**error,
        }
    }

    /// Writes the report that `Debug` shows.
    fn report(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", ErrorLine(self))?;
        if let Some(refusal) = self.refusal() {
            if let Some(description) = refusal.description() {
                write!(f, "\n  IMS says: {description}")?;
            }
            if let Some(debug_id) = refusal.debug_id() {
                write!(f, "\n  X-Debug-Id: {debug_id} (for Adobe's support)")?;
            }
        }
        for hint in self.hints() {
            write!(f, "\n  what to do: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.evidence(), self.refusal()) {
            (Some(evidence), Some(refusal)) if evidence.names_cause => {
                write!(
                    f,
                    "IMS refused the integration: {} ({}",
                    evidence.finding,
                    refusal.status()
                )?;
                if let Some(code) = refusal.code() {
                    write!(f, " {code}")?;
                }
                return f.write_str(")");
            }
            (Some(evidence), _) => write!(f, "{}: ", evidence.finding)?,
            (None, _) => {}
        }
        match &self.0.cause {
            Cause::Exchange(error) => fmt::Display::fmt(error, f),
            // The error of another crate may say less than its sources.
            Cause::Other(error) => write!(f, "{}", ErrorLine(&**error)),
        }
    }
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.report(f)
    }
}

impl Error for FetchError {
    /// The source of the cause that `Display` names.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Cause::Exchange(error) => error.source(),
            Cause::Other(_) => None,
        }
    }
}

impl From<ExchangeError> for FetchError {
    /// An answer that this version does not know is not asked for again at once: the same request would have the same answer,
    /// and each success that cannot be read costs a token.
    fn from(error: ExchangeError) -> Self {
        let remedy = match &error {
            ExchangeError::Unavailable {
                source: Some(TransportError::Connect { .. } | TransportError::Proxy(_)),
                ..
            } => Remedy::Reconnect,
            ExchangeError::Unavailable { source: Some(TransportError::Broken { .. }), .. } => {
                Remedy::Resend
            }
            // Once: a clock that is wrong makes every assertion wrong.
            ExchangeError::AssertionRefused(_) => Remedy::SignAgain,
            ExchangeError::SignInNeeded(_) => Remedy::SignIn,
            ExchangeError::IntegrationRefused(_)
            | ExchangeError::TokenRefused(_)
            | ExchangeError::Unreachable(_)
            | ExchangeError::Unrecognized(_)
            | ExchangeError::ImpossibleLifetime { .. } => Remedy::AskPerson,
            _ => {
                let retry_after = error.retry_after().map(|time| time.min(LONGEST_RETRY_AFTER));
                Remedy::Wait { retry_after }
            }
        };
        Self::new(remedy, Cause::Exchange(error))
    }
}

#[cfg(test)]
mod tests {
    use ims_claims::{
        Algorithm, Assertion, AssertionLifetime, ClientId, Environment, Metascope, NumericDate,
        ServiceAccount, Signature,
    };
    use ims_exchange::{
        Call, ClientCredentials, ClientSecret, JwtExchange, RefreshToken, Scope, TokenRefresh,
        testing::FakeTransport,
    };

    use super::*;

    #[test]
    fn each_exchange_error_keeps_its_text_and_is_sorted_by_what_may_help() {
        let io = || Arc::new(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        let timeout = TransportError::Timeout { timeout: Duration::from_secs(1) };
        let unavailable = |retry_after| ExchangeError::Unavailable {
            retry_after: Some(Duration::from_secs(retry_after)),
            refusal: None,
            source: None,
        };
        let wait = |retry_after| Remedy::Wait { retry_after };
        let proxy = |status| {
            let status = http::StatusCode::from_u16(status).unwrap();
            ims_exchange::ProxyRefusal::new("proxy.example:8080", status)
        };
        #[rustfmt::skip]
        let table = [
            (ExchangeError::from(timeout),                                     wait(None)),
            (unavailable(60),                                                  wait(Some(Duration::from_mins(1)))),
            (unavailable(u64::MAX),                                            wait(Some(LONGEST_RETRY_AFTER))),
            (ExchangeError::from(TransportError::Connect { source: io() }),    Remedy::Reconnect),
            (ExchangeError::from(TransportError::Broken { source: io() }),     Remedy::Resend),
            (ExchangeError::from(TransportError::Scheme),                      Remedy::AskPerson),
            (ExchangeError::from(TransportError::Proxy(proxy(403))),           Remedy::AskPerson),
            (ExchangeError::from(TransportError::Proxy(proxy(502))),           Remedy::Reconnect),
            (ExchangeError::ImpossibleLifetime { value: -1, unit: "seconds" }, Remedy::AskPerson),
        ];
        for (error, remedy) in table {
            let is_transient = error.is_transient();
            let text = error.to_string();
            let fetch_error = FetchError::from(error);
            assert_eq!(fetch_error.to_string(), text);
            assert_eq!(fetch_error.remedy(), remedy, "{text}");
            assert_eq!(fetch_error.is_transient(), is_transient, "{text}");
            assert!(fetch_error.exchange_error().is_some(), "{text}");
        }
    }

    /// An error as the answer to `call` has it.
    #[track_caller]
    fn refused(call: &impl Call, error: &str, description: &str) -> FetchError {
        let body = format!(r#"{{"error":"{error}","error_description":"{description}"}}"#);
        let answer = FakeTransport::answer(400, &body);
        match call.answer(&answer, NumericDate::from_secs(0)) {
            Err(error) => FetchError::from(error),
            Ok(_) => panic!("no refusal"),
        }
    }

    #[test]
    fn each_kind_of_grant_is_refused_with_what_may_help_and_with_what_ims_said() {
        let client_id: ClientId = "client".parse().unwrap();
        let secret = ClientSecret::new("s".to_owned());
        let refresh_token = RefreshToken::try_from("r".to_owned()).unwrap();
        let account = ServiceAccount::new(
            client_id.clone(),
            "A@AdobeOrg".parse().unwrap(),
            "B@techacct.adobe.com".parse().unwrap(),
            [Metascope::ENT_USER_SDK],
        );
        let now = NumericDate::from_secs(0);
        let lifetime = AssertionLifetime::default();
        let claims = account.unwrap().claims(&Environment::production(), now, lifetime);
        let input = claims.signing_input(Algorithm::Rs256);
        let assertion = Assertion::new(&input, &Signature::from_bytes(vec![0; 256]));

        let jwt = JwtExchange::new(&client_id, &secret, &assertion);
        let refresh = TokenRefresh::new(&client_id, &refresh_token);
        let scopes: [Scope; 0] = [];
        let client = ClientCredentials::new(&client_id, &secret, &scopes);
        #[rustfmt::skip]
        let table = [
            (refused(&jwt, "invalid_token", "JWT token has expired"),          Remedy::SignAgain, "assertion_expired"),
            (refused(&refresh, "invalid_grant", "no"),                         Remedy::SignIn,    "refresh_token_invalid"),
            (refused(&client, "invalid_client", "invalid client_secret parameter"), Remedy::AskPerson, "wrong_secret"),
        ];
        for (error, remedy, name) in table {
            assert_eq!((error.remedy(), error.reason_name()), (remedy, name), "{error}");
            assert!(!error.is_transient(), "{error}");
            let refusal = error.refusal().unwrap();
            assert_eq!((refusal.status(), refusal.reason().as_str()), (400, name), "{error}");
            assert!(!error.hints().is_empty(), "{error}");
            // The error of the call has the same text and the same sources.
            let retry_after = Duration::from_secs(7);
            let token_error = crate::TokenError::new(error.clone(), retry_after);
            assert_eq!(token_error.reason_name(), name);
            assert_eq!(token_error.to_string(), error.to_string());
            assert_eq!(token_error.retry_after(), Some(retry_after), "{error}");
            assert_eq!(token_error.hints(), error.hints());
            assert!(token_error.fetch_error().is_some() && token_error.exchange_error().is_some());
            assert_eq!(token_error.refusal().unwrap().status(), 400, "{error}");
            assert!(token_error.evidence().is_none(), "{error}");
            let with = error.with_evidence(Evidence::new("a finding"));
            let token_error = crate::TokenError::new(with, retry_after);
            assert_eq!(token_error.evidence().unwrap().finding(), "a finding");
        }
    }

    #[test]
    fn an_error_of_the_network_is_behind_the_error_and_not_said_twice() {
        let innermost = std::io::Error::other("the cable was pulled");
        let said = crate::StoreError::unavailable(innermost);
        let broken = TransportError::Broken { source: Arc::new(said) };
        let exchange_error = ExchangeError::from(broken);
        let expected = Some("the cable was pulled".to_owned());
        let error = FetchError::from(exchange_error);
        assert_eq!(error.source().map(ToString::to_string), expected);
        let error = crate::TokenError::new(error, Duration::ZERO);
        assert_eq!(error.source().map(ToString::to_string), expected);
        assert!(FetchError::permanent("no").source().is_none());
    }

    #[test]
    fn only_a_person_who_signs_in_helps_if_no_one_is_signed_in() {
        let needed = FetchError::sign_in_needed("no one is signed in");
        assert_eq!(needed.hints(), ["let the person sign in"]);
        assert!(FetchError::permanent("no").hints().is_empty());
    }

    #[test]
    fn only_a_transient_failure_carries_the_time_that_ims_asked_for_and_never_more_than_an_hour() {
        let minute = Some(Duration::from_mins(1));
        assert_eq!(FetchError::transient("later", minute).retry_after(), minute);
        let ages = Some(Duration::MAX);
        assert_eq!(FetchError::transient("later", ages).retry_after(), Some(LONGEST_RETRY_AFTER));
        assert_eq!(FetchError::sign_again("stale").retry_after(), None);
        assert_eq!(FetchError::permanent("no").retry_after(), None);
    }

    #[test]
    fn a_refused_scope_is_named_in_place_of_the_general_cause() {
        let (client_id, secret) = ("client".parse().unwrap(), ClientSecret::new("s".to_owned()));
        let scopes = ["openid".parse().unwrap(), "AdobeID".parse().unwrap()];
        let grant = ClientCredentials::new(&client_id, &secret, &scopes);
        let asked = || scopes.iter().map(Scope::as_str);
        let error = refused(&grant, "invalid_scope", "AdobeID");
        let general = error.hints();
        let without_remedy = error.clone();
        let error = error.with_asked_scopes(asked());
        assert_eq!(
            error.to_string(),
            "IMS refused the integration: the scope AdobeID is not granted to the credential (400 invalid_scope)"
        );
        assert_eq!(error.hints(), general[..1]);
        // Evidence comes before the refusal, and before the remedies for all refusals of its kind.
        let other = Evidence::new("the list of scopes is old").with_remedy("read it again");
        let error = without_remedy.with_evidence(other.clone());
        assert_eq!(
            (other.finding(), other.remedy()),
            ("the list of scopes is old", Some("read it again"))
        );
        assert!(error.to_string().starts_with("the list of scopes is old: IMS refused"), "{error}");
        assert_eq!(error.hints(), [&["read it again".to_owned()], &general[..]].concat());
        assert_eq!(Evidence::new("x").remedy(), None);
        // What names the cause replaces all that helps against its kind, if it says what helps.
        let exact = Evidence { names_cause: true, ..other };
        assert_eq!(
            refused(&grant, "invalid_scope", "AdobeID").with_evidence(exact).hints(),
            ["read it again"]
        );
        let silent = Evidence { names_cause: true, ..Evidence::new("x") };
        assert_eq!(
            refused(&grant, "invalid_scope", "AdobeID").with_evidence(silent).hints(),
            general
        );
        // A remedy that the refusal has, too, is named once.
        let same = Evidence::new("x").with_remedy(&general[0]);
        assert_eq!(
            refused(&grant, "invalid_scope", "AdobeID").with_evidence(same).hints(),
            general
        );
        for error in [refused(&grant, "invalid_client", "AdobeID"), FetchError::permanent("no")] {
            let text = error.to_string();
            assert_eq!(error.with_asked_scopes(asked()).to_string(), text);
        }
    }

    #[test]
    fn evidence_from_this_machine_comes_first_in_the_text_and_in_the_hints() {
        let evidence =
            || Evidence::new("the certificate expired 2 days ago").with_remedy("renew it");
        let error = FetchError::sign_again("IMS rejected the assertion").with_evidence(evidence());
        assert_eq!(
            error.to_string(),
            "the certificate expired 2 days ago: IMS rejected the assertion"
        );
        assert_eq!(error.hints(), ["renew it"]);
        assert_eq!(error.remedy(), Remedy::SignAgain);
        assert_eq!(
            format!("{error:?}"),
            "the certificate expired 2 days ago: IMS rejected the assertion\n  what to do: renew it"
        );
        // Also if the failure is shared.
        let shared = FetchError::permanent("no");
        let other = shared.clone().with_evidence(evidence());
        assert_eq!(other.to_string(), "the certificate expired 2 days ago: no");
        assert_eq!(other.remedy(), shared.remedy());
        assert!(shared.evidence().is_none());
        let refused = FetchError::from(ExchangeError::ImpossibleLifetime { value: 0, unit: "ms" });
        let explained = refused.clone().with_evidence(evidence());
        assert_eq!(explained.reason_name(), "impossible_lifetime");
        assert!(explained.exchange_error().is_some(), "what IMS answered is still known");
    }

    #[test]
    fn a_failure_has_the_name_that_its_source_gave_or_that_of_what_may_help() {
        let second = Some(Duration::from_secs(1));
        let timeout = TransportError::Timeout { timeout: Duration::from_secs(1) };
        #[rustfmt::skip]
        let table = [
            (FetchError::transient("later", second),                       "throttled"),
            (FetchError::transient("later", None),                         "temporary_failure"),
            (FetchError::unsent("no key"),                                 "temporary_failure"),
            (FetchError::sign_in_needed("no one"),                         "sign_in_needed"),
            (FetchError::permanent("no"),                                  "no_token"),
            (FetchError::fix_call("no"),                                   "no_token"),
            (FetchError::fix_call("no").named("own"),                      "own"),
            (FetchError::from(ExchangeError::from(timeout.clone())),       "no_answer"),
            (FetchError::from(ExchangeError::from(timeout)).named("own"),  "own"),
        ];
        for (error, name) in table {
            assert_eq!(error.reason_name(), name, "{error:?}");
        }
    }
}
