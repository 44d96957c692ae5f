//! The kinds of token that IMS tells apart.

/// What a token is for. Source: adobe/ims-go, `ims/token_types.go`; which call takes which is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// What APIs take.
    AccessToken,
    /// What brings the next access token.
    RefreshToken,
    /// What a signed-in device keeps.
    DeviceToken,
    /// What a service of Adobe's own shows to the admin calls.
    ServiceToken,
    /// What a sign-in brings to the redirect URI.
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
