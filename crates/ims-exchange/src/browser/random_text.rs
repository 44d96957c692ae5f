//! Random texts that no one can guess: `state`, `nonce` and the code verifier.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::CompactJwt;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    secret_text::{IdToken, secret_text},
    text_error::{self, TextError, is_visible},
};

/// 256 random bits as 43 characters of base64url, which is what RFC 7636 §4.1 recommends for a code verifier.
///
/// # Panics
/// If the random number generator of the system fails.
fn generate() -> String {
    let mut octets = Zeroizing::new([0; 32]);
    rand::fill(&mut *octets).expect("AWS-LC ends the process if it has no random numbers");
    BASE64_URL_SAFE_NO_PAD.encode(*octets)
}

/// Accepts a text that a redirect returns unchanged: visible ASCII (RFC 6749, appendix A.5), at most 4096 characters,
/// which is Adobe's bound for `state`.
fn check_carried(what: &'static str, text: &str) -> Result<(), TextError> {
    text_error::check(what, text, 1..=4096, is_visible)
}

/// Reads `$name` from a text of a redirect, and never shows it.
macro_rules! carried_text {
    ($name:ident, $what:literal) => {
        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                check_carried($what, &text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

/// The `state` of an authorization request: visible ASCII, at most 4096 characters, which is Adobe's bound.
///
/// A redirect with another state, or without one, belongs to another sign-in and must be ignored (RFC 6749 §10.12).
///
/// ```
/// use ims_exchange::State;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let state = State::generate();
/// assert!(state.matches(state.as_str()));
/// assert!(!state.matches("another"), "a redirect of another sign-in");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct State(String);

impl State {
    /// A state of 256 random bits. One that is made of a text must be as hard to guess.
    ///
    /// # Panics
    /// If the random number generator of the system fails.
    #[must_use]
    pub fn generate() -> Self {
        Self(generate())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a redirect came back with this state. The comparison takes constant time, so that its duration reveals
    /// nothing about the state.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), text.as_bytes()).is_ok()
    }
}

carried_text!(State, "a state");

/// The `nonce` of an authorization request (`OpenID` Connect Core 1.0 §3.1.2.1): visible ASCII, at most 4096 characters.
///
/// ```
/// use ims_exchange::{IdToken, Nonce};
///
/// let nonce = Nonce::generate(); // kept until the ID token comes
/// let id_token: IdToken = "eyJ.another.sign-in".parse()?;
/// assert!(!nonce.is_in(&id_token));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Nonce(String);

impl Nonce {
    /// A nonce of 256 random bits. One that is made of a text must be as hard to guess.
    ///
    /// # Panics
    /// If the random number generator of the system fails.
    #[must_use]
    pub fn generate() -> Self {
        Self(generate())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `id_token` carries this nonce.
    ///
    /// No signature is verified. That is sufficient only for an ID token that IMS itself gave for a code, over TLS (`OpenID`
    /// Connect Core 1.0 §3.1.3.7, 6).
    #[must_use]
    pub fn is_in(&self, id_token: &IdToken) -> bool {
        let payload =
            CompactJwt::parse(id_token.expose_secret()).and_then(|jwt| jwt.payload_object());
        let payload = payload.unwrap_or_default();
        let nonce = payload.get("nonce").and_then(|nonce| nonce.as_str()).unwrap_or_default();
        verify_slices_are_equal(self.0.as_bytes(), nonce.as_bytes()).is_ok()
    }
}

carried_text!(Nonce, "a nonce");

/// The code verifier of PKCE: 43 to 128 letters, digits and `-._~` (RFC 7636 §4.1).
///
/// It stays here until the code is redeemed; the URL in the browser contains only its challenge.
///
/// ```
/// use ims_exchange::CodeVerifier;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = CodeVerifier::generate();
/// let challenge = verifier.challenge(); // goes through the browser; the verifier does not
/// assert_eq!(challenge.len(), 43);
/// assert_eq!(format!("{verifier:?}"), "CodeVerifier(..)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CodeVerifier(SecretString);

secret_text!(CodeVerifier, "a code verifier", 43..=128, |byte: u8| {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
});

impl CodeVerifier {
    /// A verifier of 256 random bits.
    ///
    /// # Panics
    /// If the random number generator of the system fails.
    #[must_use]
    pub fn generate() -> Self {
        Self(generate().into())
    }

    /// The code challenge by the method `S256` (RFC 7636 §4.2), the only one that is used here: `plain` would show the
    /// verifier to anyone who sees the URL.
    #[must_use]
    pub fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose_secret().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_matches_itself_and_nothing_else() {
        let state = State::generate();
        assert!(state.matches(state.as_str()));
        for other in ["", "a", State::generate().as_str(), &format!("{}a", state.as_str())] {
            assert!(!state.matches(other), "{other}");
        }
    }

    #[test]
    fn a_state_is_visible_ascii_of_at_most_4096_characters() {
        let (longest, longer) = ("a".repeat(4096), "a".repeat(4097));
        for (text, is_one) in
            [("a", true), (longest.as_str(), true), ("", false), ("a b", false), (&longer, false)]
        {
            assert_eq!(State::try_from(text.to_owned()).is_ok(), is_one, "{} bytes", text.len());
        }
    }

    #[track_caller]
    fn id_token(payload: &str) -> IdToken {
        let text = format!("e30.{}.AA", BASE64_URL_SAFE_NO_PAD.encode(payload));
        IdToken::try_from(text).unwrap()
    }

    #[test]
    fn a_nonce_is_found_in_its_own_id_token_only() {
        let nonce = Nonce::try_from("n-0S6_WzA2Mj".to_owned()).unwrap();
        assert!(nonce.is_in(&id_token(r#"{"sub":"B","nonce":"n-0S6_WzA2Mj"}"#)));
        for payload in [
            r#"{"sub":"B"}"#,
            r#"{"nonce":"n-0S6_WzA2Mk"}"#,
            r#"{"nonce":["n-0S6_WzA2Mj"]}"#,
            r#"{"nonce":"n-0S6_WzA2Mj","nonce":"n-0S6_WzA2Mj"}"#,
            "[]",
        ] {
            assert!(!nonce.is_in(&id_token(payload)), "{payload}");
        }
        assert!(!nonce.is_in(&IdToken::try_from("n-0S6_WzA2Mj".to_owned()).unwrap()));
    }

    #[test]
    fn an_empty_nonce_which_every_id_token_without_one_would_carry_is_none() {
        let longer = "a".repeat(4097);
        for text in ["", "a b", "\u{e9}", longer.as_str()] {
            assert!(Nonce::try_from(text.to_owned()).is_err(), "{} bytes", text.len());
        }
    }

    #[test]
    fn the_example_of_rfc_7636_has_its_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let challenge = CodeVerifier::try_from(verifier).unwrap().challenge();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_43_to_128_characters_that_need_no_escape() {
        for (length, is_one) in [(0, false), (42, false), (43, true), (128, true), (129, false)] {
            assert_eq!(CodeVerifier::try_from("~".repeat(length)).is_ok(), is_one, "{length}");
        }
        for wrong in [" ", "+", "/", "=", "ä", "\n"] {
            assert!(CodeVerifier::try_from("a".repeat(50) + wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_two_verifiers_are_equal_and_none_is_shown() {
        let (one, other) = (CodeVerifier::generate(), CodeVerifier::generate());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert!(CodeVerifier::try_from(one.expose_secret().to_owned()).is_ok());
        assert_eq!(format!("{one:?}"), "CodeVerifier(..)");
    }
}
