//! What a person's sign-in brings.

use crate::{AccessToken, IdToken, RefreshToken};

/// The tokens of a user, as an authorization code or a refresh token brought them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UserTokens {
    /// What APIs take.
    pub access_token: AccessToken,
    /// What brings the next access token. From a refresh it takes the place of the one that was sent; if there is none, that
    /// one stays good. IMS gives one for the scope `offline_access` only.
    pub refresh_token: Option<RefreshToken>,
    /// Who signed in, if the scope `openid` was asked for.
    pub id_token: Option<IdToken>,
    /// The account, `sub` or `userId`, as IMS sent it: it may hold any character, so escape it where it is shown.
    pub user_id: Option<String>,
}
