//! What ties an ID token to the request for it.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use ims_claims::CompactJwt;

use crate::{browser::random_text, secret_text::IdToken};

/// The `nonce` of an authorization request (`OpenID` Connect Core 1.0 §3.1.2.1): visible ASCII, at most 4096 characters.
#[derive(Clone)]
pub struct Nonce(String);

impl Nonce {
    /// A nonce of 256 random bits.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_text::generate())
    }

    /// Takes `text` for a nonce, `None` if it cannot be one. Nobody should be able to guess it.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        random_text::is_carried(&text).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `id_token` carries this nonce.
    ///
    /// No signature is verified. That suffices for an ID token that IMS itself gave for a code, over TLS (`OpenID` Connect Core
    /// 1.0 §3.1.3.7, 6), and for no other.
    #[must_use]
    pub fn is_in(&self, id_token: &IdToken) -> bool {
        let payload =
            CompactJwt::parse(id_token.expose_secret()).and_then(|jwt| jwt.payload_object());
        let payload = payload.unwrap_or_default();
        let nonce = payload.get("nonce").and_then(|nonce| nonce.as_str()).unwrap_or_default();
        verify_slices_are_equal(self.0.as_bytes(), nonce.as_bytes()).is_ok()
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    #[track_caller]
    fn id_token(payload: &str) -> IdToken {
        let text = format!("e30.{}.AA", BASE64_URL_SAFE_NO_PAD.encode(payload));
        IdToken::new(text).unwrap()
    }

    #[test]
    fn a_nonce_is_found_in_its_own_id_token_only() {
        let nonce = Nonce::new("n-0S6_WzA2Mj".to_owned()).unwrap();
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
        assert!(!nonce.is_in(&IdToken::new("n-0S6_WzA2Mj".to_owned()).unwrap()));
    }

    #[test]
    fn an_empty_nonce_which_every_id_token_without_one_would_carry_is_none() {
        let longer = "a".repeat(4097);
        for text in ["", "a b", "\u{e9}", longer.as_str()] {
            assert!(Nonce::new(text.to_owned()).is_none(), "{} bytes", text.len());
        }
    }
}
