//! Adobe's I/O Management API, which needs a token of the credential whose secrets it lists.

use std::{fs, str::FromStr};

use clap::Args;
use ims::{
    Client, Connection, Credential, Credentials, Discovered, ServerToServerCredential,
    claims::{AccessTokenPayload, ClientId, CompactJwt},
    exchange::{
        AccessToken, AddSecret, Call, ConsoleCredential, DeleteSecret, IO_MANAGEMENT_SCOPES,
        ListSecrets, NewSecret, Reason, SecretId, SecretInfo,
    },
};
use serde_json::Value;

use super::{known, place::file_of, state::State};
use crate::{failure::Failure, integration::IntegrationOptions, transport};

/// The options that select the credential: the credentials on this machine, and the ids that the API uses for them.
#[derive(Debug, Args)]
pub(super) struct ConsoleOptions {
    #[command(flatten)]
    pub(super) integration: IntegrationOptions,

    /// The address of the credential's page in the Developer Console, or its two numbers as ORG/CREDENTIAL. Not needed when
    /// a rotation was begun, or with a project file of the console
    #[arg(long, value_name = "URL", value_parser = console_credential)]
    page: Option<ConsoleCredential>,
}

fn console_credential(text: &str) -> Result<ConsoleCredential, String> {
    const EXPECTED: &str =
        "expected https://developer.adobe.com/console/projects/ORG/…/credentials/CREDENTIAL/…";
    let problem = match ConsoleCredential::from_page(text) {
        Ok(credential) => return Ok(credential),
        Err(problem) => problem,
    };
    if let Some((org, credential)) = text.split_once('/')
        && let (Ok(org), Ok(credential)) = (org.parse(), credential.parse())
    {
        return Ok(ConsoleCredential::new(org, credential));
    }
    Err(format!("{problem}; {EXPECTED}"))
}

impl ConsoleOptions {
    /// The credential as the API names it: from the option, an earlier rotation or the project file.
    pub(super) fn credential(
        &self,
        found: &Discovered,
        state: Option<&State>,
    ) -> Result<ConsoleCredential, Failure> {
        if let Some(page) = &self.page {
            return Ok(page.clone());
        }
        if let Some(remembered) = state.and_then(State::console_credential) {
            return Ok(remembered);
        }
        in_project_file(found).ok_or_else(|| {
            Failure::usage("it is not known which credential of the Developer Console this is")
                .hint("open its page in the console and give the address: --page URL")
        })
    }
}

/// The ids in a project file of the Developer Console.
fn in_project_file(found: &Discovered) -> Option<ConsoleCredential> {
    let text = fs::read_to_string(file_of(&found.source).ok()??).ok()?;
    let file: Value = serde_json::from_str(&text).ok()?;
    let project = file.get("project")?;
    let client_id = found.credentials.client_id().as_str();
    let entries = project.pointer("/workspace/details/credentials")?.as_array()?;
    let entry = entries
        .iter()
        .find(|entry| entry["oauth_server_to_server"]["client_id"].as_str() == Some(client_id))?;
    let (org, credential) = (id(project.pointer("/org/id")?)?, id(entry.get("id")?)?);
    Some(ConsoleCredential::new(org, credential))
}

/// An id, which is written as a text or as a number.
fn id<T: FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// The credentials, if they are OAuth Server-to-Server: this API has no other client secrets.
pub(super) fn server_to_server(
    credentials: &Credentials,
) -> Result<&ServerToServerCredential, Failure> {
    match credentials.credential() {
        Credential::ServerToServer(credential) => Ok(credential),
        Credential::ServiceAccount(_) => {
            Err(not_server_to_server("a service account with a certificate")
                .hint("replace its certificate: ims cert rotate")
                .hint("or see what changes for OAuth Server-to-Server: ims migrate"))
        }
        Credential::User(_) => Err(not_server_to_server("a person who signs in").hint(
            "add a second secret in the Developer Console, and put it in place of the first",
        )),
        Credential::ApiKey(_) => Err(not_server_to_server("an API key, which has no secret")),
        _ => Err(not_server_to_server("another kind, which has no secret")),
    }
}

fn not_server_to_server(what: &str) -> Failure {
    Failure::person(format!(
        "the API for client secrets is for OAuth Server-to-Server, and these credentials are of {what}"
    ))
}

/// The API, ready to be asked.
pub(super) struct Console {
    connection: Connection,
    credential: ConsoleCredential,
    client_id: ClientId,
    token: AccessToken,
}

impl Console {
    /// Gets a token with the scopes of the API, whatever scopes the credentials ask for otherwise.
    pub(super) async fn open(
        credentials: &Credentials,
        credential: ConsoleCredential,
    ) -> Result<Self, Failure> {
        let own = server_to_server(credentials)?;
        let scopes = IO_MANAGEMENT_SCOPES.map(|scope| scope.parse().expect("a constant scope"));
        let mut asking = own.clone();
        asking.scopes = scopes.to_vec();
        let environment = credentials.environment().clone();
        let transport = transport::transport(&environment)?;
        let asking = Credentials::new(environment, Credential::ServerToServer(asking));
        let client = Client::builder(&asking).with_transport(transport).build()?;
        let token = client.access_token().await.map_err(|error| {
            let is_about_scopes =
                error.refusal().is_some_and(|it| it.reason() == Reason::ScopeNotGranted);
            let failure = Failure::from(error).asking(client.environment());
            if is_about_scopes { add_api(failure) } else { failure }
        })?;
        check_scopes(token.expose_secret())?;
        let connection = transport::connection(credentials.environment())?;
        Ok(Self { connection, credential, client_id: own.client_id.clone(), token })
    }

    /// The secrets of the credential, the oldest first.
    pub(super) async fn list(&self) -> Result<Vec<SecretInfo>, Failure> {
        let call = ListSecrets::new(&self.credential, &self.client_id, &self.token);
        let mut list = self.ask(&call).await?;
        if list.client_id != self.client_id {
            return Err(Failure::person(format!(
                "credential {} in the Developer Console is that of another client, {}",
                self.credential.credential(),
                list.client_id
            ))
            .hint("give the address of the right page: --page URL"));
        }
        list.secrets.sort_by_key(|secret| secret.created_at);
        known::remember(self.connection.environment(), &self.client_id, &list.secrets);
        Ok(list.secrets)
    }

    /// Adds a secret.
    pub(super) async fn add(&self) -> Result<NewSecret, Failure> {
        self.ask(&AddSecret::new(&self.credential, &self.client_id, &self.token)).await
    }

    /// Deletes a secret.
    pub(super) async fn delete(&self, secret: &SecretId) -> Result<(), Failure> {
        let call = DeleteSecret::new(&self.credential, &self.client_id, &self.token, secret);
        self.ask(&call).await
    }

    /// The credential as the API names it.
    pub(super) fn credential(&self) -> &ConsoleCredential {
        &self.credential
    }

    async fn ask<C: Call>(&self, call: &C) -> Result<C::Answer, Failure> {
        match self.connection.send(call).await {
            Err(error) if error.reason() == Some(Reason::PermissionMissing) => {
                Err(add_api(Failure::from(&error)))
            }
            Err(error) if error.reason() == Some(Reason::NotFound) => {
                let (org, credential) = (self.credential.org(), self.credential.credential());
                Err(Failure::person(format!(
                    "the Developer Console has no credential {credential} of organization {org}, or no such secret"
                ))
                .hint("give the address of the credential's page: --page URL"))
            }
            Err(error) => Err(Failure::from(&error).asking(self.connection.environment())),
            Ok(answer) => Ok(answer),
        }
    }
}

/// IMS may give a token for fewer scopes than it was asked for.
fn check_scopes(token: &str) -> Result<(), Failure> {
    let payload = CompactJwt::parse(token).ok().and_then(|jwt| jwt.payload_object().ok());
    let payload = payload.and_then(|members| AccessTokenPayload::from_object(members).ok());
    // Nothing is said about a token that cannot be read: the API decides.
    let Some(payload) = payload else { return Ok(()) };
    let scopes: Vec<&str> = payload.scopes().collect();
    if scopes.is_empty() {
        return Ok(());
    }
    let mut missing = IO_MANAGEMENT_SCOPES.to_vec();
    missing.retain(|required| !scopes.contains(required));
    if missing.is_empty() {
        return Ok(());
    }
    Err(add_api(Failure::person(format!("the access token lacks {}", missing.join(", ")))))
}

fn add_api(failure: Failure) -> Failure {
    failure.hint(format!(
        "add the I/O Management API to the project in the Developer Console: it has the scopes {}",
        IO_MANAGEMENT_SCOPES.join(", ")
    ))
}
