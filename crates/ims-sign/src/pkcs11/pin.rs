//! The PIN of a token, and where it is kept.

use std::{fmt, fs, io, path::PathBuf, sync::Arc};

use secrecy::{ExposeSecret, SecretString};

use super::Pkcs11Error;

/// What opens a token: the user PIN, which some makers call the password of the crypto user.
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

/// Where a PIN is taken from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PinSource {
    /// The PIN itself.
    Pin(Pin),
    /// A file that holds the PIN; line breaks at its end are passed over.
    File(PathBuf),
}

impl PinSource {
    /// Takes the PIN.
    ///
    /// # Errors
    /// [`Pkcs11Error::PinFile`] if the file cannot be read as text, [`Pkcs11Error::PinFileExposed`] if others than its
    /// owner can read it, and [`Pkcs11Error::PinMissing`] if it is empty.
    pub fn read(&self) -> Result<Pin, Pkcs11Error> {
        let path = match self {
            Self::Pin(pin) => return Ok(pin.clone()),
            Self::File(path) => path,
        };
        let unreadable =
            |error: io::Error| Pkcs11Error::PinFile { path: path.clone(), source: Arc::new(error) };
        if is_exposed(&fs::metadata(path).map_err(unreadable)?) {
            return Err(Pkcs11Error::PinFileExposed { path: path.clone() });
        }
        let mut text = fs::read_to_string(path).map_err(unreadable)?;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Pin::new(text)
    }
}

/// Whether others than the owner can read the file.
#[cfg(unix)]
fn is_exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o077 != 0
}

/// Access lists decide where there are no mode bits, and std does not read them.
#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
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
    fn an_empty_pin_is_no_pin() {
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
        write("1234", 0o640);
        assert!(matches!(source.read(), Err(Pkcs11Error::PinFileExposed { .. })));
    }
}
