//! The forms of credentials: the members by which each is recognised, and the function that reads it.

use std::fmt;

use ims_claims::Environment;

use Language::{Dotenv, Hjson, Ini, Json, Properties, Toml, Yaml};

pub(crate) mod access_token;
mod aem_service;
mod aio_context;
mod aio_variables;
mod analytics;
mod configuration;
mod console_download;
mod console_project;
mod environment_variables;
mod imscli;
mod nested_variables;
mod npm_packages;
pub(crate) mod own_format;
mod pdf_services;
mod user_login;
mod user_management;
mod variables;

use crate::{
    credential::Credential,
    error::{CredentialsError, KUBERNETES, QUERY_SERVICE},
    language::Language,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
    },
};

/// The forms of credentials that are recognised by their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// Our own, JSON or TOML.
    Own,
    /// The project or workspace file of Adobe's Developer Console.
    ConsoleProject,
    /// AEM as a Cloud Service: the service credentials of its Developer Console.
    AemService,
    /// A context of Adobe's `aio` command, alone or in its configuration.
    AioContext,
    /// The environment variables of `aio`, `AIO_ims_contexts_…`.
    AioVariables,
    /// The environment variables `IMS_OAUTH_S2S_…`, which `aio app use` writes.
    ServerToServerVariables,
    /// "Download JSON" of a credential in Adobe's Developer Console, OAuth Server-to-Server or a service account.
    ConsoleDownload,
    /// The environment for Postman of a credential in Adobe's Developer Console.
    PostmanEnvironment,
    /// The input `__ims_oauth_s2s` that App Builder passes to an action.
    ActionInput,
    /// The environment variables `OAUTH_…` of Adobe Commerce's starter kits.
    CommerceStarterKit,
    /// The environment variables `AIO_COMMERCE_AUTH_IMS_…` of Adobe Commerce's SDK, or its parameters as an object.
    CommerceSdk,
    /// The environment variables `CLIENTID` and similar ones of aio-apps-action.
    AppsAction,
    /// `integration.yaml` of Asset Compute.
    AssetCompute,
    /// `com.adobe.acs.commons.adobeio.…IntegrationServiceImpl.cfg.json` of ACS AEM Commons.
    AcsCommons,
    /// `config.yaml` of the Data Science Workspace of Adobe Experience Platform.
    DataScience,
    /// The environment variable `SERVICE_API_KEY`, which `aio app use` writes.
    ServiceApiKey,
    /// `config.json` of the Cloud Manager plugin of `aio`.
    CloudManager,
    /// `connector-umapi.yml` of Adobe's User Sync Tool.
    UserSync,
    /// `usermanagement.config` of the samples of the User Management API.
    UserManagement,
    /// `pdfservices-api-credentials.json` of Adobe PDF Services.
    PdfServices,
    /// `config.json` of aanalytics2, aepp and similar tools.
    AnalyticsConfig,
    /// `config.ini` or `config.properties` of the samples of the Analytics API.
    AnalyticsSample,
    /// Properties or environment variables of aio-lib-java.
    AioJava,
    /// The options of `@adobe/jwt-auth`.
    JwtAuth,
    /// The configuration of imscli, or its environment variables.
    Imscli,
    /// The environment variables of `@adobe/reactor-uploader`.
    ReactorUploader,
    /// Our own environment variables, `IMS_CLIENT_ID` and similar ones.
    EnvironmentVariables,
    /// An access token alone: AEM's local development token, what a command printed, or a pasted one.
    AccessToken,
    /// The environment variables `IMS_ACCESS_TOKEN` and `IMS_CLIENT_ID`, with which a program is started.
    AccessTokenVariables,
    /// Environment variables with another prefix: `ADOBE_CLIENT_ID`, `FIREFLY_SERVICES_CLIENT_ID` and similar ones.
    PrefixedVariables,
    /// A section of the configuration of a program, such as `adobe.ims` in the `application.yml` of Spring.
    Section,
    /// Environment variables in the configuration of another program, which starts one with them.
    NestedVariables,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "credentials of the form of ims",
            Self::ConsoleProject => "a project of Adobe's Developer Console",
            Self::AemService => "AEM service credentials",
            Self::AioContext => "an aio context",
            Self::AioVariables => "environment variables of aio",
            Self::ServerToServerVariables => "the environment variables IMS_OAUTH_S2S_…",
            Self::ConsoleDownload => "a JSON download of Adobe's Developer Console",
            Self::PostmanEnvironment => "a Postman environment of Adobe's Developer Console",
            Self::ActionInput => "the input __ims_oauth_s2s of an App Builder action",
            Self::CommerceStarterKit => {
                "the environment variables OAUTH_… of a Commerce starter kit"
            }
            Self::CommerceSdk => "parameters of the SDK of Adobe Commerce",
            Self::AppsAction => "environment variables of aio-apps-action",
            Self::AssetCompute => "an integration file of Asset Compute",
            Self::AcsCommons => "an integration of ACS AEM Commons",
            Self::DataScience => "a configuration of the Data Science Workspace",
            Self::ServiceApiKey => "the environment variable SERVICE_API_KEY",
            Self::CloudManager => "a Cloud Manager configuration",
            Self::UserSync => "a User Sync Tool configuration",
            Self::UserManagement => "a User Management API sample configuration",
            Self::PdfServices => "PDF Services credentials",
            Self::AnalyticsConfig => "a configuration of aanalytics2 or aepp",
            Self::AnalyticsSample => "an Analytics sample configuration",
            Self::AioJava => "a configuration of aio-lib-java",
            Self::JwtAuth => "options of jwt-auth",
            Self::Imscli => "an imscli configuration",
            Self::ReactorUploader => "environment variables of reactor-uploader",
            Self::EnvironmentVariables => "environment variables",
            Self::AccessToken => "an access token",
            Self::AccessTokenVariables => "an access token in an environment variable",
            Self::PrefixedVariables => "environment variables of a program",
            Self::Section => "a section of a configuration",
            Self::NestedVariables => "environment variables in a configuration",
        })
    }
}

/// How a form is recognised (as the table of the documents says it, and the function), in which languages, and how it is
/// read.
struct Rule {
    form: Form,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares it with the documents"))]
    member: &'static str,
    matches: fn(&Fields<'_>) -> bool,
    languages: &'static [Language],
    read: Read,
}

type Read =
    fn(&Fields<'_>, &ReadContext<'_>) -> Result<(Environment, Credential), CredentialsError>;

/// JSON, and what else is read like it.
const OBJECTS: &[Language] = &[Json, Hjson, Yaml];
/// Environment variables: if all values are quoted, or none, TOML and Java's properties look the same. Stores of secrets
/// keep variables as an object.
const VARIABLES: &[Language] = &[Dotenv, Properties, Toml, Json, Hjson, Yaml];

/// The languages of configurations with sections.
const SECTIONS: &[Language] = &[Json, Hjson, Yaml, Toml, Ini];

/// The first rule whose members are all present is used, so a form that needs more members comes before one that needs
/// fewer.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    rule(Form::UserSync, "integration",                       user_management::is_admin_console,         &[Yaml, Json],         user_management::credential),
    rule(Form::AemService, "integration",                       aem_service::matches,                        OBJECTS,               aem_service::credential),
    rule(Form::AssetCompute, "technicalAccount",                  aem_service::is_asset_compute,             OBJECTS,               aem_service::asset_compute),
    rule(Form::ConsoleProject, "project",                           console_project::matches,                    OBJECTS,               console_project::credential),
    rule(Form::ConsoleDownload, "CLIENT_SECRETS",                    console_download::is_download,             OBJECTS,               console_download::download),
    rule(Form::PostmanEnvironment, "values",                            console_download::is_postman,              OBJECTS,               console_download::postman),
    rule(Form::ActionInput, "__ims_oauth_s2s",                   console_download::is_action_input,         OBJECTS,               console_download::action_input),
    rule(Form::UserManagement, "[enterprise]",                      user_management::matches,                    &[Ini],                user_management::credential),
    rule(Form::UserSync, "enterprise",                        user_management::matches,                    &[Yaml, Json],         user_management::credential),
    rule(Form::PdfServices, "client_credentials",                pdf_services::matches,                       OBJECTS,               pdf_services::credential),
    rule(Form::DataScience, "Enterprise",                        user_management::is_data_science,          &[Yaml],               user_management::data_science),
    rule(Form::AcsCommons, "amcOrgId",                          aem_service::is_acs_commons,               OBJECTS,               aem_service::acs_commons),
    rule(Form::CommerceSdk, "imsOrgId",                          variables::is_commerce_sdk_object,         OBJECTS,               variables::commerce_sdk_object),
    rule(Form::JwtAuth, "technicalAccountId",                npm_packages::is_jwt_auth,                           OBJECTS,               npm_packages::jwt_auth),
    rule(Form::CloudManager, "oauth_enabled",                     aio_context::is_cloud_manager,             OBJECTS,               aio_context::credential),
    rule(Form::AioContext, "ims_org_id",                        aio_context::matches,                        OBJECTS,               aio_context::credential),
    rule(Form::AnalyticsConfig, "pathToKey",                         analytics::is_config,                   OBJECTS,               analytics::config),
    rule(Form::AnalyticsSample, "apiKey",                            analytics::is_sample,                   &[Ini, Properties],    analytics::sample),
    rule(Form::Imscli, "clientid",                          imscli::matches,                             &[Json, Yaml, Toml],   imscli::credential),
    rule(Form::AccessTokenVariables, "IMS_ACCESS_TOKEN",                  access_token::is_variables,                VARIABLES,             access_token::of_variables),
    rule(Form::EnvironmentVariables, "IMS_CLIENT_ID",                     environment_variables::matches,              VARIABLES,             environment_variables::credential),
    rule(Form::ServerToServerVariables, "IMS_OAUTH_S2S_CLIENT_ID",           variables::is_aio_app,                     VARIABLES,             variables::aio_app),
    rule(Form::AioVariables, "AIO_ims_contexts_…",                aio_variables::matches,                      VARIABLES,             aio_variables::credential),
    rule(Form::CommerceSdk, "AIO_COMMERCE_AUTH_IMS_CLIENT_ID",   variables::is_commerce_sdk,                VARIABLES,             variables::commerce_sdk),
    rule(Form::CommerceStarterKit, "OAUTH_CLIENT_ID",                   variables::is_commerce_starter_kit,        VARIABLES,             variables::commerce_starter_kit),
    rule(Form::AppsAction, "CLIENTID",                          variables::is_apps_action,                 VARIABLES,             variables::apps_action),
    rule(Form::ReactorUploader, "REACTOR_IO_INTEGRATION_CLIENT_ID",  npm_packages::is_reactor,                            VARIABLES,             npm_packages::reactor),
    rule(Form::AioJava, "aio_api_key",                       aio_variables::is_java,                           VARIABLES,             aio_variables::java),
    rule(Form::Imscli, "IMS_CLIENTID",                      imscli::is_variables,                      VARIABLES,             imscli::credential_of_variables),
    rule(Form::ServiceApiKey, "SERVICE_API_KEY",                   variables::is_service_api_key,             VARIABLES,             variables::service_api_key),
    rule(Form::AccessTokenVariables, "AIO_IMS_CONTEXTS_CLI_ACCESS__TOKEN_TOKEN", access_token::is_cli_variable, VARIABLES,         access_token::of_cli_variable),
    // This comes last: if there are variables for several programs, those of a known form are used.
    rule(Form::PrefixedVariables, "ADOBE_CLIENT_ID",                   configuration::is_prefixed,                VARIABLES,             configuration::of_variables),
    rule(Form::AccessToken, "accessToken",                       access_token::matches,                       &[Json, Hjson, Yaml, Toml], access_token::credential),
    rule(Form::Own, "client_id",                         own_format::matches,                         &[Json, Toml],         own_format::credential),
    rule(Form::Section, "adobe.ims",                         configuration::is_section,                 SECTIONS,              configuration::of_section),
    rule(Form::Section, "adobe.ims.client-id",               configuration::is_properties,              &[Properties],         configuration::of_properties),
    rule(Form::NestedVariables, "environment",                 is_nested,                                  &[Json, Hjson, Yaml],  of_nested),
];

const fn rule(
    form: Form,
    member: &'static str,
    matches: fn(&Fields<'_>) -> bool,
    languages: &'static [Language],
    read: Read,
) -> Rule {
    Rule { form, member, matches, languages, read }
}

impl Form {
    /// The form that the members have, in this language.
    pub(crate) fn of(fields: &Fields<'_>, language: Language) -> Result<Self, CredentialsError> {
        if let Some(form) = Self::recognized(fields, language) {
            return Ok(form);
        }
        if matches!(language, Hjson | Yaml) && own_format::matches(fields) {
            return Err(CredentialsError::OwnFormIn { language: language.name() });
        }
        Err(unrecognized(fields))
    }

    /// The form of the variables of the system. They may be there for other programs, so those that are recognised only by a
    /// prefix count only if they have everything that a token needs.
    pub(crate) fn of_system_variables(fields: &Fields<'_>) -> Option<Self> {
        let form = Self::recognized(fields, Dotenv)?;
        let is_used = form != Self::PrefixedVariables || configuration::is_complete(fields);
        is_used.then_some(form)
    }

    fn recognized(fields: &Fields<'_>, language: Language) -> Option<Self> {
        let mut rules = RULES.iter().filter(|rule| rule.languages.contains(&language));
        Some(rules.find(|rule| (rule.matches)(fields))?.form)
    }

    /// Reads the members, which are of this form.
    pub(crate) fn read(
        self,
        fields: &Fields<'_>,
        at: &ReadContext<'_>,
    ) -> Result<(Environment, Credential), CredentialsError> {
        if at.selected.is_some() && !self.has_names() {
            return Err(CredentialsError::NoneSelected { names: String::new() });
        }
        // A form has several rules if it has several sets of names.
        for rule in RULES {
            if rule.form == self && (rule.matches)(fields) {
                return (rule.read)(fields, at);
            }
        }
        Err(unrecognized(fields))
    }

    /// The redirect URI of the sign-in, if the form has one.
    pub(crate) fn redirect_uri(
        self,
        fields: &Fields<'_>,
        at: &ReadContext<'_>,
    ) -> Result<Option<String>, CredentialsError> {
        match self {
            Self::ConsoleProject => console_project::redirect_uri(fields, at),
            Self::ConsoleDownload => console_download::redirect_uri(fields),
            Self::PostmanEnvironment => console_download::redirect_uri_of_postman(fields),
            Self::AioContext | Self::CloudManager => aio_context::redirect_uri(fields, at),
            Self::AioVariables => aio_variables::redirect_uri(fields, at),
            Self::PrefixedVariables => configuration::redirect_uri_of_variables(fields, at),
            Self::Section => configuration::redirect_uri_of_section(fields, at),
            Self::NestedVariables => redirect_uri_of_nested(fields, at),
            _ => user_login::redirect_uri(fields, "redirect_uri"),
        }
    }

    /// Whether there may be several credentials, each with a name to select it by.
    fn has_names(self) -> bool {
        matches!(
            self,
            Self::ConsoleProject
                | Self::AioContext
                | Self::AioVariables
                | Self::ReactorUploader
                | Self::PrefixedVariables
                | Self::Section
                | Self::NestedVariables
        )
    }

    /// Whether the file itself holds a secret, and not only the names of places that do.
    pub(crate) fn holds_secret(self, fields: &Fields<'_>) -> bool {
        self != Self::ServiceApiKey && (self != Self::Own || own_format::holds_secret(fields))
    }
}

/// Whether variables of a known form are deeper in the configuration.
fn is_nested(fields: &Fields<'_>) -> bool {
    !is_kubernetes(fields) && !nested(fields).is_empty()
}

fn of_nested(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let (path, form, document) = selected_nested(fields, at)?;
    form.read(&document.fields()?.within(&path), &ReadContext { selected: None, ..*at })
}

fn redirect_uri_of_nested(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    let (path, form, document) = selected_nested(fields, at)?;
    form.redirect_uri(&document.fields()?.within(&path), &ReadContext { selected: None, ..*at })
}

/// Variables in a configuration, with the path that leads to them.
type Nested = (String, Form, Document);

/// The variables whose path is selected, or the only ones.
fn selected_nested(fields: &Fields<'_>, at: &ReadContext<'_>) -> Result<Nested, CredentialsError> {
    let mut candidates = Vec::new();
    for (path, form, document) in nested(fields) {
        candidates.push((path.clone(), (path, form, document)));
    }
    at.select(candidates)
}

fn nested(fields: &Fields<'_>) -> Vec<Nested> {
    let mut found = Vec::new();
    for (path, document) in nested_variables::candidates(fields) {
        if let Ok(fields) = document.fields()
            && let Ok(form) = Form::of(&fields, Dotenv)
        {
            found.push((path, form, document));
        }
    }
    found
}

fn is_kubernetes(fields: &Fields<'_>) -> bool {
    fields.has("apiVersion") && fields.has("kind")
}

fn unrecognized(fields: &Fields<'_>) -> CredentialsError {
    if is_kubernetes(fields) {
        return CredentialsError::NotCredentials { kind: KUBERNETES };
    }
    if fields.has("technicalAccountName") && fields.has("credential") {
        return CredentialsError::NotCredentials { kind: QUERY_SERVICE };
    }
    CredentialsError::Unrecognized { members: names(fields) }
}

/// The names that an error may show: in Java's properties each line has a name, also a line of a key.
fn names(fields: &Fields<'_>) -> String {
    let mut names = Vec::new();
    for (name, value) in fields.values() {
        let is_empty = value.as_str().is_some_and(|text| !text.chars().any(char::is_alphanumeric));
        if is_name(name) && !is_empty {
            names.push(name);
        }
    }
    names.join(", ")
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c))
}

/// A line of PEM has 64, the longest name of a form has some 50.
const LONGEST_NAME: usize = 60;

#[cfg(test)]
mod tests;
