//! The client id and secrets of one integration: one struct for each kind of credential.

use ims_claims::{AccessTokenPayload, ClientId, CompactJwt, OrgId, ServiceAccount};
use ims_exchange::{AccessToken, Scope};

use crate::{
    client_secrets::ClientSecrets, error::CredentialsError, reading::secret_text,
    signing_keys::SigningKeys,
};

/// The kinds of credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a program has few of them, and every match would need the box"
)]
pub enum Credential {
    /// A service account with a certificate, Adobe's JWT credential.
    ServiceAccount(ServiceAccountCredential),
    /// OAuth Server-to-Server.
    ServerToServer(ServerToServerCredential),
    /// A person who signs in.
    User(UserCredential),
    /// An API key alone, for APIs that ask for nothing else.
    ApiKey(ApiKeyCredential),
    /// An existing access token, without a secret or a key for another.
    Token(TokenCredential),
}

/// A service account and the private keys that it signs with.
///
/// ```
/// use ims_claims::ServiceAccount;
/// use ims_credentials::{KeyPair, ServiceAccountCredential, SigningKey};
/// use ims_exchange::ClientSecret;
///
/// let account = ServiceAccount::new(
///     "a64f5f10849a410a97ffdac8ae1".parse()?,
///     "C74F69D7594880280@AdobeOrg".parse()?,
///     "6657031C5C095BB40A4@techacct.adobe.com".parse()?,
///     vec!["ent_dataservices_sdk".parse()?],
/// )?;
/// // The program provides the signer; with a key file it is SigningKey::File.
/// let key = KeyPair { signing_key: SigningKey::External, certificate: None };
/// let credential = ServiceAccountCredential::new(account, ClientSecret::new("p8e-…".to_owned()), key)?;
/// assert!(!credential.sends_jti);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServiceAccountCredential {
    /// Everything about the integration that is not secret.
    pub account: ServiceAccount,
    /// The integration's secrets.
    pub client_secrets: ClientSecrets,
    /// The keys that sign, each with its certificate if that is known.
    pub signing_keys: SigningKeys,
    /// Whether each assertion has a `jti`, which some integrations require.
    pub sends_jti: bool,
}

impl ServiceAccountCredential {
    /// A service account whose assertions have no `jti`.
    ///
    /// # Errors
    /// [`CredentialsError::SecretText`] for a client secret that is empty or has white space or quotation marks around it.
    pub fn new(
        account: ServiceAccount,
        client_secrets: impl Into<ClientSecrets>,
        signing_keys: impl Into<SigningKeys>,
    ) -> Result<Self, CredentialsError> {
        let client_secrets = checked(client_secrets.into())?;
        let signing_keys = signing_keys.into();
        Ok(Self { account, client_secrets, signing_keys, sends_jti: false })
    }

    /// The same with a `jti` in each assertion: Adobe's Developer Console shows whether an integration requires it.
    ///
    /// ```
    /// use ims_credentials::ServiceAccountCredential;
    ///
    /// fn as_the_console_says(credential: ServiceAccountCredential, requires_jti: bool) -> ServiceAccountCredential {
    ///     if requires_jti { credential.with_jti() } else { credential }
    /// }
    /// ```
    #[must_use]
    pub fn with_jti(self) -> Self {
        Self { sends_jti: true, ..self }
    }
}

/// A client id, its secrets and the scopes it asks for: OAuth Server-to-Server.
///
/// ```
/// use ims_credentials::ServerToServerCredential;
/// use ims_exchange::ClientSecret;
///
/// let secret = ClientSecret::new("p8e-…".to_owned());
/// let scopes = ["openid".parse()?, "AdobeID".parse()?];
/// let credential = ServerToServerCredential::new("a64f5f10849a410a97ffdac8ae1".parse()?, secret, scopes)?
///     .with_org("C74F69D7594880280@AdobeOrg".parse()?);
/// assert_eq!(credential.scopes.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerToServerCredential {
    /// The integration.
    pub client_id: ClientId,
    /// The integration's secrets.
    pub client_secrets: ClientSecrets,
    /// The scopes of the token.
    pub scopes: Vec<Scope>,
    /// The organization, which IMS requires from integrations that several organizations use.
    pub org_id: Option<OrgId>,
}

impl ServerToServerCredential {
    /// An integration without its organization.
    ///
    /// # Errors
    /// [`CredentialsError::SecretText`] for a client secret that is empty or has white space or quotation marks around it,
    /// and [`CredentialsError::Missing`] without scopes: IMS gives no token for none.
    pub fn new(
        client_id: ClientId,
        client_secrets: impl Into<ClientSecrets>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<Self, CredentialsError> {
        let client_secrets = checked(client_secrets.into())?;
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        if scopes.is_empty() {
            return Err(CredentialsError::Missing { name: "scopes".to_owned() });
        }
        Ok(Self { client_id, client_secrets, scopes, org_id: None })
    }

    /// The same with its organization.
    ///
    /// ```
    /// use ims_credentials::ServerToServerCredential;
    /// use ims_exchange::ClientSecret;
    ///
    /// let secret = ClientSecret::new("p8e-…".to_owned());
    /// let credential = ServerToServerCredential::new("my-client".parse()?, secret, ["openid".parse()?])?
    ///     .with_org("MY@AdobeOrg".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_org(self, org_id: OrgId) -> Self {
        Self { org_id: Some(org_id), ..self }
    }
}

/// The client id of an application to which a person signs in. The program decides where the refresh token of the sign-in is
/// kept.
///
/// ```
/// use ims_credentials::UserCredential;
///
/// let scopes = ["openid".parse()?, "offline_access".parse()?];
/// let public_client = UserCredential::new("a64f5f10849a410a97ffdac8ae1".parse()?, scopes);
/// assert!(public_client.client_secrets.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UserCredential {
    /// The integration.
    pub client_id: ClientId,
    /// The integration's secrets; `None` for a public client (RFC 6749 §2.1), which has none.
    pub client_secrets: Option<ClientSecrets>,
    /// What the person is asked for. They are sent at the sign-in, and apply to all later tokens.
    pub scopes: Vec<Scope>,
    /// The organization, which is sent to APIs as `x-gw-ims-org-id` if it is given.
    pub org_id: Option<OrgId>,
}

impl UserCredential {
    /// A public client without its organization.
    pub fn new(client_id: ClientId, scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes = scopes.into_iter().collect();
        Self { client_id, client_secrets: None, scopes, org_id: None }
    }

    /// The same as a confidential client, with its secrets.
    ///
    /// ```
    /// use ims_credentials::UserCredential;
    /// use ims_exchange::ClientSecret;
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?])
    ///     .with_client_secrets(ClientSecret::new("p8e-…".to_owned()))?;
    /// assert!(credential.client_secrets.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError::SecretText`] for a client secret that is empty or has white space or quotation marks around it.
    pub fn with_client_secrets(
        self,
        client_secrets: impl Into<ClientSecrets>,
    ) -> Result<Self, CredentialsError> {
        Ok(Self { client_secrets: Some(checked(client_secrets.into())?), ..self })
    }

    /// The same with its organization.
    ///
    /// ```
    /// use ims_credentials::UserCredential;
    ///
    /// let credential = UserCredential::new("my-app".parse()?, ["openid".parse()?])
    ///     .with_org("MY@AdobeOrg".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_org(self, org_id: OrgId) -> Self {
        Self { org_id: Some(org_id), ..self }
    }
}

/// An API key, which is sent as `x-api-key`. There is no access token, and IMS is never asked.
///
/// ```
/// let credential = ims_credentials::ApiKeyCredential::new("a64f5f10849a410a97ffdac8ae1".parse()?);
/// assert!(credential.org_id.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiKeyCredential {
    /// The API key, which is another name of Adobe's Developer Console for the client id.
    pub client_id: ClientId,
    /// The organization, which is sent as `x-gw-ims-org-id` if it is given.
    pub org_id: Option<OrgId>,
}

impl ApiKeyCredential {
    /// An API key without its organization.
    #[must_use]
    pub fn new(client_id: ClientId) -> Self {
        Self { client_id, org_id: None }
    }

    /// The same with its organization.
    ///
    /// ```
    /// use ims_credentials::ApiKeyCredential;
    ///
    /// let credential = ApiKeyCredential::new("my-key".parse()?).with_org("MY@AdobeOrg".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_org(self, org_id: OrgId) -> Self {
        Self { org_id: Some(org_id), ..self }
    }
}

/// An access token that someone else obtained: AEM's local development token, or one that a colleague sent. It is valid
/// until it expires, and cannot be renewed.
///
/// ```
/// # // {"client_id":"dev-console","created_at":"1550001138000","expires_in":"86400000"}
/// # let text = "e30.eyJjbGllbnRfaWQiOiJkZXYtY29uc29sZSIsImNyZWF0ZWRfYXQiOiIxNTUwMDAxMTM4MDAwIiwiZXhwaXJlc19pbiI6Ijg2NDAwMDAwIn0.AA";
/// let credential = ims_credentials::TokenCredential::new(text)?;
/// assert_eq!(credential.client_id.as_str(), "dev-console");
/// assert_eq!(credential.token.expires_at().to_string(), "2019-02-13T19:52:18Z");
/// # Ok::<(), ims_credentials::CredentialsError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenCredential {
    /// The integration that it was issued to, which APIs expect as `x-api-key`.
    pub client_id: ClientId,
    /// The token, with the dates from its own claims.
    pub token: AccessToken,
    /// The organization, which is sent as `x-gw-ims-org-id` if it is given.
    pub org_id: Option<OrgId>,
}

impl TokenCredential {
    /// The token `text`, whose claims give its expiry and its client. Nothing is verified.
    ///
    /// # Errors
    /// [`CredentialsError::WrongType`] for what is not an access token of IMS, a JWT with `created_at` and `expires_in`, and
    /// [`CredentialsError::Missing`] for a token without a client id.
    pub fn new(text: &str) -> Result<Self, CredentialsError> {
        let name = || CredentialsError::Missing { name: "client_id".to_owned() };
        Self::read("access_token", text, || Err(name()))
    }

    /// The same with its organization.
    ///
    /// ```
    /// use ims_credentials::TokenCredential;
    ///
    /// # fn credential(text: &str) -> Result<TokenCredential, Box<dyn std::error::Error>> {
    /// let credential = TokenCredential::new(text)?.with_org("MY@AdobeOrg".parse()?);
    /// # Ok(credential)
    /// # }
    /// ```
    #[must_use]
    pub fn with_org(self, org_id: OrgId) -> Self {
        Self { org_id: Some(org_id), ..self }
    }

    /// The token in the member `name`. `client_id` gives the client id if the token itself does not have it.
    pub(crate) fn read(
        name: &str,
        text: &str,
        client_id: impl FnOnce() -> Result<ClientId, CredentialsError>,
    ) -> Result<Self, CredentialsError> {
        let wrong = |expected| CredentialsError::WrongType { name: name.to_owned(), expected };
        let members = CompactJwt::parse(text).and_then(|jwt| jwt.payload_object());
        let payload = members.ok().map(AccessTokenPayload::from_object);
        let Some(Ok(payload)) = payload else {
            return Err(wrong("an access token of IMS, which is a JWT that says when it ends"));
        };
        if payload.token_type().is_some_and(|kind| kind != "access_token") {
            return Err(wrong("an access token but a token of another kind"));
        }
        let known = payload.client_id().and_then(|client_id| client_id.parse().ok());
        let client_id = match known {
            Some(client_id) => client_id,
            None => client_id()?,
        };
        let lifetime = payload.expires_at().since(payload.created_at());
        let token = AccessToken::new(text.to_owned(), payload.created_at(), lifetime);
        let token = token.map_err(|_| wrong("an access token: it is too long"))?;
        Ok(Self { client_id, token, org_id: None })
    }
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
            Self::Token(credential) => &credential.client_id,
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
            Self::Token(credential) => credential.org_id.as_ref(),
        }
    }
}

fn checked(client_secrets: ClientSecrets) -> Result<ClientSecrets, CredentialsError> {
    for client_secret in client_secrets.iter() {
        secret_text::client_secret("client_secret", client_secret.expose_secret())?;
    }
    Ok(client_secrets)
}

#[cfg(test)]
mod tests {
    use ims_claims::Metascope;
    use ims_exchange::ClientSecret;

    use super::*;
    use crate::{
        credentials::Credentials,
        signing_keys::{KeyPair, SigningKey},
    };

    fn client_id() -> ClientId {
        "client".parse().unwrap()
    }

    fn secret(text: &str) -> ClientSecret {
        ClientSecret::new(text.to_owned())
    }

    fn org() -> OrgId {
        "A@AdobeOrg".parse().unwrap()
    }

    #[test]
    fn what_is_added_to_a_credential_is_in_it_and_nothing_else_is() {
        let scopes = ["openid".parse().unwrap()];
        let server_to_server =
            ServerToServerCredential::new(client_id(), secret("p8e-a"), scopes.clone()).unwrap();
        let user = UserCredential::new(client_id(), scopes);
        let api_key = ApiKeyCredential::new(client_id());
        #[rustfmt::skip]
        let table = [
            (Credential::ServerToServer(server_to_server.clone()),            None),
            (Credential::ServerToServer(server_to_server.with_org(org())),    Some(org())),
            (Credential::User(user.clone()),                                  None),
            (Credential::User(user.clone().with_org(org())),                  Some(org())),
            (Credential::ApiKey(api_key.clone()),                             None),
            (Credential::ApiKey(api_key.with_org(org())),                     Some(org())),
        ];
        for (credential, org_id) in table {
            assert_eq!(credential.org_id(), org_id.as_ref(), "{credential:?}");
            assert_eq!(credential.client_id(), &client_id());
        }
        assert!(user.client_secrets.is_none());
        let user = user.with_client_secrets(secret("p8e-a")).unwrap();
        assert_eq!(user.client_secrets.unwrap().first().expose_secret(), "p8e-a");
    }

    #[test]
    fn a_jti_is_sent_only_where_it_was_asked_for() {
        let technical_account_id = "B@techacct.adobe.com".parse().unwrap();
        let metascopes = [Metascope::ENT_USER_SDK];
        let account = ServiceAccount::new(client_id(), org(), technical_account_id, metascopes);
        let key = KeyPair { signing_key: SigningKey::External, certificate: None };
        let without = ServiceAccountCredential::new(account.unwrap(), secret("p8e-a"), key);
        let without = without.unwrap();
        assert!(!without.sends_jti && without.clone().with_jti().sends_jti);
    }

    #[test]
    fn a_secret_that_cannot_be_meant_is_refused_by_every_constructor() {
        let wrong = || secret("p8e-a\n");
        let scopes: [Scope; 1] = ["openid".parse().unwrap()];
        let user = UserCredential::new(client_id(), scopes.clone());
        for error in [
            ServerToServerCredential::new(client_id(), wrong(), scopes).unwrap_err(),
            user.with_client_secrets(wrong()).unwrap_err(),
        ] {
            assert_eq!(error.to_string(), "client_secret ends with a line break");
        }
        let error = ServerToServerCredential::new(client_id(), secret("p8e-a"), []).unwrap_err();
        assert_eq!(error.to_string(), "scopes is missing");
    }

    #[test]
    fn another_credential_replaces_the_first() {
        let credentials: Credentials = r#"{ "api_key": "first" }"#.parse().unwrap();
        let other = Credential::ApiKey(ApiKeyCredential::new("second".parse().unwrap()));
        assert_eq!(credentials.with_credential(other).client_id().as_str(), "second");
    }
}
