//! Reports of keys, certificates and signatures.

use ims_cert::CertError;
use ims_sign::{EncryptError, KeyError, SignError};

use super::{Next, Report, one_line};

impl From<&KeyError> for Report {
    fn from(error: &KeyError) -> Self {
        let (reason, remedy) = match error {
            KeyError::NoPrivateKey { .. } | KeyError::NoPublicKey { .. } => {
                ("another_kind_of_file", "give the file of a key")
            }
            KeyError::NoVerificationKey => {
                ("key_malformed", "give a JWK Set with an RSA key for RS256")
            }
            KeyError::SeveralKeys { .. } => ("several_keys", "leave one private key in the file"),
            KeyError::PassphraseMissing => {
                ("passphrase_missing", "give the pass phrase of the private key")
            }
            KeyError::PassphraseWrong => {
                ("passphrase_wrong", "give the pass phrase that the private key was encrypted with")
            }
            KeyError::UnsupportedEncryption { .. } => {
                ("key_encryption_unknown", "encrypt the private key in another way")
            }
            KeyError::NotRsa { .. } | KeyError::PssOnly | KeyError::Size { .. } => (
                "key_unsuitable",
                "make a new RSA key of 2048 bits with its certificate, and upload the certificate in the Developer Console",
            ),
            _ => ("key_malformed", "copy the file again from where it was made"),
        };
        let report = Self::new(reason, error, Next::Person);
        // A line that converts the file says more than that it has to be another one.
        match error.conversion() {
            Some(command) => report.with_remedies([format!("convert it: {command}")]),
            None => report.with_remedies([remedy]),
        }
    }
}

impl From<&CertError> for Report {
    fn from(error: &CertError) -> Self {
        let reason = match error {
            CertError::Key(error) => return error.into(),
            CertError::Signing(error) => return error.into(),
            CertError::NoCertificate { .. } | CertError::NoRequest { .. } => "another_kind_of_file",
            CertError::Pkcs12 { .. }
            | CertError::DamagedCertificate { .. }
            | CertError::DamagedRequest { .. } => "certificate_malformed",
            CertError::Randomness | CertError::Encryption(EncryptError::Randomness) => {
                return Self::new("no_randomness", error, Next::Wait);
            }
            _ => "certificate_not_made",
        };
        let conversion = error.conversion().map(|command| format!("convert it: {command}"));
        Self::new(reason, error, Next::Person).with_remedies(conversion)
    }
}

impl From<&SignError> for Report {
    fn from(error: &SignError) -> Self {
        if error.is_transient() {
            Self::new("signing_key_not_reached", one_line(error), Next::Wait)
        } else {
            Self::new("signing_key_unusable", one_line(error), Next::Person)
        }
    }
}
