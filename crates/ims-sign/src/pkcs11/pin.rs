//! The PIN of a token, and where it is kept.

use std::{fmt, path::PathBuf};

use cryptoki::error::RvError;
use secrecy::{ExposeSecret, SecretString};

use super::{call_error::CallError, error::Pkcs11Error};

/// The user PIN of a token, which some manufacturers call the password of the crypto user.
///
/// ```
/// use ims_sign::pkcs11::Pin;
///
/// let pin = Pin::new("1234".to_owned())?;
/// assert_eq!(format!("{pin:?}"), "Pin(..)");
/// assert!(Pin::new(String::new()).is_err());
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Clone)]
pub struct Pin(SecretString);

impl Pin {
    /// Keeps `text`, which is wiped from memory when it is no longer needed.
    ///
    /// # Errors
    /// [`Pkcs11Error::PinMissing`] if `text` is empty: a token would count it as a wrong PIN.
    pub fn new(text: String) -> Result<Self, Pkcs11Error> {
        if text.is_empty() { Err(Pkcs11Error::PinMissing) } else { Ok(Self(text.into())) }
    }

    /// The PIN.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn as_auth_pin(&self) -> &cryptoki::types::AuthPin {
        &self.0
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        let (one, other) = (self.expose_secret().as_bytes(), other.expose_secret().as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Where a PIN is read from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PinSource {
    /// The PIN itself.
    Pin(Pin),
    /// A file that holds the PIN; line breaks at its end are ignored.
    File(PathBuf),
}

impl PinSource {
    /// Takes the PIN.
    ///
    /// # Errors
    /// [`Pkcs11Error::PinFile`] if the file cannot be read as text or [is not private](ims_files::read_private), and
    /// [`Pkcs11Error::PinMissing`] if it is empty.
    pub fn read(&self) -> Result<Pin, Pkcs11Error> {
        let path = match self {
            Self::Pin(pin) => return Ok(pin.clone()),
            Self::File(path) => path,
        };
        let bytes = ims_files::read_private(path, MAX_BYTES);
        let bytes = bytes.map_err(|source| Pkcs11Error::PinFile { path: path.clone(), source })?;
        let text = std::str::from_utf8(&bytes);
        let text = text.map_err(|_| Pkcs11Error::PinNotText { path: path.clone() })?;
        Pin::new(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// What this process knows about a token's PIN. It belongs to the token and not to one signer: a program that opens a
/// signer again and again with a wrong PIN would lock the token otherwise.
#[derive(Debug, Default)]
pub(super) struct PinHistory {
    accepted: Option<Pin>,
    refused: Vec<(Pin, Pkcs11Error)>,
}

impl PinHistory {
    /// Accepts a PIN that the token has not refused before.
    pub(super) fn expect_untried(&self, pin: &Pin) -> Result<(), Pkcs11Error> {
        match self.refused.iter().find(|(refused, _)| refused.is(pin)) {
            Some((_, refusal)) => Err(refusal.clone()),
            None => Ok(()),
        }
    }

    /// Accepts the PIN that the token accepted last.
    pub(super) fn expect_accepted(&self, pin: &Pin) -> Result<(), Pkcs11Error> {
        match &self.accepted {
            Some(accepted) if accepted.is(pin) => Ok(()),
            _ => Err(Pkcs11Error::PinUnproven),
        }
    }

    /// Remembers the answer to a login, and says what it means.
    pub(super) fn record(
        &mut self,
        pin: &Pin,
        answer: Result<(), CallError>,
    ) -> Result<(), Pkcs11Error> {
        let Err(error) = answer else {
            self.accepted = Some(pin.clone());
            return Ok(());
        };
        let refusal = match error.code() {
            Some(RvError::UserAlreadyLoggedIn) => return Ok(()),
            Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
                Pkcs11Error::PinWrong
            }
            Some(RvError::PinLocked) => Pkcs11Error::PinLocked,
            Some(RvError::PinExpired | RvError::PinTooWeak | RvError::UserPinNotInitialized) => {
                Pkcs11Error::PinExpired
            }
            _ => return Err(error.into()),
        };
        self.refused.push((pin.clone(), refusal.clone()));
        Err(refusal)
    }
}

/// No PIN is longer. PKCS#11 itself gives no limit.
const MAX_BYTES: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pin(text: &str) -> Pin {
        Pin::new(text.to_owned()).unwrap()
    }

    #[test]
    fn debug_does_not_show_the_pin() {
        assert_eq!(
            format!("{:?} {:?}", pin("1234"), PinSource::Pin(pin("1234"))),
            "Pin(..) Pin(Pin(..))"
        );
    }

    #[test]
    fn an_empty_pin_is_not_a_pin() {
        assert!(matches!(Pin::new(String::new()), Err(Pkcs11Error::PinMissing)));
    }

    #[cfg(unix)]
    #[test]
    fn a_pin_file_gives_its_text_without_the_line_break_and_only_to_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("pin");
        let source = PinSource::File(path.clone());
        assert!(matches!(source.read(), Err(Pkcs11Error::PinFile { .. })));

        let write = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for text in ["12 34", "12 34\n", "12 34\r\n"] {
            write(text, 0o400);
            assert!(source.read().unwrap().is(&pin("12 34")), "{text:?}");
            fs::remove_file(&path).unwrap();
        }
        write("\n", 0o600);
        assert!(matches!(source.read(), Err(Pkcs11Error::PinMissing)));
        for mode in [0o644, 0o604, 0o622, 0o602, 0o666] {
            write("1234", mode);
            let error = source.read().unwrap_err();
            let is_unsafe =
                matches!(&error, Pkcs11Error::PinFile { source, .. } if source.is_unsafe());
            assert!(is_unsafe, "{mode:o}: {error}");
        }
        let endless = PinSource::File("/dev/zero".into()).read();
        assert!(matches!(endless, Err(Pkcs11Error::PinFile { .. })), "{endless:?}");
    }
}
