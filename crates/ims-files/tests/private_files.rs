//! Files are checked, read and replaced on a real file system.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use ims_files::{
    Draft, Existing, FileError, FileKind, PrivateFolder, Readers, create_new, read, read_private,
    replace,
};
use tempfile::{TempDir, tempdir};

const LIMIT: u64 = 1024;
const SOMEONE: u32 = 54_321;

fn folder() -> TempDir {
    tempdir().unwrap()
}

#[track_caller]
fn file(folder: &TempDir, name: &str, mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, "secret").unwrap();
    set_mode(&path, mode);
    path
}

#[track_caller]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_secret_is_read_from_a_private_file_only() {
    let folder = folder();
    // If this user is root, its files are files of root, which their group may read.
    let by_group = is_root();
    for (mode, is_read) in [
        (0o600, true),
        (0o400, true),
        (0o640, by_group),
        (0o440, by_group),
        (0o644, false),
        (0o604, false),
        (0o622, false),
        (0o602, false),
        (0o620, false),
        (0o660, false),
        (0o666, false),
    ] {
        let path = file(&folder, "key", mode);
        let result = read_private(&path, LIMIT);
        match result {
            Ok(bytes) => assert!(is_read && *bytes == *b"secret", "{mode:o}"),
            Err(FileError::Exposed { .. }) => assert!(!is_read, "{mode:o}"),
            Err(error) => panic!("{mode:o}: {error}"),
        }
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_file_of_another_user_is_neither_private_nor_trusted() {
    if !is_root() {
        return; // No one else can give files away; the table of the rule covers it.
    }
    let folder = folder();
    let path = file(&folder, "key", 0o600);
    chown(&path, Some(SOMEONE), None).unwrap();
    let error = read_private(&path, LIMIT).unwrap_err();
    assert!(matches!(&error, FileError::ForeignOwner { owner, .. } if owner == "user 54321"));
    let trusted = read(&path, LIMIT).unwrap().access.check_trusted();
    assert!(matches!(trusted, Err(FileError::ForeignOwner { .. })));
}

#[test]
fn a_file_in_a_folder_of_others_is_not_trusted() {
    let outer = folder();
    let inner = outer.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let path = inner.join("credentials.json");
    fs::write(&path, "{}").unwrap();
    let check = |file_mode, inner_mode, outer_mode| {
        set_mode(&path, file_mode);
        set_mode(&inner, inner_mode);
        set_mode(outer.path(), outer_mode);
        read(&path, LIMIT).unwrap().access.check_trusted()
    };
    for (file_mode, inner_mode, outer_mode, blamed) in [
        (0o600, 0o700, 0o700, None),
        (0o644, 0o755, 0o755, None),
        (0o600, 0o700, 0o1777, None),
        (0o666, 0o700, 0o700, Some(path.as_path())),
        (0o620, 0o700, 0o700, Some(path.as_path())),
        (0o602, 0o700, 0o700, Some(path.as_path())),
        (0o600, 0o777, 0o700, Some(inner.as_path())),
        (0o600, 0o770, 0o700, Some(inner.as_path())),
        (0o600, 0o700, 0o777, Some(outer.path())),
    ] {
        let case = format!("{file_mode:o} {inner_mode:o} {outer_mode:o}");
        match (check(file_mode, inner_mode, outer_mode), blamed) {
            (Ok(()), None) => {}
            (Err(FileError::Changeable { path, .. }), Some(blamed)) => {
                assert_eq!(path, blamed, "{case}");
            }
            (other, _) => panic!("{case}: {other:?}"),
        }
    }
    if is_root() {
        check(0o600, 0o700, 0o700).unwrap();
        chown(&inner, Some(SOMEONE), None).unwrap();
        let error = read(&path, LIMIT).unwrap().access.check_trusted().unwrap_err();
        assert!(matches!(&error, FileError::ForeignOwner { path, .. } if *path == inner));
    }
}

#[test]
fn a_link_is_trusted_if_its_folder_and_that_of_its_target_are() {
    let (links, files) = (folder(), folder());
    let path = file(&files, "credentials.json", 0o600);
    let link = links.path().join("credentials.json");
    symlink(&path, &link).unwrap();
    let check = || read(&link, LIMIT).unwrap().access.check_trusted();
    check().unwrap();
    for open in [&links, &files] {
        set_mode(open.path(), 0o777);
        assert!(matches!(check(), Err(FileError::Changeable { path, .. }) if path == open.path()));
        set_mode(open.path(), 0o700);
    }
}

#[test]
fn what_is_not_a_file_is_named_and_reading_always_ends() {
    let folder = folder();
    let error = read(folder.path(), LIMIT).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { kind: FileKind::Folder, .. }), "{error}");
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = read(&socket, LIMIT).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { kind: FileKind::Socket, .. }), "{error}");
    let error = read_private(Path::new("/dev/zero"), LIMIT).unwrap_err();
    assert!(matches!(error, FileError::TooLong { limit: LIMIT, .. }), "{error}");
    let nothing = read(Path::new("/dev/null"), LIMIT).unwrap();
    assert!(nothing.bytes.is_empty());
    assert_eq!(nothing.access.kind(), FileKind::Device);
    nothing.access.check_trusted().unwrap();
    assert!(read(&folder.path().join("none"), LIMIT).unwrap_err().is_not_found());
}

#[test]
fn a_pipe_is_read_to_its_end_whatever_its_mode() {
    let (reader, mut writer) = io::pipe().unwrap();
    io::Write::write_all(&mut writer, b"secret").unwrap();
    drop(writer);
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    assert_eq!(*read_private(Path::new(&path), LIMIT).unwrap(), *b"secret");
}

#[test]
fn a_file_is_read_up_to_its_limit_and_no_further() {
    let folder = folder();
    let path = folder.path().join("file");
    for length in [0, 1, 4096, 4097, 8192, 8193, 20_000] {
        fs::write(&path, vec![b'x'; length]).unwrap();
        set_mode(&path, 0o600);
        for (limit, is_read) in [
            (length as u64, true),
            (length as u64 + 1, true),
            ((length as u64).saturating_sub(1), length == 0),
        ] {
            let result = read_private(&path, limit);
            assert_eq!(result.is_ok(), is_read, "{length} bytes, limit {limit}");
            if let Ok(bytes) = result {
                assert_eq!(bytes.len(), length);
            }
        }
    }
    // A file below /proc says that it has no bytes.
    assert!(
        !cfg!(target_os = "linux")
            || read(Path::new("/proc/self/status"), 65_536).unwrap().bytes.len() > 100
    );
}

#[test]
fn a_new_file_is_private_and_never_overwrites_another() {
    let folder = folder();
    let path = folder.path().join("new");
    create_new(&path, b"one").unwrap();
    assert_eq!(mode(&path), 0o600);
    assert!(matches!(create_new(&path, b"two"), Err(FileError::Exists { .. })));
    let dangling = folder.path().join("dangling");
    symlink(folder.path().join("nowhere"), &dangling).unwrap();
    assert!(matches!(create_new(&dangling, b"two"), Err(FileError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert!(create_new(&folder.path().join("none/new"), b"x").unwrap_err().is_not_found());
    assert_eq!(names(folder.path()), ["dangling", "new"]);
}

#[test]
fn a_replaced_file_keeps_its_link_and_its_missing_folders_are_private() {
    let folder = folder();
    let path = folder.path().join("a/b/file");
    replace(&path, b"one").unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    replace(&link, b"two").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(path.parent().unwrap()), ["file"]);
}

#[test]
fn a_draft_has_the_permissions_that_were_asked_for() {
    let folder = folder();
    for (readers, before, expected) in [
        (Readers::Owner, None, 0o600),
        (Readers::Owner, Some(0o644), 0o600),
        (Readers::Everyone, None, 0o644),
        (Readers::Everyone, Some(0o600), 0o644),
        (Readers::AsBefore, None, 0o600),
        (Readers::AsBefore, Some(0o640), 0o640),
        (Readers::AsBefore, Some(0o400), 0o400),
    ] {
        let path = folder.path().join("file");
        if let Some(before) = before {
            fs::write(&path, "old").unwrap();
            set_mode(&path, before);
        }
        Draft::write(&path, readers, b"new").unwrap().put(Existing::Replace).unwrap();
        assert_eq!(mode(&path), expected, "{readers:?} {before:?}");
        fs::remove_file(path).unwrap();
    }
    if is_root() {
        let path = file(&folder, "theirs", 0o640);
        chown(&path, Some(SOMEONE), Some(SOMEONE)).unwrap();
        Draft::write(&path, Readers::AsBefore, b"new").unwrap().put(Existing::Replace).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), mode(&path)), (SOMEONE, SOMEONE, 0o640));
        fs::remove_file(path).unwrap();
    }
    drop(Draft::write(&folder.path().join("file"), Readers::Owner, b"new").unwrap());
    assert!(names(folder.path()).is_empty(), "a draft that is not put is removed");
}

#[test]
fn a_private_folder_opens_neither_links_nor_what_others_can_read() {
    let outer = folder();
    let path = outer.path().join("folder");
    let private = PrivateFolder::create(&path).unwrap();
    private.lock(Duration::ZERO).unwrap().replace("file", b"x").unwrap();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610] {
        set_mode(&path.join("file"), mode);
        assert!(matches!(private.read("file", LIMIT), Err(FileError::Exposed { .. })), "{mode:o}");
    }
    symlink(path.join("file"), path.join("link")).unwrap();
    let error = private.read("link", LIMIT).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { kind: FileKind::Link, .. }), "{error}");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path.join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let error = private.read("pipe", LIMIT).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { kind: FileKind::Pipe, .. }), "{error}");

    let link = outer.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(PrivateFolder::open(&link), Err(FileError::NotAFolder { .. })));
    let file = file(&outer, "file", 0o600);
    assert!(matches!(PrivateFolder::open(&file), Err(FileError::NotAFolder { .. })));
    for mode in [0o750, 0o705, 0o770, 0o707, 0o711] {
        set_mode(&path, mode);
        let error = PrivateFolder::open(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{mode:o}: {error}");
    }
}

#[test]
fn what_was_read_is_not_shown_by_debug() {
    let folder = folder();
    let contents = read(&file(&folder, "key", 0o600), LIMIT).unwrap();
    assert!(!format!("{contents:?}").contains("115"), "{contents:?}");
}

#[track_caller]
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
