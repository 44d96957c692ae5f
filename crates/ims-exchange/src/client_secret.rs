//! The integration's own secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The Client Secret of the Developer Console (RFC 6749 §2.3.1).
#[derive(Clone)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// Keeps `text`, which is wiped from memory when it is no longer needed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The secret: for the request to IMS, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_secret() {
        assert_eq!(format!("{:?}", ClientSecret::new("canary".to_owned())), "ClientSecret(..)");
    }
}
