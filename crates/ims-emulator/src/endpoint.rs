//! Which endpoints there are.

use serde::{Deserialize, Serialize};

/// An endpoint of the emulator. Most have several versions, each with its own path: see
/// [`EndpointVersion`](crate::EndpointVersion).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `/ims/exchange/jwt`: an assertion for an access token.
    ExchangeJwt,
    /// `/ims/authorize`: the user is asked, and the client is sent a code or a token.
    Authorize,
    /// `/ims/token`: client credentials, a code, a refresh token or another's token for an access token.
    Token,
    /// `/ims/validate_token`: whether a token is valid.
    ValidateToken,
    /// `/ims/keys`: the keys that tokens are signed with, as a JWK Set.
    Keys,
    /// `/ims/invalidate_token`: revokes a token.
    InvalidateToken,
    /// `/ims/revoke`: the same by RFC 7009.
    Revoke,
    /// `/ims/userinfo`: whose token it is.
    UserInfo,
    /// `/ims/profile`: the same and more, products among it.
    Profile,
    /// `/ims/organizations`: the organizations of the token's holder.
    Organizations,
    /// `/ims/organizations/{org}`: one organization, with its groups.
    Organization,
    /// `/ims/organizations/{org}/groups/{group}/members`: the users in a group.
    GroupMembers,
    /// `/ims/fetch_pc_by_org`: the products of an organization.
    ProductContexts,
    /// `/ims/account_cluster`: the accounts of the token's holder.
    AccountCluster,
    /// `/ims/admin_profile`: the profile of any user, for a service token.
    AdminProfile,
    /// `/ims/admin_organizations`: the organizations of any user, for a service token.
    AdminOrganizations,
    /// `/ims/logout`: revokes a user's tokens.
    Logout,
    /// `/ims/register`: a client registers itself.
    Register,
    /// `/ims/.well-known/openid-configuration`: where everything is.
    Discovery,
    /// `/console/organizations/{org}/credentials/{credential}/secrets`: the client secrets of a credential, and one more.
    ClientSecrets,
    /// `/console/organizations/{org}/credentials/{credential}/secrets/{secret}`: deletes a client secret.
    ClientSecret,
    /// `/consent`: an administrator allows an app for an organization.
    AdminConsent,
    /// `/echo`: a protected resource, which answers as a gateway in front of Adobe's APIs does.
    Echo,
}

impl Endpoint {
    /// Whether it is behind the gateway of Adobe's APIs, whose errors have another shape than those of IMS.
    pub(crate) fn is_behind_gateway(self) -> bool {
        matches!(self, Self::ClientSecrets | Self::ClientSecret | Self::Echo)
    }

    /// The names in scenarios and in the admin API.
    pub(crate) const NAMES: &[&str] = &[
        "exchange_jwt",
        "authorize",
        "token",
        "validate_token",
        "keys",
        "invalidate_token",
        "revoke",
        "user_info",
        "profile",
        "organizations",
        "organization",
        "group_members",
        "product_contexts",
        "account_cluster",
        "admin_profile",
        "admin_organizations",
        "logout",
        "register",
        "discovery",
        "client_secrets",
        "client_secret",
        "admin_consent",
        "echo",
    ];
}
