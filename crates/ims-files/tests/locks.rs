//! Rules of every system: files are replaced as a whole, and one process at a time writes.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{fs, time::Duration};
#[cfg(unix)]
use std::{os::unix::fs::MetadataExt, path::Path};

use ims_files::{FileError, PrivateFolder, lock_if_there, read_private, replace};
use tempfile::{TempDir, tempdir};

const LIMIT: u64 = 1024;

fn folder() -> TempDir {
    tempdir().unwrap()
}

#[cfg(unix)]
#[track_caller]
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_private_folder_holds_whole_private_files() {
    let outer = folder();
    let path = outer.path().join("cache").join("tokens");
    assert!(PrivateFolder::open(&path).unwrap().is_none());
    let folder = PrivateFolder::create(&path).unwrap();
    #[cfg(unix)]
    assert_eq!(mode(&path), 0o700);
    assert!(folder.read("token", LIMIT).unwrap().is_none());
    let lock = folder.lock(Duration::ZERO).unwrap();
    // A killed process may have left its draft.
    fs::write(path.join("token.new"), "half").unwrap();
    lock.replace("token", b"one").unwrap();
    fs::write(path.join("token.new"), "half").unwrap();
    lock.replace_cached("token", b"longer than two").unwrap();
    assert_eq!(*folder.read("token", LIMIT).unwrap().unwrap(), *b"longer than two");
    lock.replace("token", b"two").unwrap();
    assert_eq!(*folder.read("token", LIMIT).unwrap().unwrap(), *b"two");
    assert_eq!(*read_private(&path.join("token"), LIMIT).unwrap(), *b"two");
    #[cfg(unix)]
    assert_eq!(mode(&path.join("token")), 0o600);
    assert_eq!(folder.names().unwrap(), ["token"]);
    lock.remove("token").unwrap();
    lock.remove("token").unwrap();
    assert!(folder.names().unwrap().is_empty());
    assert!(fs::read_dir(&path).unwrap().all(|entry| entry.unwrap().file_name() == ".lock"));
}

#[test]
fn one_process_at_a_time_writes_into_a_folder() {
    let outer = folder();
    let one = PrivateFolder::create(&outer.path().join("folder")).unwrap();
    let other = PrivateFolder::open(one.path()).unwrap().unwrap();
    let lock = one.try_lock().unwrap().unwrap();
    assert!(other.try_lock().unwrap().is_none());
    let waited = other.lock(Duration::from_millis(20)).unwrap_err();
    assert!(
        matches!(waited, FileError::Locked { waited, .. } if waited == Duration::from_millis(20))
    );
    drop(lock);
    let lock = other.lock(Duration::ZERO).unwrap();
    let lease = one.try_lock_file("lease").unwrap().unwrap();
    lease.touch().unwrap();
    assert!(other.modified("lease").unwrap().is_some());
    assert!(other.try_lock_file("lease").unwrap().is_none(), "leases are apart from the folder");
    drop((lease, lock));
    assert!(other.try_lock_file("lease").unwrap().is_some());
}

#[test]
fn the_name_of_a_file_that_is_removed_is_free_although_the_file_is_locked() {
    let outer = folder();
    let folder = PrivateFolder::create(&outer.path().join("folder")).unwrap();
    let old = folder.try_lock_file("lease").unwrap().unwrap();
    folder.lock(Duration::ZERO).unwrap().remove("lease").unwrap();
    assert!(folder.modified("lease").unwrap().is_none());
    assert!(folder.names().unwrap().is_empty());
    let new = folder.try_lock_file("lease").unwrap().unwrap();
    old.touch().unwrap();
    drop(old);
    assert!(folder.try_lock_file("lease").unwrap().is_none(), "the old lock ended the new one");
    drop(new);
    assert!(folder.try_lock_file("lease").unwrap().is_some());
    assert_eq!(folder.names().unwrap(), ["lease"]);
}

#[test]
fn a_locked_file_can_be_read_and_replaced() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    assert!(lock_if_there(&path, Duration::ZERO).unwrap().is_none());
    replace(&path, b"one").unwrap();
    let lock = lock_if_there(&path, Duration::ZERO).unwrap().unwrap();
    let locked = lock_if_there(&path, Duration::ZERO).unwrap_err();
    assert!(matches!(&locked, FileError::Locked { path: it, .. } if *it == path), "{locked}");
    assert_eq!(*read_private(&path, LIMIT).unwrap(), *b"one");
    replace(&path, b"two").unwrap();
    drop(lock);
    assert!(lock_if_there(&path, Duration::ZERO).unwrap().is_some());
    assert_eq!(*read_private(&path, LIMIT).unwrap(), *b"two");
}
