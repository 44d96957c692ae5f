//! An integration: what IMS keeps of one integration, and what it compares each request with.

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use ims_claims::{ClientId, Metascope, OrgId, ServiceAccount, TechnicalAccountId};
use secrecy::{ExposeSecret, SecretString};

use crate::{certificate::Certificate, product::ProductContext, silent_sign_in::SilentSignIn};

/// One integration, as the Developer Console and IMS know it.
///
/// ```
/// # use ims_emulator::{Integration, Certificate};
/// # use ims_claims::Metascope;
/// # let certificate = ims_testkit::certificates::FIRST;
/// let integration = Integration::new(
///     "a64f5f10849a410a97ffdac8ae1".parse()?,
///     "C74F69D7594880280@AdobeOrg".parse()?,
///     "6657031C5C095BB40A4@techacct.adobe.com".parse()?,
/// )
/// .with_client_secret("p8e-secret")
/// .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
/// .with_certificates(Certificate::read_all(certificate.as_bytes())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of an integration, each for itself")]
pub struct Integration {
    client_id: ClientId,
    org_id: OrgId,
    technical_account_id: TechnicalAccountId,
    client_secrets: Vec<SecretString>,
    certificates: Vec<Arc<Certificate>>,
    metascopes: Vec<Metascope>,
    client_metascopes: Option<Vec<Metascope>>,
    scopes: Vec<String>,
    redirect_uris: Vec<String>,
    products: Vec<ProductContext>,
    service_code: Option<SecretString>,
    silent_sign_in: SilentSignIn,
    token_lifetime: Duration,
    rotates_refresh_tokens: bool,
    requires_jti: bool,
    may_exchange: bool,
    is_migrated: bool,
}

impl Integration {
    /// How long an access token lives if nothing else is said, 24 hours. Source: Adobe, "JWT Authentication Reference".
    pub const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_hours(24);

    /// An integration without secret, certificate, metascope or scope: every request for it is refused until it has
    /// what the request needs.
    #[must_use]
    pub fn new(
        client_id: ClientId,
        org_id: OrgId,
        technical_account_id: TechnicalAccountId,
    ) -> Self {
        Self {
            client_id,
            org_id,
            technical_account_id,
            client_secrets: Vec::new(),
            certificates: Vec::new(),
            metascopes: Vec::new(),
            client_metascopes: None,
            scopes: Vec::new(),
            redirect_uris: Vec::new(),
            products: Vec::new(),
            service_code: None,
            silent_sign_in: SilentSignIn::Granted,
            rotates_refresh_tokens: false,
            token_lifetime: Self::DEFAULT_TOKEN_LIFETIME,
            requires_jti: false,
            may_exchange: true,
            is_migrated: false,
        }
    }

    /// Adds a client secret; any of them is taken, as IMS does while one is being rotated.
    #[must_use]
    pub fn with_client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secrets.push(client_secret.into());
        self
    }

    /// Adds certificates; the key of any of them may sign.
    #[must_use]
    pub fn with_certificates(
        mut self,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        self.certificates.extend(certificates.into_iter().map(Arc::new));
        self
    }

    /// Adds metascopes that its JWTs may claim.
    #[must_use]
    pub fn with_metascopes(mut self, metascopes: impl IntoIterator<Item = Metascope>) -> Self {
        self.metascopes.extend(metascopes);
        self
    }

    /// The metascopes that the client itself has, where they are fewer than the integration's: the fault behind
    /// "Metascopes in the JWT do not match target client scopes".
    #[must_use]
    pub fn with_client_metascopes(self, metascopes: impl IntoIterator<Item = Metascope>) -> Self {
        Self { client_metascopes: Some(metascopes.into_iter().collect()), ..self }
    }

    /// Adds OAuth scopes, and with them allows client credentials.
    #[must_use]
    pub fn with_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds a redirect URI, to which users are sent back with codes and tokens. Requests name it letter by letter.
    #[must_use]
    pub fn with_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uris.push(redirect_uri.into());
        self
    }

    /// Adds a product, which the profile of its users names.
    #[must_use]
    pub fn with_product(mut self, product: ProductContext) -> Self {
        self.products.push(product);
        self
    }

    /// Gives it a permanent authorization code, which it redeems at `/ims/token/v2` for a service token, as often as it
    /// likes. Source: adobe/imscli, `ims/authz_service.go`.
    #[must_use]
    pub fn with_service_code(self, service_code: impl Into<SecretString>) -> Self {
        Self { service_code: Some(service_code.into()), ..self }
    }

    /// What its requests with `prompt=none` meet.
    #[must_use]
    pub fn with_silent_sign_in(self, silent_sign_in: SilentSignIn) -> Self {
        Self { silent_sign_in, ..self }
    }

    /// Takes each of its refresh tokens only once (RFC 9700 §4.14.2): the answer has the next. Otherwise a refresh
    /// token stays valid until it expires.
    #[must_use]
    pub fn rotating_refresh_tokens(self) -> Self {
        Self { rotates_refresh_tokens: true, ..self }
    }

    /// How long its access tokens live, at most ten years; a fraction of a millisecond is dropped.
    #[must_use]
    pub fn with_token_lifetime(self, token_lifetime: Duration) -> Self {
        Self { token_lifetime: token_lifetime.min(MAX_TOKEN_LIFETIME), ..self }
    }

    /// Requires `jti` in its JWTs, and takes each only once.
    #[must_use]
    pub fn requiring_jti(self) -> Self {
        Self { requires_jti: true, ..self }
    }

    /// Takes away the `exchange_jwt` scope: every JWT exchange is answered `401 invalid_client`.
    #[must_use]
    pub fn without_exchange_jwt(self) -> Self {
        Self { may_exchange: false, ..self }
    }

    /// Makes it a credential that was migrated to OAuth Server-to-Server: every JWT exchange is answered
    /// `500 internal_error`. Source: AdobeDocs/adobe-dev-console#124.
    #[must_use]
    pub fn migrated(self) -> Self {
        Self { is_migrated: true, ..self }
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The organization.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.org_id
    }

    /// The technical account.
    #[must_use]
    pub fn technical_account_id(&self) -> &TechnicalAccountId {
        &self.technical_account_id
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Arc<Certificate>] {
        &self.certificates
    }

    /// The metascopes that its JWTs may claim.
    #[must_use]
    pub fn metascopes(&self) -> &[Metascope] {
        &self.metascopes
    }

    /// The OAuth scopes.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    pub(crate) fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    pub(crate) fn products(&self) -> &[ProductContext] {
        &self.products
    }

    pub(crate) fn service_code(&self) -> Option<&SecretString> {
        self.service_code.as_ref()
    }

    pub(crate) fn silent_sign_in(&self) -> SilentSignIn {
        self.silent_sign_in
    }

    pub(crate) fn rotates_refresh_tokens(&self) -> bool {
        self.rotates_refresh_tokens
    }

    /// Whether it is a public client (RFC 6749 §2.1), which has no secret.
    pub(crate) fn is_public(&self) -> bool {
        self.client_secrets.is_empty()
    }

    pub(crate) fn client_metascopes(&self) -> &[Metascope] {
        self.client_metascopes.as_deref().unwrap_or(&self.metascopes)
    }

    pub(crate) fn token_lifetime(&self) -> Duration {
        self.token_lifetime
    }

    pub(crate) fn requires_jti(&self) -> bool {
        self.requires_jti
    }

    pub(crate) fn may_exchange(&self) -> bool {
        self.may_exchange
    }

    pub(crate) fn is_migrated(&self) -> bool {
        self.is_migrated
    }

    pub(crate) fn client_secrets(&self) -> &[SecretString] {
        &self.client_secrets
    }

    /// Whether `text` repeats one of the client secrets. Within a longer text only those count that are too long to stand there
    /// by chance.
    pub(crate) fn has_secret_in(&self, text: &str) -> bool {
        const TOO_LONG_FOR_CHANCE: usize = 8;
        let is_in = |secret: &SecretString| {
            let secret = secret.expose_secret();
            text == secret || secret.len() >= TOO_LONG_FOR_CHANCE && text.contains(secret)
        };
        self.client_secrets.iter().any(is_in)
    }

    /// Whether `text` is one of the client secrets, in a time that tells nothing about any of them.
    pub(crate) fn has_client_secret(&self, text: &str) -> bool {
        // Every secret is looked at: `|` goes on where `||` would stop.
        self.client_secrets.iter().fold(false, |found, secret| found | is_equal(secret, text))
    }

    /// Whether `text` is its permanent authorization code, in a time that tells nothing about it.
    pub(crate) fn has_service_code(&self, text: &str) -> bool {
        self.service_code.as_ref().is_some_and(|code| is_equal(code, text))
    }
}

/// Compares digests, which have one length whatever the texts have.
fn is_equal(secret: &SecretString, text: &str) -> bool {
    let known = digest(&SHA256, secret.expose_secret().as_bytes());
    let given = digest(&SHA256, text.as_bytes());
    verify_slices_are_equal(given.as_ref(), known.as_ref()).is_ok()
}

impl From<&ServiceAccount> for Integration {
    fn from(account: &ServiceAccount) -> Self {
        Self::new(
            account.client_id().clone(),
            account.org_id().clone(),
            account.technical_account_id().clone(),
        )
        .with_metascopes(account.metascopes().iter().cloned())
    }
}

impl fmt::Debug for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Integration")
            .field("client_id", &self.client_id)
            .field("certificates", &self.certificates)
            .field("metascopes", &self.metascopes)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Far beyond any test, and so near that the end of a token can always be written.
const MAX_TOKEN_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    fn integration() -> Integration {
        Integration::new(
            "client".parse().unwrap(),
            "A@AdobeOrg".parse().unwrap(),
            "B@techacct.adobe.com".parse().unwrap(),
        )
    }

    #[test]
    fn any_of_its_secrets_is_a_secret_and_nothing_else() {
        let integration = integration().with_client_secret("first").with_client_secret("second");
        for (text, is_secret) in [
            ("first", true),
            ("second", true),
            ("", false),
            ("firs", false),
            ("firstsecond", false),
        ] {
            assert_eq!(integration.has_client_secret(text), is_secret, "{text}");
        }
        assert!(!self::integration().has_client_secret(""));
    }

    #[test]
    fn debug_does_not_show_a_secret() {
        let integration = integration().with_client_secret("canary").with_service_code("canary");
        assert!(!format!("{integration:?}").contains("canary"));
    }
}
