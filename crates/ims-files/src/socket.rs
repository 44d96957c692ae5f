//! The file of a Unix socket, in a folder that no one else can change. Only one process uses it at a time.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::{
        fs::{OpenOptionsExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::{
    access::Access,
    error::FileError,
    folder::{FileLock, PrivateFolder, try_lock},
    kind::FileKind,
};

/// A Unix socket in the file system. It is removed when this is dropped.
///
/// A socket that a killed process left there is replaced. A file next to it, `NAME.lock`, is locked as long as this exists, and
/// stays. Links are not followed.
///
/// ```
/// use ims_files::{FileError, SocketFile};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("run").join("service.sock");
/// let (listener, file) = SocketFile::bind(&path)?;
/// assert!(matches!(SocketFile::bind(&path), Err(FileError::InUse { .. })));
/// drop(file);
/// assert!(!path.exists());
/// # drop(listener);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// The system unlocks it when the process ends, however it does.
    _lock: FileLock,
}

impl SocketFile {
    /// Listens at a socket that its owner alone can reach: mode 0600, in a folder with mode 0700, which is created if it is not
    /// there.
    ///
    /// # Errors
    /// [`FileError::InUse`], [`FileError::NotASocket`], those of [`PrivateFolder::create`], and [`FileError::Io`].
    pub fn bind(path: &Path) -> Result<(UnixListener, Self), FileError> {
        let path = absolute(path)?;
        PrivateFolder::create(folder_of(&path))?;
        Self::bind_in_checked(path, 0o600)
    }

    /// Listens at a socket that every user can reach, and that no one else can replace: mode 0666, in a folder to which this user
    /// and root alone can write. It is created with mode 0711 if it is not there. The server has to ask the system who connects.
    ///
    /// # Errors
    /// [`FileError::NotAFolder`] for a link to a folder, [`FileError::Changeable`], [`FileError::ForeignOwner`], and those of
    /// [`SocketFile::bind`].
    pub fn bind_for_everyone(path: &Path) -> Result<(UnixListener, Self), FileError> {
        let path = absolute(path)?;
        let folder = folder_of(&path);
        if fs::symlink_metadata(folder).is_err() {
            PrivateFolder::create(folder)?;
            set_mode(folder, 0o711)?;
        }
        // A link is not followed: its target could change after the check.
        if !fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
            return Err(FileError::NotAFolder { path: folder.to_owned() });
        }
        Access::look_at(folder)?.check_trusted()?;
        Self::bind_in_checked(path, 0o666)
    }

    fn bind_in_checked(path: PathBuf, mode: u32) -> Result<(UnixListener, Self), FileError> {
        let lock = lock(&path)?;
        remove_old(&path)?;
        let listener = UnixListener::bind(&path);
        let listener = listener.map_err(|error| FileError::io(&path, "listen at", error))?;
        // From here on it is removed if something fails.
        let file = Self { path, _lock: lock };
        set_mode(&file.path, mode)?;
        Ok((listener, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The next process replaces the file that is left there.
        let _ = fs::remove_file(&self.path);
    }
}

/// The same path after a change of the working folder, since the socket is removed by it.
fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    std::path::absolute(path).map_err(|error| FileError::io(path, "find", error))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// Locks the file next to the socket, which is created for that.
fn lock(socket: &Path) -> Result<FileLock, FileError> {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let nofollow = OFlags::NOFOLLOW.bits();
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nofollow.cast_signed())
        .open(&path)
        .map_err(|error| FileError::io(&path, "lock", error))?;
    let lock = try_lock(file, &path)?;
    lock.ok_or_else(|| FileError::InUse { path: socket.to_owned() })
}

/// Removes the socket of a process that was killed. Nothing else is removed.
fn remove_old(path: &Path) -> Result<(), FileError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => FileKind::of(metadata.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::io(path, "look at", error)),
    };
    if kind != FileKind::Socket {
        return Err(FileError::NotASocket { path: path.to_owned(), kind });
    }
    fs::remove_file(path).map_err(|error| FileError::io(path, "remove", error))
}

fn set_mode(path: &Path, mode: u32) -> Result<(), FileError> {
    let set = fs::set_permissions(path, Permissions::from_mode(mode));
    set.map_err(|error| FileError::io(path, "change the mode of", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn bind(path: &Path, for_everyone: bool) -> Result<(UnixListener, SocketFile), FileError> {
        if for_everyone { SocketFile::bind_for_everyone(path) } else { SocketFile::bind(path) }
    }

    #[track_caller]
    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_socket_and_its_folder_are_for_their_owner_alone_unless_others_may_ask() {
        let folder = tempfile::tempdir().unwrap();
        for (name, for_everyone, expected) in
            [("own", false, (0o700, 0o600)), ("all", true, (0o711, 0o666))]
        {
            let path = folder.path().join(name).join("agent.sock");
            let (_listener, file) = bind(&path, for_everyone).unwrap();
            assert_eq!((mode(path.parent().unwrap()), mode(&path)), expected);
            drop(file);
            assert!(!path.exists(), "it is removed at the end");
        }
    }

    #[test]
    fn one_process_listens_at_a_time_and_a_socket_that_was_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run").join("agent.sock");
        let first = SocketFile::bind(&path).unwrap();
        assert!(matches!(SocketFile::bind(&path), Err(FileError::InUse { .. })));
        drop(first);
        // A killed process leaves its socket and loses its lock.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(SocketFile::bind(&path).unwrap());
    }

    #[test]
    fn what_is_not_a_socket_is_never_removed_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        PrivateFolder::create(&run).unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "kept").unwrap();

        fs::write(run.join("file.sock"), "kept").unwrap();
        symlink(&target, run.join("link.sock")).unwrap();
        symlink(folder.path().join("nowhere"), run.join("broken.sock")).unwrap();
        for name in ["file.sock", "link.sock", "broken.sock"] {
            let refused = SocketFile::bind(&run.join(name));
            assert!(matches!(refused, Err(FileError::NotASocket { .. })), "{name}");
        }
        assert_eq!(fs::read_to_string(target).unwrap(), "kept");

        symlink(folder.path().join("nowhere"), run.join("locked.sock.lock")).unwrap();
        assert!(SocketFile::bind(&run.join("locked.sock")).is_err());
        assert!(!folder.path().join("nowhere").exists());

        let linked = folder.path().join("linked");
        symlink(&run, &linked).unwrap();
        for for_everyone in [false, true] {
            let refused = bind(&linked.join("agent.sock"), for_everyone);
            assert!(matches!(refused, Err(FileError::NotAFolder { .. })));
        }
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, for_everyone, is_good) in
            [(0o700, false, true), (0o711, false, false), (0o755, true, true), (0o777, true, false)]
        {
            set_mode(folder.path(), mode).unwrap();
            let bound = bind(&folder.path().join("agent.sock"), for_everyone);
            assert_eq!(bound.is_ok(), is_good, "{mode:o}");
        }
    }
}
