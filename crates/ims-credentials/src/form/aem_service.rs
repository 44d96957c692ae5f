//! The service credentials of AEM as a Cloud Service. Source: adobe/aemcs-api-client-lib, `README.md` and `index.js`. Newer
//! ones are for OAuth Server-to-Server: they have `scopes` and no key, as the test of a public client shows (observed in
//! November 2026; Adobe documents no sample).

use ims_claims::{Environment, ServiceAccount};

use super::configuration;
use crate::{
    credential::{Credential, ServerToServerCredential, ServiceAccountCredential},
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, ServiceAccountWords, key_in},
    },
    signing_keys::KeyPair,
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    fields.has("integration")
}

/// `integration.yaml` of Asset Compute: the same members, without an object around them.
pub(super) fn is_asset_compute(fields: &Fields<'_>) -> bool {
    fields.object("technicalAccount").is_ok_and(|account| account.has("clientId"))
}

/// Source: adobe/asset-compute-client, `README.md`. The ids may be in either place.
pub(super) fn asset_compute(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let technical_account = fields.object("technicalAccount")?;
    let metascopes = match at.metascopes {
        [] => fields.list("metascopes")?,
        given => given.to_vec(),
    };
    let words = ServiceAccountWords {
        client_id: &["clientId"],
        client_secret: &["clientSecret"],
        org_id: &["org"],
        technical_account_id: &["id"],
        metascopes: Metascopes::Given(metascopes),
    };
    let credential =
        words.read(&technical_account, key_in(&technical_account, "privateKey"), at)?;
    Ok((fields.environment("imsEndpoint")?, credential))
}

/// The `OSGi` configuration of ACS AEM Commons. Source: adobe-consulting-services.github.io, "Adobe I/O", and
/// `IntegrationConfiguration.java`. Its `endpoint` is that of the JWT exchange.
pub(super) fn is_acs_commons(fields: &Fields<'_>) -> bool {
    fields.has("amcOrgId") && fields.has("clientId")
}

pub(super) fn acs_commons(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let words = ServiceAccountWords {
        client_id: &["clientId"],
        client_secret: &["clientSecret"],
        org_id: &["amcOrgId"],
        technical_account_id: &["techAccountId"],
        metascopes: Metascopes::In("adobeLoginClaimKey"),
    };
    let credential = words.read(fields, key_in(fields, "privateKey"), at)?;
    Ok((configuration::environment_at(fields, "endpoint")?, credential))
}

pub(super) fn credential(
    fields: &Fields<'_>,
    _at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let integration = fields.object("integration")?;
    let credential = if integration.has("scopes") && !integration.has("privateKey") {
        Credential::ServerToServer(server_to_server(&integration)?)
    } else {
        Credential::ServiceAccount(service_account(&integration)?)
    };
    integration.text("imsEndpoint")?;
    Ok((integration.environment("imsEndpoint")?, credential))
}

fn server_to_server(
    integration: &Fields<'_>,
) -> Result<ServerToServerCredential, CredentialsError> {
    let technical_account = integration.object("technicalAccount")?;
    Ok(ServerToServerCredential {
        client_id: technical_account.required("clientId")?,
        client_secrets: technical_account.client_secrets("clientSecret")?,
        scopes: integration.list("scopes")?,
        org_id: integration.optional("org")?,
    })
}

fn service_account(integration: &Fields<'_>) -> Result<ServiceAccountCredential, CredentialsError> {
    let technical_account = integration.object("technicalAccount")?;
    let account = ServiceAccount::new(
        technical_account.required("clientId")?,
        integration.required("org")?,
        // Not `email`, although both look alike.
        integration.required("id")?,
        integration.list("metascopes")?,
    );
    Ok(ServiceAccountCredential {
        account: account.map_err(|problem| CredentialsError::Format {
            name: integration.path_of("metascopes"),
            problem,
        })?,
        client_secrets: technical_account.client_secrets("clientSecret")?,
        signing_keys: key_pair(integration)?.into(),
        sends_jti: false,
    })
}

fn key_pair(integration: &Fields<'_>) -> Result<KeyPair, CredentialsError> {
    let certificate = integration.optional_text("publicKey")?;
    Ok(KeyPair {
        certificate: certificate.map(|pem| pem.as_bytes().to_vec()),
        ..key_in(integration, "privateKey")?
    })
}
