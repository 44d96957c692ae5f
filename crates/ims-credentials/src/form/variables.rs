//! Environment variables for an OAuth Server-to-Server credential or an API key. These forms differ mostly in their names.
//!
//! Sources: adobe/aio-cli-plugin-app, `src/lib/import.js` (`IMS_OAUTH_S2S_…`, `SERVICE_API_KEY`); the README of Adobe's
//! starter kits for Commerce (`OAUTH_…`); adobe/aio-commerce-sdk, `resolveImsAuthParams` (`AIO_COMMERCE_AUTH_IMS_…`);
//! adobe/aio-apps-action, `action.yml` (`CLIENTID` and similar ones).

use ims_claims::Environment;

use super::configuration;
use crate::{
    credential::{ApiKeyCredential, Credential},
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{
            Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, environment_called,
            key_in,
        },
    },
};

type Read = Result<(Environment, Credential), CredentialsError>;

/// The list of scopes is JSON in what `aio app use` writes, and separated by commas or white space elsewhere.
const AIO_APP: ServerToServerWords = ServerToServerWords {
    client_id: &["IMS_OAUTH_S2S_CLIENT_ID"],
    client_secret: &["IMS_OAUTH_S2S_CLIENT_SECRET"],
    org_id: &["IMS_OAUTH_S2S_ORG_ID"],
    scopes: Scopes::In("IMS_OAUTH_S2S_SCOPES"),
};

pub(super) fn is_aio_app(fields: &Fields<'_>) -> bool {
    fields.has("IMS_OAUTH_S2S_CLIENT_ID")
}

pub(super) fn aio_app(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    Ok((Environment::production(), AIO_APP.read(fields)?))
}

const COMMERCE_STARTER_KIT: ServerToServerWords = ServerToServerWords {
    client_id: &["OAUTH_CLIENT_ID"],
    client_secret: &["OAUTH_CLIENT_SECRET", "OAUTH_CLIENT_SECRETS"],
    org_id: &["OAUTH_ORG_ID", "OAUTH_IMS_ORG_ID"],
    scopes: Scopes::In("OAUTH_SCOPES"),
};

/// `OAUTH_CLIENT_ID` alone may belong to any other service. With an organization it belongs to Adobe.
pub(super) fn is_commerce_starter_kit(fields: &Fields<'_>) -> bool {
    fields.has("OAUTH_CLIENT_ID") && fields.has(fields.name_of(COMMERCE_STARTER_KIT.org_id))
}

pub(super) fn commerce_starter_kit(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    let environment = configuration::environment_at(fields, "OAUTH_HOST")?;
    Ok((environment, COMMERCE_STARTER_KIT.read(fields)?))
}

const COMMERCE_SDK: ServerToServerWords = ServerToServerWords {
    client_id: &["AIO_COMMERCE_AUTH_IMS_CLIENT_ID"],
    client_secret: &["AIO_COMMERCE_AUTH_IMS_CLIENT_SECRETS"],
    org_id: &["AIO_COMMERCE_AUTH_IMS_ORG_ID"],
    scopes: Scopes::In("AIO_COMMERCE_AUTH_IMS_SCOPES"),
};

pub(super) fn is_commerce_sdk(fields: &Fields<'_>) -> bool {
    fields.has("AIO_COMMERCE_AUTH_IMS_CLIENT_ID")
}

pub(super) fn commerce_sdk(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    let environment = environment_called(fields, "AIO_COMMERCE_AUTH_IMS_ENVIRONMENT")?;
    Ok((environment, COMMERCE_SDK.read(fields)?))
}

const COMMERCE_SDK_OBJECT: ServerToServerWords = ServerToServerWords {
    client_id: &["clientId"],
    client_secret: &["clientSecrets", "clientSecret"],
    org_id: &["imsOrgId"],
    scopes: Scopes::In("scopes"),
};

/// The parameters of the SDK as an object. Source: adobe/aio-commerce-sdk, `ImsAuthParams`.
pub(super) fn is_commerce_sdk_object(fields: &Fields<'_>) -> bool {
    fields.has("clientId") && fields.has("imsOrgId")
}

pub(super) fn commerce_sdk_object(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    let environment = environment_called(fields, "environment")?;
    Ok((environment, COMMERCE_SDK_OBJECT.read(fields)?))
}

const APPS_ACTION: ServerToServerWords = ServerToServerWords {
    client_id: &["CLIENTID"],
    client_secret: &["CLIENTSECRET"],
    org_id: &["IMSORGID"],
    scopes: Scopes::In("SCOPES"),
};

/// The form that the action had before OAuth Server-to-Server: with a key, and `SCOPES` for the metascopes.
const APPS_ACTION_JWT: ServiceAccountWords = ServiceAccountWords {
    client_id: &["CLIENTID"],
    client_secret: &["CLIENTSECRET"],
    org_id: &["IMSORGID"],
    technical_account_id: &["TECHNICALACCOUNTID"],
    metascopes: Metascopes::In("SCOPES"),
};

/// `CLIENTID` alone may belong to any other service.
pub(super) fn is_apps_action(fields: &Fields<'_>) -> bool {
    fields.has("CLIENTID") && fields.has("IMSORGID")
}

pub(super) fn apps_action(fields: &Fields<'_>, at: &ReadContext<'_>) -> Read {
    let credential = if fields.has("KEY") {
        APPS_ACTION_JWT.read(fields, key_in(fields, "KEY"), at)?
    } else {
        APPS_ACTION.read(fields)?
    };
    Ok((Environment::production(), credential))
}

pub(super) fn is_service_api_key(fields: &Fields<'_>) -> bool {
    fields.has("SERVICE_API_KEY")
}

pub(super) fn service_api_key(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    let credential = ApiKeyCredential::new(fields.required("SERVICE_API_KEY")?);
    Ok((Environment::production(), Credential::ApiKey(credential)))
}
