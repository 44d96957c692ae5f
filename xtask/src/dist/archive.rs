//! Archives: a tar for Unix, a zip for Windows and for wheels. Equal input gives equal bytes: entries are sorted, belong to
//! no one, and have the date of the commit.

use std::{
    fs::{self, File},
    io::{Cursor, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{about::About, build::Built};
use crate::process::output;

/// One file of an archive.
pub(super) struct Entry {
    /// Its path in the archive, with `/`.
    pub(super) path: String,
    pub(super) contents: Vec<u8>,
    pub(super) is_executable: bool,
}

impl Entry {
    pub(super) fn text(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self { path: path.into(), contents: contents.into().into_bytes(), is_executable: false }
    }

    pub(super) fn program(path: impl Into<String>, file: &Path) -> Result<Self> {
        let contents = fs::read(file).with_context(|| file.display().to_string())?;
        Ok(Self { path: path.into(), contents, is_executable: true })
    }

    fn mode(&self) -> u32 {
        if self.is_executable { 0o755 } else { 0o644 }
    }
}

/// The archive of one target: the binary with everything from `extras`, in one folder.
pub(super) fn pack(built: &Built, extras: &Path, about: &About, folder: &Path) -> Result<PathBuf> {
    let Built { platform, binary } = built;
    let name = format!("ims-{}-{}", about.version, platform.target);
    let mut entries = vec![Entry::program(format!("{name}/{}", platform.file()), binary)?];
    collect(extras, &name, &mut entries)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let (path, bytes) = if platform.is_windows() {
        (folder.join(format!("{name}.zip")), zip(&entries)?)
    } else {
        (folder.join(format!("{name}.tar.gz")), tar_gz(&entries)?)
    };
    fs::write(&path, bytes)?;
    Ok(path)
}

/// All files below `folder`, as they will be below `prefix`.
fn collect(folder: &Path, prefix: &str, entries: &mut Vec<Entry>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        let inner = format!("{prefix}/{name}");
        if path.is_dir() {
            collect(&path, &inner, entries)?;
        } else {
            let contents = fs::read(&path)?;
            entries.push(Entry { path: inner, contents, is_executable: false });
        }
    }
    Ok(())
}

pub(super) fn tar_gz(entries: &[Entry]) -> Result<Vec<u8>> {
    let date = commit_seconds()?;
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.contents.len() as u64);
        header.set_mode(entry.mode());
        header.set_mtime(date);
        archive.append_data(&mut header, &entry.path, entry.contents.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

pub(super) fn zip(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // The earliest date that a zip can hold: a real one would need the time zone of the reader.
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode());
        archive.start_file(&entry.path, options)?;
        archive.write_all(&entry.contents)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// When the commit was made, in seconds since 1970; the same for everyone who builds it.
fn commit_seconds() -> Result<u64> {
    let date = output(Command::new("git").args(["log", "-1", "--format=%ct"]))?;
    Ok(date.trim().parse()?)
}

/// Unpacks a tar or a zip into `folder`, for the trials.
pub(super) fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let file = File::open(archive).with_context(|| archive.display().to_string())?;
    if archive.extension().is_some_and(|extension| extension == "zip") {
        return Ok(ZipArchive::new(file)?.extract(folder)?);
    }
    Ok(tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let program = Entry { path: "x/ims".into(), contents: b"#!".to_vec(), is_executable: true };
        vec![program, Entry::text("x/README.md", "words\n")]
    }

    #[test]
    fn an_archive_is_the_same_whenever_it_is_made() {
        let earlier = (tar_gz(&entries()).unwrap(), zip(&entries()).unwrap());
        assert_eq!((tar_gz(&entries()).unwrap(), zip(&entries()).unwrap()), earlier);
    }

    #[cfg(unix)]
    #[test]
    fn an_unpacked_program_can_be_run_and_a_text_cannot() {
        use std::os::unix::fs::PermissionsExt;
        let packed =
            [("x.tar.gz", tar_gz(&entries()).unwrap()), ("x.zip", zip(&entries()).unwrap())];
        for (archive, bytes) in packed {
            let folder = tempfile::tempdir().unwrap();
            let archive = folder.path().join(archive);
            fs::write(&archive, bytes).unwrap();
            unpack(&archive, folder.path()).unwrap();
            for (name, mode) in [("x/ims", 0o755), ("x/README.md", 0o644)] {
                let metadata = fs::metadata(folder.path().join(name)).unwrap();
                assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name} {archive:?}");
            }
        }
    }
}
