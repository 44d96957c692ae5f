//! What ties the redemption of an authorization code to its request (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;

use crate::{browser::random_text, secret_text::secret_text};

/// The code verifier of PKCE: 43 to 128 letters, digits and `-._~` (RFC 7636 §4.1).
///
/// It stays here until the code is redeemed; the URL that a browser sees carries its challenge only.
#[derive(Clone)]
pub struct CodeVerifier(SecretString);

secret_text!(CodeVerifier, |text| {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
});

impl CodeVerifier {
    /// A verifier of 256 random bits.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_text::generate().into())
    }

    /// The code challenge by the method `S256` (RFC 7636 §4.2), the only one that is used here: `plain` would show the
    /// verifier to everybody who sees the URL.
    #[must_use]
    pub fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose_secret().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_has_its_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let challenge = CodeVerifier::new(verifier).unwrap().challenge();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_43_to_128_characters_that_need_no_escape() {
        for (length, is_one) in [(0, false), (42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::new("~".repeat(length)).is_some(), is_one, "{length}");
        }
        for wrong in [" ", "+", "/", "=", "ä", "\n"] {
            assert!(CodeVerifier::new("a".repeat(50) + wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn no_two_verifiers_are_equal_and_none_is_shown() {
        let (one, other) = (CodeVerifier::generate(), CodeVerifier::generate());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(CodeVerifier::new(one.expose_secret().to_owned()).is_some());
        assert_eq!(format!("{one:?}"), "CodeVerifier(..)");
    }
}
