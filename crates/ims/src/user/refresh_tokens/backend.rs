//! What keeps one refresh token: memory, a file or the keyring.

use std::{error::Error, fmt, sync::Arc};

use ims_exchange::RefreshToken;

/// Something that keeps one refresh token.
pub(super) trait Backend: fmt::Display + Send + Sync {
    /// What tells it from other places, as far as this machine knows.
    fn identity(&self) -> String {
        self.to_string()
    }

    /// Whether a call may take its time, so that it must not hold up a runtime.
    fn blocks(&self) -> bool;
    fn load(&self) -> Result<Option<RefreshToken>, Cause>;
    fn save(&self, refresh_token: &RefreshToken) -> Result<(), Cause>;
    fn forget(&self) -> Result<(), Cause>;
}

pub(super) type Cause = Arc<dyn Error + Send + Sync>;

pub(super) fn cause(error: impl Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

/// The text in the place of a refresh token is not a refresh token.
#[cfg(any(feature = "file", feature = "keyring"))]
#[derive(Debug, thiserror::Error)]
#[error("what is there is no refresh token")]
pub(super) struct Malformed;

/// Both belong to this process, so the duration of the comparison reveals nothing to others.
pub(in crate::user) fn is_same(one: &RefreshToken, other: &RefreshToken) -> bool {
    one.expose_secret() == other.expose_secret()
}
