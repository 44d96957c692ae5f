//! The access token that APIs accept, with and without its dates.

use std::{
    fmt::{self, Write},
    str::FromStr,
    sync::{Arc, Weak},
    time::Duration,
};

use http::HeaderValue;
use ims_claims::{NumericDate, WipedText};

use crate::{
    secret_text::MAX_TOKEN,
    text_error::{self, TextError, is_visible},
};

/// A token as a request carries it (RFC 6750): its text alone, without dates, as a person pastes it or a request contains it.
/// A clone shares it.
///
/// The prepared [`authorization`](BearerToken::authorization) value is a second copy of the token, which cannot be wiped
/// from memory: header values are shared with the HTTP library.
///
/// ```
/// use ims_exchange::BearerToken;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token: BearerToken = "eyJ.pasted".parse()?;
/// let header = token.authorization();
/// assert!(header.is_sensitive());
/// println!("token {}", token.fingerprint()); // never the token itself
/// assert!("Bearer eyJ".parse::<BearerToken>().is_err(), "a space is in no token");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BearerToken(Arc<Inner>);

struct Inner {
    text: WipedText,
    authorization: HeaderValue,
}

impl BearerToken {
    /// The token: for the APIs that it was issued for, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0.text
    }

    /// The value of the `Authorization` header, `Bearer …`, prepared and marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        &self.0.authorization
    }

    /// A name for the token in logs: the first 8 bytes of its SHA-256 in lowercase hex digits. It is the same for the same
    /// token in every process and version. No one can find the token from it: tokens are long and random.
    ///
    /// ```
    /// use ims_exchange::BearerToken;
    ///
    /// let token: BearerToken = "abc".parse()?;
    /// assert_eq!(token.fingerprint(), "ba7816bf8f01cfea");
    /// # Ok::<(), ims_exchange::TextError>(())
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = hmac_sha256::Hash::hash(self.expose_secret().as_bytes());
        let mut digits = String::with_capacity(16);
        for byte in digest.iter().take(8) {
            write!(digits, "{byte:02x}").expect("writing to a String never fails");
        }
        digits
    }
}

/// Keeps the text if a header can carry it: visible ASCII (RFC 6750 §2.1), at most 64 KiB. Otherwise it is wiped from memory.
impl TryFrom<String> for BearerToken {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let text = WipedText::new(text);
        text_error::check("an access token", &text, 1..=MAX_TOKEN, is_visible)?;
        // The capacity is exact, so that the header takes over the buffer and no copy is left.
        let mut value = String::with_capacity(BEARER.len() + text.len());
        value.push_str(BEARER);
        value.push_str(&text);
        let mut authorization = HeaderValue::try_from(value)
            .expect("a header carries all visible ASCII (RFC 9110 §5.5)");
        authorization.set_sensitive(true);
        Ok(Self(Arc::new(Inner { text, authorization })))
    }
}

/// Keeps a copy of the text, see `TryFrom<String>`.
impl FromStr for BearerToken {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::try_from(text.to_owned())
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

/// An access token (RFC 6749 §1.4) and how long it is valid: a [`BearerToken`] with dates. A clone shares it.
///
/// ```
/// use std::time::Duration;
/// use ims_claims::NumericDate;
/// use ims_exchange::AccessToken;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = NumericDate::from_secs(1_800_000_000);
/// let token = AccessToken::new("eyJ.token".to_owned(), now, Duration::from_secs(86_399))?;
/// assert_eq!(token.expires_at().as_secs(), 1_800_086_399);
/// assert!(!format!("{token:?}").contains("eyJ.token"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AccessToken {
    bearer: BearerToken,
    obtained_at: NumericDate,
    expires_at: NumericDate,
}

impl AccessToken {
    /// A token that was asked for at `obtained_at` and expires `lifetime` later. A fraction of a second is dropped.
    ///
    /// # Errors
    /// [`TextError`] if `text` is no [`BearerToken`].
    pub fn new(
        text: String,
        obtained_at: NumericDate,
        lifetime: Duration,
    ) -> Result<Self, TextError> {
        let expires_at = obtained_at.plus(lifetime);
        Ok(Self { bearer: BearerToken::try_from(text)?, obtained_at, expires_at })
    }

    /// The token without its dates.
    #[must_use]
    pub fn bearer(&self) -> &BearerToken {
        &self.bearer
    }

    /// The token: for the APIs that it was issued for, and for nothing that is logged.
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

    /// When it expires: from this second on, no API accepts it.
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

impl AccessToken {
    /// The token as long as someone else holds it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ims_claims::NumericDate;
    /// use ims_exchange::AccessToken;
    ///
    /// let now = NumericDate::from_secs(1_800_000_000);
    /// let token = AccessToken::new("eyJ.token".to_owned(), now, Duration::from_secs(86_399))?;
    /// let weak = token.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(token);
    /// assert!(weak.upgrade().is_none(), "its text is no longer in memory");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn downgrade(&self) -> WeakAccessToken {
        let bearer = Arc::downgrade(&self.bearer.0);
        WeakAccessToken { bearer, obtained_at: self.obtained_at, expires_at: self.expires_at }
    }
}

/// An [`AccessToken`] that others hold; see [`AccessToken::downgrade`]. It keeps no secret in memory when they have dropped
/// it.
#[derive(Clone)]
pub struct WeakAccessToken {
    bearer: Weak<Inner>,
    obtained_at: NumericDate,
    expires_at: NumericDate,
}

impl WeakAccessToken {
    /// The token, if anyone still holds it.
    #[must_use]
    #[inline]
    pub fn upgrade(&self) -> Option<AccessToken> {
        let bearer = BearerToken(self.bearer.upgrade()?);
        Some(AccessToken { bearer, obtained_at: self.obtained_at, expires_at: self.expires_at })
    }
}

impl fmt::Debug for WeakAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weak{:?}", self.upgrade())
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

/// The scheme of the header, and the space after it (RFC 6750 §2.1).
const BEARER: &str = "Bearer ";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn token(text: &str) -> Result<AccessToken, TextError> {
        let lifetime = Duration::from_hours(24);
        AccessToken::new(text.to_owned(), NumericDate::from_secs(1_000), lifetime)
    }

    #[test]
    fn a_text_that_no_header_can_contain_is_not_a_token() {
        for text in ["", "a b", "a\r\nx-evil: 1", "a\u{e4}", "a\u{7f}", &"a".repeat(70_000)] {
            assert!(token(text).is_err(), "{} bytes", text.len());
        }
    }

    #[test]
    fn its_name_is_the_same_in_every_process_and_version() {
        // The first digits of `printf eyJ.x-_.y | sha256sum`.
        assert_eq!(token("eyJ.x-_.y").unwrap().fingerprint(), "45264616272d8fc9");
        let token: BearerToken = "abc".parse().unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(token.fingerprint(), "ba7816bf8f01cfea");
    }

    #[test]
    fn a_token_is_named_but_never_shown() {
        let shown = format!("{:?}", token("canary").unwrap());
        assert_eq!(shown, format!("AccessToken({})", token("canary").unwrap().fingerprint()));
        assert!(!shown.contains("canary"));
        assert_ne!(shown, format!("{:?}", token("another").unwrap()));
    }

    #[test]
    fn a_text_stays_where_it_is_so_that_no_copy_of_it_is_left() {
        let mut exact = String::with_capacity(9);
        exact.push_str("eyJ.x-_.y");
        let mut longer = String::with_capacity(100);
        longer.push_str("eyJ.x-_.y");
        for text in [exact, longer] {
            let place = text.as_ptr();
            let token = BearerToken::try_from(text).unwrap();
            assert_eq!(token.expose_secret().as_ptr(), place);
        }
    }

    #[test]
    fn a_weak_one_is_the_same_token_as_long_as_someone_holds_it() {
        let token = token("eyJ.x-_.y").unwrap();
        let weak = token.downgrade();
        let same = weak.upgrade().unwrap();
        assert_eq!(same.expose_secret(), "eyJ.x-_.y");
        assert_eq!(same.obtained_at(), token.obtained_at());
        assert_eq!(same.expires_at(), token.expires_at());
        drop((token, same));
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn its_header_is_prepared_and_sensitive() {
        let token = token("eyJ.x-_.y").unwrap();
        assert_eq!(token.authorization(), "Bearer eyJ.x-_.y");
        assert!(token.authorization().is_sensitive());
        assert_eq!(token.lifetime(), Duration::from_hours(24));
    }
}
