//! The tests and examples of every crate compile from its tarball, as packagers of a distribution compile them.
//!
//! `cargo publish` compiles libraries and binaries alone. The tarballs are unpacked side by side, without the rest of the
//! tree.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use cargo_metadata::Package;
use flate2::read::GzDecoder;

use crate::{
    process::{cargo, run as run_command},
    workspace::is_published,
};

const FOLDER: &str = "target/tarballs";

/// Compiles the tests, examples and benchmarks of each published crate with all features.
pub(super) fn compile_tests(packages: &[Package]) -> Result<()> {
    let published: Vec<&Package> = packages.iter().filter(|it| is_published(it)).collect();
    let mut package = cargo(["package", "--no-verify", "--locked"]);
    package.args(published.iter().flat_map(|it| ["-p", it.name.as_str()]));
    run_command(&mut package)?;
    let folder = Path::new(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for it in &published {
        let tarball = format!("target/package/{}.crate", folder_name(it));
        let file = fs::File::open(&tarball).context(tarball)?;
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        // Every tarball has the same time for all its files, so cargo would treat them as unchanged since the last run.
        archive.set_preserve_mtime(false);
        archive.unpack(folder)?;
    }
    fs::write(folder.join("Cargo.toml"), workspace_of(&published))?;
    // The versions that the tree is tested with. Cargo leaves out what no tarball needs.
    fs::copy("Cargo.lock", folder.join("Cargo.lock"))?;
    let mut test = cargo(["test", "--workspace", "--all-features", "--all-targets", "--no-run"]);
    // Uses again what was compiled for the tree.
    let target = std::path::absolute("target")?;
    run_command(test.env("CARGO_TARGET_DIR", target).current_dir(folder))
}

/// A workspace of unpacked tarballs, in which they take each other instead of what crates.io has.
fn workspace_of(packages: &[&Package]) -> String {
    let mut members = Vec::new();
    let mut patches = Vec::new();
    for package in packages {
        let folder = folder_name(package);
        members.push(format!("\"{folder}\""));
        patches.push(format!("{} = {{ path = \"{folder}\" }}", package.name));
    }
    let (members, patches) = (members.join(", "), patches.join("\n"));
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}\n"
    )
}

fn folder_name(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}
