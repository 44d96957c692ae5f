//! Files that a command reads, where `-` is standard input, and files that it writes: all of them or none, and existing
//! files are not overwritten unless that is allowed.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ims_files::{Draft, Existing, FileContents, FileError, Readers};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Nothing that a command reads is longer: keys, certificates, tokens and credentials have some kilobytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Whether a file of this name can be one of credentials: by its ending, which in `.aio` is the whole name, or as
/// `.env.local`.
pub(crate) fn can_be_credentials(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "aio",
        "bat",
        "cfg",
        "cmd",
        "conf",
        "config",
        "env",
        "hjson",
        "ini",
        "json",
        "properties",
        "ps1",
        "tfvars",
        "toml",
        "txt",
        "yaml",
        "yml",
    ];
    let name = name.to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending) || name.starts_with(".env.")
}

/// Reads `path`, or standard input if it is `-`.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") {
        read_stdin()
    } else {
        Ok(Zeroizing::new(read_file(path)?.bytes.into_vec()))
    }
}

/// Reads `path`, and says who else can read it.
pub(crate) fn read_file(path: &Path) -> Result<FileContents, FileError> {
    ims_files::read(path, MAX_BYTES)
}

/// Reads `path`, which contains only a secret, if no other user can.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Ok(Zeroizing::new(ims_files::read_private(path, MAX_BYTES)?.into_vec()))
}

/// Reads `path` as text, without the white space around it.
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let contents = read(path)?;
    let text = std::str::from_utf8(&contents);
    let text =
        text.map_err(|_| Failure::person(format!("{} is not text", ims_files::shown(path))))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn read_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut contents = Zeroizing::new(Vec::new());
    let read = io::stdin().take(MAX_BYTES + 1).read_to_end(&mut contents);
    read.map_err(|error| Failure::person("cannot read standard input").because(error))?;
    if contents.len() as u64 > MAX_BYTES {
        return Err(Failure::person(format!("standard input has more than {MAX_BYTES} bytes")));
    }
    Ok(contents)
}

/// Fails if there is something at `path` that must stay.
pub(crate) fn expect_free(path: &Path, existing: Existing) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Failure::person(format!("{} is a folder", ims_files::shown(path))))
        }
        Ok(_) if existing == Existing::Keep => Err(taken(path)),
        _ => Ok(()),
    }
}

/// Writes the draft of a file next to its place.
pub(crate) fn draft(path: &Path, readers: Readers, contents: &str) -> Result<Draft, Failure> {
    Ok(Draft::write(path, readers, contents.as_bytes())?)
}

/// Puts all of `drafts` at their places, or none of them.
pub(crate) fn put(drafts: Vec<Draft>, existing: Existing) -> Result<(), Failure> {
    let mut placed: Vec<PathBuf> = Vec::new();
    for draft in drafts {
        let path = draft.path().to_owned();
        if let Err(error) = draft.put(existing) {
            if existing == Existing::Keep {
                // No one else uses a file that was placed a moment ago. If it cannot be removed, it is at least complete.
                for path in &placed {
                    let _ = fs::remove_file(path);
                }
            }
            return Err(match error {
                FileError::Exists { path } => taken(&path),
                error => error.into(),
            });
        }
        placed.push(path);
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    Failure::person(format!("{} exists already", ims_files::shown(path)))
        .hint("choose another place, or replace it with --force: a replaced key is lost")
}
