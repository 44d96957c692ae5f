//! Which integration a command works for: `-c`, `--context`, `--ims-url` and their environment variables.

use std::{
    env,
    ffi::OsString,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use clap::Args;
use ims::{
    Client, ClientBuilder, ClientSecrets, ContextName, Contexts, Credential, Credentials,
    CredentialsError, Discovered, Discovery, DiscoveryError, Report, Source,
    claims::Environment,
    exchange::ClientSecret,
    token::{Alternative, Event, FileStore, RETRIES, StoreError, StoreOperation},
};

use crate::{
    failure::Failure,
    output, signing_key,
    storage::{self, SignInPlace},
    transport,
};

/// The options of every command that needs credentials.
#[derive(Debug, Default, Args)]
pub(crate) struct IntegrationOptions {
    /// A file of credentials in any form, or - for standard input
    ///
    /// It may have our own form (JSON or TOML) or that of one of Adobe's tools. Without -c, credentials are looked for in
    /// this order: --context, `IMS_CREDENTIALS` (a file, or the document itself), `IMS_CONTEXT` (a name), variables such as
    /// `IMS_CLIENT_ID`, and the current context.
    #[arg(short, long, value_name = "FILE", conflicts_with = "context", help_heading = HEADING)]
    credentials: Option<OsString>,

    /// The credentials of this name: see ims context
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    context: Option<String>,

    /// Which credentials to use, if the file or the variables have several
    #[arg(long, value_name = "NAME", conflicts_with = "context", help_heading = HEADING)]
    credential: Option<String>,

    /// Base URL of IMS, instead of that in the credentials
    ///
    /// It may have a path. Plain http is allowed for loopback only.
    #[arg(long, alias = "url", value_name = "URL", env = "IMS_URL", hide_env_values = true, help_heading = HEADING)]
    ims_url: Option<Environment>,
}

/// Above these options in the help of a command.
const HEADING: &str = "Credentials";

impl IntegrationOptions {
    /// The context of this name, as if `--context` were given. `IMS_URL` counts as in every command.
    pub(crate) fn of_context(name: &str) -> Result<Self, Failure> {
        Ok(Self { context: Some(name.to_owned()), ..Self::without_options()? })
    }

    /// What is meant if no option is given. `IMS_URL` counts as in every command.
    pub(crate) fn without_options() -> Result<Self, Failure> {
        let given = env::var("IMS_URL").unwrap_or_default();
        let ims_url = if given.is_empty() { None } else { Some(given.parse()) };
        let ims_url = ims_url.transpose().map_err(|error| {
            Failure::usage("IMS_URL is not the base URL of an IMS").because(error)
        })?;
        Ok(Self { ims_url, ..Self::default() })
    }

    /// Reads the credentials, and prints the warnings about them.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let credentials = self.credentials_unannounced()?;
        announce(&credentials);
        Ok(credentials)
    }

    /// Reads the credentials.
    pub(crate) fn credentials_unannounced(&self) -> Result<Credentials, Failure> {
        self.read(&self.discovery()?)
    }

    /// The name of the credentials to use, if their source has several.
    pub(crate) fn selected(&self) -> Option<&str> {
        self.credential.as_deref()
    }

    /// Reads the credentials, for commands that work without them as well.
    pub(crate) fn credentials_if_any(&self) -> Result<Option<Credentials>, Failure> {
        let credentials = self.find(&self.discovery()?)?;
        Ok(credentials.inspect(announce))
    }

    /// The IMS to ask: that of the options, that of the credentials, or Adobe's.
    pub(crate) fn environment(&self, credentials: Option<&Credentials>) -> Environment {
        match (&self.ims_url, credentials) {
            (Some(url), _) => url.clone(),
            (None, Some(credentials)) => credentials.environment().clone(),
            (None, None) => Environment::default(),
        }
    }

    /// Where the credentials are looked for. Standard input is read here, if it is one of the places.
    pub(crate) fn discovery(&self) -> Result<Discovery, Failure> {
        if self.is_document_in_arguments() {
            output::note("warning", &format!("{IN_ARGUMENTS}; {NOT_IN_ARGUMENTS}"));
        }
        self.discovery_unannounced()
    }

    /// Whether the document itself is on the command line.
    pub(crate) fn is_document_in_arguments(&self) -> bool {
        let Some(given) = self.credentials.as_ref().filter(|given| *given != "-") else {
            return false;
        };
        Discovery::new().with_given(given).given() == Some(Source::Document)
    }

    /// The same as [`IntegrationOptions::discovery`], for a caller that prints the warnings itself.
    pub(crate) fn discovery_unannounced(&self) -> Result<Discovery, Failure> {
        let mut discovery = Discovery::new();
        if let Some(given) = &self.credentials {
            discovery =
                discovery.with_given(if given == "-" { standard_input()? } else { given.clone() });
        }
        if let Some(context) = &self.context {
            discovery = discovery.with_context(context);
        }
        if let Some(credential) = &self.credential {
            discovery = discovery.with_credential(credential);
        }
        Ok(discovery)
    }

    /// Reads the credentials that are found there.
    pub(crate) fn read(&self, discovery: &Discovery) -> Result<Credentials, Failure> {
        self.find(discovery)?.ok_or_else(none_given)
    }

    /// Reads the credentials, if there are any, and says where they were found.
    pub(crate) fn discovered_if_any(&self) -> Result<Option<Discovered>, Failure> {
        self.find_with_source(&self.discovery()?)
    }

    /// Whether the base URL of IMS is given, by the option or its variable, whatever the credentials say.
    pub(crate) fn has_url(&self) -> bool {
        self.ims_url.is_some()
    }

    /// Reads the credentials, and says where they were found.
    pub(crate) fn discovered(&self) -> Result<Discovered, Failure> {
        self.find_with_source(&self.discovery()?)?.ok_or_else(none_given)
    }

    /// The file that the credentials are in, for commands that change it. The credentials are not read.
    pub(crate) fn file(&self) -> Result<CredentialsFile, Failure> {
        let sources = self.discovery()?.sources()?;
        let source = sources.first().ok_or_else(none_given)?;
        let mut file = CredentialsFile::of(source)?.ok_or_else(|| {
            Failure::usage(format!("these credentials are in no file: {source}"))
                .hint("put them into a file, and name it: -c FILE")
        })?;
        file.credential = self.credential.clone().or(file.credential);
        file.environment = self.ims_url.clone().or(file.environment);
        Ok(file)
    }

    fn find(&self, discovery: &Discovery) -> Result<Option<Credentials>, Failure> {
        let found = discovery.find_credentials()?;
        Ok(found.map(|credentials| self.with_url(credentials)))
    }

    fn find_with_source(&self, discovery: &Discovery) -> Result<Option<Discovered>, Failure> {
        let Some(mut found) = discovery.find()? else { return Ok(None) };
        found.credentials = self.with_url(found.credentials);
        Ok(Some(found))
    }

    fn with_url(&self, credentials: Credentials) -> Credentials {
        match &self.ims_url {
            Some(url) => credentials.with_environment(url.clone()),
            None => credentials,
        }
    }
}

/// What is wrong with a document on the command line.
pub(crate) const IN_ARGUMENTS: &str =
    "the credentials are on the command line, which every user of this machine can read";

/// What to do instead.
pub(crate) const NOT_IN_ARGUMENTS: &str =
    "give them in a private file, in IMS_CREDENTIALS, or on standard input: -c -";

/// A file of credentials, as the options or a context name it.
#[derive(Debug)]
pub(crate) struct CredentialsFile {
    pub(crate) path: PathBuf,
    /// Which of its credentials to use.
    pub(crate) credential: Option<String>,
    /// The IMS that is asked, if it is not that of the file.
    pub(crate) environment: Option<Environment>,
}

impl CredentialsFile {
    /// The file that credentials of this source are in; `None` if they are in no separate file.
    pub(crate) fn of(source: &Source) -> Result<Option<Self>, Failure> {
        match source {
            Source::File(path) | Source::CredentialsVariable(Some(path)) => {
                Ok(Some(Self { path: path.clone(), credential: None, environment: None }))
            }
            Source::Context(context)
            | Source::ContextVariable(context)
            | Source::CurrentContext(context) => Self::of_context(context),
            _ => Ok(None),
        }
    }

    fn of_context(context: &ContextName) -> Result<Option<Self>, Failure> {
        let folder = context.file.parent().unwrap_or(Path::new(""));
        let members = Contexts::load(&context.file)?.show(&context.name)?;
        let mut file = None;
        let (mut credential, mut environment) = (None, None);
        for (name, value) in members {
            match name.as_str() {
                "credentials_file" => file = Some(folder.join(value)),
                "credential" => credential = Some(value),
                // A fault in it is reported where the credentials are read.
                "ims_url" => environment = value.parse().ok(),
                _ => {}
            }
        }
        Ok(file.map(|path| Self { path, credential, environment }))
    }
}

/// There are no credentials anywhere.
pub(crate) fn none_given() -> Failure {
    Failure::usage("no credentials are given")
        .hint("give them with -c FILE or IMS_CREDENTIALS=FILE, or set IMS_CLIENT_ID and similar variables")
        .hint("give a file a name, and it is found automatically: ims context add NAME -c FILE")
        .hint("to see how everything works without credentials, run: ims demo")
}

/// A document on standard input, with a line break at its end so that no one reads it as a path.
pub(crate) fn standard_input() -> Result<OsString, Failure> {
    let mut text = String::new();
    let read = io::stdin().take(LONGEST_INPUT).read_to_string(&mut text);
    read.map_err(|error| Failure::person("standard input cannot be read").because(error))?;
    text.push('\n');
    Ok(text.into())
}

/// No file of credentials is longer.
const LONGEST_INPUT: u64 = 1024 * 1024;

impl From<DiscoveryError> for Failure {
    fn from(error: DiscoveryError) -> Self {
        match error {
            DiscoveryError::Contexts(error) => error.into(),
            error => Report::from(&error).into(),
        }
    }
}

/// Reads one file of credentials, or the document itself, and prints the warnings about them.
pub(crate) fn read(path: &Path) -> Result<Credentials, Failure> {
    let given = Some(path.as_os_str().to_owned());
    IntegrationOptions { credentials: given, ..IntegrationOptions::default() }.credentials()
}

/// Prints the warnings about credentials.
pub(crate) fn announce(credentials: &Credentials) {
    for warning in credentials.warnings() {
        output::note("warning", warning);
    }
}

/// Says what is used instead of the current context, if a variable comes before it.
pub(crate) fn announce_what_hides_the_current_context() {
    let sources = Discovery::new().sources().unwrap_or_default();
    if let Some(first) = sources.first().filter(|first| !matches!(first, Source::CurrentContext(_)))
    {
        let text = format!("not used as long as the environment names others: {first}");
        output::note("warning", &text);
    }
}

/// What is wrong with credentials, without where they are.
pub(crate) fn innermost(error: &CredentialsError) -> &CredentialsError {
    match error {
        CredentialsError::InFile { problem, .. } | CredentialsError::InDocument { problem, .. } => {
            innermost(problem)
        }
        error => error,
    }
}

/// What kind of credentials they are.
pub(crate) fn kind(credential: &Credential) -> &'static str {
    match credential {
        Credential::ServiceAccount(_) => "service account",
        Credential::ServerToServer(_) => "OAuth Server-to-Server",
        Credential::User(_) => "user",
        Credential::ApiKey(_) => "API key",
        Credential::Token(_) => "access token",
        _ => "unknown",
    }
}

/// Says that the first client secret or key no longer works.
pub(crate) fn tell_other_accepted(kind: Alternative) {
    let kind = kind.as_str();
    let text = format!(
        "IMS refuses the first {kind} and accepts another: remove the first from the credentials"
    );
    output::note("warning", &text);
}

/// The secrets of the integration, of which IMS may accept any, in their order; there may be none.
pub(crate) fn client_secrets(credentials: &Credentials) -> Vec<&ClientSecret> {
    let client_secrets = match credentials.credential() {
        Credential::ServiceAccount(credential) => Some(&credential.client_secrets),
        Credential::ServerToServer(credential) => Some(&credential.client_secrets),
        Credential::User(credential) => credential.client_secrets.as_ref(),
        _ => None,
    };
    client_secrets.into_iter().flat_map(ClientSecrets::iter).collect()
}

/// The same for a client that needs none: if it has none, one request is sent without a secret.
pub(crate) fn client_secrets_or_none(credentials: &Credentials) -> Vec<Option<&ClientSecret>> {
    let secrets = client_secrets(credentials);
    if secrets.is_empty() { vec![None] } else { secrets.into_iter().map(Some).collect() }
}

/// A client that shares its token with other runs of the command, through the folder of the cache. The pass phrase of its key
/// is asked for if it is missing.
pub(crate) fn caching_client(credentials: &Credentials) -> Result<Client, Failure> {
    let error = match caching_builder(credentials)?.build() {
        Err(error) if signing_key::lacks_passphrase(&error) => error,
        built => return Ok(built?),
    };
    match signing_key::with_passphrases(credentials)? {
        Some(credentials) => Ok(caching_builder(&credentials)?.build()?),
        None => Err(error.into()),
    }
}

fn caching_builder(credentials: &Credentials) -> Result<ClientBuilder, Failure> {
    let builder: ClientBuilder = match credentials.credential() {
        Credential::User(credential) => {
            let place = SignInPlace::of(credentials.environment(), &credential.client_id)?;
            let builder = Client::builder(credentials).with_refresh_tokens(place.of_current());
            builder.with_store(place.store())
        }
        // A token that the program was given is not saved again.
        Credential::Token(_) => Client::builder(credentials),
        _ => Client::builder(credentials).with_store(FileStore::new(storage::cache_folder()?)),
    };
    let builder = match credentials.credential() {
        // These send nothing to IMS.
        Credential::Token(_) | Credential::ApiKey(_) => builder,
        _ => builder.with_transport(transport::transport(credentials.environment())?),
    };
    let attempts = AtomicUsize::new(1);
    let unsaved = Mutex::new(None);
    let builder = builder.with_observer(move |event| match event {
        Event::AttemptFailed { .. } => {
            transport::report_attempt(event, attempts.fetch_add(1, Ordering::Relaxed) + 1);
        }
        Event::OtherAccepted { kind } => tell_other_accepted(*kind),
        // After any of these, the token is not saved. The warning waits until there is a token: without one, only the error
        // counts.
        Event::StoreFailed { operation, error }
            if *operation != StoreOperation::Release && !matches!(error, StoreError::Garbled) =>
        {
            unsaved.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }
        Event::Refreshed { .. } => {
            if let Some(error) = unsaved.lock().unwrap_or_else(PoisonError::into_inner).take() {
                let warning = format!("the token is not kept for the next command: {error}");
                output::note("warning", &warning);
            }
        }
        _ => {}
    });
    // A command makes only one call, so the retries are part of it.
    Ok(builder.with_retries(RETRIES))
}
