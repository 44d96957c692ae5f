//! Which integration a command works for: `-c`, `--url` and their environment variables.

use std::path::{Path, PathBuf};

use clap::Args;
use etcetera::BaseStrategy;
use ims::{
    Client, ClientBuilder, ClientSecrets, Credential, Credentials, claims::Environment,
    exchange::ClientSecret, token::FileStore,
};

use crate::{failure::Failure, output};

/// The options of every command that needs credentials.
#[derive(Debug, Args)]
pub(crate) struct IntegrationOptions {
    /// Credentials: our own form (JSON or TOML), AEM service credentials, a project of Adobe's Developer Console, or an
    /// aio context. Without it, the environment variables `IMS_CLIENT_ID` and its like are read.
    #[arg(short, long, value_name = "FILE", env = "IMS_CREDENTIALS")]
    credentials: Option<PathBuf>,

    /// Base URL of IMS, instead of the one in the credentials; a path prefix is kept. Plain http only for loopback.
    #[arg(long, value_name = "URL", env = "IMS_URL")]
    url: Option<Environment>,
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
        let credentials = match &self.credentials {
            Some(path) => Credentials::from_file(path)?,
            None if std::env::var_os("IMS_CLIENT_ID").is_some() => {
                Credentials::from_environment_variables()?
            }
            None => return Ok(None),
        };
        Ok(Some(match &self.url {
            Some(environment) => credentials.with_environment(environment.clone()),
            None => credentials,
        }))
    }
}

/// Reads one file of credentials and says what a person should know about them.
pub(crate) fn read(path: &Path) -> Result<Credentials, Failure> {
    let credentials = Credentials::from_file(path)?;
    announce(&credentials);
    Ok(credentials)
}

fn announce(credentials: &Credentials) {
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
    let builder: ClientBuilder =
        Client::builder(credentials).with_store(FileStore::new(cache_folder()?));
    Ok(builder.build()?)
}

/// `IMS_CACHE_DIR`, else the folder `ims` in the user's cache.
fn cache_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("IMS_CACHE_DIR") {
        return Ok(folder.into());
    }
    let base = etcetera::choose_base_strategy();
    let base =
        base.map_err(|_| Failure::person("the home folder is unknown").hint("set IMS_CACHE_DIR"))?;
    Ok(base.cache_dir().join("ims"))
}
