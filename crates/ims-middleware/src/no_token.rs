//! What a caller meets when there is no token.

use ims_token::TokenError;

/// Look at the source, a [`TokenError`], for what to do: the request was not sent, since there is no token for it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the request was not sent")]
pub struct NoToken(#[from] TokenError);

impl NoToken {
    /// Why there is no token.
    #[must_use]
    pub fn token_error(&self) -> &TokenError {
        &self.0
    }
}
