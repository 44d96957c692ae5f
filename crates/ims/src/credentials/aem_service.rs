//! The service credentials of AEM as a Cloud Service. Source: adobe/aemcs-api-client-lib, `README.md` and `index.js`.

use ims_claims::{Environment, ServiceAccount};

use super::{Credential, CredentialsError, Fields, Place, vocabulary::key_in};
use crate::{KeyPair, ServiceAccountCredential};

pub(super) fn is_it(fields: &Fields<'_>) -> bool {
    fields.has("integration")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _place: &Place<'_>,
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
        client_secrets: technical_account.client_secrets("clientSecret")?,
        signing_keys: key_pair(&integration)?.into(),
        sends_jti: false,
    };
    integration.text("imsEndpoint")?;
    Ok((integration.environment("imsEndpoint")?, Credential::ServiceAccount(credential)))
}

fn key_pair(integration: &Fields<'_>) -> Result<KeyPair, CredentialsError> {
    let certificate = integration.optional_text("publicKey")?;
    Ok(KeyPair {
        certificate: certificate.map(|pem| pem.as_bytes().to_vec()),
        ..key_in(integration, "privateKey")?
    })
}
