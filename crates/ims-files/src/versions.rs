//! Whether files have changed since they were read.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The state of some files at one time, to find out later whether one of them has changed.
///
/// The files are checked again and again. A service of the system that reports changes is not used: it does not see the
/// links with which Kubernetes exchanges a mounted secret, or changes of files on the network.
///
/// ```
/// use ims_files::FileVersions;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("secret");
/// let versions = FileVersions::look(vec![path.clone()]);
/// std::fs::write(&path, "new")?;
/// assert!(versions.have_changed());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileVersions(Vec<(PathBuf, Option<Version>)>);

/// What distinguishes one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    modified: Option<SystemTime>,
    length: u64,
    /// A file that was renamed into its place has another number.
    number: u64,
}

impl FileVersions {
    /// Looks at the files now. A file that is not there, and anything that is not a regular file, counts as unchanged until
    /// it is a regular file: a pipe can be read only once.
    #[must_use]
    pub fn look(paths: Vec<PathBuf>) -> Self {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let version = version(&path);
            files.push((path, version));
        }
        Self(files)
    }

    /// The same files, checked again.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::look(self.0.iter().map(|(path, _)| path.clone()).collect())
    }

    /// Whether one of them looks different now.
    #[must_use]
    pub fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, before)| version(path) != *before)
    }

    /// Whether one of them was written within the two seconds before `now`. Then a second write may not be visible, since
    /// some file systems store times in whole seconds.
    #[must_use]
    pub fn are_fresh(&self, now: SystemTime) -> bool {
        let limit = now.checked_sub(TIME_STEP).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut times = self.0.iter().filter_map(|(_, version)| version.as_ref()?.modified);
        times.any(|modified| modified >= limit)
    }
}

fn version(path: &Path) -> Option<Version> {
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(Version {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        number: number(&metadata),
    })
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_metadata: &fs::Metadata) -> u64 {
    0
}

const TIME_STEP: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_changed_when_it_was_written_replaced_removed_or_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let files = FileVersions::look(vec![path.clone()]);
        assert!(!files.have_changed(), "it is still not there");
        fs::write(&path, "one").unwrap();
        assert!(files.have_changed(), "it was created");

        let files = files.again();
        assert!(!files.have_changed());
        fs::write(&path, "longer").unwrap();
        assert!(files.have_changed(), "it was written");

        let files = files.again();
        let other = folder.path().join("other");
        fs::write(&other, "longer").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        // Opened for writing: Windows does not change the time of a file that is open only for reading.
        fs::File::options().append(true).open(&other).unwrap().set_modified(before).unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(files.have_changed() || cfg!(not(unix)), "it was replaced");

        let files = files.again();
        fs::remove_file(&path).unwrap();
        assert!(files.have_changed(), "it was removed");
    }

    #[test]
    fn a_file_is_fresh_for_two_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "one").unwrap();
        let written = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
        let files = FileVersions::look(vec![path]);
        for (seconds, expected) in [(0, true), (2, true), (3, false)] {
            let now = written + Duration::from_secs(seconds);
            assert_eq!(files.are_fresh(now), expected, "{seconds}");
        }
    }
}
