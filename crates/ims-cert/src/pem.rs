//! Writing PEM as OpenSSL writes it: lines of 64 characters, each with a line feed.

use std::fmt;

use pem_rfc7468::LineEnding;
use secrecy::{ExposeSecret, SecretString};

pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .expect("the label is one of PEM's and the DER shorter than the address space")
}

/// A private key as the text of a PEM file, wiped from memory when it is dropped.
#[derive(Clone)]
pub struct PrivateKeyPem(SecretString);

impl PrivateKeyPem {
    #[cfg(any(feature = "generate", feature = "pkcs12"))]
    pub(crate) fn new(label: &str, der: &[u8]) -> Self {
        Self(encode(label, der).into())
    }

    /// The text.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKeyPem(..)")
    }
}
