//! An integration: what IMS stores about one integration, and compares with each request.

mod settings;
mod stored;

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use ims_claims::{ClientId, Metascope, OrgId, ServiceAccount, TechnicalAccountId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{certificate::Certificate, product::ProductContext, user::SilentSignIn};

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
pub struct Integration(Members);

/// What is stored about an integration, under the names of scenarios, the API, the page and the state file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "switches of an integration, each for itself")]
pub(crate) struct Members {
    client_id: ClientId,
    org_id: OrgId,
    technical_account_id: TechnicalAccountId,
    #[serde(default, with = "stored::secrets")]
    client_secrets: Vec<SecretString>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    console_org_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential_id: Option<String>,
    #[serde(default, with = "stored::certificates")]
    certificates: Vec<Arc<Certificate>>,
    /// Files with more certificates, which the reader of the scenario replaces by their certificates.
    #[serde(default, skip_serializing)]
    pub(crate) certificate_files: Vec<PathBuf>,
    #[serde(default, with = "stored::texts")]
    metascopes: Vec<Metascope>,
    #[serde(default, with = "stored::optional_texts", skip_serializing_if = "Option::is_none")]
    client_metascopes: Option<Vec<Metascope>>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default, with = "stored::texts")]
    redirect_uri_patterns: Vec<RedirectPattern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_redirect_uri: Option<String>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    #[serde(default)]
    products: Vec<ProductContext>,
    #[serde(default, with = "stored::secret", skip_serializing_if = "Option::is_none")]
    service_code: Option<SecretString>,
    #[serde(default)]
    silent_sign_in: SilentSignIn,
    #[serde(
        rename = "token_lifetime_seconds",
        default = "stored::lifetime::default",
        with = "stored::lifetime"
    )]
    token_lifetime: Duration,
    #[serde(default)]
    rotates_refresh_tokens: bool,
    #[serde(default)]
    requires_jti: bool,
    #[serde(rename = "exchange_jwt", default = "stored::yes")]
    may_exchange: bool,
    #[serde(rename = "migrated", default)]
    is_migrated: bool,
}

impl Integration {
    /// The default lifetime of an access token, 24 hours. Source: Adobe, "JWT Authentication Reference".
    pub const DEFAULT_TOKEN_LIFETIME: Duration = stored::lifetime::DEFAULT;

    /// An integration without secret, certificate, metascope or scope: every request for it is refused until it has
    /// what the request needs.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_claims::Metascope;
    /// use ims_emulator::Integration;
    ///
    /// let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?)
    ///     .with_client_secret("my-secret")
    ///     .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
    ///     .with_scopes(["openid", "AdobeID"])
    ///     .with_redirect_uri("http://127.0.0.1:8000/callback")
    ///     .with_token_lifetime(Duration::from_secs(60));
    /// assert_eq!(integration.client_id().as_str(), "my-client");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(
        client_id: ClientId,
        org_id: OrgId,
        technical_account_id: TechnicalAccountId,
    ) -> Self {
        Self(Members {
            client_id,
            org_id,
            technical_account_id,
            client_secrets: Vec::new(),
            console_org_id: None,
            credential_id: None,
            certificates: Vec::new(),
            certificate_files: Vec::new(),
            metascopes: Vec::new(),
            client_metascopes: None,
            scopes: Vec::new(),
            redirect_uris: Vec::new(),
            redirect_uri_patterns: Vec::new(),
            default_redirect_uri: None,
            allowed_origins: Vec::new(),
            products: Vec::new(),
            service_code: None,
            silent_sign_in: SilentSignIn::Granted,
            token_lifetime: Self::DEFAULT_TOKEN_LIFETIME,
            rotates_refresh_tokens: false,
            requires_jti: false,
            may_exchange: true,
            is_migrated: false,
        })
    }

    /// What was read, under the names of scenarios.
    pub(crate) fn from_members(members: Members) -> Self {
        Self(members)
    }

    /// What is written, secrets included.
    pub(crate) fn members(&self) -> &Members {
        &self.0
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The organization.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.0.org_id
    }

    /// The technical account.
    #[must_use]
    pub fn technical_account_id(&self) -> &TechnicalAccountId {
        &self.0.technical_account_id
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Arc<Certificate>] {
        &self.0.certificates
    }

    /// The metascopes that its JWTs may claim.
    #[must_use]
    pub fn metascopes(&self) -> &[Metascope] {
        &self.0.metascopes
    }

    /// The OAuth scopes.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    pub(crate) fn redirect_uris(&self) -> &[String] {
        &self.0.redirect_uris
    }

    pub(crate) fn redirect_uri_patterns(&self) -> impl Iterator<Item = &str> {
        self.0.redirect_uri_patterns.iter().map(|pattern| pattern.text.as_str())
    }

    pub(crate) fn default_redirect_uri(&self) -> Option<&str> {
        self.0.default_redirect_uri.as_deref()
    }

    pub(crate) fn allowed_origins(&self) -> &[String] {
        &self.0.allowed_origins
    }

    /// The redirect URI for a request that names `requested`, if there is one.
    pub(crate) fn redirect_uri_for<'a>(&'a self, requested: Option<&'a str>) -> Option<&'a str> {
        let default = self.default_redirect_uri();
        let Some(requested) = requested else {
            return default.or(self.0.redirect_uris.first().map(String::as_str));
        };
        self.registered_redirect_uri(requested).or(default)
    }

    /// The redirect URI that was requested, if it is registered or fits a pattern.
    pub(crate) fn registered_redirect_uri<'a>(&'a self, requested: &'a str) -> Option<&'a str> {
        let is_registered = self.0.redirect_uris.iter().any(|known| known == requested)
            || self.default_redirect_uri() == Some(requested)
            || self.0.redirect_uri_patterns.iter().any(|pattern| pattern.fits(requested));
        is_registered.then_some(requested)
    }

    /// Whether pages of `origin` may read answers.
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        let of_redirect_uris = self
            .0
            .redirect_uris
            .iter()
            .chain(&self.0.default_redirect_uri)
            .filter_map(|uri| origin_of(uri));
        let mut allowed = self.0.allowed_origins.iter().map(String::as_str).chain(of_redirect_uris);
        allowed.any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    pub(crate) fn products(&self) -> &[ProductContext] {
        &self.0.products
    }

    pub(crate) fn silent_sign_in(&self) -> SilentSignIn {
        self.0.silent_sign_in
    }

    pub(crate) fn rotates_refresh_tokens(&self) -> bool {
        self.0.rotates_refresh_tokens
    }

    /// Whether it is a public client (RFC 6749 §2.1), which has no secret.
    pub(crate) fn is_public(&self) -> bool {
        self.0.client_secrets.is_empty()
    }

    pub(crate) fn client_metascopes(&self) -> &[Metascope] {
        self.0.client_metascopes.as_deref().unwrap_or(&self.0.metascopes)
    }

    pub(crate) fn token_lifetime(&self) -> Duration {
        self.0.token_lifetime
    }

    pub(crate) fn requires_jti(&self) -> bool {
        self.0.requires_jti
    }

    pub(crate) fn may_exchange(&self) -> bool {
        self.0.may_exchange
    }

    pub(crate) fn is_migrated(&self) -> bool {
        self.0.is_migrated
    }

    pub(crate) fn client_secrets(&self) -> &[SecretString] {
        &self.0.client_secrets
    }

    /// The ids in the Developer Console of the organization and of the credential, if both are known.
    pub(crate) fn console_ids(&self) -> Option<(&str, &str)> {
        self.0.console_org_id.as_deref().zip(self.0.credential_id.as_deref())
    }

    /// The same without one of several client secrets; `None` if it is the only one, since a client without secrets is a
    /// public one.
    pub(crate) fn without_client_secret(&self, place: usize) -> Option<Self> {
        let mut integration = self.clone();
        let secrets = &mut integration.0.client_secrets;
        if secrets.len() < 2 || place >= secrets.len() {
            return None;
        }
        secrets.remove(place);
        Some(integration)
    }

    /// The place of the client secret that `text` is.
    pub(crate) fn place_of_client_secret(&self, text: &str) -> Option<usize> {
        self.0.client_secrets.iter().position(|secret| is_equal(secret, text))
    }

    /// Whether `text` repeats one of the client secrets. In a longer text, only long secrets count: a short one may occur by
    /// chance.
    pub(crate) fn has_secret_in(&self, text: &str) -> bool {
        const TOO_LONG_FOR_CHANCE: usize = 8;
        self.0.client_secrets.iter().map(ExposeSecret::expose_secret).any(|secret| {
            text == secret || secret.len() >= TOO_LONG_FOR_CHANCE && text.contains(secret)
        })
    }

    /// Whether `text` is one of the client secrets, in constant time.
    pub(crate) fn has_client_secret(&self, text: &str) -> bool {
        // Every secret is checked: `|` continues where `||` would stop.
        self.0.client_secrets.iter().fold(false, |found, secret| found | is_equal(secret, text))
    }

    /// Whether `text` is its permanent authorization code, in constant time.
    pub(crate) fn has_service_code(&self, text: &str) -> bool {
        self.0.service_code.as_ref().is_some_and(|code| is_equal(code, text))
    }
}

/// The origin of a URL (RFC 6454 §4): scheme, host and port, as browsers send it.
fn origin_of(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    (is_web && length > 0).then(|| &uri[..scheme.len() + "://".len() + length])
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
            .field("client_id", &self.0.client_id)
            .field("certificates", &self.0.certificates)
            .field("metascopes", &self.0.metascopes)
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}

/// A pattern for redirect URIs.
#[derive(Debug, Clone)]
pub(crate) struct RedirectPattern {
    text: String,
    whole: regex_lite::Regex,
}

/// A text that is not a pattern for redirect URIs.
///
/// ```
/// use ims_emulator::{Integration, PatternError};
///
/// let integration = Integration::new("my-app".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
/// let error: PatternError = integration.with_redirect_uri_pattern("https://(").unwrap_err();
/// assert_eq!(error.to_string(), "not a regular expression, or one that is too large");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a regular expression, or one that is too large")]
pub struct PatternError;

impl RedirectPattern {
    /// The most memory that one pattern may take.
    const MAX_BYTES: usize = 64 * 1024;

    fn fits(&self, uri: &str) -> bool {
        self.whole.is_match(uri)
    }
}

impl FromStr for RedirectPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let whole = regex_lite::RegexBuilder::new(&format!("^(?:{text})$"))
            .size_limit(Self::MAX_BYTES)
            .build()
            .map_err(|_| PatternError)?;
        Ok(Self { text: text.to_owned(), whole })
    }
}

impl fmt::Display for RedirectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

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
    fn a_redirect_uri_is_registered_letter_by_letter_or_by_a_pattern() {
        let integration = integration()
            .with_redirect_uri("https://app.example/callback")
            .with_redirect_uri_pattern(r"https://.*\.preview\.example/callback")
            .unwrap();
        #[rustfmt::skip]
        let table = [
            ("https://app.example/callback",                   true),
            ("https://app.example/callback/",                  false),
            ("https://one.preview.example/callback",           true),
            ("https://one.preview.example/callback?x=1",       false),
            ("https://evil.example/#.preview.example/callback", true),
            ("x https://one.preview.example/callback",         false),
            ("https://previewxexample/callback",               false),
        ];
        for (uri, is_registered) in table {
            assert_eq!(integration.registered_redirect_uri(uri).is_some(), is_registered, "{uri}");
        }
        assert!(integration.clone().with_redirect_uri_pattern("(").is_err());
        assert!(integration.with_redirect_uri_pattern(&"(a{99}){99}".repeat(9)).is_err());
    }

    #[test]
    fn a_default_takes_what_is_not_registered_and_else_the_first_takes_what_is_not_named() {
        let plain = integration().with_redirect_uri("https://a.example/");
        let with_default = plain.clone().with_default_redirect_uri("https://d.example/");
        #[rustfmt::skip]
        let table = [
            (&plain,        None,                       Some("https://a.example/")),
            (&plain,        Some("https://b.example/"), None),
            (&with_default, None,                       Some("https://d.example/")),
            (&with_default, Some("https://b.example/"), Some("https://d.example/")),
            (&with_default, Some("https://a.example/"), Some("https://a.example/")),
        ];
        for (integration, requested, expected) in table {
            assert_eq!(integration.redirect_uri_for(requested), expected, "{requested:?}");
        }
    }

    #[test]
    fn pages_of_the_redirect_uris_may_read_answers_and_so_may_named_origins() {
        let integration = integration()
            .with_redirect_uri("https://app.example:8443/callback?x=https://other.example/")
            .with_redirect_uri("com.example.app:/callback")
            .with_allowed_origin("http://localhost:3000");
        #[rustfmt::skip]
        let table = [
            ("https://app.example:8443", true),
            ("http://localhost:3000",    true),
            ("https://app.example",      false),
            ("http://app.example:8443",  false),
            ("https://other.example",    false),
            ("null",                     false),
        ];
        for (origin, is_allowed) in table {
            assert_eq!(integration.allows_origin(origin), is_allowed, "{origin}");
        }
    }

    #[test]
    fn debug_does_not_show_a_secret() {
        let integration = integration().with_client_secret("canary").with_service_code("canary");
        assert!(!format!("{integration:?}").contains("canary"));
    }
}
