//! Which endpoints there are, at which paths and for which methods.

use http::Method;
use serde::{Deserialize, Serialize};

/// An endpoint of the emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `/ims/exchange/jwt` and `/ims/exchange/v1/jwt`: an assertion for an access token, `expires_in` in milliseconds.
    ExchangeJwt,
    /// `/ims/authorize/v1` and `v2`: the user is asked, and the client is sent a code or a token.
    Authorize,
    /// `/ims/token/v1` to `/ims/token/v4`: client credentials, a code or a refresh token for an access token, `expires_in`
    /// in seconds.
    Token,
    /// `/ims/validate_token/v1`: whether a token is valid.
    ValidateToken,
    /// `/ims/keys`: the key that access tokens are signed with, as a JWK Set.
    Keys,
    /// `/ims/invalidate_token/v1` and `v2`: the end of a token before its time.
    InvalidateToken,
    /// `/ims/revoke`: the same by RFC 7009.
    Revoke,
    /// `/ims/userinfo/v1` and `v2`: whose token it is.
    UserInfo,
    /// `/ims/organizations/v1` to `v6`: the organizations of the token's holder.
    Organizations,
    /// `/ims/.well-known/openid-configuration`: where everything is.
    Discovery,
    /// `/echo`: a protected resource, which answers as a gateway in front of Adobe's APIs does.
    Echo,
}

impl Endpoint {
    /// The endpoint at `path`; one slash at the end makes no difference, since clients send both.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "/ims/exchange/jwt" | "/ims/exchange/v1/jwt" => Some(Self::ExchangeJwt),
            "/ims/token/v1" | "/ims/token/v2" | "/ims/token/v3" | "/ims/token/v4" => {
                Some(Self::Token)
            }
            "/ims/authorize/v1" | "/ims/authorize/v2" => Some(Self::Authorize),
            "/ims/validate_token/v1" => Some(Self::ValidateToken),
            "/ims/invalidate_token/v1" | "/ims/invalidate_token/v2" => Some(Self::InvalidateToken),
            "/ims/revoke" => Some(Self::Revoke),
            "/ims/userinfo/v1" | "/ims/userinfo/v2" => Some(Self::UserInfo),
            "/ims/.well-known/openid-configuration" => Some(Self::Discovery),
            "/ims/keys" => Some(Self::Keys),
            "/echo" => Some(Self::Echo),
            path => is_organizations(path).then_some(Self::Organizations),
        }
    }

    /// The methods it serves, as the `Allow` header has them.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::ExchangeJwt | Self::Token | Self::InvalidateToken | Self::Revoke => "POST",
            Self::ValidateToken | Self::Authorize => "GET, POST",
            Self::Keys | Self::UserInfo | Self::Organizations | Self::Discovery => "GET",
            Self::Echo => "GET, POST, PUT, PATCH, DELETE",
        }
    }

    /// Whether its requests carry parameters, in the query or the body.
    pub(crate) fn has_parameters(self) -> bool {
        !matches!(self, Self::Keys | Self::Discovery | Self::Echo)
    }

    pub(crate) fn serves(self, method: &Method) -> bool {
        self.methods().split(", ").any(|served| served == method.as_str())
    }
}

/// Whether `path` is one of `/ims/organizations/v1` to `v6`.
fn is_organizations(path: &str) -> bool {
    let version = path.strip_prefix("/ims/organizations/v");
    version.is_some_and(|version| matches!(version, "1" | "2" | "3" | "4" | "5" | "6"))
}
