//! What an integration is set up with, beyond its ids.

use std::{sync::Arc, time::Duration};

use ims_claims::Metascope;
use secrecy::SecretString;

use super::{Integration, PatternError, stored::lifetime};
use crate::{certificate::Certificate, product::ProductContext, user::SilentSignIn};

impl Integration {
    /// Adds a client secret; any of them is accepted, as IMS does while one is being rotated.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// // During a rotation both are taken.
    /// let integration = integration.with_client_secret("old-secret").with_client_secret("new-secret");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.0.client_secrets.push(client_secret.into());
        self
    }

    /// The id of its organization in the Developer Console, by which the API for client secrets names it: the first number in
    /// the address of the credential's page. That API accepts any numbers as long as one of the two is missing.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// // https://developer.adobe.com/console/projects/23294/…/credentials/436084/…
    /// let integration = integration.with_console_org_id("23294").with_credential_id("436084");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_console_org_id(mut self, org_id: impl Into<String>) -> Self {
        self.0.console_org_id = Some(org_id.into());
        self
    }

    /// Its own id in the Developer Console, the last number in the address of the credential's page; see
    /// [`with_console_org_id`](Self::with_console_org_id).
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_console_org_id("23294").with_credential_id("436084");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_credential_id(mut self, credential_id: impl Into<String>) -> Self {
        self.0.credential_id = Some(credential_id.into());
        self
    }

    /// Adds certificates; the key of any of them may sign.
    ///
    /// ```
    /// use ims_emulator::Certificate;
    /// # use ims_emulator::Integration;
    /// # let file = ims_testkit::certificates::FIRST.as_bytes();
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// let integration = integration.with_certificates(Certificate::read_all(file)?);
    /// assert_eq!(integration.certificates().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_certificates(
        mut self,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        self.0.certificates.extend(certificates.into_iter().map(Arc::new));
        self
    }

    /// Adds metascopes that its JWTs may claim.
    ///
    /// ```
    /// use ims_claims::Metascope;
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// let integration = integration.with_metascopes([Metascope::ENT_USER_SDK, "ent_dataservices_sdk".parse()?]);
    /// assert_eq!(integration.metascopes().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_metascopes(mut self, metascopes: impl IntoIterator<Item = Metascope>) -> Self {
        self.0.metascopes.extend(metascopes);
        self
    }

    /// The metascopes that the client itself has, if they are fewer than the integration's. This is the cause of
    /// "Metascopes in the JWT do not match target client scopes".
    ///
    /// ```
    /// use ims_claims::Metascope;
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// // An assertion with the second metascope is refused.
    /// let integration = integration
    ///     .with_metascopes([Metascope::ENT_USER_SDK, Metascope::ENT_DATASERVICES_SDK])
    ///     .with_client_metascopes([Metascope::ENT_USER_SDK]);
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_metascopes(
        mut self,
        metascopes: impl IntoIterator<Item = Metascope>,
    ) -> Self {
        self.0.client_metascopes = Some(metascopes.into_iter().collect());
        self
    }

    /// Adds OAuth scopes, and with them allows client credentials.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_scopes(["openid", "AdobeID"]);
    /// assert_eq!(integration.scopes(), ["openid", "AdobeID"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.0.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds a redirect URI, to which users are sent back with codes and tokens. Requests name it letter by letter, or
    /// fit one of the patterns.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration
    ///     .with_scopes(["openid", "offline_access"])
    ///     .with_redirect_uri("http://127.0.0.1:8000/callback");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.0.redirect_uris.push(redirect_uri.into());
        self
    }

    /// Adds a pattern for redirect URIs, a regular expression for the whole of one, in which periods are escaped:
    /// `https://.*\\.example\\.com/callback`. Classes such as `\w` match only ASCII characters, since a URI has no others.
    /// Source: Adobe, "User Authentication", Redirect URI pattern.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_redirect_uri_pattern(r"https://.*\.example\.com/callback")?;
    /// assert!(integration.with_redirect_uri_pattern("https://(").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PatternError`] if it is not a regular expression.
    pub fn with_redirect_uri_pattern(mut self, pattern: &str) -> Result<Self, PatternError> {
        self.0.redirect_uri_patterns.push(pattern.parse()?);
        Ok(self)
    }

    /// The redirect URI for requests that name none, or one that is not registered. Without it, the former get the first
    /// redirect URI, and the latter are refused. Source: Adobe, "User Authentication", Default redirect URI.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_default_redirect_uri("https://app.example.com/callback");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_default_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.0.default_redirect_uri = Some(redirect_uri.into());
        self
    }

    /// Adds an origin, such as `https://app.example`, whose pages may read answers (CORS). The origins of the redirect URIs
    /// may anyway.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// // A single-page app on the server of its developer.
    /// let integration = integration.with_allowed_origin("http://localhost:3000");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_allowed_origin(mut self, origin: impl Into<String>) -> Self {
        self.0.allowed_origins.push(origin.into());
        self
    }

    /// Adds a product, which the profile of its users names.
    ///
    /// ```
    /// use ims_emulator::ProductContext;
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// let integration = integration.with_product(ProductContext::new("dma_tartan"));
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_product(mut self, product: ProductContext) -> Self {
        self.0.products.push(product);
        self
    }

    /// Gives it a permanent authorization code, which it can redeem any number of times at `/ims/token/v2` for a service
    /// token. Source: adobe/imscli, `ims/authz_service.go`.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-service".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_client_secret("my-secret").with_service_code("my-permanent-code");
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_service_code(mut self, service_code: impl Into<SecretString>) -> Self {
        self.0.service_code = Some(service_code.into());
        self
    }

    /// How its requests with `prompt=none` are answered.
    ///
    /// ```
    /// use ims_emulator::SilentSignIn;
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// // The app has to send the person to the page for sign-in.
    /// let integration = integration.with_silent_sign_in(SilentSignIn::LoginRequired);
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_silent_sign_in(mut self, silent_sign_in: SilentSignIn) -> Self {
        self.0.silent_sign_in = silent_sign_in;
        self
    }

    /// Takes each of its refresh tokens only once (RFC 9700 §4.14.2): the answer has the next. Otherwise a refresh
    /// token stays valid until it expires.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_scopes(["openid", "offline_access"]).rotating_refresh_tokens();
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rotating_refresh_tokens(mut self) -> Self {
        self.0.rotates_refresh_tokens = true;
        self
    }

    /// How long its access tokens live, at most ten years; a fraction of a millisecond is dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    ///
    /// // So short that a test sees the token end.
    /// let integration = integration.with_token_lifetime(Duration::from_secs(2));
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_token_lifetime(mut self, token_lifetime: Duration) -> Self {
        self.0.token_lifetime = token_lifetime.min(lifetime::MAX);
        self
    }

    /// Requires `jti` in its JWTs, and takes each only once.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_client_secret("my-secret").requiring_jti();
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn requiring_jti(mut self) -> Self {
        self.0.requires_jti = true;
        self
    }

    /// Removes the `exchange_jwt` scope: every JWT exchange is answered `401 invalid_client`.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// let integration = integration.with_client_secret("my-secret").without_exchange_jwt();
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_exchange_jwt(mut self) -> Self {
        self.0.may_exchange = false;
        self
    }

    /// Makes it a credential that was migrated to OAuth Server-to-Server: every JWT exchange is answered
    /// `500 internal_error`. Source: AdobeDocs/adobe-dev-console#124.
    ///
    /// ```
    /// # use ims_emulator::Integration;
    /// # let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
    /// // It gets a token by its secret and scopes, and none by an assertion.
    /// let integration = integration.with_client_secret("my-secret").with_scopes(["openid"]).migrated();
    /// # let _ = integration;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn migrated(mut self) -> Self {
        self.0.is_migrated = true;
        self
    }
}
