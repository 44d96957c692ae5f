//! Files that are looked at from time to time, to see whether they have changed.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use ims::claims::NumericDate;

/// Files, and how they looked when they were read.
///
/// They are looked at, and no service of the kernel is asked to report changes: that misses the links by which Kubernetes
/// exchanges a mounted secret, and files on the network.
#[derive(Debug)]
pub(crate) struct WatchedFiles(Vec<(PathBuf, Option<Look>)>);

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    length: u64,
    /// A file that was renamed into its place has another number.
    number: u64,
}

impl WatchedFiles {
    /// Looks at the files now.
    pub(crate) fn look(paths: Vec<PathBuf>) -> Self {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let look = look(&path);
            files.push((path, look));
        }
        Self(files)
    }

    /// The same files, looked at again.
    pub(crate) fn again(&self) -> Self {
        Self::look(self.0.iter().map(|(path, _)| path.clone()).collect())
    }

    /// Whether one of them looks different now.
    pub(crate) fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, before)| look(path) != *before)
    }

    /// Whether one of them was written so short a time before `now` that another write may leave it looking the same: some file
    /// systems write down times in whole seconds.
    pub(crate) fn are_fresh(&self, now: NumericDate) -> bool {
        let limit = SystemTime::try_from(now.minus(TIME_STEP)).unwrap_or(SystemTime::UNIX_EPOCH);
        let times = self.0.iter().filter_map(|(_, look)| look.as_ref()?.modified);
        times.into_iter().any(|modified| modified >= limit)
    }
}

/// `None` for a file that is not there.
fn look(path: &PathBuf) -> Option<Look> {
    // A pipe gives its contents once, and cannot be read again.
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some(Look {
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
        let files = WatchedFiles::look(vec![path.clone()]);
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
        fs::File::open(&other).unwrap().set_modified(before).unwrap();
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
        let written = SystemTime::try_from(NumericDate::from_secs(1_800_000_000)).unwrap();
        fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
        let files = WatchedFiles::look(vec![path]);
        for (seconds, expected) in [(0, true), (2, true), (3, false)] {
            let now = NumericDate::from_secs(1_800_000_000 + seconds);
            assert_eq!(files.are_fresh(now), expected, "{seconds}");
        }
    }
}
