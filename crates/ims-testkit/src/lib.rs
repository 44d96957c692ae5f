#![doc = include_str!("../README.md")]

use std::{env, path::Path, process::Command};

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

/// Runs the test `name` of this program again, alone, in a process with these environment variables. A process cannot
/// change its own safely: other tests may read them at the same time.
///
/// ```no_run
/// #[test]
/// fn the_home_folder_is_used() {
///     if std::env::var_os("IMS_TEST_CASE").is_none() {
///         let variables = [("IMS_TEST_CASE", "1"), ("HOME", "/elsewhere")];
///         return ims_testkit::run_test_with("the_home_folder_is_used", &variables);
///     }
///     assert_eq!(std::env::home_dir(), Some("/elsewhere".into()));
/// }
/// ```
///
/// # Panics
/// If the test fails there, or if there is no test of this name.
#[track_caller]
pub fn run_test_with(name: &str, variables: &[(&str, &str)]) {
    let this = env::current_exe().expect("a program knows its path");
    let mut again = Command::new(this);
    again.args(["--exact", name]).envs(variables.iter().copied());
    let ended = again.output().expect("a program can be started again");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{variables:?}: {said}");
}
