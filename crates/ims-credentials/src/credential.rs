//! What an integration is, and by what it proves so: one struct for each kind of credential.

use ims_claims::{ClientId, OrgId, ServiceAccount};
use ims_exchange::Scope;

use crate::{client_secrets::ClientSecrets, signing_keys::SigningKeys};

/// The kinds of credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A service account with a certificate, Adobe's JWT credential.
    ServiceAccount(ServiceAccountCredential),
    /// OAuth Server-to-Server.
    ServerToServer(ServerToServerCredential),
    /// A person who has signed in.
    User(UserCredential),
    /// An API key alone, for APIs that ask for nothing else.
    ApiKey(ApiKeyCredential),
}

/// A service account and the private keys that it signs with.
#[derive(Debug, Clone)]
pub struct ServiceAccountCredential {
    /// Everything about the integration that is not secret.
    pub account: ServiceAccount,
    /// The integration's secrets.
    pub client_secrets: ClientSecrets,
    /// The keys that sign, each with its certificate if that is known.
    pub signing_keys: SigningKeys,
    /// Whether each assertion carries a `jti`, which some integrations require.
    pub sends_jti: bool,
}

/// A client id, its secrets and the scopes it asks for.
#[derive(Debug, Clone)]
pub struct ServerToServerCredential {
    /// The integration.
    pub client_id: ClientId,
    /// The integration's secrets.
    pub client_secrets: ClientSecrets,
    /// What the token is to be good for.
    pub scopes: Vec<Scope>,
    /// The organization, which IMS wants of integrations that several organizations use.
    pub org_id: Option<OrgId>,
}

/// A client id in whose name a person signs in. Where the refresh token of the sign-in is kept is for the program to say.
#[derive(Debug, Clone)]
pub struct UserCredential {
    /// The integration.
    pub client_id: ClientId,
    /// The integration's secrets; `None` for a public client (RFC 6749 §2.1), which has none.
    pub client_secrets: Option<ClientSecrets>,
    /// What the person was asked for. They are sent at the sign-in, and hold for what follows.
    pub scopes: Vec<Scope>,
    /// The organization, which is sent to APIs as `x-gw-ims-org-id` if it is given.
    pub org_id: Option<OrgId>,
}

/// An API key, which is sent as `x-api-key`. There is no access token, and IMS is never asked.
#[derive(Debug, Clone)]
pub struct ApiKeyCredential {
    /// The API key: Adobe's Developer Console has one name more for the client id.
    pub client_id: ClientId,
    /// The organization, which is sent as `x-gw-ims-org-id` if it is given.
    pub org_id: Option<OrgId>,
}

impl Credential {
    /// The integration's client id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::ServiceAccount(credential) => credential.account.client_id(),
            Self::ServerToServer(credential) => &credential.client_id,
            Self::User(credential) => &credential.client_id,
            Self::ApiKey(credential) => &credential.client_id,
        }
    }

    /// The organization, where it is known.
    #[must_use]
    pub fn org_id(&self) -> Option<&OrgId> {
        match self {
            Self::ServiceAccount(credential) => Some(credential.account.org_id()),
            Self::ServerToServer(credential) => credential.org_id.as_ref(),
            Self::User(credential) => credential.org_id.as_ref(),
            Self::ApiKey(credential) => credential.org_id.as_ref(),
        }
    }
}
