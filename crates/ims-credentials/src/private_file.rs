//! Writing files that their owner alone may read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Writes a file that is not there yet.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private().open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // It was made here, so nobody misses it.
        let _ = fs::remove_file(path);
    }
    written
}

/// Writes a file beside and renames it, so that what is there is the old or the new at every moment. A symbolic link stays
/// one. Missing folders are made, for the owner alone.
#[cfg(feature = "contexts")]
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    make(folder)?;
    let beside = folder.join(format!(".{:016x}.new", fastrand::u64(..)));
    create(&beside, text)?;
    let renamed = fs::rename(&beside, path);
    if renamed.is_err() {
        // It was made here, so nobody misses it.
        let _ = fs::remove_file(&beside);
    }
    renamed.and_then(|()| if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) })
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    options
}

#[cfg(all(feature = "contexts", unix))]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(all(feature = "contexts", not(unix)))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
