//! The forms of credentials, by what each is recognised, and who reads it.

use std::fmt;

use ims_claims::Environment;
use serde_json::Value;

use Language::{Dotenv, Hjson, Ini, Json, Properties, Toml, Yaml};

mod aem_service;
mod aio_context;
mod aio_java;
mod aio_variables;
mod analytics_config;
mod analytics_sample;
mod console_project;
mod environment_variables;
mod imscli;
mod jwt_auth;
pub(crate) mod own_format;
mod pdf_services;
mod reactor;
mod s2s_variables;
mod service_api_key;
mod user_login;
mod user_management;

use crate::{
    credential::Credential,
    error::CredentialsError,
    language::Language,
    reading::{fields::Fields, read_context::ReadContext},
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
    /// `config.json` of aanalytics2, aepp and their like.
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
    /// Our own environment variables, `IMS_CLIENT_ID` and its like.
    EnvironmentVariables,
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
        })
    }
}

/// What a form is recognised by, and how it is read.
type Rule = (Form, fn(&Fields<'_>) -> bool, &'static [Language], Read);
type Read =
    fn(&Fields<'_>, &ReadContext<'_>) -> Result<(Environment, Credential), CredentialsError>;

/// JSON, and what else is read like it.
const OBJECTS: &[Language] = &[Json, Hjson, Yaml];
/// Environment variables: TOML and Java's properties look alike where all values are quoted, or none.
const VARIABLES: &[Language] = &[Dotenv, Properties, Toml];

/// The first whose members are there reads them, so what is told apart by more stands before what is told by less.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    (Form::AemService,              aem_service::is_it,           OBJECTS,            aem_service::credential),
    (Form::ConsoleProject,          console_project::is_it,       OBJECTS,            console_project::credential),
    (Form::UserManagement,          user_management::is_it,       &[Ini],             user_management::credential),
    (Form::UserSync,                user_management::is_it,       &[Yaml, Json],      user_management::credential),
    (Form::PdfServices,             pdf_services::is_it,          OBJECTS,            pdf_services::credential),
    (Form::JwtAuth,                 jwt_auth::is_it,              OBJECTS,            jwt_auth::credential),
    (Form::CloudManager,            aio_context::is_cloud_manager, OBJECTS,           aio_context::credential),
    (Form::AioContext,              aio_context::is_it,           OBJECTS,            aio_context::credential),
    (Form::AnalyticsConfig,         analytics_config::is_it,      OBJECTS,            analytics_config::credential),
    (Form::AnalyticsSample,         analytics_sample::is_it,      &[Ini, Properties], analytics_sample::credential),
    (Form::Imscli,                  imscli::is_it,                &[Json, Yaml, Toml], imscli::credential),
    (Form::EnvironmentVariables,    environment_variables::is_it, VARIABLES,          environment_variables::credential),
    (Form::ServerToServerVariables, s2s_variables::is_it,         VARIABLES,          s2s_variables::credential),
    (Form::AioVariables,            aio_variables::is_it,         VARIABLES,          aio_variables::credential),
    (Form::ReactorUploader,         reactor::is_it,               VARIABLES,          reactor::credential),
    (Form::AioJava,                 aio_java::is_it,              VARIABLES,          aio_java::credential),
    (Form::Imscli,                  imscli::is_variables,         VARIABLES,          imscli::credential_of_variables),
    (Form::ServiceApiKey,           service_api_key::is_it,       VARIABLES,          service_api_key::credential),
    (Form::Own,                     own_format::is_it,            &[Json, Toml],      own_format::credential),
];

impl Form {
    /// The form that the members have, in this language.
    pub(crate) fn of(fields: &Fields<'_>, language: Language) -> Result<Self, CredentialsError> {
        rule(|(_, is_it, languages, _)| languages.contains(&language) && is_it(fields))
            .map(|(form, ..)| *form)
            .ok_or_else(|| unrecognized(fields))
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
        let rule = rule(|(form, is_it, ..)| *form == self && is_it(fields));
        let (.., read) = rule.ok_or_else(|| unrecognized(fields))?;
        read(fields, at)
    }

    /// Where a person comes back to from the sign-in, if the form has a place for it.
    pub(crate) fn redirect_uri(
        self,
        fields: &Fields<'_>,
        at: &ReadContext<'_>,
    ) -> Result<Option<String>, CredentialsError> {
        match self {
            Self::ConsoleProject => console_project::redirect_uri(fields, at),
            Self::AioContext | Self::CloudManager => aio_context::redirect_uri(fields, at),
            Self::AioVariables => aio_variables::redirect_uri(fields, at),
            _ => user_login::redirect_uri(fields, "redirect_uri"),
        }
    }

    /// Whether there may be several credentials, each with a name to select it by.
    fn has_names(self) -> bool {
        let named =
            [Self::ConsoleProject, Self::AioContext, Self::AioVariables, Self::ReactorUploader];
        named.contains(&self)
    }

    /// Whether the file itself holds a secret, and not only the names of places that do.
    pub(crate) fn holds_secret(self, fields: &Fields<'_>) -> bool {
        self != Self::ServiceApiKey && (self != Self::Own || own_format::holds_secret(fields))
    }
}

fn rule(is_meant: impl Fn(&&Rule) -> bool) -> Option<&'static Rule> {
    RULES.iter().find(is_meant)
}

/// An access token in the place of credentials is told, since people have such files.
fn unrecognized(fields: &Fields<'_>) -> CredentialsError {
    if fields.has("accessToken") || fields.has("access_token") {
        CredentialsError::AccessToken
    } else {
        CredentialsError::Unrecognized { members: names(fields) }
    }
}

/// The names that may be told: to Java's properties each line has a name, a line of a key among them.
fn names(fields: &Fields<'_>) -> String {
    let is_name = |name: &str| {
        name.len() <= LONGEST_NAME
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c))
    };
    let says_something =
        |value: &Value| value.as_str().is_none_or(|text| text.chars().any(char::is_alphanumeric));
    let told = fields.values().filter(|(name, value)| is_name(name) && says_something(value));
    told.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// A line of PEM has 64, the longest name of a form has some 50.
const LONGEST_NAME: usize = 60;
