//! A refresh token in a file that its owner alone can read.

use std::{fmt, path::PathBuf, time::Duration};

use ims_exchange::RefreshToken;
use ims_files::{FileError, PrivateFolder};

use super::backend::{Backend, Cause, Malformed, cause};

/// How long to wait for another process that writes into the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// No refresh token is longer.
const MAX_BYTES: u64 = 64 * 1024;

/// The file of one refresh token.
pub(super) struct TokenFile {
    folder: PathBuf,
    name: String,
}

impl TokenFile {
    pub(super) fn new(folder: PathBuf, name: &str) -> Self {
        Self { folder, name: format!("{}.refresh_token", escaped(name)) }
    }
}

impl Backend for TokenFile {
    fn blocks(&self) -> bool {
        true
    }

    fn load(&self) -> Result<Option<RefreshToken>, Cause> {
        let Some(folder) = PrivateFolder::open(&self.folder).map_err(cause)? else {
            return Ok(None);
        };
        let bytes = match folder.read(&self.name, MAX_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(FileError::TooLong { .. }) => return Err(cause(Malformed)),
            Err(error) => return Err(cause(error)),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| cause(Malformed))?;
        let refresh_token = RefreshToken::try_from(text.to_owned());
        refresh_token.map(Some).map_err(|_| cause(Malformed))
    }

    fn save(&self, refresh_token: &RefreshToken) -> Result<(), Cause> {
        let folder = PrivateFolder::create(&self.folder).map_err(cause)?;
        let lock = folder.lock(LOCK_TIMEOUT).map_err(cause)?;
        lock.replace(&self.name, refresh_token.expose_secret().as_bytes()).map_err(cause)
    }

    fn forget(&self) -> Result<(), Cause> {
        let Some(folder) = PrivateFolder::open(&self.folder).map_err(cause)? else {
            return Ok(());
        };
        let lock = folder.lock(LOCK_TIMEOUT).map_err(cause)?;
        lock.remove(&self.name).map_err(cause)
    }
}

impl fmt::Display for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.folder.join(&self.name).display())
    }
}

/// A file name that says `name`, whatever characters that has.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 0xF)]);
        }
    }
    escaped
}

fn hex_digit(value: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(value)])
}
