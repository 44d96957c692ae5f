//! The error of a request for which there is no token.

use std::{error::Error, fmt};

use ims_token::TokenError;

/// Read in [`token_error`](Self::token_error) what to do: the request was not sent, since there is no token for it.
///
/// ```
/// use ims_middleware::NoToken;
///
/// fn report(error: &reqwest_middleware::Error) {
///     match NoToken::of(error) {
///         Some(no_token) => eprintln!("nothing was sent: {}", no_token.token_error()),
///         None => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct NoToken(TokenError);

impl NoToken {
    /// The cause of `error`, if a [`TokenMiddleware`](crate::TokenMiddleware) sent no request because there is no token.
    #[cfg(feature = "reqwest")]
    #[must_use]
    pub fn of(error: &reqwest_middleware::Error) -> Option<&Self> {
        match error {
            reqwest_middleware::Error::Middleware(error) => error.downcast_ref(),
            reqwest_middleware::Error::Reqwest(_) => None,
        }
    }

    /// Why there is no token.
    #[must_use]
    pub fn token_error(&self) -> &TokenError {
        &self.0
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request was not sent: {}", self.0)
    }
}

impl Error for NoToken {
    /// The source of the error that `Display` names.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<TokenError> for NoToken {
    fn from(error: TokenError) -> Self {
        Self(error)
    }
}
