//! The forms in the words of the documents, each with a sample.

use Kind::{ApiKey, Person, ServerToServer, ServiceAccount, Token};

use crate::form::Form;

/// One form as the page has it.
pub(super) struct Documented {
    pub(super) form: Form,
    /// What it is, in the words of its users.
    pub(super) title: &'static str,
    /// The languages that it is written in.
    pub(super) languages: &'static str,
    /// The members that it is recognised by. The member of its rule is among them.
    pub(super) recognized: &'static str,
    /// What kind of credential it is.
    pub(super) result: &'static str,
    /// The name of a file, which decides the language.
    pub(super) file: &'static str,
    pub(super) sample: &'static str,
    pub(super) kind: Kind,
}

/// What a sample is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    ServerToServer,
    ServiceAccount,
    Person,
    ApiKey,
    Token,
}

/// The client of all samples.
pub(super) const ID: &str = "a64f5f10849a410a97ffdac8ae1";

const fn row(
    form: Form,
    kind: Kind,
    [title, languages, recognized, result, file, sample]: [&'static str; 6],
) -> Documented {
    Documented { form, title, languages, recognized, result, file, sample, kind }
}

#[rustfmt::skip]
/// Our own form, which the page describes in other chapters.
pub(super) const OWN: &[Documented] = &[
    row(
        Form::Own,
        ServiceAccount,
        [
            "our own form",
            "JSON, TOML",
            "`client_id` or `api_key`",
            "any kind",
            "credentials.json",
            r#"{ "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secret_file": "client.secret", "org_id": "C74F69D7594880280@AdobeOrg",
  "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com", "metascopes": ["ent_dataservices_sdk"],
  "private_key_file": "private.key", "certificate_file": "certificate_pub.crt" }"#,
        ],
    ),
    row(
        Form::EnvironmentVariables,
        ServiceAccount,
        [
            "our own variables",
            "variables",
            "`IMS_CLIENT_ID`",
            "`IMS_SCOPES` OAuth Server-to-Server, else service account",
            "ims.env",
            "IMS_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
IMS_CLIENT_SECRET=p8e-secret
IMS_ORG_ID=C74F69D7594880280@AdobeOrg
IMS_TECHNICAL_ACCOUNT_ID=6657031C5C095BB40A4@techacct.adobe.com
IMS_METASCOPES=ent_user_sdk
IMS_PRIVATE_KEY_FILE=private.key",
        ],
    ),
];

#[rustfmt::skip]
/// All others, in the order of the page.
pub(super) const FORMS: &[Documented] = &[
    row(
        Form::ConsoleProject,
        ServerToServer,
        [
            "project or workspace of Adobe's Developer Console",
            "JSON",
            "`project` or `workspace`, and no `ims`",
            "by entry: `oauth_server_to_server` (also while it migrates) OAuth Server-to-Server · `jwt` service account, with `private.key` and `certificate_pub.crt` in the same folder · `apikey` API key · `oauthweb…`, `oauthnativeapp`, `oauthsinglepageapp` and the older `oauth2` a person's sign-in",
            "console.json",
            r#"{ "project": { "id": "1", "name": "123Project", "title": "Project",
  "org": { "id": "2", "name": "Example", "ims_org_id": "C74F69D7594880280@AdobeOrg" },
  "workspace": { "id": "3", "name": "Production", "details": { "credentials": [
    { "id": "4", "name": "Server to server", "integration_type": "oauth_server_to_server", "oauth_server_to_server": {
      "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secrets": ["p8e-secret"], "scopes": ["openid", "AdobeID"],
      "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com" } }
  ] } } } }"#,
        ],
    ),
    row(
        Form::ConsoleDownload,
        ServerToServer,
        [
            "\"Download JSON\" of an OAuth Server-to-Server credential in the Developer Console",
            "JSON, YAML",
            "`CLIENT_ID` or `API_KEY`, `CLIENT_SECRETS` or `CLIENT_SECRET`, and `ORG_ID`",
            "`SCOPES` OAuth Server-to-Server",
            "oauth.json",
            r#"{ "CLIENT_SECRETS": ["p8e-secret"], "ORG_ID": "C74F69D7594880280@AdobeOrg", "CLIENT_ID": "a64f5f10849a410a97ffdac8ae1",
  "SCOPES": ["openid", "AdobeID"], "TECHNICAL_ACCOUNT_ID": "6657031C5C095BB40A4@techacct.adobe.com",
  "TECHNICAL_ACCOUNT_EMAIL": "someone@techacct.adobe.com" }"#,
        ],
    ),
    row(
        Form::ConsoleDownload,
        ServiceAccount,
        [
            "\"Download JSON\" of a service account (JWT) in the Developer Console",
            "JSON, YAML",
            "the same without `SCOPES`, or with `PUBLIC_KEYS_WITH_EXPIRY`",
            "service account: `PRIVATE_KEY` or `private.key` in the same folder, and `META_SCOPES`, which the console leaves out, or the metascopes of a context",
            "jwt.json",
            r#"{ "CLIENT_SECRET": "p8e-secret", "ORG_ID": "C74F69D7594880280@AdobeOrg", "API_KEY": "a64f5f10849a410a97ffdac8ae1",
  "TECHNICAL_ACCOUNT_ID": "6657031C5C095BB40A4@techacct.adobe.com", "TECHNICAL_ACCOUNT_EMAIL": "someone@techacct.adobe.com",
  "PUBLIC_KEYS_WITH_EXPIRY": { "84a06e0e6ad1bb82": "08/27/2027" }, "META_SCOPES": ["ent_user_sdk"] }"#,
        ],
    ),
    row(
        Form::ConsoleDownload,
        Person,
        [
            "\"Download JSON\" of a web app, a single-page app or a native app in the Developer Console",
            "JSON",
            "`DEFAULT_REDIRECT_URI`",
            "a person's sign-in",
            "web.json",
            r#"{ "CLIENT_ID": "a64f5f10849a410a97ffdac8ae1", "CLIENT_SECRET": "p8e-secret", "SCOPES": ["openid"],
  "DEFAULT_REDIRECT_URI": "https://127.0.0.1:8443/" }"#,
        ],
    ),
    row(
        Form::ConsoleDownload,
        ApiKey,
        [
            "\"Download JSON\" of an API key in the Developer Console",
            "JSON",
            "`API_KEY` alone",
            "API key",
            "key.json",
            r#"{ "API_KEY": "a64f5f10849a410a97ffdac8ae1" }"#,
        ],
    ),
    row(
        Form::PostmanEnvironment,
        ServerToServer,
        [
            "the Developer Console's environment for Postman",
            "JSON",
            "`values` with a key `CLIENT_ID` or `API_KEY`",
            "as \"Download JSON\"",
            "postman.json",
            r#"{ "name": "OAuth Server-to-Server", "values": [
  { "key": "CLIENT_SECRET", "value": "p8e-secret" }, { "key": "API_KEY", "value": "a64f5f10849a410a97ffdac8ae1" },
  { "key": "SCOPES", "value": ["openid", "AdobeID"] }, { "key": "IMS", "value": "ims-na1.adobelogin.com" },
  { "key": "IMS_ORG", "value": "C74F69D7594880280@AdobeOrg" } ] }"#,
        ],
    ),
    row(
        Form::ActionInput,
        ServerToServer,
        [
            "the input that App Builder passes to an action",
            "JSON",
            "`__ims_oauth_s2s`",
            "OAuth Server-to-Server",
            "params.json",
            r#"{ "__ims_oauth_s2s": { "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secret": "p8e-secret",
  "org_id": "C74F69D7594880280@AdobeOrg", "scopes": ["openid", "AdobeID"] } }"#,
        ],
    ),
    row(
        Form::AemService,
        ServiceAccount,
        [
            "service credentials of AEM as a Cloud Service",
            "JSON",
            "`integration`",
            "`scopes` without a key OAuth Server-to-Server, else service account",
            "service_token.json",
            r#"{ "ok": true, "integration": { "imsEndpoint": "ims-na1.adobelogin.com", "metascopes": "ent_aem_cloud_api",
  "technicalAccount": { "clientId": "a64f5f10849a410a97ffdac8ae1", "clientSecret": "p8e-secret" },
  "id": "6657031C5C095BB40A4@techacct.adobe.com", "org": "C74F69D7594880280@AdobeOrg",
  "privateKey": "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n" }, "statusCode": 200 }"#,
        ],
    ),
    row(
        Form::AssetCompute,
        ServiceAccount,
        [
            "`integration.yaml` of Asset Compute",
            "YAML, JSON",
            "`technicalAccount`",
            "service account",
            "integration.yaml",
            r#"metascopes:
  - event_receiver_api
technicalAccount:
  id: 6657031C5C095BB40A4@techacct.adobe.com
  org: C74F69D7594880280@AdobeOrg
  clientId: a64f5f10849a410a97ffdac8ae1
  clientSecret: p8e-secret
  privateKey: "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n""#,
        ],
    ),
    row(
        Form::AcsCommons,
        ServiceAccount,
        [
            "the integration of ACS AEM Commons, `…IntegrationServiceImpl.cfg.json`",
            "JSON",
            "`amcOrgId` and `clientId`",
            "service account",
            "acs.cfg.json",
            r#"{ "endpoint": "https://ims-na1.adobelogin.com/ims/exchange/jwt", "clientId": "a64f5f10849a410a97ffdac8ae1", "clientSecret": "p8e-secret",
  "amcOrgId": "C74F69D7594880280@AdobeOrg", "techAccountId": "6657031C5C095BB40A4@techacct.adobe.com",
  "adobeLoginClaimKey": "https://ims-na1.adobelogin.com/s/ent_campaign_sdk",
  "privateKey": "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n" }"#,
        ],
    ),
    row(
        Form::AioContext,
        ServerToServer,
        [
            "contexts of `aio`: `.aio`, `~/.config/aio`",
            "Hjson, JSON",
            "`ims` with `contexts`, or `ims_org_id`",
            "by context: `redirect_uri` a person's sign-in, `meta_scopes` service account, else OAuth Server-to-Server",
            ".aio",
            r#"{ ims: { contexts: { my-context: {
  client_id: a64f5f10849a410a97ffdac8ae1
  client_secrets: ["p8e-secret"]
  ims_org_id: C74F69D7594880280@AdobeOrg
  technical_account_id: 6657031C5C095BB40A4@techacct.adobe.com
  scopes: ["openid", "AdobeID"]
} } } }"#,
        ],
    ),
    row(
        Form::AioVariables,
        ServerToServer,
        [
            "environment variables of `aio`",
            "variables",
            "`AIO_ims_contexts_…`, in any case",
            "as a context of `aio`",
            ".env",
            r#"AIO_ims_contexts_my__context_client__id=a64f5f10849a410a97ffdac8ae1
AIO_ims_contexts_my__context_client__secrets=["p8e-secret"]
AIO_ims_contexts_my__context_ims__org__id=C74F69D7594880280@AdobeOrg
AIO_ims_contexts_my__context_scopes=["openid","AdobeID"]"#,
        ],
    ),
    row(
        Form::ServerToServerVariables,
        ServerToServer,
        [
            "what `aio app use` writes into `.env`",
            "variables",
            "`IMS_OAUTH_S2S_CLIENT_ID`",
            "OAuth Server-to-Server",
            ".env",
            r#"IMS_OAUTH_S2S_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
IMS_OAUTH_S2S_CLIENT_SECRET=p8e-secret
IMS_OAUTH_S2S_ORG_ID=C74F69D7594880280@AdobeOrg
IMS_OAUTH_S2S_SCOPES=["openid","AdobeID"]"#,
        ],
    ),
    row(
        Form::ServiceApiKey,
        ApiKey,
        [
            "the API key that `aio app use` writes into `.env`",
            "variables",
            "`SERVICE_API_KEY`",
            "API key",
            ".env",
            "SERVICE_API_KEY=a64f5f10849a410a97ffdac8ae1",
        ],
    ),
    row(
        Form::CommerceStarterKit,
        ServerToServer,
        [
            "starter kits of Adobe Commerce",
            "variables",
            "`OAUTH_CLIENT_ID` and `OAUTH_ORG_ID`",
            "OAuth Server-to-Server",
            ".env",
            "OAUTH_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
OAUTH_CLIENT_SECRET=p8e-secret
OAUTH_TECHNICAL_ACCOUNT_ID=6657031C5C095BB40A4@techacct.adobe.com
OAUTH_TECHNICAL_ACCOUNT_EMAIL=someone@techacct.adobe.com
OAUTH_ORG_ID=C74F69D7594880280@AdobeOrg
OAUTH_SCOPES=AdobeID, openid, read_organizations",
        ],
    ),
    row(
        Form::CommerceSdk,
        ServerToServer,
        [
            "SDK of Adobe Commerce",
            "variables",
            "`AIO_COMMERCE_AUTH_IMS_CLIENT_ID`",
            "OAuth Server-to-Server",
            ".env",
            r#"AIO_COMMERCE_AUTH_IMS_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
AIO_COMMERCE_AUTH_IMS_CLIENT_SECRETS=["p8e-secret"]
AIO_COMMERCE_AUTH_IMS_ORG_ID=C74F69D7594880280@AdobeOrg
AIO_COMMERCE_AUTH_IMS_SCOPES=["openid","AdobeID"]
AIO_COMMERCE_AUTH_IMS_ENVIRONMENT=prod"#,
        ],
    ),
    row(
        Form::CommerceSdk,
        ServerToServer,
        [
            "the parameters of the SDK of Adobe Commerce as an object",
            "JSON",
            "`clientId` and `imsOrgId`",
            "OAuth Server-to-Server",
            "auth.json",
            r#"{ "clientId": "a64f5f10849a410a97ffdac8ae1", "clientSecrets": ["p8e-secret"], "imsOrgId": "C74F69D7594880280@AdobeOrg",
  "technicalAccountId": "6657031C5C095BB40A4@techacct.adobe.com", "technicalAccountEmail": "someone@techacct.adobe.com",
  "environment": "prod", "scopes": ["openid", "AdobeID"] }"#,
        ],
    ),
    row(
        Form::AppsAction,
        ServerToServer,
        [
            "aio-apps-action",
            "variables",
            "`CLIENTID` and `IMSORGID`",
            "`KEY` service account, else OAuth Server-to-Server",
            ".env",
            "CLIENTID=a64f5f10849a410a97ffdac8ae1
CLIENTSECRET=p8e-secret
IMSORGID=C74F69D7594880280@AdobeOrg
TECHNICALACCOUNTID=6657031C5C095BB40A4@techacct.adobe.com
TECHNICALACCOUNTEMAIL=someone@techacct.adobe.com
SCOPES=openid,AdobeID",
        ],
    ),
    row(
        Form::CloudManager,
        ServerToServer,
        [
            "`config.json` of the Cloud Manager plugin",
            "JSON",
            "`ims_org_id` and `oauth_enabled`",
            "as a context of `aio`, by `oauth_enabled`",
            "config.json",
            r#"{ "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secrets": ["p8e-secret"], "ims_org_id": "C74F69D7594880280@AdobeOrg",
  "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com", "scopes": ["openid", "AdobeID"], "oauth_enabled": true }"#,
        ],
    ),
    row(
        Form::UserSync,
        ServerToServer,
        [
            "`connector-umapi.yml` of the User Sync Tool",
            "YAML",
            "`enterprise`",
            "by `authentication_method`",
            "connector-umapi.yml",
            "authentication_method: oauth
server:
enterprise:
  org_id: C74F69D7594880280@AdobeOrg
  client_id: a64f5f10849a410a97ffdac8ae1
  client_secret: p8e-secret",
        ],
    ),
    row(
        Form::UserSync,
        ServiceAccount,
        [
            "`connector-adobe-console.yml` of the User Sync Tool",
            "YAML",
            "`integration` with `org_id` and `client_id` or `api_key`",
            "as `connector-umapi.yml`",
            "connector-adobe-console.yml",
            "integration:
  org_id: C74F69D7594880280@AdobeOrg
  api_key: a64f5f10849a410a97ffdac8ae1
  client_secret: p8e-secret
  tech_acct: 6657031C5C095BB40A4@techacct.adobe.com
  priv_key_path: private.key",
        ],
    ),
    row(
        Form::UserManagement,
        ServiceAccount,
        [
            "`usermanagement.config` of the User Management API's samples",
            "INI",
            "`[enterprise]`",
            "service account",
            "usermanagement.config",
            "[server]
host = usermanagement.adobe.io
ims_host = ims-na1.adobelogin.com
[enterprise]
org_id = C74F69D7594880280@AdobeOrg
api_key = a64f5f10849a410a97ffdac8ae1
client_secret = p8e-secret
tech_acct = 6657031C5C095BB40A4@techacct.adobe.com
priv_key_filename = private.key",
        ],
    ),
    row(
        Form::DataScience,
        ServiceAccount,
        [
            "`config.yaml` of the Data Science Workspace",
            "YAML",
            "`Enterprise` and `Platform`",
            "service account",
            "config.yaml",
            "Enterprise:
    api_key: a64f5f10849a410a97ffdac8ae1
    org_id: C74F69D7594880280@AdobeOrg
    tech_acct: 6657031C5C095BB40A4@techacct.adobe.com
    client_secret: p8e-secret
    priv_key_filename: private.key
Platform:
    platform_gateway: https://platform.adobe.io",
        ],
    ),
    row(
        Form::PdfServices,
        ServerToServer,
        [
            "`pdfservices-api-credentials.json`",
            "JSON",
            "`client_credentials`",
            "`service_account_credentials` service account, else OAuth Server-to-Server",
            "pdfservices-api-credentials.json",
            r#"{ "client_credentials": { "client_id": "a64f5f10849a410a97ffdac8ae1", "client_secret": "p8e-secret" },
  "service_principal_credentials": { "organization_id": "C74F69D7594880280@AdobeOrg" } }"#,
        ],
    ),
    row(
        Form::AnalyticsConfig,
        ServerToServer,
        [
            "`config.json` of aanalytics2, aepp, cjapy",
            "JSON, in any case",
            "`org_id` and one of `secret`, `tech_id`, `pathToKey`, `sandbox-name`",
            "`scopes` OAuth Server-to-Server, else service account",
            "config.json",
            r#"{ "org_id": "C74F69D7594880280@AdobeOrg", "client_id": "a64f5f10849a410a97ffdac8ae1", "secret": "p8e-secret",
  "scopes": "openid,AdobeID", "sandbox-name": "prod", "environment": "prod" }"#,
        ],
    ),
    row(
        Form::AnalyticsSample,
        ServiceAccount,
        [
            "`config.ini`, `config.properties` of the Analytics API's samples",
            "INI, properties",
            "`apiKey` and `technicalAccountId`",
            "service account",
            "config.ini",
            "[default]
apiKey=a64f5f10849a410a97ffdac8ae1
technicalAccountId=6657031C5C095BB40A4@techacct.adobe.com
orgId=C74F69D7594880280@AdobeOrg
secret=p8e-secret
metascopes=ent_analytics_bulk_ingest_sdk
key_path=private.key
imsHost=ims-na1.adobelogin.com",
        ],
    ),
    row(
        Form::AioJava,
        ServiceAccount,
        [
            "aio-lib-java",
            "properties, variables",
            "`aio_api_key`",
            "`aio_oauth_scopes` OAuth Server-to-Server, else service account",
            "workspace.properties",
            "aio_ims_org_id=C74F69D7594880280@AdobeOrg
aio_api_key=a64f5f10849a410a97ffdac8ae1
aio_client_secret=p8e-secret
aio_technical_account_id=6657031C5C095BB40A4@techacct.adobe.com
aio_meta_scopes=/s/ent_user_sdk
aio_encoded_pkcs8=MIIE…",
        ],
    ),
    row(
        Form::JwtAuth,
        ServiceAccount,
        [
            "options of `@adobe/jwt-auth`",
            "JSON",
            "`clientId` and `technicalAccountId`",
            "service account",
            "options.json",
            r#"{ "clientId": "a64f5f10849a410a97ffdac8ae1", "technicalAccountId": "6657031C5C095BB40A4@techacct.adobe.com",
  "orgId": "C74F69D7594880280@AdobeOrg", "clientSecret": "p8e-secret", "metaScopes": ["ent_user_sdk"],
  "privateKey": "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n" }"#,
        ],
    ),
    row(
        Form::Imscli,
        ServerToServer,
        [
            "imscli: `imscli.yaml` and other languages",
            "YAML, JSON, TOML, in any case",
            "`clientid`",
            "`metascopes` service account, `scopes` OAuth Server-to-Server",
            "imscli.yaml",
            "clientid: a64f5f10849a410a97ffdac8ae1
clientsecret: p8e-secret
organization: C74F69D7594880280@AdobeOrg
scopes:
- openid
- AdobeID",
        ],
    ),
    row(
        Form::Imscli,
        ServerToServer,
        [
            "environment variables of imscli",
            "variables",
            "`IMS_CLIENTID`",
            "as `imscli.yaml`",
            "imscli.env",
            "IMS_CLIENTID=a64f5f10849a410a97ffdac8ae1
IMS_CLIENTSECRET=p8e-secret
IMS_SCOPES=openid,AdobeID",
        ],
    ),
    row(
        Form::ReactorUploader,
        ServerToServer,
        [
            "`@adobe/reactor-uploader`",
            "variables",
            "`REACTOR_IO_INTEGRATION_CLIENT_ID`, with `_STAGE` or `_DEVELOPMENT` or without",
            "OAuth Server-to-Server",
            ".env",
            "REACTOR_IO_INTEGRATION_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
REACTOR_IO_INTEGRATION_CLIENT_SECRET=p8e-secret",
        ],
    ),
    row(
        Form::PrefixedVariables,
        ServerToServer,
        [
            "variables of a program",
            "variables",
            "`ADOBE_CLIENT_ID` and `ADOBE_CLIENT_SECRET`, also with `ADOBE_IMS_`, `AEM_`, `AEM_AUTH_`, `AEP_`, `AIO_COMMERCE_IMS_`, `COMMERCE_IMS_`, `ADOBE_COMMERCE_IMS_`, `FIREFLY_`, `FIREFLY_SERVICES_`, `PDF_SERVICES_`, `ADOBE_PDF_SERVICES_`, and without a prefix or with any other if that has `ADOBE`, `IMS`, `AEM`, `AEP` or `AIO` in it, or `ORG_ID` ends in `@AdobeOrg`, `TECHNICAL_ACCOUNT_ID` in `@techacct.adobe.com`, or the secret begins with `p8e-`; those with any other in a file only",
            "`…PRIVATE_KEY` or `…METASCOPES` service account, `…REDIRECT_URI` without an organization a person's sign-in, else, and if one of the scopes is `openid` or `AdobeID`, OAuth Server-to-Server",
            ".env",
            "ADOBE_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
ADOBE_CLIENT_SECRET=p8e-secret
ADOBE_ORG_ID=C74F69D7594880280@AdobeOrg
ADOBE_SCOPES=openid,AdobeID",
        ],
    ),
    row(
        Form::Section,
        ServerToServer,
        [
            "a section of a configuration: Spring, .NET, Helm and others",
            "YAML, JSON, TOML, INI",
            "a section such as `adobe.ims` with a client id and a client secret, and in its path `ims`, `aem`, `aep` or `adobe…`, or in it an organization that ends in `@AdobeOrg`",
            "a private key or metascopes service account, else OAuth Server-to-Server",
            "application.yml",
            "adobe:
  ims:
    client-id: a64f5f10849a410a97ffdac8ae1
    client-secret: p8e-secret
    org-id: C74F69D7594880280@AdobeOrg
    scopes: openid,AdobeID",
        ],
    ),
    row(
        Form::Section,
        ServerToServer,
        [
            "the same as properties",
            "properties",
            "`adobe.ims.client-id`",
            "the same",
            "application.properties",
            "adobe.ims.client-id=a64f5f10849a410a97ffdac8ae1
adobe.ims.client-secret=p8e-secret
adobe.ims.scopes=openid,AdobeID",
        ],
    ),
    row(
        Form::NestedVariables,
        ServerToServer,
        [
            "variables in the configuration of another program: Docker Compose, MCP servers, Azure Functions",
            "YAML, JSON",
            "an object such as `environment` or `env`, or a list of `NAME=value`, with the variables of one of these forms",
            "as the variables",
            "docker-compose.yml",
            "services:
  app:
    environment:
      - ADOBE_CLIENT_ID=a64f5f10849a410a97ffdac8ae1
      - ADOBE_CLIENT_SECRET=p8e-secret
      - ADOBE_SCOPES=openid,AdobeID",
        ],
    ),
    row(
        Form::AccessToken,
        Token,
        [
            "an access token: AEM's local development token, what `ims token --json` prints, an answer of IMS",
            "JSON, TOML, YAML, Hjson",
            "`accessToken` or `access_token` without a secret",
            "an access token that is ready",
            "token.json",
            r#"{ "ok": true, "statusCode": 200, "accessToken": "eyJ…" }"#,
        ],
    ),
    row(
        Form::AccessToken,
        Token,
        [
            "an access token alone, also after `Bearer` or `Authorization: Bearer`",
            "text",
            "three parts of base64url, the first begins with `eyJ`",
            "the same",
            "token.txt",
            "Bearer eyJ…",
        ],
    ),
    row(
        Form::AccessTokenVariables,
        Token,
        [
            "what `ims exec` gives to a program",
            "variables",
            "`IMS_ACCESS_TOKEN` without a secret or a key",
            "the same",
            ".env",
            "IMS_ACCESS_TOKEN=eyJ…
IMS_CLIENT_ID=a64f5f10849a410a97ffdac8ae1",
        ],
    ),
    row(
        Form::AccessTokenVariables,
        Token,
        [
            "what aio-apps-action gives to the steps after it",
            "variables",
            "`AIO_IMS_CONTEXTS_CLI_ACCESS__TOKEN_TOKEN`",
            "the same",
            ".env",
            "AIO_IMS_CONTEXTS_CLI_ACCESS__TOKEN_TOKEN=eyJ…",
        ],
    ),
];
