//! The service credentials of AEM as a Cloud Service. Source: adobe/aemcs-api-client-lib, `README.md` and `index.js`.

use ims_claims::{Environment, ServiceAccount};
use zeroize::Zeroizing;

use crate::{KeyPair, SigningKey};

use super::{Credential, CredentialsError, Fields, ServiceAccountCredential};

pub(super) fn credential(
    fields: &Fields<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let integration = fields.object("integration")?;
    let technical_account = integration.object("technicalAccount")?;
    let account = ServiceAccount::new(
        technical_account.required("clientId")?,
        integration.required("org")?,
        // Not `email`, although both look alike.
        integration.required("id")?,
        integration.list("metascopes")?,
    );
    let credential = ServiceAccountCredential {
        account: account.map_err(|source| CredentialsError::Format {
            name: integration.path_of("metascopes"),
            source,
        })?,
        client_secrets: technical_account.client_secret("clientSecret")?.into(),
        signing_keys: key_pair(&integration)?.into(),
        sends_jti: false,
    };
    Ok((environment(&integration)?, Credential::ServiceAccount(credential)))
}

fn key_pair(integration: &Fields<'_>) -> Result<KeyPair, CredentialsError> {
    Ok(KeyPair {
        signing_key: SigningKey::File {
            contents: Zeroizing::new(integration.text("privateKey")?.as_bytes().to_vec()),
            passphrase: None,
        },
        certificate: integration.optional_text("publicKey")?.map(|pem| pem.as_bytes().to_vec()),
    })
}

/// `imsEndpoint` is a host without a scheme.
fn environment(integration: &Fields<'_>) -> Result<Environment, CredentialsError> {
    let endpoint = integration.text("imsEndpoint")?;
    let url =
        if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    url.parse().map_err(|source| CredentialsError::Format {
        name: integration.path_of("imsEndpoint"),
        source,
    })
}
