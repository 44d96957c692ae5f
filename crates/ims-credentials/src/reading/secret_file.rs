//! Reading files that hold secrets, and seeing who else can read them.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use zeroize::Zeroizing;

use crate::error::CredentialsError;

/// Nothing that is read here is longer; a key of 8192 bits has some 6 KiB.
const MAX_LENGTH: u64 = 1024 * 1024;

/// Who can do what with a file besides its owner.
pub(crate) struct Exposure {
    /// The permissions of the file.
    pub(crate) mode: u32,
}

impl Exposure {
    pub(crate) fn is_read_by_others(&self) -> bool {
        self.mode & READ_BY_OTHERS != 0
    }

    pub(crate) fn is_written_by_others(&self) -> bool {
        self.mode & WRITTEN_BY_OTHERS != 0
    }
}

/// Reads a file that may be read by others, and says whether it can be.
pub(crate) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Exposure), CredentialsError> {
    let (contents, mode) = read_with_mode(path)?;
    Ok((contents, Exposure { mode }))
}

/// Reads a file that holds nothing but a secret, and refuses one that others can read.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let (contents, mode) = read_with_mode(path)?;
    if mode & READ_BY_OTHERS == 0 {
        Ok(contents)
    } else {
        Err(CredentialsError::Exposed { path: path.to_owned(), mode })
    }
}

/// Whether `text` may be a path, and not a key that somebody has put where its path belongs: an error names the path.
pub(crate) fn can_be_path(text: &str) -> bool {
    text.len() <= LONGEST_PATH && !text.contains('\n') && !text.contains("-----BEGIN")
}

/// The shortest private key that is taken, RSA of 2048 bits as base64, has half as much again.
const LONGEST_PATH: usize = 1024;

/// The bits of a mode that let the group and everybody read.
const READ_BY_OTHERS: u32 = 0o044;

/// The bits of a mode that let the group and everybody write.
const WRITTEN_BY_OTHERS: u32 = 0o022;

fn read_with_mode(path: &Path) -> Result<(Zeroizing<Vec<u8>>, u32), CredentialsError> {
    let unreadable =
        |source| CredentialsError::Unreadable { path: path.to_owned(), source: Arc::new(source) };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    // With room for all of it, nothing is moved and no copy stays behind.
    let room = metadata.len().min(MAX_LENGTH) + 1;
    let mut contents = Zeroizing::new(Vec::with_capacity(room.try_into().unwrap_or_default()));
    file.take(MAX_LENGTH).read_to_end(&mut contents).map_err(unreadable)?;
    Ok((contents, mode(&metadata)))
}

/// The permissions of a regular file. A pipe has no readers but its own, so its mode says nothing.
#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    if metadata.is_file() { metadata.permissions().mode() & 0o777 } else { 0 }
}

#[cfg(not(unix))]
fn mode(_metadata: &std::fs::Metadata) -> u32 {
    0
}
