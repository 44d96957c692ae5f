//! A list of what is in a store of files, for operators: the keys and dates of the tokens, and never a token itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ims_claims::NumericDate;
use ims_files::PrivateFolder;

use crate::{
    cache_key::CacheKey,
    store::{StoreError, stored_token},
};

/// What a [`FileStore`](crate::FileStore) keeps under one key: a token, a time before which IMS must not be asked, or both.
///
/// ```
/// use ims_token::StoredEntry;
///
/// fn print(entry: &StoredEntry) {
///     match &entry.token {
///         Some(dates) => println!("{:?}: good until {}", entry.key, dates.expires_at),
///         None => println!("{:?}: no token", entry.key),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEntry {
    /// Whose token it is.
    pub key: CacheKey,
    /// The dates of the token, if there is one.
    pub token: Option<StoredDates>,
    /// The time before which IMS must not be asked, if it named one. It may have passed.
    pub not_before: Option<NumericDate>,
}

/// When a token was obtained, and when it expires.
///
/// ```
/// use ims_token::StoredDates;
///
/// fn lifetime_s(dates: StoredDates) -> u64 {
///     dates.expires_at.since(dates.obtained_at).as_secs()
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredDates {
    /// When it was asked for.
    pub obtained_at: NumericDate,
    /// When it expires.
    pub expires_at: NumericDate,
}

/// The entries of the folder in the order of their keys, and how many files of the store cannot be read.
pub(super) fn entries(folder: &Path) -> Result<(Vec<StoredEntry>, usize), StoreError> {
    let Some(folder) = PrivateFolder::open(folder)? else { return Ok((Vec::new(), 0)) };
    let mut entries: BTreeMap<CacheKey, StoredEntry> = BTreeMap::new();
    let mut unreadable = 0;
    for name in folder.names()? {
        let Some(kind) = Kind::of(&name) else { continue };
        let Some((key, found)) = read(&folder, &name, kind) else {
            unreadable += 1;
            continue;
        };
        let entry = entries.entry(key.clone()).or_insert(StoredEntry {
            key,
            token: None,
            not_before: None,
        });
        match found {
            Found::Token(dates) => entry.token = Some(dates),
            Found::NotBefore(date) => entry.not_before = Some(date),
        }
    }
    Ok((entries.into_values().collect(), unreadable))
}

/// Removes what `is_meant` says, and without it also what cannot be read. Locks stay: a process may hold one. `None` if the
/// folder could not be locked.
pub(super) fn clear(
    folder: &Path,
    is_meant: Option<&(dyn Fn(&StoredEntry) -> bool + Send + Sync)>,
) -> Result<Option<usize>, StoreError> {
    let Some(opened) = PrivateFolder::open(folder)? else { return Ok(Some(0)) };
    let Some(lock) = opened.try_lock()? else { return Ok(None) };
    let mut names = opened.names()?;
    names.retain(|name| Kind::of(name).is_some());
    if let Some(is_meant) = is_meant {
        let (entries, _) = entries(folder)?;
        let meant = entries.iter().filter(|entry| is_meant(entry));
        let meant: BTreeSet<_> = meant.map(|entry| stored_token::entry_name(&entry.key)).collect();
        names.retain(|name| name.get(..64).is_some_and(|hash| meant.contains(hash)));
    }
    let mut removed = 0;
    for name in names {
        lock.remove(&name)?;
        removed += usize::from(Kind::of(&name) == Some(Kind::Token));
    }
    Ok(Some(removed))
}

enum Found {
    Token(StoredDates),
    NotBefore(NumericDate),
}

/// `None` for a file that no store has written under this name.
fn read(folder: &PrivateFolder, name: &str, kind: Kind) -> Option<(CacheKey, Found)> {
    let bytes = folder.read(name, stored_token::MAX_BYTES as u64).ok()??;
    let (key, found) = match kind {
        Kind::Token => {
            let (key, obtained_at, expires_at) = stored_token::dates(&bytes)?;
            (key, Found::Token(StoredDates { obtained_at, expires_at }))
        }
        Kind::NotBefore => {
            let (key, not_before) = stored_token::key_and_not_before(&bytes)?;
            (key, Found::NotBefore(not_before))
        }
    };
    name.starts_with(&stored_token::entry_name(&key)).then_some((key, found))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token,
    NotBefore,
}

impl Kind {
    /// What a file of the store holds, by its name; `None` for locks and for files of other programs.
    fn of(name: &str) -> Option<Self> {
        let (hash, kind) = match name.split_once('.')? {
            (hash, "json") => (hash, Self::Token),
            (hash, "not_before") => (hash, Self::NotBefore),
            _ => return None,
        };
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then_some(kind)
    }
}
