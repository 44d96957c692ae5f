//! The access token that APIs accept, with and without its dates.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use http::HeaderValue;
use ims_claims::NumericDate;
use secrecy::{ExposeSecret, SecretString};

use crate::secret_text::is_token;

/// A token as a request carries it (RFC 6750): its text alone, without dates, as a person pastes it or a request contains it.
/// A clone shares it.
///
/// The prepared [`authorization`](BearerToken::authorization) value is a second copy of the token, which cannot be wiped
/// from memory: header values are shared with the HTTP library.
#[derive(Clone)]
pub struct BearerToken(Arc<Inner>);

struct Inner {
    text: SecretString,
    authorization: HeaderValue,
    fingerprint: u64,
}

impl BearerToken {
    /// Keeps `text`. `None` if it is no token: empty, over 64 KiB, or not visible ASCII (RFC 6750 §2.1), which no header can
    /// carry.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        if !is_token(&text) {
            return None;
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {text}")).ok()?;
        authorization.set_sensitive(true);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let fingerprint = hasher.finish();
        Some(Self(Arc::new(Inner { text: text.into(), authorization, fingerprint })))
    }

    /// The token: for an API that it is meant for, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.text.expose_secret()
    }

    /// The value of the `Authorization` header, `Bearer …`, prepared and marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        &self.0.authorization
    }

    /// A name for the token in logs: the same for the same token, and of no use to anyone who reads it.
    ///
    /// 64 bits of a hash that is not cryptographic; tokens are far too long and too random to be found from it. Other
    /// versions of this crate may give other names.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.0.fingerprint)
    }
}

impl AsRef<Self> for BearerToken {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BearerToken({})", self.fingerprint())
    }
}

/// An access token (RFC 6749 §1.4) and how long it is good: a [`BearerToken`] with dates. A clone shares it.
#[derive(Clone)]
pub struct AccessToken {
    bearer: BearerToken,
    obtained_at: NumericDate,
    expires_at: NumericDate,
}

impl AccessToken {
    /// A token that was asked for at `obtained_at` and expires at `expires_at`. `None` if `text` is no token: empty, over
    /// 64 KiB, or not visible ASCII (RFC 6750 §2.1), which no header can carry.
    #[must_use]
    pub fn new(text: String, obtained_at: NumericDate, expires_at: NumericDate) -> Option<Self> {
        let bearer = BearerToken::new(text)?;
        Some(Self { bearer, obtained_at, expires_at })
    }

    /// The token without its dates.
    #[must_use]
    pub fn bearer(&self) -> &BearerToken {
        &self.bearer
    }

    /// The token: for an API that it is meant for, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.bearer.expose_secret()
    }

    /// The value of the `Authorization` header, `Bearer …`, prepared and marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        self.bearer.authorization()
    }

    /// When it was asked for.
    #[must_use]
    pub fn obtained_at(&self) -> NumericDate {
        self.obtained_at
    }

    /// When it expires: from this second on, no API takes it.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }

    /// How long it lives, from when it was asked for.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.expires_at.since(self.obtained_at)
    }

    /// A name for the token in logs, see [`BearerToken::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.bearer.fingerprint()
    }
}

impl AsRef<BearerToken> for AccessToken {
    fn as_ref(&self) -> &BearerToken {
        &self.bearer
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn token(text: &str) -> Option<AccessToken> {
        let date = NumericDate::from_secs;
        AccessToken::new(text.to_owned(), date(1_000), date(87_400))
    }

    #[test]
    fn what_no_header_can_carry_is_no_token() {
        for text in ["", "a b", "a\r\nx-evil: 1", "a\u{e4}", "a\u{7f}", &"a".repeat(70_000)] {
            assert!(token(text).is_none(), "{} bytes", text.len());
        }
    }

    #[test]
    fn a_token_is_named_but_never_shown() {
        let shown = format!("{:?}", token("canary").unwrap());
        assert_eq!(shown, format!("AccessToken({})", token("canary").unwrap().fingerprint()));
        assert!(!shown.contains("canary"));
        assert_ne!(shown, format!("{:?}", token("another").unwrap()));
    }

    #[test]
    fn its_header_is_prepared_and_sensitive() {
        let token = token("eyJ.x-_.y").unwrap();
        assert_eq!(token.authorization(), "Bearer eyJ.x-_.y");
        assert!(token.authorization().is_sensitive());
        assert_eq!(token.lifetime(), Duration::from_hours(24));
    }
}
