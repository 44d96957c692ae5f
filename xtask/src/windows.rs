//! `cargo xtask test --only windows`: everything compiles for Windows, and what touches the system is tested under Wine.
//!
//! The workflow runs the same tests on Windows itself. Here they find a fault before it is pushed.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    features::is_installed,
    process::{cargo, find_program, output, run as run_command},
    tools,
};

pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// The packages of Debian and Ubuntu that it needs.
const DEBIAN_PACKAGES: &[&str] = &["gcc-mingw-w64-x86-64", "wine"];

/// Crates that are not for Windows: they measure the time of a process by clocks of Unix. They are not published.
const NOT_FOR_WINDOWS: &[&str] = &["ims-bench", "ims-fuzz"];

/// Crates whose tests take seconds, because they need neither keys nor a network.
const QUICK: &[&str] = &["ims-files"];

/// Crates that read and write files, start programs, or ask the system for something else.
const ALL: &[&str] = &["ims-files", "ims-credentials", "ims-token", "ims", "ims-agent", "ims-cli"];

/// The folder of Wine's own files, which is its Windows.
const PREFIX: &str = "target/wine";

/// How much is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything compiles, the command runs, and the tests of [`QUICK`] pass. A tool that is missing is reported and is
    /// not a failure.
    Quick,
    /// The tests of [`ALL`] pass.
    All,
}

/// Checks the workspace for Windows, and runs the tests under Wine.
///
/// # Errors
/// If something does not compile or a test fails; for [`Extent::All`] also if Wine, the compiler or the target is missing.
pub(crate) fn run(extent: Extent, install: bool) -> Result<()> {
    if install {
        tools::install(DEBIAN_PACKAGES);
        tools::add_target(TARGET);
    }
    let wine = match Wine::open_if_installed()? {
        Ok(wine) => wine,
        Err(missing) if extent == Extent::All => bail!("{missing}"),
        Err(missing) => {
            println!("skipped: {missing}");
            return Ok(());
        }
    };
    let mut check = cargo(["check", "--workspace", "--lib", "--bins", "--all-features"]);
    check.args(["--target", TARGET]);
    check.args(NOT_FOR_WINDOWS.iter().flat_map(|name| ["--exclude", name]));
    if extent == Extent::All {
        run_command(&mut check)?;
    }
    smoke(&wine)?;
    let crates = if extent == Extent::All { ALL } else { QUICK };
    let mut test =
        ["test", "--lib", "--bins", "--tests", "--all-features", "--no-fail-fast"].to_vec();
    test.extend(["--target", TARGET]);
    test.extend(crates.iter().flat_map(|name| ["-p", name]));
    run_command(&mut wine.with_private_files("cargo", &test))
}

/// Builds the command and runs its demonstration: keys, files, an emulator, and a token.
fn smoke(wine: &Wine) -> Result<()> {
    run_command(&mut cargo(["build", "-p", "ims-cli", "--all-features", "--target", TARGET]))?;
    let command = std::path::absolute(Path::new("target").join(TARGET).join("debug/ims.exe"))?;
    let command = command.to_str().context("the path of the workspace is not Unicode")?;
    run_command(&mut wine.with_private_files("wine", &[command, "demo"]))
}

/// What is missing, and how to install it.
fn missing() -> Option<String> {
    if cfg!(windows) {
        return Some("this is Windows: `cargo test` runs the same tests without Wine".to_owned());
    }
    if !is_installed(TARGET) {
        return Some(format!("no standard library for Windows: `rustup target add {TARGET}`"));
    }
    for (program, package) in
        [("x86_64-w64-mingw32-gcc", DEBIAN_PACKAGES[0]), ("wine", DEBIAN_PACKAGES[1])]
    {
        if find_program(program).is_none() {
            return Some(format!("no `{program}`, which Debian has in the package {package}"));
        }
    }
    None
}

/// Wine with its own files, so that those of the user stay as they are.
#[derive(Debug)]
pub(crate) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Wine, or what is missing for it.
    pub(crate) fn open_if_installed() -> Result<Result<Self, String>> {
        match missing() {
            Some(missing) => Ok(Err(missing)),
            None => Self::open().map(Ok),
        }
    }

    fn open() -> Result<Self> {
        let wine = Self { prefix: std::path::absolute(PREFIX)? };
        let system = wine.prefix.join("drive_c/windows/system32");
        if !system.join("kernel32.dll").is_file() {
            output(wine.environment(Command::new("wineboot").arg("--init")))?;
        }
        let library = system.join("bcryptprimitives.dll");
        if !library.is_file() {
            build_library(&library)?;
        }
        Ok(wine)
    }

    /// A command whose new files are private, as they are in the temporary folder of a user of Windows: it is in the user's
    /// profile. Wine makes access lists of the modes of Unix.
    pub(crate) fn with_private_files(
        &self,
        program: &str,
        arguments: &[impl AsRef<OsStr>],
    ) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 077 && exec \"$0\" \"$@\"", program]).args(arguments);
        self.environment(&mut command);
        command
    }

    fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            // Else it asks whether to download .NET and a browser.
            .env("WINEDLLOVERRIDES", "mscoree=;mshtml=")
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine")
    }
}

fn build_library(library: &Path) -> Result<()> {
    let source = "xtask/windows/bcryptprimitives.c";
    let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
    compiler.args(["-shared", "-o"]).arg(library).args([source, "-ladvapi32"]);
    fs::create_dir_all(library.parent().context("a library is in a folder")?)?;
    run_command(&mut compiler)
}
