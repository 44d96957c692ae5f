//! What can go wrong with a key, while signing, and while verifying a signature. Nothing here repeats a byte of the input:
//! it may be a private key.

use std::{error::Error, sync::Arc};

use crate::{file_kind::FileKind, pem::PemError};

/// A file without a key that can be used.
///
/// ```
/// use ims_sign::{KeyError, PemSigner};
///
/// let error = PemSigner::from_bytes(b"<html>", None).unwrap_err();
/// assert!(matches!(error, KeyError::NoPrivateKey { .. }));
/// println!("{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Give the file of the private key; this one holds something else.
    #[error("this is {found}, not a private key")]
    NoPrivateKey {
        /// What the file is instead.
        found: FileKind,
    },
    /// Give a public key or a certificate; this is something else.
    #[error("this is {found}, not a public key or a certificate")]
    NoPublicKey {
        /// What the file is instead.
        found: FileKind,
    },
    /// Give a JWK Set with an RSA key for RS256.
    #[error("no key of the JWK Set can verify RS256")]
    NoVerificationKey,
    /// Leave one private key in the file: it is not known which one to use.
    #[error("{count} private keys are in one file, and they are not the same")]
    SeveralKeys {
        /// How many private keys there are.
        count: usize,
    },
    /// Give the pass phrase: the key is encrypted.
    #[error("the private key is encrypted and no pass phrase is given")]
    PassphraseMissing,
    /// Give the right pass phrase.
    #[error("the pass phrase does not open the private key")]
    PassphraseWrong,
    /// Convert the key with `openssl pkcs8 -topk8 -v2 aes-256-cbc`; this encryption is not supported.
    #[error("the private key is encrypted with {scheme}, which is not supported")]
    UnsupportedEncryption {
        /// The encryption's name or object identifier.
        scheme: String,
    },
    /// Use an RSA key: IMS accepts only RS256.
    #[error("the key is {found}, and RS256 needs an RSA key")]
    NotRsa {
        /// What the key is instead.
        found: String,
    },
    /// Use an RSA key that is not restricted to RSASSA-PSS: RS256 is RSASSA-PKCS1-v1_5.
    #[error("the key is restricted to RSASSA-PSS, and RS256 is RSASSA-PKCS1-v1_5")]
    PssOnly,
    /// Use a key of 2048 to 8192 bits.
    #[error("the key has {bits} bits, and RS256 needs 2048 to 8192")]
    Size {
        /// The length of the modulus.
        bits: usize,
    },
    /// Get the file again: its PEM is damaged or too long.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Get the file again: it is damaged, or not in a form that is known.
    #[error("{reason}")]
    Malformed {
        /// What is wrong, without a byte of it.
        reason: &'static str,
    },
}

impl KeyError {
    /// The command that converts the file into a usable one, if there is one; `FILE` is the file's name.
    #[must_use]
    pub const fn conversion(&self) -> Option<&'static str> {
        match self {
            Self::NoPrivateKey { found } => found.to_private_key(),
            Self::NoPublicKey { found } => found.to_certificate(),
            Self::UnsupportedEncryption { .. } => {
                Some("openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out private.key")
            }
            _ => None,
        }
    }
}

impl KeyError {
    /// A name of the cause for programs, such as `passphrase_wrong`. It does not change between versions.
    #[must_use]
    pub const fn reason_name(&self) -> &'static str {
        self.reason().0
    }

    /// What to do: a command that converts the file, if there is one, or else which file to give.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self.conversion() {
            Some(command) => format!("convert it: {command}"),
            None => self.reason().1.to_owned(),
        })
    }

    /// Whether trying again, without any change, can help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        false
    }

    /// The name of the cause, and what to do about it.
    const fn reason(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoPrivateKey { .. } | Self::NoPublicKey { .. } => {
                ("another_kind_of_file", "give the file of a key")
            }
            Self::NoVerificationKey => {
                ("key_malformed", "give a JWK Set with an RSA key for RS256")
            }
            Self::SeveralKeys { .. } => ("several_keys", "leave one private key in the file"),
            Self::PassphraseMissing => {
                ("passphrase_missing", "give the pass phrase of the private key")
            }
            Self::PassphraseWrong => {
                ("passphrase_wrong", "give the pass phrase that the private key was encrypted with")
            }
            Self::UnsupportedEncryption { .. } => {
                ("key_encryption_unknown", "encrypt the private key in another way")
            }
            Self::NotRsa { .. } | Self::PssOnly | Self::Size { .. } => (
                "key_unsuitable",
                "make a new RSA key of 2048 bits with its certificate, and upload the certificate in the Developer Console",
            ),
            Self::Pem(_) | Self::Malformed { .. } => {
                ("key_malformed", "copy the file again from where it was made")
            }
        }
    }
}

/// A private key that was not encrypted.
///
/// ```
/// use ims_sign::{EncryptError, Passphrase, PrivateKeyPem};
///
/// let none = Passphrase::new(String::new());
/// let error = PrivateKeyPem::from_pkcs8_encrypted(b"", &none).unwrap_err();
/// assert_eq!(error, EncryptError::EmptyPassphrase);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// Give a pass phrase that is not empty, or write the key unencrypted explicitly.
    #[error("the pass phrase for the private key is empty")]
    EmptyPassphrase,
    /// Try again: the system's random number generator failed.
    #[error("the system's random number generator failed")]
    Randomness,
    /// Give a private key: this is longer than the structure around an encrypted one can be.
    #[error("the private key is too long to be encrypted")]
    TooLong,
}

/// A signature that was not made.
///
/// ```
/// use ims_sign::SignError;
///
/// let lost = SignError::unavailable("the connection to the key service was lost");
/// let locked = SignError::refused("the PIN is locked");
/// assert!(lost.is_transient() && !locked.is_transient());
/// assert_eq!(locked.reason_name(), "signing_key_unusable");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Try again: the key could not be reached this time.
    #[error("the signing key cannot be reached")]
    Unavailable {
        /// The error of the device or service that has the key.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Ask a person to act first: the signer refuses to sign, and trying again will not change that.
    #[error("the signing key cannot be used")]
    Refused {
        /// The error of the device or service that has the key.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl SignError {
    /// A failure that may be temporary, such as a lost connection.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into().into() }
    }

    /// A failure that stays until someone acts, such as a refused PIN.
    pub fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused { source: source.into().into() }
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// A name of the cause for programs. It does not change between versions.
    #[must_use]
    pub const fn reason_name(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "signing_key_not_reached",
            Self::Refused { .. } => "signing_key_unusable",
        }
    }
}

/// A JWT that cannot be trusted.
///
/// ```
/// use ims_sign::{VerificationKeys, VerifyError};
///
/// fn why(error: &VerifyError) -> &'static str {
///     match error {
///         VerifyError::UnknownKey => "get the keys again, once",
///         _ => "refuse the token",
///     }
/// }
/// assert_eq!(why(&VerifyError::Signature), "refuse the token");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Refuse the token: it is not signed as it must be.
    #[error("alg is not {expected}")]
    Algorithm {
        /// The only algorithm that the caller accepts.
        expected: ims_claims::Algorithm,
    },
    /// Refuse the token: it demands an extension that is not understood (RFC 7515 §4.1.11).
    #[error("the header demands extensions (crit)")]
    Critical,
    /// Refuse the token: it contains or names the key to verify itself with.
    #[error("the header contains its own key ({member})")]
    EmbeddedKey {
        /// The header member.
        member: &'static str,
    },
    /// Refuse the token, or get the keys again: none of them is the one that the header names.
    #[error("no key for this token is known")]
    UnknownKey,
    /// Refuse the token: no key that is known made this signature.
    #[error("the signature is not by this key")]
    Signature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_a_key_has_a_name_for_programs_and_says_what_to_do() {
        let scheme = "scrypt".to_owned();
        let found = "a DSA key".to_owned();
        #[rustfmt::skip]
        let table = [
            (KeyError::NoPrivateKey { found: FileKind::Certificate }, "another_kind_of_file", "give the file of a key"),
            (KeyError::NoPrivateKey { found: FileKind::Utf16 }, "another_kind_of_file",       "convert it: iconv -f UTF-16"),
            (KeyError::NoPublicKey { found: FileKind::Empty }, "another_kind_of_file",        "give the file of a key"),
            (KeyError::NoPublicKey { found: FileKind::Pkcs7Pem }, "another_kind_of_file",     "convert it: openssl pkcs7 -in FILE"),
            (KeyError::NoVerificationKey,                    "key_malformed",          "a JWK Set with an RSA key"),
            (KeyError::SeveralKeys { count: 2 },             "several_keys",           "leave one private key"),
            (KeyError::PassphraseMissing,                    "passphrase_missing",     "give the pass phrase of the private key"),
            (KeyError::PassphraseWrong,                      "passphrase_wrong",       "that the private key was encrypted with"),
            (KeyError::UnsupportedEncryption { scheme },     "key_encryption_unknown", "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc"),
            (KeyError::NotRsa { found },                     "key_unsuitable",         "make a new RSA key"),
            (KeyError::PssOnly,                              "key_unsuitable",         "make a new RSA key"),
            (KeyError::Size { bits: 1024 },                  "key_unsuitable",         "make a new RSA key"),
            (KeyError::Pem(PemError::NoEnd),                 "key_malformed",          "copy the file again"),
            (KeyError::Malformed { reason: "it is damaged" }, "key_malformed",         "copy the file again"),
        ];
        for (error, name, hint) in table {
            assert_eq!(error.reason_name(), name, "{error}");
            let said = error.hint().unwrap();
            assert!(said.contains(hint), "{error}: {said}");
            assert!(!error.is_transient(), "{error}");
        }
    }

    #[test]
    fn only_a_signing_key_that_cannot_be_reached_is_worth_another_try() {
        let lost = SignError::unavailable("the connection was lost");
        assert_eq!((lost.reason_name(), lost.is_transient()), ("signing_key_not_reached", true));
        let locked = SignError::refused("the PIN is locked");
        assert_eq!((locked.reason_name(), locked.is_transient()), ("signing_key_unusable", false));
    }
}
