//! Why a sign-in failed.

use std::fmt;

use ims_credentials::RefreshTokensError;
use ims_exchange::{ExchangeError, IdTokenFault, RedirectError};

use crate::report::{ImsAnswer, Next, Report};

/// A sign-in that failed.
///
/// Its `Display` is the cause in one line, its `Debug` the [`Report`].
///
/// ```
/// use ims::{Report, SignInError};
///
/// # fn show(error: &SignInError) {
/// match error {
///     SignInError::NoRefreshToken => eprintln!("the sign-in lasts as long as its access token"),
///     error => eprintln!("{}", Report::from(error)),
/// }
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// See [`RedirectError`]: keep waiting, tell the person, or report it.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// See [`ExchangeError`]: IMS gave no tokens for the code.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Use none of the tokens, and report it: the ID token is not that of this sign-in.
    #[error("the ID token does not prove this sign-in: {0}")]
    IdToken(IdTokenFault),
    /// Ask for the scope `offline_access`: without it, the access token is all there is.
    #[error("IMS gave no refresh token: that requires the scope offline_access")]
    NoRefreshToken,
    /// Try another place.
    #[error(transparent)]
    NotKept(#[from] RefreshTokensError),
}

impl From<IdTokenFault> for SignInError {
    fn from(fault: IdTokenFault) -> Self {
        Self::IdToken(fault)
    }
}

impl fmt::Debug for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Report::from(self), f)
    }
}

impl From<&SignInError> for Report {
    fn from(error: &SignInError) -> Self {
        match error {
            SignInError::Redirect(error) => error.into(),
            SignInError::Exchange(error) => error.into(),
            SignInError::NotKept(error) => error.into(),
            SignInError::IdToken(_) => {
                let remedy = "sign in again; if it comes again, check the clock of this machine, and do not use the tokens";
                Self::new("id_token_wrong", error, Next::Person).with_remedies([remedy])
            }
            SignInError::NoRefreshToken => Self::new("no_refresh_token", error, Next::Person)
                .with_remedies(["ask for the scope offline_access, and add it to the credential"]),
        }
    }
}

impl From<&RedirectError> for Report {
    fn from(error: &RedirectError) -> Self {
        let next = if error.is_transient() { Next::Wait } else { Next::Person };
        let ims = match error {
            RedirectError::Refused { code, description } => Some(ImsAnswer {
                status: None,
                code: Some(code.clone()),
                description: description.clone(),
                debug_id: None,
            }),
            _ => None,
        };
        Self::new(error.reason(), error, next).with_remedies(error.remedy()).with_ims(ims)
    }
}
