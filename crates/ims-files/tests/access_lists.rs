//! What access lists decide on Windows: who can read and change a file, and what a new file gets.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs, io,
    os::windows::fs::{symlink_dir, symlink_file},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use ims_files::{
    Draft, Existing, FileError, FileKind, PrivateFolder, Readers, create_new, read, read_private,
    replace,
};
use tempfile::{TempDir, tempdir};
use windows_permissions::{
    LocalBox, SecurityDescriptor,
    constants::{SeObjectType, SecurityInformation},
    utilities::current_process_sid,
    wrappers::{ConvertSidToStringSid, SetNamedSecurityInfo},
};

const LIMIT: u64 = 1024;

fn folder() -> TempDir {
    tempdir().unwrap()
}

/// This process's user, as an access list names it.
fn me() -> String {
    let sid = ConvertSidToStringSid(&*current_process_sid().unwrap()).unwrap();
    sid.to_string_lossy().into_owned()
}

/// Gives `path` the list `entries`, with `ME` for this user, and nothing that the folder above hands down.
#[track_caller]
fn set_list(path: &Path, entries: &str) {
    let list = format!("D:P{}", entries.replace("ME", &me()));
    let descriptor: LocalBox<SecurityDescriptor> = list.parse().unwrap();
    let what = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
    let kind = SeObjectType::SE_FILE_OBJECT;
    SetNamedSecurityInfo(path, kind, what, None, None, descriptor.dacl(), None).unwrap();
}

#[track_caller]
fn file(folder: &TempDir, name: &str, entries: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, "secret").unwrap();
    set_list(&path, entries);
    path
}

#[test]
fn a_secret_is_read_from_a_file_that_everyone_cannot_read() {
    let folder = folder();
    for (entries, is_read) in [
        ("(A;;FA;;;ME)", true),
        ("(A;;FA;;;ME)(A;;FA;;;SY)(A;;FA;;;BA)", true),
        ("(A;;FA;;;ME)(A;;FR;;;WD)", false),
        ("(A;;FA;;;ME)(A;;FA;;;WD)", false),
    ] {
        let path = file(&folder, "key", entries);
        match read_private(&path, LIMIT) {
            Ok(bytes) => assert!(is_read && *bytes == *b"secret", "{entries}"),
            Err(FileError::Exposed { access, .. }) => {
                assert!(!is_read && access.starts_with("everyone can read it"), "{access}");
            }
            Err(error) => panic!("{entries}: {error}"),
        }
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_remedy_for_a_file_that_others_can_read_is_a_line_for_icacls() {
    let folder = folder();
    let path = file(&folder, "my key", "(A;;FA;;;ME)(A;;FR;;;WD)");
    let error = read_private(&path, LIMIT).unwrap_err();
    let expected = format!(
        "icacls \"{}\" /inheritance:r /grant:r \"*{}:F\" /remove:g *S-1-1-0 *S-1-5-11 *S-1-5-32-545",
        path.display(),
        me()
    );
    assert_eq!(error.remedy().unwrap(), expected);
}

#[test]
fn a_file_that_everyone_can_write_to_may_not_name_a_command() {
    let folder = folder();
    let path = file(&folder, "credentials.json", "(A;;FA;;;ME)(A;;FR;;;WD)(A;;FW;;;WD)");
    let error = read(&path, LIMIT).unwrap().access.check_trusted().unwrap_err();
    assert!(matches!(&error, FileError::Changeable { path: it, .. } if *it == path), "{error}");
}

#[test]
fn a_new_file_is_private_and_never_overwrites_another() {
    let folder = folder();
    // Wine applies the entries of a folder even to a file whose list is protected from that.
    if std::env::var_os("WINEPREFIX").is_none() {
        set_list(folder.path(), "(A;OICI;FA;;;ME)(A;OICI;FR;;;WD)");
    }
    let path = folder.path().join("new");
    create_new(&path, b"one").unwrap();
    assert_eq!(*read_private(&path, LIMIT).unwrap(), *b"one");
    assert!(matches!(create_new(&path, b"two"), Err(FileError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), *b"one");
    assert!(create_new(&folder.path().join("none/new"), b"x").unwrap_err().is_not_found());
    assert_eq!(names(folder.path()), ["new"]);
}

#[test]
fn a_file_is_replaced_as_a_whole_and_its_missing_folders_are_private() {
    let folder = folder();
    let path = folder.path().join("a").join("b").join("file");
    replace(&path, b"one").unwrap();
    // It is replaced also while another program has it open for a moment.
    let reader = fs::File::open(&path).unwrap();
    let (_sender, receiver) = mpsc::channel::<()>();
    let scanner = thread::spawn(move || {
        let _ = receiver.recv_timeout(Duration::from_millis(50));
        io::read_to_string(reader).unwrap()
    });
    replace(&path, b"two").unwrap();
    assert_eq!(scanner.join().unwrap(), "one");
    assert_eq!(*read_private(&path, LIMIT).unwrap(), *b"two");
    for created in ["a", "a/b"] {
        assert!(PrivateFolder::open(&folder.path().join(created)).unwrap().is_some());
    }
    assert_eq!(names(path.parent().unwrap()), ["file"]);
}

#[test]
fn a_draft_has_the_permissions_that_were_asked_for() {
    let folder = folder();
    let open = "(A;;FA;;;ME)(A;;FR;;;WD)";
    for (readers, before, is_private) in [
        (Readers::Owner, None, true),
        (Readers::Owner, Some(open), true),
        (Readers::AsBefore, None, true),
        (Readers::AsBefore, Some(open), false),
        (Readers::AsBefore, Some("(A;;FA;;;ME)"), true),
    ] {
        let path = folder.path().join("file");
        if let Some(before) = before {
            fs::write(&path, "old").unwrap();
            set_list(&path, before);
        }
        Draft::write(&path, readers, b"new").unwrap().put(Existing::Replace).unwrap();
        let is_read = read_private(&path, LIMIT).is_ok();
        assert_eq!(is_read, is_private, "{readers:?} {before:?}");
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
    set_list(&path.join("file"), "(A;;FA;;;ME)(A;;FR;;;WD)");
    assert!(matches!(private.read("file", LIMIT), Err(FileError::Exposed { .. })));
    // Only a developer or an administrator may make links, and Wine only says that it does.
    let linked = symlink_file(path.join("file"), path.join("link"));
    if linked.is_ok() && fs::symlink_metadata(path.join("link")).is_ok() {
        let error = private.read("link", LIMIT).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { kind: FileKind::Link, .. }), "{error}");
        symlink_dir(&path, outer.path().join("link")).unwrap();
        let error = PrivateFolder::open(&outer.path().join("link")).unwrap_err();
        assert!(matches!(error, FileError::NotAFolder { .. }), "{error}");
    }
    drop(private);
    let file = file(&outer, "file", "(A;;FA;;;ME)");
    assert!(matches!(PrivateFolder::open(&file), Err(FileError::NotAFolder { .. })));
    set_list(&path, "(A;;FA;;;ME)(A;;FR;;;WD)");
    let error = PrivateFolder::open(&path).unwrap_err();
    assert!(error.to_string().contains("(OI)(CI)F"), "{error}");
}

#[test]
fn a_folder_is_not_read_as_a_file() {
    let folder = folder();
    let error = read(folder.path(), LIMIT).unwrap_err();
    assert!(matches!(error, FileError::NotAFile { kind: FileKind::Folder, .. }), "{error}");
    assert!(read(&folder.path().join("none"), LIMIT).unwrap_err().is_not_found());
}

#[track_caller]
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
