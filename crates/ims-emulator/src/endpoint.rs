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
    /// `/ims/token/v1` to `/ims/token/v4`: client credentials, a code, a refresh token or another's token for an access
    /// token, `expires_in` in seconds.
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
    /// `/ims/profile/v1` to `v3`: the same and more, products among it.
    Profile,
    /// `/ims/organizations/v1` to `v6`: the organizations of the token's holder.
    Organizations,
    /// `/ims/admin_profile/v1` to `v3`: the profile of any user, for a service token.
    AdminProfile,
    /// `/ims/admin_organizations/v1` to `v6`: the organizations of any user, for a service token.
    AdminOrganizations,
    /// `/ims/logout/v1` and `/ims/logout/v1/token`: the end of a user's tokens.
    Logout,
    /// `/ims/register`: a client registers itself.
    Register,
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
            "/ims/logout/v1" | "/ims/logout/v1/token" => Some(Self::Logout),
            "/ims/register" => Some(Self::Register),
            "/ims/.well-known/openid-configuration" => Some(Self::Discovery),
            "/ims/keys" => Some(Self::Keys),
            "/echo" => Some(Self::Echo),
            path => Self::of_a_version(path),
        }
    }

    /// The endpoint at a path that ends in one of many versions. Source: adobe/imscli, `ims/profile.go` and
    /// `ims/organizations.go`, for how many there are.
    fn of_a_version(path: &str) -> Option<Self> {
        let (name, version) = path.strip_prefix("/ims/")?.split_once("/v")?;
        let (endpoint, last) = match name {
            "profile" => (Self::Profile, 3),
            "organizations" => (Self::Organizations, 6),
            "admin_profile" => (Self::AdminProfile, 3),
            "admin_organizations" => (Self::AdminOrganizations, 6),
            _ => return None,
        };
        let is_version = |number: u8| version == number.to_string();
        (1..=last).any(is_version).then_some(endpoint)
    }

    /// The methods it serves, as the `Allow` header has them.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::ExchangeJwt
            | Self::Token
            | Self::InvalidateToken
            | Self::Revoke
            | Self::AdminProfile
            | Self::AdminOrganizations
            | Self::Register => "POST",
            Self::ValidateToken | Self::Authorize | Self::Logout => "GET, POST",
            Self::Keys | Self::UserInfo | Self::Profile | Self::Organizations | Self::Discovery => {
                "GET"
            }
            Self::Echo => "GET, POST, PUT, PATCH, DELETE",
        }
    }

    /// What its requests carry.
    pub(crate) fn content(self) -> Content {
        match self {
            Self::Keys | Self::Discovery | Self::Echo => Content::Nothing,
            Self::Register => Content::Json,
            _ => Content::Parameters,
        }
    }

    pub(crate) fn serves(self, method: &Method) -> bool {
        self.methods().split(", ").any(|served| served == method.as_str())
    }
}

/// What the requests of an endpoint carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing that the endpoint looks at.
    Nothing,
    /// Parameters, in the query or the body.
    Parameters,
    /// A body of JSON.
    Json,
}
