//! The errors of verification. No error repeats a byte of the token: it may be valid somewhere else.

use ims_claims::{ClaimsError, JwtError, NumericDate};
use ims_exchange::{ExchangeError, Scope};
use ims_sign::{KeyError, VerifyError};

/// A token that is not verified. With any of these errors, the caller must not get access.
///
/// ```
/// use ims_verify::{Fault, NotVerified};
///
/// /// The status for a caller (RFC 6750 §3.1).
/// fn status(error: &NotVerified) -> u16 {
///     match error {
///         NotVerified::Bad(Fault::ScopeMissing { .. }) => 403,
///         NotVerified::Bad(_) | NotVerified::KeyNotPublished => 401,
///         _ => 503,
///     }
/// }
/// assert_eq!(status(&NotVerified::KeyNotPublished), 401);
/// assert!(!NotVerified::KeyNotPublished.is_transient());
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum NotVerified {
    /// Refuse the token.
    #[error("the token is bad")]
    Bad(#[source] Fault),
    /// Refuse the token, or ask IMS about it: it names a key that IMS does not publish, so its signature proves nothing.
    /// Anyone can make such a token.
    #[error("the token names a key that IMS does not publish")]
    KeyNotPublished,
    /// Say that the result is unknown, for example by HTTP 503: IMS was needed and gave no answer.
    #[error("IMS did not say what is needed to verify the token")]
    Unavailable(#[source] ExchangeError),
    /// Say that the result is unknown, and report it: IMS published something that is not a set of keys for access tokens.
    #[error("the keys that IMS published cannot be used")]
    KeysUnusable(#[source] KeyError),
}

impl NotVerified {
    /// Whether the same token can be verified later, without anyone's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.is_transient())
    }

    /// A name of the cause for programs, such as `token_expired`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::Bad(fault) => fault.reason_name(),
            Self::KeyNotPublished => "key_not_published",
            Self::Unavailable(error) => error.reason_name(),
            Self::KeysUnusable(_) => "published_keys_unusable",
        }
    }

    /// What to do, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Bad(fault) => fault.hint().map(str::to_owned),
            Self::KeyNotPublished => Some(
                "refuse the token; if it should be valid, check that it is of this IMS, production or stage"
                    .to_owned(),
            ),
            Self::Unavailable(error) => error.hints().into_iter().next(),
            Self::KeysUnusable(_) => {
                Some("check the base URL: the keys there are not those of IMS".to_owned())
            }
        }
    }

    /// What is wrong with the token, if that is known.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Bad(fault) => Some(fault),
            Self::KeyNotPublished | Self::Unavailable(_) | Self::KeysUnusable(_) => None,
        }
    }
}

/// What is wrong with a token. The first rule that is broken is named; the signature comes before the claims.
///
/// ```
/// use ims_verify::Fault;
///
/// let fault = Fault::ClientNotAllowed;
/// println!("{}: {fault}", fault.reason_name());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Refuse it: it is not a JWT, as tokens of IMS are.
    #[error("it is not a JWT")]
    NotAJwt(#[source] JwtError),
    /// Refuse it: it is not signed by the key that it names, or not with RS256, the only algorithm that is accepted.
    #[error("its signature cannot be trusted")]
    Signature(#[source] VerifyError),
    /// Refuse it: a claim that every access token has is missing or has another form.
    #[error("its claims are not those of an access token of IMS")]
    Claims(#[source] ClaimsError),
    /// Refuse it: its `type` is another one, such as `refresh_token`, or it has none.
    #[error("its type is not access_token")]
    NotAnAccessToken,
    /// Refuse it: another IMS issued it, by its claim `as`, for example the stage.
    #[error("another IMS has issued it")]
    AnotherEnvironment,
    /// Refuse it, or correct this machine's clock: it was issued later than now.
    #[error("it was issued in the future (created_at {})", .created_at.as_secs())]
    FromTheFuture {
        /// When it was issued.
        created_at: NumericDate,
    },
    /// Refuse it; its holder has to get another one.
    #[error("it has expired ({})", .expired_at.as_secs())]
    Expired {
        /// When it expired.
        expired_at: NumericDate,
    },
    /// Refuse it: it was issued to a client that is not allowed here.
    #[error("its client is not allowed here")]
    ClientNotAllowed,
    /// Refuse the request (RFC 6750 §3.1, `insufficient_scope`, HTTP 403): the token is valid, but not for this.
    #[error("it lacks the scope {scope}")]
    ScopeMissing {
        /// The first of the required scopes that it lacks.
        scope: Scope,
    },
    /// Refuse it: IMS says that it is not valid, for example because it was invalidated.
    #[error("IMS says that it is not valid{}", .reason.as_ref().map(|it| format!(" ({it})")).unwrap_or_default())]
    RefusedByIms {
        /// The reason, in the words of IMS: at most 300 characters, without any part of the token.
        reason: Option<String>,
    },
}

impl Fault {
    /// A name of the cause for programs, such as `token_expired`. It does not change between versions.
    #[must_use]
    pub fn reason_name(&self) -> &'static str {
        match self {
            Self::NotAJwt(_) => "token_malformed",
            Self::Signature(_) => "signature_invalid",
            Self::Claims(_) => "claims_invalid",
            Self::NotAnAccessToken => "not_an_access_token",
            Self::AnotherEnvironment => "another_environment",
            Self::FromTheFuture { .. } => "issued_in_the_future",
            Self::Expired { .. } => "token_expired",
            Self::ClientNotAllowed => "client_not_allowed",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::RefusedByIms { .. } => "token_refused",
        }
    }

    /// What to do, if there is more to do than to refuse the token.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let hint = match self {
            Self::NotAJwt(_) | Self::NotAnAccessToken => {
                "send the access token that IMS gave, without quotes or line breaks"
            }
            Self::AnotherEnvironment => {
                "obtain the token from the IMS that is asked here, production or stage"
            }
            Self::FromTheFuture { .. } => "set the clock of this machine",
            Self::Expired { .. } | Self::RefusedByIms { .. } => "obtain a new access token",
            Self::ClientNotAllowed => {
                "add the client id to those that are allowed here, or obtain the token with another client"
            }
            Self::ScopeMissing { .. } => {
                "add the scope to the credential, and obtain a new access token"
            }
            Self::Signature(_) | Self::Claims(_) => return None,
        };
        Some(hint)
    }
}

impl From<Fault> for NotVerified {
    fn from(fault: Fault) -> Self {
        Self::Bad(fault)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ims_exchange::TransportError;

    use super::*;

    #[test]
    fn each_fault_has_a_name_for_programs_and_most_say_what_to_do() {
        let time = NumericDate::from_secs(1_550_001_138);
        let scope: Scope = "openid".parse().unwrap();
        #[rustfmt::skip]
        let table = [
            (Fault::NotAJwt(JwtError::TooLong),               "token_malformed",      Some("without quotes or line breaks")),
            (Fault::Signature(VerifyError::Signature),        "signature_invalid",    None),
            (Fault::Claims(ClaimsError::Missing { claim: "client_id" }), "claims_invalid", None),
            (Fault::NotAnAccessToken,                         "not_an_access_token",  Some("without quotes or line breaks")),
            (Fault::AnotherEnvironment,                       "another_environment",  Some("production or stage")),
            (Fault::FromTheFuture { created_at: time },       "issued_in_the_future", Some("set the clock")),
            (Fault::Expired { expired_at: time },             "token_expired",        Some("a new access token")),
            (Fault::ClientNotAllowed,                         "client_not_allowed",   Some("add the client id")),
            (Fault::ScopeMissing { scope },                   "scope_missing",        Some("add the scope")),
            (Fault::RefusedByIms { reason: None },            "token_refused",        Some("a new access token")),
        ];
        for (fault, name, hint) in table {
            assert_eq!(fault.reason_name(), name);
            match (fault.hint(), hint) {
                (Some(said), Some(part)) => assert!(said.contains(part), "{name}: {said}"),
                (said, part) => assert_eq!(said, part, "{name}"),
            }
            let error = NotVerified::from(fault.clone());
            assert_eq!(error.reason_name(), name);
            assert_eq!(error.hint().as_deref(), fault.hint(), "{name}");
            assert_eq!(error.fault(), Some(&fault));
            assert!(!error.is_transient(), "{name}");
        }
    }

    #[test]
    fn what_is_no_fault_of_the_token_has_a_name_and_says_what_to_do_too() {
        #[rustfmt::skip]
        let table = [
            (NotVerified::KeyNotPublished, "key_not_published", "production or stage"),
            (NotVerified::KeysUnusable(KeyError::NoVerificationKey), "published_keys_unusable", "base URL"),
        ];
        for (error, name, part) in table {
            assert_eq!(error.reason_name(), name);
            assert!(error.hint().unwrap().contains(part), "{name}: {:?}", error.hint());
            assert_eq!(error.fault(), None, "{name}");
            assert!(!error.is_transient(), "{name}");
        }
        let no_answer = TransportError::Timeout { timeout: Duration::from_secs(10) };
        let error = NotVerified::Unavailable(no_answer.clone().into());
        assert_eq!(error.reason_name(), "no_answer");
        assert_eq!(error.hint(), no_answer.hint());
        assert!(error.hint().is_some_and(|hint| !hint.is_empty()));
        assert_eq!(error.fault(), None);
        assert!(error.is_transient());
    }
}
