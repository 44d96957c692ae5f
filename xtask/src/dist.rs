//! `cargo xtask dist`: what users install, made from this checkout: archives, a Debian package, a wheel, npm packages, and the
//! files by which package managers find them.
//!
//! It makes what this machine can make. The workflow runs it on each platform, and then again with `--collect`, for what
//! needs the sums of all archives.

mod about;
mod archive;
mod build;
mod components;
mod fresh;
mod managers;
mod notices;
mod npm;
mod order;
mod python;
pub(crate) mod sums;
mod trials;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use self::{about::About, build::Built};

/// Where everything ends up. It is not `target/dist`, where cargo keeps what it builds under the profile of that name.
const FOLDER: &str = "target/packages";

/// Builds the archives, the packages for Debian, Python and npm, checksums and a list of components, in target/packages.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only for this target; may be repeated. Without it, for every target whose standard library is installed.
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,

    /// Build nothing: make the sums, the Homebrew formula and the winget manifest of the archives in target/packages.
    #[arg(long, conflicts_with = "targets")]
    collect: bool,

    /// Compile nothing: use the binaries of an earlier run.
    #[arg(long, conflicts_with = "collect")]
    no_build: bool,

    /// Try what was built as a user would: unpacked in an empty environment, installed from the wheel and from npm.
    #[arg(long, conflicts_with = "collect")]
    test: bool,
}

impl Options {
    /// Everything that can be built here, and tried.
    pub(crate) fn of_a_release() -> Self {
        Self { test: true, ..Self::default() }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = PathBuf::from(FOLDER);
    let about = About::read()?;
    if !options.collect {
        let platforms = build::platforms(&options.targets)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let mut made = Vec::new();
        let extras = build::extras(&folder, options.no_build)?;
        for platform in platforms {
            let built = build::build(platform, options.no_build)?;
            make(&built, &extras, &about, &folder)?;
            made.push(built);
        }
        components::write(&folder)?;
        if options.test {
            trials::run(&made, &about, &folder)?;
        }
        fs::remove_dir_all(extras)?;
    }
    let sums = sums::write(&folder, managers::FILES)?;
    managers::write(&sums, &about, &folder)
}

/// The command for this machine as users install it, built now.
pub(crate) fn command_of_this_machine() -> Result<PathBuf> {
    let platforms = build::platforms(&[build::host()?])?;
    let platform = platforms.first().context("this machine is none of the platforms")?;
    Ok(build::build(platform, false)?.binary)
}

/// Writes the order in which the functions of the command are linked.
pub(crate) fn write_order() -> Result<()> {
    order::write()
}

/// Everything that is made from one binary.
fn make(built: &Built, extras: &Path, about: &About, folder: &Path) -> Result<()> {
    let Built { platform, binary } = built;
    let size = fs::metadata(binary)?.len();
    println!("{}: {:.1} MB", platform.target, megabytes(size));
    build::expect_size(platform.target, size)?;
    build::expect_libraries(platform.target, binary)?;
    archive::pack(built, extras, about, folder)?;
    if platform.is_debian() {
        return managers::debian_package(built, extras, about, folder);
    }
    python::wheel(built, extras, about, folder)?;
    npm::platform_package(built, extras, about, folder)?;
    if platform.is_static {
        npm::main_package(about, folder)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
