//! What can go wrong with a certificate or a request. Nothing here repeats a byte of a file: it may hold a private key.

use ims_sign::{EncryptError, FileKind, KeyError, SignError};

/// A certificate or a request that could not be read or made.
///
/// ```
/// use ims_cert::{CertError, CertificateFile};
/// # let private_key = ims_testkit::keys::FIRST.as_bytes();
///
/// let error = CertificateFile::from_bytes(private_key).unwrap_err();
/// assert!(matches!(error, CertError::NoCertificate { .. }));
/// println!("{error}; {}", error.hint().unwrap_or_default());
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CertError {
    /// Give the file of a certificate; this one is something else, for which [`CertError::conversion`] may have a command.
    #[error("this is {found}, not a certificate")]
    NoCertificate {
        /// What the file is instead.
        found: FileKind,
    },
    /// Give the file of a certificate request; this one is something else.
    #[error("this is {found}, not a certificate request")]
    NoRequest {
        /// What the file is instead.
        found: FileKind,
    },
    /// Get the PKCS#12 file again, or give one with a certificate.
    #[error("the PKCS#12 file {problem}")]
    Pkcs12 {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Get the file again: this certificate in it is damaged.
    #[error("certificate {position} of the file is damaged: {reason}")]
    DamagedCertificate {
        /// The place among the file's certificates, counted from one.
        position: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Get the file again: the certificate request in it is damaged.
    #[error("the certificate request is damaged: {reason}")]
    DamagedRequest {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Write the subject as `/C=US/O=Example/CN=name` or as `CN=name,O=Example,C=US`.
    #[error(
        "not a subject of the form /C=US/O=Example/CN=name or CN=name,O=Example,C=US, with a backslash before each slash, \
         comma or plus sign in a value"
    )]
    SubjectSyntax,
    /// Use an attribute that certificates have, such as CN, O, OU, L, ST, C or emailAddress.
    #[error("the subject's attribute {name} is not known")]
    SubjectAttribute {
        /// The name that was given.
        name: String,
    },
    /// Give the named attribute a value that the standard allows.
    #[error("the subject's {name} has to be {rule}")]
    SubjectValue {
        /// The attribute's name.
        name: &'static str,
        /// What its value must be.
        rule: String,
    },
    /// Leave out one of the two, or make the certificate by `openssl req -x509`.
    #[error(
        "the subject has {name} twice, and a certificate that is made here has each attribute once: give it once"
    )]
    SubjectRepeats {
        /// The attribute's name.
        name: String,
    },
    /// Give another subject: each attribute separately, not joined to another by a plus sign, and as UTF-8.
    #[error(
        "a certificate that is made here cannot have the subject's {name}: give each attribute by itself, and as UTF-8"
    )]
    SubjectUnwritable {
        /// The attribute's name.
        name: String,
    },
    /// Let the certificate end after it begins, and within the year 9999.
    #[error("a certificate must expire after it begins, and by the year 9999")]
    Validity,
    /// Do what [`EncryptError`] says: the private key was not encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptError),
    /// Give another key file: this one cannot be used.
    #[error("the key cannot be used")]
    Key(#[from] KeyError),
    /// Do what [`SignError`] says: the signer made no signature.
    #[error("the signature was not made")]
    Signing(#[from] SignError),
    /// Check which key the signer uses: its signature does not match its public key.
    #[error("the signer's signature is not by the public key that it shows")]
    ForeignSignature,
    /// Report it: the certificate or request cannot be encoded.
    #[error("the certificate or request cannot be encoded")]
    Unwritable,
    /// Try again: the system's random number generator failed.
    #[error("the system's random number generator failed")]
    Randomness,
}

impl CertError {
    /// The command that converts the given file into one that can be read, if there is one; `FILE` is the file's name.
    pub const fn conversion(&self) -> Option<&'static str> {
        match self {
            Self::NoCertificate { found } => found.to_certificate(),
            Self::Key(error) => error.conversion(),
            _ => None,
        }
    }

    /// What to do, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Key(error) => error.hint(),
            _ => self.conversion().map(|command| format!("convert it: {command}")),
        }
    }

    /// A name of the cause for programs, such as `certificate_malformed`. It does not change between versions.
    pub const fn reason_name(&self) -> &'static str {
        match self {
            Self::Key(error) => error.reason_name(),
            Self::Signing(error) => error.reason_name(),
            Self::NoCertificate { .. } | Self::NoRequest { .. } => "another_kind_of_file",
            Self::Pkcs12 { .. } | Self::DamagedCertificate { .. } | Self::DamagedRequest { .. } => {
                "certificate_malformed"
            }
            Self::Randomness | Self::Encryption(EncryptError::Randomness) => "no_randomness",
            _ => "certificate_not_made",
        }
    }

    /// Whether trying again, without any change, can help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Signing(error) => error.is_transient(),
            Self::Randomness | Self::Encryption(EncryptError::Randomness) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_a_name_and_what_to_do_if_that_is_known() {
        use CertError as E;
        let (found, reason) = (FileKind::Pkcs12, "x");
        let convert = Some("convert it: openssl pkcs12 -in FILE".to_owned());
        let key = || KeyError::PssOnly;
        let unavailable = SignError::unavailable("x");
        #[rustfmt::skip]
        let table = [
            // the error, its name, how the hint begins, whether trying again can help
            (E::NoCertificate { found },                     "another_kind_of_file",     convert,           false),
            (E::NoCertificate { found: FileKind::Empty },    "another_kind_of_file",     None,              false),
            (E::NoRequest { found },                         "another_kind_of_file",     None,              false),
            (E::Pkcs12 { problem: reason },                  "certificate_malformed",    None,              false),
            (E::DamagedCertificate { position: 1, reason },  "certificate_malformed",    None,              false),
            (E::DamagedRequest { reason },                   "certificate_malformed",    None,              false),
            (E::SubjectSyntax,                               "certificate_not_made",     None,              false),
            (E::Key(key()),                                  key().reason_name(),        key().hint(),      false),
            (E::Signing(unavailable),                        "signing_key_not_reached",  None,              true),
            (E::Signing(SignError::refused("x")),            "signing_key_unusable",     None,              false),
            (E::Encryption(EncryptError::TooLong),           "certificate_not_made",     None,              false),
            (E::Encryption(EncryptError::Randomness),        "no_randomness",            None,              true),
            (E::Randomness,                                  "no_randomness",            None,              true),
        ];
        for (error, reason, hint, is_transient) in table {
            assert_eq!(
                (error.reason_name(), error.is_transient()),
                (reason, is_transient),
                "{error}"
            );
            let said = error.hint();
            assert_eq!(said.is_some(), hint.is_some(), "{error}: {said:?}");
            assert!(said.unwrap_or_default().starts_with(&hint.unwrap_or_default()), "{error}");
        }
        let key = KeyError::UnsupportedEncryption { scheme: "x".to_owned() };
        let command = key.conversion();
        assert!(command.is_some());
        assert_eq!(E::Key(key).conversion(), command);
    }
}
