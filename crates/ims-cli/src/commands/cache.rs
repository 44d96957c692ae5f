//! `ims cache`: the access tokens that commands store for each other.

use clap::{Args, Subcommand};
use ims::{
    claims::{ClientId, NumericDate},
    token::{FileStore, StoredEntry},
};
use serde::Serialize;

use super::secret::known;
use crate::{
    failure::Failure,
    output::{self, Answer},
    process::block_on,
    storage, when,
};

/// The commands about the cache.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(ListArguments),
    Clear(ClearArguments),
}

/// List the access tokens in the cache: their clients and when they expire.
///
/// The tokens themselves are not shown. They are in files that only you can read, in the folder `IMS_CACHE_DIR`, by default
/// the folder ims in your cache.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Remove access tokens from the cache; the next command gets new ones.
///
/// The tokens stay valid at IMS until they expire. To revoke one, use ims revoke. The sign-ins of ims login are not
/// removed.
#[derive(Debug, Args)]
pub(crate) struct ClearArguments {
    /// Only the tokens of this client
    #[arg(long, value_name = "ID")]
    client_id: Option<ClientId>,

    /// Only the tokens that have expired
    #[arg(long)]
    expired: bool,
}

pub(crate) fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Clear(arguments) => clear(arguments),
    }
}

/// What is in the cache, sorted by their expiry.
#[derive(Debug, Default)]
pub(super) struct Cached {
    entries: Vec<StoredEntry>,
    unreadable: usize,
}

/// One token, or one time before which IMS must not be asked, as JSON.
#[derive(Serialize)]
pub(super) struct TokenData {
    client_id: String,
    ims_url: String,
    grant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obtained_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
}

#[derive(Serialize)]
struct Data {
    tokens: Vec<TokenData>,
    unreadable: usize,
}

fn list(arguments: &ListArguments) -> Result<Answer, Failure> {
    let cached = Cached::read()?;
    if arguments.json {
        let unreadable = cached.unreadable;
        output::json(&Data { tokens: cached.data(), unreadable })?;
        return Ok(Answer::Yes);
    }
    if cached.entries.is_empty() {
        output::note("note", "the cache is empty");
    }
    for line in cached.lines() {
        output::line(&line)?;
    }
    cached.note_unreadable();
    Ok(Answer::Yes)
}

fn clear(arguments: &ClearArguments) -> Result<Answer, Failure> {
    let now = when::now();
    let client_id = arguments.client_id.as_ref().map(|id| id.as_str().to_owned());
    let only_expired = arguments.expired;
    let client_id_is_any = client_id.is_none();
    let removed = block_on(async {
        let mut removed = 0;
        for store in stores()? {
            let cleared = if client_id.is_none() && !only_expired {
                store.clear().await
            } else {
                let client_id = client_id.clone();
                store
                    .remove_entries(move |entry| {
                        let is_client = client_id
                            .as_deref()
                            .is_none_or(|client| client == entry.key.client_id());
                        is_client && (!only_expired || has_ended(entry, now))
                    })
                    .await
            };
            removed += cleared
                .map_err(|error| Failure::person("the cache cannot be cleared").because(error))?;
        }
        Ok(removed)
    })?;
    if client_id_is_any && !only_expired {
        known::forget_all()?;
    }
    let tokens = if removed == 1 { "token is" } else { "tokens are" };
    output::note("note", &format!("{removed} {tokens} removed from the cache"));
    Ok(Answer::Yes)
}

fn has_ended(entry: &StoredEntry, now: NumericDate) -> bool {
    let is_over = |date: NumericDate| date <= now;
    entry.token.is_none_or(|dates| is_over(dates.expires_at))
        && entry.not_before.is_none_or(is_over)
}

/// The store of integrations, and one for each sign-in.
fn stores() -> Result<Vec<FileStore>, Failure> {
    Ok(storage::cache_folders()?.into_iter().map(FileStore::new).collect())
}

impl Cached {
    pub(super) fn read() -> Result<Self, Failure> {
        let mut cached = Self::default();
        block_on(async {
            for store in stores()? {
                let (entries, unreadable) = store
                    .entries()
                    .await
                    .map_err(|error| Failure::person("the cache cannot be read").because(error))?;
                cached.entries.extend(entries);
                cached.unreadable += unreadable;
            }
            Ok(())
        })?;
        cached.entries.sort_by_key(|entry| entry.token.map(|dates| dates.expires_at));
        Ok(cached)
    }

    pub(super) fn data(&self) -> Vec<TokenData> {
        let now = when::now();
        self.entries.iter().map(|entry| TokenData::new(entry, now)).collect()
    }

    /// One line for each token, for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let now = when::now();
        self.entries.iter().map(|entry| line(entry, now)).collect()
    }

    pub(super) fn note_unreadable(&self) {
        if self.unreadable > 0 {
            let files = if self.unreadable == 1 { "file" } else { "files" };
            let text = format!("{} {files} cannot be read: ims cache clear", self.unreadable);
            output::note("warning", &text);
        }
    }
}

impl TokenData {
    fn new(entry: &StoredEntry, now: NumericDate) -> Self {
        let (key, token) = (&entry.key, entry.token);
        Self {
            client_id: key.client_id().to_owned(),
            ims_url: key.base_url().to_owned(),
            grant: key.grant().as_str().to_owned(),
            account: key.account().map(str::to_owned),
            scopes: key.scopes().map(str::to_owned).collect(),
            obtained_at: token.map(|dates| when::rfc3339(dates.obtained_at)),
            expires_at: token.map(|dates| when::rfc3339(dates.expires_at)),
            expires_in: token.map(|dates| dates.expires_at.since(now).as_secs()),
            not_before: entry.not_before.map(when::rfc3339),
        }
    }
}

fn line(entry: &StoredEntry, now: NumericDate) -> String {
    let mut text = match entry.token {
        None => "no token".to_owned(),
        Some(dates) if dates.expires_at <= now => {
            format!("ended at {}", when::rfc3339(dates.expires_at))
        }
        Some(dates) => format!("good until {}", when::rfc3339(dates.expires_at)),
    };
    if let Some(not_before) = entry.not_before.filter(|date| *date > now) {
        text.push_str(", IMS asks for no request before ");
        text.push_str(&when::rfc3339(not_before));
    }
    let (key, mut scopes) = (&entry.key, Vec::new());
    scopes.extend(key.scopes());
    let scopes = scopes.join(",");
    format!("{text}  {}  {}  {}  {scopes}", key.client_id(), key.grant().as_str(), key.base_url())
        .trim_end()
        .to_owned()
}
