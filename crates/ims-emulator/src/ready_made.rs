//! An integration that is ready to be used, so that a test begins with the client and not with the emulator.

use ims_claims::{ClientId, Metascope, OrgId};
use secrecy::SecretString;
use serde_json::json;

use crate::{emulator::Emulator, integration::Integration};

const CLIENT_ID: &str = "emulated-client";
const CLIENT_SECRET: &str = "emulated-client-secret";
const ORG_ID: &str = "EMULATED@AdobeOrg";
const TECHNICAL_ACCOUNT_ID: &str = "EMULATED@techacct.adobe.com";
const SCOPES: [&str; 12] = [
    "openid",
    "AdobeID",
    "email",
    "profile",
    "address",
    "offline_access",
    "read_organizations",
    "additional_info.roles",
    "additional_info.projectedProductContext",
    "adobeio_api",
    "read_client_secret",
    "manage_client_secrets",
];

/// Whatever listens on this machine may be a client.
const REDIRECT_URI_PATTERN: &str = r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/.*)?";

/// What a client of OAuth Server-to-Server is configured with.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ims_emulator::StartError> {
/// let emulator = ims_emulator::Emulator::start().await?;
/// let credentials = emulator.client_credentials();
/// println!("{}, scopes {}", credentials.client_id, credentials.scopes.join(","));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The Client ID.
    pub client_id: ClientId,
    /// A client secret.
    pub client_secret: SecretString,
    /// The Organization ID.
    pub org_id: OrgId,
    /// The scopes, all that the integration has.
    pub scopes: Vec<String>,
}

impl Emulator {
    /// Credentials of the integration that [`Emulator::start`] registers; on an emulator that was built without it, it is
    /// registered now.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let emulator = ims_emulator::Emulator::start().await?;
    /// let credentials = emulator.client_credentials();
    /// println!("{} at {}", credentials.client_id, emulator.url());
    /// # Ok::<(), ims_emulator::StartError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client_credentials(&self) -> ClientCredentials {
        let integration = integration();
        let client_id = integration.client_id().clone();
        let org_id = integration.org_id().clone();
        let scopes = integration.scopes().to_vec();
        if !self.client_ids().iter().any(|known| known == CLIENT_ID) {
            self.register(integration);
        }
        ClientCredentials { client_id, client_secret: CLIENT_SECRET.into(), org_id, scopes }
    }

    /// The same as a credentials file in JSON, with the emulator's URL: what `ims` and its command read.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let emulator = ims_emulator::Emulator::start().await?;
    /// assert!(emulator.credentials_json().contains(&emulator.url()));
    /// # Ok::<(), ims_emulator::StartError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn credentials_json(&self) -> String {
        let ClientCredentials { client_id, org_id, scopes, .. } = self.client_credentials();
        let file = json!({
            "client_id": client_id,
            "client_secret": CLIENT_SECRET,
            "org_id": org_id,
            "scopes": scopes,
            "ims_url": self.url(),
        });
        format!("{file:#}")
    }
}

/// The integration itself.
pub(crate) fn integration() -> Integration {
    const OURS: &str = "the constants have their form";
    Integration::new(
        CLIENT_ID.parse().expect(OURS),
        ORG_ID.parse().expect(OURS),
        TECHNICAL_ACCOUNT_ID.parse().expect(OURS),
    )
    .with_client_secret(CLIENT_SECRET)
    .with_scopes(SCOPES)
    .with_metascopes([Metascope::ENT_DATASERVICES_SDK, Metascope::ENT_USER_SDK])
    .with_redirect_uri_pattern(REDIRECT_URI_PATTERN)
    .expect(OURS)
}
