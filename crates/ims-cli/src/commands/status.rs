//! `ims status`: which credentials are used, and all that is kept on this machine.

use std::time::Duration;

use clap::Args;
use ims::{Contexts, Credential, Credentials, Discovered};
use serde::Serialize;

use super::{
    cache::{Cached, TokenData},
    cert::check::{self, CheckedData, Findings},
    secret::known::{self, SecretData},
};
use crate::{
    failure::{Failure, with_causes},
    integration::{self, IntegrationOptions},
    output::{self, Answer},
    process::block_on,
    storage::{SignInPlace, contexts},
    when,
};

/// Show which credentials are used, and what is stored on this machine.
///
/// Stored are contexts, sign-ins, tokens and certificates, and when client secrets were made, from the last answer to ims
/// secret list. Nothing is sent, and no secret is shown.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims status --json\n\
    Exit codes: 0 there are credentials · 1 there are none, or a certificate needs someone · \
    4 the credentials cannot be read")]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// How long certificates must be valid from now on
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    within: Duration,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    credentials: Option<CredentialsData>,
    not_used: Vec<String>,
    contexts: Vec<ContextData>,
    sign_ins: Vec<SignInData>,
    tokens: Vec<TokenData>,
    certificates: Vec<CheckedData>,
    client_secrets: Vec<SecretData>,
}

#[derive(Serialize)]
struct CredentialsData {
    source: String,
    form: String,
    #[serde(flatten)]
    identity: Identity,
    warnings: Vec<String>,
}

/// Whose credentials they are.
#[derive(Serialize)]
struct Identity {
    kind: &'static str,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    ims_url: String,
    /// When they end, if they are a token that cannot be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

#[derive(Serialize)]
struct ContextData {
    name: String,
    current: bool,
    #[serde(flatten)]
    identity: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct SignInData {
    client_id: String,
    ims_url: String,
    signed_in: bool,
    place: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let found = arguments.integration.discovered_if_any();
    let contexts = contexts();
    let read = match &contexts {
        Ok(contexts) => read_all(contexts),
        Err(_) => Vec::new(),
    };
    let in_force = found.as_ref().ok().and_then(Option::as_ref);
    let mut known: Vec<&Credentials> =
        in_force.map(|found| &found.credentials).into_iter().collect();
    known.extend(read.iter().filter_map(|(_, credentials)| credentials.as_ref().ok()));
    let certificates = certificates(in_force, arguments.within)?;
    let cached = Cached::read()?;
    let data = Data {
        credentials: in_force.map(CredentialsData::new),
        not_used: in_force
            .into_iter()
            .flat_map(|found| &found.shadowed)
            .map(ToString::to_string)
            .collect(),
        contexts: contexts
            .as_ref()
            .map(|contexts| context_data(contexts, &read))
            .unwrap_or_default(),
        sign_ins: sign_ins(&known)?,
        tokens: cached.data(),
        certificates: certificates.data(),
        client_secrets: client_secrets(&known),
    };
    if arguments.json {
        output::json(&data)?;
    } else {
        print(&data, &cached, &certificates)?;
    }
    found?;
    contexts?;
    let is_fine = data.credentials.is_some() && certificates.are_fine();
    Ok(if is_fine { Answer::Yes } else { Answer::No })
}

type Read = (String, Result<Credentials, String>);

/// The credentials of all contexts, or why they cannot be read.
fn read_all(contexts: &Contexts) -> Vec<Read> {
    let mut read = Vec::new();
    for name in contexts.names() {
        let credentials = contexts.credentials(name).map_err(|error| with_causes(&error));
        read.push((name.to_owned(), credentials));
    }
    read
}

fn context_data(contexts: &Contexts, read: &[Read]) -> Vec<ContextData> {
    let mut data = Vec::new();
    for (name, credentials) in read {
        data.push(ContextData {
            name: name.clone(),
            current: contexts.current() == Some(name),
            identity: credentials.as_ref().ok().map(Identity::new),
            error: credentials.as_ref().err().cloned(),
        });
    }
    data
}

/// The certificates of the credentials in use, and those of all contexts. A context that is used is named once.
fn certificates(in_force: Option<&Discovered>, within: Duration) -> Result<Findings, Failure> {
    let mut findings = check::of_all_contexts(within)?;
    if let Some(found) = in_force {
        check::add_credentials(
            &found.credentials,
            &found.source.to_string(),
            within,
            &mut findings,
        );
    }
    findings.sort_by_certificate();
    Ok(findings)
}

/// What is known about the secrets of all these credentials, each secret once.
fn client_secrets(known: &[&Credentials]) -> Vec<SecretData> {
    let mut secrets: Vec<SecretData> = Vec::new();
    for credentials in known {
        for secret in known::of(credentials) {
            if !secrets.iter().any(|other| other.is_of(&secret)) {
                secrets.push(secret);
            }
        }
    }
    secrets
}

/// Who has signed in to the clients that are known here.
fn sign_ins(known: &[&Credentials]) -> Result<Vec<SignInData>, Failure> {
    let mut sign_ins: Vec<SignInData> = Vec::new();
    for credentials in known {
        let Credential::User(credential) = credentials.credential() else { continue };
        let (client_id, ims_url) =
            (credential.client_id.to_string(), credentials.environment().base_url().to_owned());
        if sign_ins.iter().any(|other| other.client_id == client_id && other.ims_url == ims_url) {
            continue;
        }
        let place = SignInPlace::of(credentials.environment(), &credential.client_id)?.of_current();
        let loaded = block_on(async { Ok(place.load().await) })?;
        let signed_in = matches!(loaded, Ok(Some(_)));
        sign_ins.push(SignInData { client_id, ims_url, signed_in, place: place.place() });
    }
    Ok(sign_ins)
}

fn print(data: &Data, cached: &Cached, certificates: &Findings) -> Result<(), Failure> {
    match &data.credentials {
        None => {
            output::line("credentials: none are used")?;
            output::note(
                "hint",
                "to find the credentials in this folder, and give them a name: ims init",
            );
        }
        Some(credentials) => {
            output::line(&format!("credentials: {}", credentials.source))?;
            output::line(&format!("  {}, {}", credentials.form, credentials.identity.described()))?;
        }
    }
    for source in &data.not_used {
        output::line(&format!("  not used: {source}"))?;
    }
    for warning in data.credentials.iter().flat_map(|credentials| &credentials.warnings) {
        output::note("warning", warning);
    }
    section("contexts", data.contexts.iter().map(ContextData::line))?;
    section("sign-ins", data.sign_ins.iter().map(SignInData::line))?;
    section("tokens in the cache", cached.lines())?;
    cached.note_unreadable();
    section("client secrets", data.client_secrets.iter().map(SecretData::line))?;
    if !data.certificates.is_empty() {
        output::line("certificates:")?;
    }
    output::write(certificates.table())
}

fn section(name: &str, lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    for (index, line) in lines.into_iter().enumerate() {
        if index == 0 {
            output::line(&format!("{name}:"))?;
        }
        output::line(&format!("  {line}"))?;
    }
    Ok(())
}

impl CredentialsData {
    fn new(found: &Discovered) -> Self {
        Self {
            source: found.source.to_string(),
            form: found.credentials.form().to_string(),
            identity: Identity::new(&found.credentials),
            warnings: found.credentials.warnings().to_vec(),
        }
    }
}

impl Identity {
    fn new(credentials: &Credentials) -> Self {
        let expires_at = match credentials.credential() {
            Credential::Token(credential) => Some(when::rfc3339(credential.token.expires_at())),
            _ => None,
        };
        Self {
            kind: integration::kind(credentials.credential()),
            client_id: credentials.client_id().to_string(),
            org_id: credentials.org_id().map(ToString::to_string),
            ims_url: credentials.environment().base_url().to_owned(),
            expires_at,
        }
    }

    fn described(&self) -> String {
        let Self { kind, client_id, ims_url, .. } = self;
        let organization = self.org_id.as_ref().map(|id| format!(", organization {id}"));
        let end = self.expires_at.as_ref().map(|date| format!(", until {date}"));
        let (organization, end) = (organization.unwrap_or_default(), end.unwrap_or_default());
        format!("{kind}, client {client_id}{organization}, {ims_url}{end}")
    }
}

impl ContextData {
    fn line(&self) -> String {
        let mark = if self.current { '*' } else { ' ' };
        let what = match (&self.identity, &self.error) {
            (Some(identity), _) => identity.described(),
            (None, error) => format!("unreadable: {}", error.as_deref().unwrap_or_default()),
        };
        format!("{mark} {}  {what}", self.name)
    }
}

impl SignInData {
    fn line(&self) -> String {
        let Self { client_id, ims_url, place, .. } = self;
        let state = if self.signed_in { "signed in" } else { "no one is signed in" };
        format!("{client_id}  {ims_url}  {state} ({place})")
    }
}
