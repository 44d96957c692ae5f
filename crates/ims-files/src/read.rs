//! Reading a file up to a limit, into memory that is wiped afterwards.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    ops::Deref,
    path::Path,
};

use zeroize::Zeroizing;

use crate::{access::Access, error::FileError, kind::FileKind};

/// What a file holds, and who else can use the file.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("credentials.json");
/// # ims_files::create_new(&file, br#"{"client_secret":"p8e-x"}"#)?;
/// let contents = ims_files::read(&file, 64 * 1024)?;
/// // Not every document has a secret in it.
/// if contents.bytes.windows(13).any(|part| part == b"client_secret") {
///     contents.access.check_private()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileContents {
    /// The bytes, which are wiped when they are dropped.
    pub bytes: FileBytes,
    /// Who besides the owner can use it.
    pub access: Access,
}

/// Bytes that are wiped from memory when they are dropped. `Debug` shows how many there are, and none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct FileBytes(Zeroizing<Vec<u8>>);

impl FileBytes {
    /// The bytes themselves, without a copy. From then on the caller has to wipe them.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for FileBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileBytes({} bytes)", self.len())
    }
}

impl fmt::Debug for FileContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileContents").field("access", &self.access).finish_non_exhaustive()
    }
}

/// Reads a file of at most `limit` bytes, also if others can read it; [`FileContents::access`] says who can.
///
/// Symbolic links are followed, since Kubernetes mounts a secret as one. A pipe is read to its end, and a device up to the
/// limit.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("certificate_pub.crt");
/// # std::fs::write(&file, "-----BEGIN CERTIFICATE-----")?;
/// let contents = ims_files::read(&file, 64 * 1024)?;
/// assert!(contents.bytes.starts_with(b"-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FileError::NotAFile`] for a folder and a socket, [`FileError::TooLong`], and [`FileError::Io`].
pub fn read(path: &Path, limit: u64) -> Result<FileContents, FileError> {
    let file = File::open(path).map_err(|error| open_error(path, error))?;
    read_open(file, path, limit)
}

/// Reads a file that holds a secret, of at most `limit` bytes, if [`Access::check_private`] finds it private.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("client.secret");
/// # ims_files::create_new(&file, b"p8e-secret")?;
/// let secret = ims_files::read_private(&file, 4 * 1024)?;
/// assert_eq!(format!("{secret:?}"), "FileBytes(10 bytes)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`read`], [`FileError::Exposed`] and [`FileError::ForeignOwner`].
pub fn read_private(path: &Path, limit: u64) -> Result<FileBytes, FileError> {
    let contents = read(path, limit)?;
    contents.access.check_private()?;
    Ok(contents.bytes)
}

fn read_open(mut file: File, path: &Path, limit: u64) -> Result<FileContents, FileError> {
    let access = Access::of(&file, path).map_err(|error| FileError::io(path, "look at", error))?;
    if matches!(access.kind(), FileKind::Folder | FileKind::Socket) {
        return Err(FileError::NotAFile { path: path.to_owned(), kind: access.kind() });
    }
    let bytes = read_bytes(&mut file, limit);
    let bytes = bytes.map_err(|error| FileError::io(path, "read", error))?;
    match bytes {
        Some(bytes) => Ok(FileContents { bytes, access }),
        None => Err(FileError::TooLong { path: path.to_owned(), limit }),
    }
}

/// All bytes of `file`; `None` if there are more than `limit`.
///
/// The buffer never grows in place, because a buffer that is moved leaves a copy that is not wiped.
pub(crate) fn read_bytes(file: &mut File, limit: u64) -> io::Result<Option<FileBytes>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX - 1);
    // Files below /proc have the size 0, and a file may grow while it is read.
    let expected = file.metadata().map_or(0, |metadata| metadata.len());
    let expected = usize::try_from(expected).unwrap_or(usize::MAX).clamp(4096, limit.max(4096));
    let mut buffer = Zeroizing::new(vec![0; expected.min(limit) + 1]);
    let mut length = 0;
    loop {
        if length > limit {
            return Ok(None);
        }
        if length == buffer.len() {
            let mut longer = Zeroizing::new(vec![0; (buffer.len() * 2).min(limit + 1)]);
            longer[..length].copy_from_slice(&buffer);
            buffer = longer;
        }
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(length);
    Ok(Some(FileBytes(buffer)))
}

/// Some systems refuse to open a folder or a socket before anyone can ask what it is.
fn open_error(path: &Path, error: io::Error) -> FileError {
    if error.kind() == io::ErrorKind::NotFound {
        return FileError::io(path, "read", error);
    }
    let kind = std::fs::metadata(path).map(|metadata| FileKind::of(metadata.file_type()));
    match kind {
        Ok(kind @ (FileKind::Folder | FileKind::Socket)) => {
            FileError::NotAFile { path: path.to_owned(), kind }
        }
        _ => FileError::io(path, "read", error),
    }
}
