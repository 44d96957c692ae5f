#![doc = include_str!("../README.md")]

use std::path::Path;

pub mod certificates;
pub mod keys;

/// The pass phrase of every encrypted key, and a canary: no output may ever contain it.
pub const PASSPHRASE: &str = "canary-passphrase";

/// The folder of the golden files, for tests that compare their output with them.
///
/// ```
/// let folder = ims_testkit::golden_folder();
/// assert!(folder.join("assertion.jwt").is_file());
/// ```
#[must_use]
pub fn golden_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/golden"))
}
