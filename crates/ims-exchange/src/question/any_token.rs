//! A token of any kind, for the calls that take several.

use crate::{
    access_token::{AccessToken, BearerToken},
    secret_text::{AuthorizationCode, RefreshToken, SecretStr},
};

/// What a token is for. Source: adobe/ims-go, `ims/token_types.go`; it also says which call takes which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// What APIs take.
    AccessToken,
    /// The token for the next access token.
    RefreshToken,
    /// What a signed-in device keeps.
    DeviceToken,
    /// The token that Adobe's own services send to the admin calls.
    ServiceToken,
    /// The code that a sign-in sends to the redirect URI.
    AuthorizationCode,
}

impl TokenKind {
    /// The name that IMS gives it, in parameters and in a token's own `type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::DeviceToken => "device_token",
            Self::ServiceToken => "service_token",
            Self::AuthorizationCode => "authorization_code",
        }
    }
}

/// A token and its kind, borrowed for one call.
///
/// A token type such as `RefreshToken` converts by itself; for a text, [`AnyToken::new`] takes the kind.
///
/// ```
/// use ims_exchange::{AnyToken, RefreshToken, TokenKind};
///
/// let refresh_token: RefreshToken = "eyJ.x.y".parse()?;
/// assert_eq!(AnyToken::from(&refresh_token).kind(), TokenKind::RefreshToken);
/// assert_eq!(AnyToken::new(TokenKind::DeviceToken, "eyJ.x.y").kind(), TokenKind::DeviceToken);
/// # Ok::<(), ims_exchange::TextError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AnyToken<'a> {
    kind: TokenKind,
    text: SecretStr<'a>,
}

impl<'a> AnyToken<'a> {
    /// `text` as a token of `kind`. Nothing is verified here: IMS does that.
    #[must_use]
    pub fn new(kind: TokenKind, text: &'a str) -> Self {
        Self { kind, text: SecretStr(text) }
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token: for the request to IMS, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &'a str {
        self.text.0
    }
}

impl<'a> From<&'a BearerToken> for AnyToken<'a> {
    fn from(token: &'a BearerToken) -> Self {
        Self::new(TokenKind::AccessToken, token.expose_secret())
    }
}

impl<'a> From<&'a AccessToken> for AnyToken<'a> {
    fn from(token: &'a AccessToken) -> Self {
        Self::from(token.bearer())
    }
}

impl<'a> From<&'a RefreshToken> for AnyToken<'a> {
    fn from(token: &'a RefreshToken) -> Self {
        Self::new(TokenKind::RefreshToken, token.expose_secret())
    }
}

impl<'a> From<&'a AuthorizationCode> for AnyToken<'a> {
    fn from(code: &'a AuthorizationCode) -> Self {
        Self::new(TokenKind::AuthorizationCode, code.expose_secret())
    }
}
