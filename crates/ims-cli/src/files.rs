//! Reading what a command is given: a file, or standard input for `-`.

use std::{
    io::{self, Read},
    path::Path,
};

use ims_files::{FileContents, FileError};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Nothing that a command reads is longer: keys, certificates, tokens and credentials have some kilobytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads `path`, or standard input if it is `-`.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") { read_stdin() } else { Ok(read_file(path)?.bytes) }
}

/// Reads `path`, and says who else can read it.
pub(crate) fn read_file(path: &Path) -> Result<FileContents, FileError> {
    ims_files::read(path, MAX_BYTES)
}

/// Reads `path`, which holds nothing but a secret, if no other user can.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    Ok(ims_files::read_private(path, MAX_BYTES)?)
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
