//! Who can read a file that the command has written.

use std::path::Path;

/// Whether no one but this user can open the file.
#[cfg(unix)]
#[track_caller]
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

/// Whether no one but this user, the system and the administrators can open the file.
#[cfg(windows)]
#[track_caller]
pub(crate) fn is_private(path: &Path) -> bool {
    let contents = ims_files::read(path, u64::from(u16::MAX)).unwrap();
    contents.access.check_private().is_ok()
}
