//! The file of a Unix socket: in a folder that no one else can change, and of one process at a time.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io,
    os::unix::{
        fs::{FileTypeExt, OpenOptionsExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use ims_files::{Access, FileError, PrivateFolder};
use rustix::fs::OFlags;

use crate::error::Error;

/// A socket in the file system, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Locked as long as the socket is this process's. The system unlocks it when the process ends, however it does.
    _lock: File,
}

impl SocketFile {
    /// Makes the socket at `path`, in place of one that no process listens at any longer.
    pub(crate) fn bind(path: &Path, for_others: bool) -> Result<(UnixListener, Self), Error> {
        let path = std::path::absolute(path).map_err(|error| io_error(path, "find", error))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        prepare(folder, for_others)?;
        let lock = lock(&path)?;
        remove_old(&path)?;
        let listener = UnixListener::bind(&path);
        let listener = listener.map_err(|error| io_error(&path, "listen at", error))?;
        // From here on it is removed if something fails.
        let file = Self { path, _lock: lock };
        let mode = if for_others { 0o666 } else { 0o600 };
        set_mode(&file.path, mode)?;
        Ok((listener, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The next one replaces what is left there.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the folder, if it is not there, and checks that no one else can exchange what is in it.
fn prepare(folder: &Path, for_others: bool) -> Result<(), Error> {
    let is_new = fs::symlink_metadata(folder).is_err();
    if is_new || !for_others {
        PrivateFolder::create(folder).map_err(Error::File)?;
    }
    if is_new && for_others {
        set_mode(folder, 0o711)?;
    }
    if for_others {
        // A link is not followed: its target may be checked now and be another one later.
        let is_folder = fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir());
        if !is_folder {
            return Err(Error::File(FileError::NotAFolder { path: folder.to_owned() }));
        }
        let access = Access::look_at(folder).map_err(Error::File)?;
        access.check_trusted().map_err(Error::File)?;
    }
    Ok(())
}

/// Locks the file next to the socket.
fn lock(socket: &Path) -> Result<File, Error> {
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
        .map_err(|error| io_error(&path, "lock", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(socket.to_owned())),
        Err(TryLockError::Error(error)) => Err(io_error(&path, "lock", error)),
    }
}

/// Removes the socket of a process that was killed. Nothing else is removed.
fn remove_old(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            fs::remove_file(path).map_err(|error| io_error(path, "remove", error))
        }
        Ok(_) => Err(Error::NotASocket(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(path, "look at", error)),
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    let set = fs::set_permissions(path, Permissions::from_mode(mode));
    set.map_err(|error| io_error(path, "change the mode of", error))
}

fn io_error(path: &Path, action: &'static str, error: io::Error) -> Error {
    Error::File(FileError::io(path, action, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[track_caller]
    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_socket_and_its_folder_are_for_their_owner_alone_unless_others_may_ask() {
        let folder = tempfile::tempdir().unwrap();
        for (name, for_others, expected) in
            [("own", false, (0o700, 0o600)), ("all", true, (0o711, 0o666))]
        {
            let path = folder.path().join(name).join("agent.sock");
            let (_listener, file) = SocketFile::bind(&path, for_others).unwrap();
            assert_eq!((mode(path.parent().unwrap()), mode(&path)), expected);
            drop(file);
            assert!(!path.exists(), "it is removed at the end");
        }
    }

    #[test]
    fn one_process_listens_at_a_time_and_a_socket_that_was_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run").join("agent.sock");
        let first = SocketFile::bind(&path, false).unwrap();
        assert!(matches!(SocketFile::bind(&path, false), Err(Error::InUse(_))));
        drop(first);
        // A killed process leaves its socket and loses its lock.
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        drop(SocketFile::bind(&path, false).unwrap());
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
            let refused = SocketFile::bind(&run.join(name), false);
            assert!(matches!(refused, Err(Error::NotASocket(_))), "{name}");
        }
        assert_eq!(fs::read_to_string(target).unwrap(), "kept");

        symlink(folder.path().join("nowhere"), run.join("locked.sock.lock")).unwrap();
        assert!(SocketFile::bind(&run.join("locked.sock"), false).is_err());
        assert!(!folder.path().join("nowhere").exists());

        let linked = folder.path().join("linked");
        symlink(&run, &linked).unwrap();
        for for_others in [false, true] {
            let refused = SocketFile::bind(&linked.join("agent.sock"), for_others);
            assert!(matches!(refused, Err(Error::File(FileError::NotAFolder { .. }))));
        }
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, for_others, is_good) in
            [(0o700, false, true), (0o711, false, false), (0o755, true, true), (0o777, true, false)]
        {
            set_mode(folder.path(), mode).unwrap();
            let bound = SocketFile::bind(&folder.path().join("agent.sock"), for_others);
            assert_eq!(bound.is_ok(), is_good, "{mode:o}");
        }
    }
}
