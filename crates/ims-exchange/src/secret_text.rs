//! The secrets of IMS: texts that only IMS and their owner may see.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Gives a tuple struct over a `SecretString` its making, its one way out and a `Debug` that shows nothing. `$holds` says
/// which texts are one.
macro_rules! secret_text {
    ($name:ident, $holds:expr) => {
        impl $name {
            /// Keeps `text`, which is wiped from memory when it is no longer needed. `None` if it cannot be one.
            #[must_use]
            pub fn new(text: String) -> Option<Self> {
                let holds: fn(&str) -> bool = $holds;
                holds(&text).then(|| Self(text.into()))
            }

            /// The secret: for the request to IMS, and for nothing that is logged.
            #[must_use]
            pub fn expose_secret(&self) -> &str {
                secrecy::ExposeSecret::expose_secret(&self.0)
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

/// An authorization code (RFC 6749 §1.3.1), the `code` of the redirect: visible ASCII, at most 64 KiB, and good once.
#[derive(Clone)]
pub struct AuthorizationCode(SecretString);

secret_text!(AuthorizationCode, is_token);

/// An ID token (`OpenID` Connect Core 1.0 §2): a signed JWT that says who signed in, for the client and for no API.
///
/// Nothing in it was verified when it is made. It comes with the scope `openid`.
#[derive(Clone)]
pub struct IdToken(SecretString);

secret_text!(IdToken, is_token);

/// A promise token: a service keeps it to ask for the user's access tokens later. Visible ASCII, at most 64 KiB. Source:
/// adobe/ims-go, `ims/promise.go`.
#[derive(Clone)]
pub struct PromiseToken(SecretString);

secret_text!(PromiseToken, is_token);

/// A refresh token (RFC 6749 §1.5): visible ASCII, at most 64 KiB.
///
/// IMS gives one with the scope `offline_access` and lets it live for 14 days. Source: AdobeDocs/adobe-dev-console, "User
/// Authentication". Each refresh may bring a new one, which then takes the place of the old.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

secret_text!(RefreshToken, is_token);

/// How long a token may be: as long as a response of IMS.
pub(crate) const MAX_TOKEN: usize = 64 * 1024;

/// Whether a header and a form can carry `text` as a token: visible ASCII (RFC 6749, appendix A), at most 64 KiB.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Somebody's token, borrowed for one request, which `Debug` does not show.
#[derive(Clone, Copy)]
pub(crate) struct Hidden<'a>(pub(crate) &'a str);

impl fmt::Debug for Hidden<'_> {
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
        let longest = "a".repeat(MAX_TOKEN);
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
            assert_eq!(is_token(text), is_one, "{} bytes", text.len());
            assert_eq!(RefreshToken::new(text.to_owned()).is_some(), is_one);
            assert_eq!(AuthorizationCode::new(text.to_owned()).is_some(), is_one);
            assert_eq!(IdToken::new(text.to_owned()).is_some(), is_one);
        }
    }

    #[test]
    fn debug_shows_no_secret_and_the_one_way_out_all_of_it() {
        let canary = || "canary".to_owned();
        let refresh_token = RefreshToken::new(canary()).unwrap();
        let code = AuthorizationCode::new(canary()).unwrap();
        let id_token = IdToken::new(canary()).unwrap();
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
