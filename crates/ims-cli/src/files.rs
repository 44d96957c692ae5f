//! Reading what a command is given: a file, or standard input for `-`.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads `path`, or standard input if it is `-`.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let contents = if path == Path::new("-") {
        let mut contents = Vec::new();
        io::stdin().read_to_end(&mut contents).map(|_| contents)
    } else {
        fs::read(path)
    };
    let unreadable =
        |error| Failure::person(format!("{} cannot be read", path.display())).because(error);
    contents.map(Zeroizing::new).map_err(unreadable)
}

/// Reads `path` as text, without the white space around it.
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let contents = read(path)?;
    let text = std::str::from_utf8(&contents);
    let text = text.map_err(|_| Failure::person(format!("{} is not text", path.display())))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
