//! The secrets of IMS: texts that only IMS and their owner may see.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::text_error::is_visible;

/// Gives a tuple struct over a `SecretString` its constructors, `expose_secret`, and a `Debug` that shows nothing. `$what`
/// names it in errors; a text is one if it has `$length` bytes, for each of which `$is_allowed` holds.
macro_rules! secret_text {
    ($name:ident, $what:literal, $length:expr, $is_allowed:expr) => {
        impl $name {
            /// The secret: for the request to IMS, and for nothing that is logged.
            #[must_use]
            pub fn expose_secret(&self) -> &str {
                secrecy::ExposeSecret::expose_secret(&self.0)
            }
        }

        /// Keeps the text, which is wiped from memory when it is no longer needed, or if it is not kept.
        impl TryFrom<String> for $name {
            type Error = $crate::text_error::TextError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let text = ims_claims::WipedText::new(text);
                $crate::text_error::check($what, &text, $length, $is_allowed)?;
                Ok(Self(text.into_string().into()))
            }
        }

        /// Keeps a copy of the text, see `TryFrom<String>`.
        impl std::str::FromStr for $name {
            type Err = $crate::text_error::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}
#[cfg(feature = "authorization-code")]
pub(crate) use secret_text;

/// The Client Secret of the Developer Console (RFC 6749 §2.3.1).
///
/// ```
/// use ims_exchange::ClientSecret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_secret = ClientSecret::new("p8e-…".to_owned());
/// assert_eq!(format!("{client_secret:?}"), "ClientSecret(..)");
/// assert_eq!(client_secret.expose_secret(), "p8e-…"); // the one way out
/// # Ok(())
/// # }
/// ```
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

/// An authorization code (RFC 6749 §1.3.1), the `code` of the redirect: visible ASCII, at most 64 KiB. It can be used once.
#[derive(Clone)]
pub struct AuthorizationCode(SecretString);

secret_text!(AuthorizationCode, "an authorization code", 1..=MAX_TOKEN, is_visible);

/// An ID token (`OpenID` Connect Core 1.0 §2): a signed JWT that says who signed in, for the client and for no API.
///
/// Its claims are not verified when it is created. It comes with the scope `openid`.
#[derive(Clone)]
pub struct IdToken(SecretString);

secret_text!(IdToken, "an ID token", 1..=MAX_TOKEN, is_visible);

/// A promise token: a service keeps it to ask for the user's access tokens later. Visible ASCII, at most 64 KiB. Source:
/// adobe/ims-go, `ims/promise.go`.
#[derive(Clone)]
pub struct PromiseToken(SecretString);

secret_text!(PromiseToken, "a promise token", 1..=MAX_TOKEN, is_visible);

/// A refresh token (RFC 6749 §1.5): visible ASCII, at most 64 KiB.
///
/// IMS gives one with the scope `offline_access`. It expires after 14 days. Source: AdobeDocs/adobe-dev-console, "User
/// Authentication". Each refresh may return a new one, which then replaces the old one.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

secret_text!(RefreshToken, "a refresh token", 1..=MAX_TOKEN, is_visible);

impl RefreshToken {
    /// Whether it is the same token as `other`. The duration of the comparison depends on the texts: compare only tokens
    /// that this process already has, never one with a text that someone else sent.
    ///
    /// ```
    /// use ims_exchange::RefreshToken;
    ///
    /// let token: RefreshToken = "a-refresh-token".parse()?;
    /// assert!(token.matches(&token.clone()));
    /// assert!(!token.matches(&"another".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }
}

/// How long a token may be: as long as a response of IMS.
pub(crate) const MAX_TOKEN: usize = 64 * 1024;

/// A secret, borrowed for one request, which `Debug` does not show.
#[derive(Clone, Copy)]
pub(crate) struct SecretStr<'a>(pub(crate) &'a str);

impl fmt::Debug for SecretStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_a_client_secret() {
        assert_eq!(format!("{:?}", ClientSecret::new("canary".to_owned())), "ClientSecret(..)");
    }

    #[test]
    fn a_token_is_visible_ascii_of_at_most_64_kib() {
        let longest = "a".repeat(65_536);
        let longer = longest.clone() + "a";
        for (text, is_one) in [
            ("eyJ.x-_.y", true),
            ("+/=~", true),
            (longest.as_str(), true),
            ("", false),
            ("a b", false),
            ("a\r\nx-evil: 1", false),
            ("a\u{e4}", false),
            ("a\u{7f}", false),
            (longer.as_str(), false),
        ] {
            assert_eq!(text.parse::<RefreshToken>().is_ok(), is_one, "{} bytes", text.len());
            assert_eq!(text.parse::<AuthorizationCode>().is_ok(), is_one);
            assert_eq!(text.parse::<IdToken>().is_ok(), is_one);
            assert_eq!(text.parse::<PromiseToken>().is_ok(), is_one);
        }
    }

    #[test]
    fn two_refresh_tokens_match_if_their_texts_are_equal() {
        let token = |text: &str| text.parse::<RefreshToken>().unwrap();
        assert!(token("a.b").matches(&token("a.b")));
        assert!(!token("a.b").matches(&token("a.c")));
        assert!(!token("a.b").matches(&token("a.bc")));
    }

    #[test]
    fn debug_shows_no_secret_and_the_one_way_out_all_of_it() {
        let canary = || "canary".to_owned();
        let refresh_token = RefreshToken::try_from(canary()).unwrap();
        let code = AuthorizationCode::try_from(canary()).unwrap();
        let id_token = IdToken::try_from(canary()).unwrap();
        assert_eq!(
            format!("{refresh_token:?} {code:?} {id_token:?}"),
            "RefreshToken(..) AuthorizationCode(..) IdToken(..)"
        );
        for secret in
            [refresh_token.expose_secret(), code.expose_secret(), id_token.expose_secret()]
        {
            assert_eq!(secret, "canary");
        }
    }
}
