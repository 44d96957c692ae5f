//! A refresh token in a file that its owner alone can read.
//!
//! It is written into a file beside, flushed, and renamed, so that it is whole whenever the process is killed. Nothing
//! follows a symbolic link, and nothing opens what is not a regular file.

use std::{
    fmt,
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use ims_exchange::RefreshToken;
use rustix::{
    fs::{AtFlags, Mode, OFlags, fchmod, fstat, openat, renameat, unlinkat},
    io::Errno,
    process::geteuid,
};
use zeroize::Zeroizing;

use super::{Cause, Malformed, Place, cause};

/// How often and how long another process is waited for that writes into the same folder.
const TURNS: u32 = 400;
const TURN: Duration = Duration::from_millis(5);

/// A refresh token has at most 64 KiB, and one byte more shows that it has not.
const MOST_BYTES: u64 = 64 * 1024 + 1;

/// The file of one refresh token.
pub(super) struct TokenFile {
    folder: PathBuf,
    name: String,
}

impl TokenFile {
    pub(super) fn new(folder: PathBuf, name: &str) -> Self {
        Self { folder, name: format!("{}.refresh_token", escaped(name)) }
    }

    /// What was there before is replaced whole or not at all.
    fn replace(&self, text: &str) -> io::Result<()> {
        let folder = lock(make(&self.folder)?)?;
        let beside = format!("{}.new", self.name);
        let written = write(&folder, &beside, text.as_bytes()).and_then(|()| {
            renameat(&folder, &beside, &folder, &self.name)?;
            folder.sync_all()
        });
        if written.is_err() {
            // If it was renamed already, there is nothing left to take away.
            let _ = unlinkat(&folder, &beside, AtFlags::empty());
        }
        written
    }

    fn read(&self) -> io::Result<Option<Zeroizing<String>>> {
        let Some(folder) = open_folder(&self.folder)? else { return Ok(None) };
        // Without NONBLOCK, a FIFO in its place would hold the process up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&folder, &self.name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(refused("it is a symbolic link")),
            Err(error) => return Err(error.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(refused("it is no regular file"));
        }
        is_private(&file, "it belongs to another user or is open to others (chmod 600)")?;
        let mut text = Zeroizing::new(String::with_capacity(8 * 1024));
        file.take(MOST_BYTES).read_to_string(&mut text)?;
        Ok(Some(text))
    }

    fn remove(&self) -> io::Result<()> {
        let Some(folder) = open_folder(&self.folder)? else { return Ok(()) };
        match unlinkat(&folder, &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Place for TokenFile {
    fn blocks(&self) -> bool {
        true
    }

    fn load(&self) -> Result<Option<RefreshToken>, Cause> {
        let Some(text) = self.read().map_err(cause)? else { return Ok(None) };
        let refresh_token = RefreshToken::new(text.to_string());
        refresh_token.map(Some).ok_or_else(|| cause(Malformed))
    }

    fn save(&self, refresh_token: &RefreshToken) -> Result<(), Cause> {
        self.replace(refresh_token.expose_secret()).map_err(cause)
    }

    fn forget(&self) -> Result<(), Cause> {
        self.remove().map_err(cause)
    }
}

impl fmt::Display for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.folder.join(&self.name).display())
    }
}

/// A file name that says `name`, whatever characters that has.
fn escaped(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@".contains(&byte);
    let escape = |byte| match byte {
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(escape).collect()
}

/// The folder, found safe; `None` if it does not exist.
fn open_folder(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(folder) => File::from(folder),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NOTDIR) => {
            return Err(refused("its folder is no folder, or a link to one"));
        }
        Err(error) => return Err(error.into()),
    };
    is_private(&folder, "its folder belongs to another user or is open to others (chmod 700)")?;
    Ok(Some(folder))
}

fn make(path: &Path) -> io::Result<File> {
    if let Some(folder) = open_folder(path)? {
        return Ok(folder);
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // What a strict umask has taken away is given back.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    open_folder(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Waits until no other process writes into the folder. Unlocked when it is closed.
fn lock(folder: File) -> io::Result<File> {
    for _ in 0..TURNS {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) => thread::sleep(TURN),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "another process keeps its folder locked"))
}

/// Makes the file `name` anew: what a killed process left there is taken away first.
fn write(folder: &File, name: &str, bytes: &[u8]) -> io::Result<()> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(folder, name, flags, OWNER_ALONE)?);
    fchmod(&file, OWNER_ALONE)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn is_private(file: &File, problem: &'static str) -> io::Result<()> {
    let status = fstat(file)?;
    let is_open_to_others = Mode::from_raw_mode(status.st_mode).intersects(Mode::RWXG | Mode::RWXO);
    if is_open_to_others || status.st_uid != geteuid().as_raw() {
        return Err(refused(problem));
    }
    Ok(())
}

fn refused(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, problem)
}

const OWNER_ALONE: Mode = Mode::RUSR.union(Mode::WUSR);
