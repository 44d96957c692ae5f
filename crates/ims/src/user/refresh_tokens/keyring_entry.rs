//! A refresh token in the keyring.

use std::fmt;

use ims_credentials::keyring;
use ims_exchange::RefreshToken;
use secrecy::ExposeSecret;

use super::backend::{Backend, Cause, Malformed, cause};

// Otherwise the deadline of a refresh would come first, and no error would say that the keyring is locked.
const _: () = assert!(
    keyring::SEARCH_TIMEOUT.as_secs() + keyring::CALL_TIMEOUT.as_secs()
        < ims_token::DEADLINE.as_secs()
);

pub(super) struct KeyringEntry {
    name: String,
}

impl KeyringEntry {
    pub(super) fn new(name: String) -> Self {
        Self { name }
    }
}

impl Backend for KeyringEntry {
    fn blocks(&self) -> bool {
        true
    }

    fn load(&self) -> Result<Option<RefreshToken>, Cause> {
        let Some(text) = keyring::load(&self.name).map_err(cause)? else { return Ok(None) };
        let refresh_token = RefreshToken::try_from(text.expose_secret().to_owned());
        refresh_token.map(Some).map_err(|_| cause(Malformed))
    }

    fn save(&self, refresh_token: &RefreshToken) -> Result<(), Cause> {
        keyring::save(&self.name, &refresh_token.expose_secret().into()).map_err(cause)
    }

    fn forget(&self) -> Result<(), Cause> {
        keyring::forget(&self.name).map_err(cause)
    }
}

impl fmt::Display for KeyringEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the keyring, as \"{}\"", self.name)
    }
}
