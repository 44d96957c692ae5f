//! Which integration a command works for: `-c`, `--context`, `--url` and their environment variables.

use std::path::{Path, PathBuf};

use clap::Args;
use etcetera::BaseStrategy;
use ims::{
    Client, ClientBuilder, ClientSecrets, Credential, Credentials, CredentialsError,
    claims::Environment,
    exchange::ClientSecret,
    token::{FileStore, RETRIES},
};

use crate::{context_file::contexts, failure::Failure, output, sign_in_place::SignInPlace};

/// The options of every command that needs credentials.
#[derive(Debug, Args)]
pub(crate) struct IntegrationOptions {
    /// A file of credentials, in our own form (JSON or TOML) or one of those that Adobe's tools have. Without it come
    /// --context, `IMS_CREDENTIALS` (a file), `IMS_CONTEXT` (a name), variables such as `IMS_CLIENT_ID`, and the current
    /// context, in this order.
    #[arg(short, long, value_name = "FILE", conflicts_with = "context")]
    credentials: Option<PathBuf>,

    /// The credentials that have this name: see ims context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Which credentials are meant, where the file or the variables hold several
    #[arg(long, value_name = "NAME", conflicts_with = "context")]
    credential: Option<String>,

    /// Base URL of IMS, instead of the one in the credentials; a path prefix is kept. Plain http only for loopback.
    #[arg(long, value_name = "URL", env = "IMS_URL")]
    url: Option<Environment>,
}

/// Where the credentials are.
enum Place {
    File(PathBuf),
    Context(String),
}

impl IntegrationOptions {
    /// Reads the credentials and says what a person should know about them.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        let credentials = self.credentials_unannounced()?;
        announce(&credentials);
        Ok(credentials)
    }

    /// Reads the credentials.
    pub(crate) fn credentials_unannounced(&self) -> Result<Credentials, Failure> {
        self.find()?.ok_or_else(|| {
            Failure::usage("no credentials are given")
                .hint("give them with -c FILE or IMS_CREDENTIALS=FILE, or set IMS_CLIENT_ID and its like")
                .hint("give a file a name, and it is found by itself: ims context add NAME -c FILE")
                .hint("to see how it all works without any, run: ims demo")
        })
    }

    /// Reads the credentials, for commands that do without them as well.
    pub(crate) fn credentials_if_any(&self) -> Result<Option<Credentials>, Failure> {
        Ok(self.find()?.inspect(announce))
    }

    /// The IMS to ask: that of the options, that of the credentials, or Adobe's.
    pub(crate) fn environment(&self, credentials: Option<&Credentials>) -> Environment {
        let known = || credentials.map(|credentials| credentials.environment().clone());
        self.url.clone().or_else(known).unwrap_or_default()
    }

    fn find(&self) -> Result<Option<Credentials>, Failure> {
        let credentials = match self.place() {
            Some(Place::File(path)) => Some(self.read_file(&path)?),
            Some(Place::Context(name)) => Some(contexts()?.credentials(&name)?),
            None => self.read_variables_or_current_context()?,
        };
        Ok(match &self.url {
            Some(url) => credentials.map(|credentials| credentials.with_environment(url.clone())),
            None => credentials,
        })
    }

    /// What was said: by an option, which comes first, or by a variable.
    fn place(&self) -> Option<Place> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let file = |path: &PathBuf| Place::File(path.clone());
        let context = |name: &String| Place::Context(name.clone());
        let option = self.credentials.as_ref().map(file).or(self.context.as_ref().map(context));
        let path = || variable("IMS_CREDENTIALS").map(|path| Place::File(path.into()));
        let name = || variable("IMS_CONTEXT")?.into_string().ok().map(Place::Context);
        option.or_else(path).or_else(name)
    }

    fn read_file(&self, path: &Path) -> Result<Credentials, CredentialsError> {
        match &self.credential {
            Some(name) => Credentials::from_file_selecting(path, name),
            None => Credentials::from_file(path),
        }
    }

    fn read_variables_or_current_context(&self) -> Result<Option<Credentials>, Failure> {
        let variables = match &self.credential {
            Some(name) => Credentials::from_environment_variables_selecting(name),
            None => Credentials::from_environment_variables(),
        };
        match variables {
            Err(CredentialsError::NoVariables) => {}
            variables => return Ok(Some(variables?)),
        }
        let contexts = contexts()?;
        let Some(name) = contexts.current() else { return Ok(None) };
        Ok(Some(contexts.credentials(name)?))
    }
}

/// Reads one file of credentials and says what a person should know about them.
pub(crate) fn read(path: &Path) -> Result<Credentials, Failure> {
    let credentials = Credentials::from_file(path)?;
    announce(&credentials);
    Ok(credentials)
}

/// Says what a person should know about credentials.
pub(crate) fn announce(credentials: &Credentials) {
    for warning in credentials.warnings() {
        output::note("warning", warning);
    }
}

/// The secret that the integration shows IMS first, if it has one.
pub(crate) fn client_secret(credentials: &Credentials) -> Option<&ClientSecret> {
    let client_secrets = match credentials.credential() {
        Credential::ServiceAccount(credential) => Some(&credential.client_secrets),
        Credential::ServerToServer(credential) => Some(&credential.client_secrets),
        Credential::User(credential) => credential.client_secrets.as_ref(),
        _ => None,
    };
    client_secrets.map(ClientSecrets::first)
}

/// A client that shares its token with other runs of the command, through the folder of the cache.
pub(crate) fn caching_client(credentials: &Credentials) -> Result<Client, Failure> {
    let builder: ClientBuilder = match credentials.credential() {
        Credential::User(credential) => {
            let place = SignInPlace::of(credentials.environment(), &credential.client_id)?;
            let builder = Client::builder(credentials).with_refresh_tokens(place.of_current());
            builder.with_store(place.store())
        }
        _ => Client::builder(credentials).with_store(FileStore::new(cache_folder()?)),
    };
    // A command asks once, so it has no second call by which to try again.
    Ok(builder.with_retries(RETRIES).build()?)
}

/// `IMS_CACHE_DIR`, else the folder `ims` in the user's cache.
pub(crate) fn cache_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("IMS_CACHE_DIR") {
        return Ok(folder.into());
    }
    let base = etcetera::choose_base_strategy();
    let base =
        base.map_err(|_| Failure::person("the home folder is unknown").hint("set IMS_CACHE_DIR"))?;
    Ok(base.cache_dir().join("ims"))
}
