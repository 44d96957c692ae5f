//! The binaries, and what is made by running the one of this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use super::{notices, order};
use crate::{
    features::is_installed,
    process::{cargo, find_program, output, run as run_command},
};

/// One target, and what others call it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Platform {
    pub(super) target: &'static str,
    /// Node's `process.platform`.
    pub(super) system: &'static str,
    /// Node's `process.arch`.
    pub(super) processor: &'static str,
    /// The platform tags of a wheel.
    pub(super) wheel_tags: &'static [&'static str],
    /// Whether it runs on every Linux. The wheel and the npm package contain this one.
    pub(super) is_static: bool,
    /// The C compiler that it needs besides that of this machine.
    compiler: Option<&'static str>,
}

/// A static Linux binary needs no C library, so the tags of the oldest systems are right.
const STATIC_X64: &[&str] = &["manylinux_2_5_x86_64", "manylinux1_x86_64", "musllinux_1_1_x86_64"];
/// An ARM64 machine has it from musl-tools, another one from a toolchain for ARM64.
const ARM64_MUSL: &str =
    if cfg!(target_arch = "aarch64") { MUSL_WRAPPER } else { "aarch64-linux-musl-gcc" };
/// It compiles C for musl. The compiler of Rust links without it, by its own files of musl: this wrapper does not support
/// `-static-pie`, and makes a binary that only runs where musl is installed.
const MUSL_WRAPPER: &str = "musl-gcc";
const STATIC_ARM64: &[&str] = &["manylinux_2_17_aarch64", "musllinux_1_1_aarch64"];

#[rustfmt::skip]
pub(super) const PLATFORMS: &[Platform] = &[
    Platform { target: "x86_64-unknown-linux-gnu",   system: "linux",  processor: "x64",   wheel_tags: &[],                    is_static: false, compiler: None },
    Platform { target: "aarch64-unknown-linux-gnu",  system: "linux",  processor: "arm64", wheel_tags: &[],                    is_static: false, compiler: Some("aarch64-linux-gnu-gcc") },
    Platform { target: "x86_64-unknown-linux-musl",  system: "linux",  processor: "x64",   wheel_tags: STATIC_X64,             is_static: true,  compiler: Some(MUSL_WRAPPER) },
    Platform { target: "aarch64-unknown-linux-musl", system: "linux",  processor: "arm64", wheel_tags: STATIC_ARM64,           is_static: true,  compiler: Some(ARM64_MUSL) },
    Platform { target: "x86_64-pc-windows-gnu",      system: "win32",  processor: "x64",   wheel_tags: &["win_amd64"],         is_static: false, compiler: Some("x86_64-w64-mingw32-gcc") },
    Platform { target: "x86_64-pc-windows-msvc",     system: "win32",  processor: "x64",   wheel_tags: &["win_amd64"],         is_static: false, compiler: None },
    Platform { target: "x86_64-apple-darwin",        system: "darwin", processor: "x64",   wheel_tags: &["macosx_10_12_x86_64"], is_static: false, compiler: None },
    Platform { target: "aarch64-apple-darwin",       system: "darwin", processor: "arm64", wheel_tags: &["macosx_11_0_arm64"], is_static: false, compiler: None },
];

/// The target and the binary that was built for it.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) platform: &'static Platform,
    pub(super) binary: PathBuf,
}

impl Platform {
    pub(super) fn is_windows(&self) -> bool {
        self.system == "win32"
    }

    /// Whether a Debian package is made of it: it needs the C library, which the package names.
    pub(super) fn is_debian(&self) -> bool {
        self.system == "linux" && !self.is_static
    }

    /// The name of the binary.
    pub(super) fn file(&self) -> &'static str {
        if self.is_windows() { "ims.exe" } else { "ims" }
    }

    /// Why this machine cannot build it.
    fn obstacle(&self) -> Option<String> {
        if !is_installed(self.target) {
            return Some(format!("no standard library: `rustup target add {}`", self.target));
        }
        if self.system == "darwin" && !cfg!(target_os = "macos") {
            return Some("only macOS has its system libraries".to_owned());
        }
        if self.target.ends_with("msvc") && !cfg!(windows) {
            return Some("only Windows has its linker".to_owned());
        }
        let compiler = self.compiler?;
        find_program(compiler).is_none().then(|| format!("no `{compiler}`"))
    }
}

/// The platforms that are called `names`, or those that this machine can build for.
pub(super) fn platforms(names: &[String]) -> Result<Vec<&'static Platform>> {
    let mut chosen = Vec::new();
    if names.is_empty() {
        for platform in PLATFORMS {
            match platform.obstacle() {
                None => chosen.push(platform),
                Some(obstacle) => println!("not built: {}: {obstacle}", platform.target),
            }
        }
        return Ok(chosen);
    }
    for name in names {
        let platform = PLATFORMS.iter().find(|platform| platform.target == name);
        let platform = platform.with_context(|| {
            let known: Vec<_> = PLATFORMS.iter().map(|platform| platform.target).collect();
            format!("{name} is not one of {}", known.join(", "))
        })?;
        if let Some(obstacle) = platform.obstacle() {
            bail!("{name} cannot be built here: {obstacle}");
        }
        chosen.push(platform);
    }
    Ok(chosen)
}

pub(super) fn build(platform: &'static Platform, is_built: bool) -> Result<Built> {
    let binary = Path::new("target").join(platform.target).join("dist").join(platform.file());
    if is_built {
        ensure!(binary.is_file(), "{} was not built before", binary.display());
        return Ok(Built { platform, binary });
    }
    let mut build = build_command(platform.target);
    if let Some(compiler) = platform.compiler {
        let variable = platform.target.replace('-', "_");
        build.env(format!("CC_{variable}"), compiler);
        if compiler != MUSL_WRAPPER {
            let linker = format!("CARGO_TARGET_{}_LINKER", variable.to_uppercase());
            build.env(linker, compiler);
        }
    }
    run_command(&mut build)?;
    if platform.is_static {
        let is_static = !has_interpreter(&fs::read(&binary)?)?;
        ensure!(is_static, "{} needs a dynamic linker, which other systems lack", binary.display());
    }
    Ok(Built { platform, binary })
}

/// Whether the system has to start another program, the dynamic linker, in place of this one.
///
/// Source: ELF-64 Object File Format, the file header and the program header table.
fn has_interpreter(program: &[u8]) -> Result<bool> {
    const INTERPRETER: usize = 3;
    let number = |start: usize, length: usize| -> Result<usize> {
        let end = start.checked_add(length).context("an offset is too large")?;
        let bytes = program.get(start..end).context("the program is cut off")?;
        let mut value = [0; 8];
        value[..length].copy_from_slice(bytes);
        Ok(usize::try_from(u64::from_le_bytes(value))?)
    };
    ensure!(program.starts_with(b"\x7fELF\x02\x01"), "it is not a 64-bit program for Linux");
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        if number(table + index * size, 4)? == INTERPRETER {
            return Ok(true);
        }
    }
    Ok(false)
}

fn build_command(target: &str) -> Command {
    with_settings(cargo(["build", "--locked", "--profile", "dist", "-p", "ims-cli"]), target)
}

/// Builds the command of [`LIMITED`] with its symbols, and writes what the linker did to `map`.
pub(super) fn command_with_symbols(map: &Path) -> Command {
    let build = cargo(["rustc", "--locked", "--profile", "dist", "-p", "ims-cli", "--bin", "ims"]);
    let mut build = with_settings(build, LIMITED);
    let map = format!("link-arg=-Wl,--no-demangle,-Map={}", map.display());
    build.args(["--", "-Cstrip=none", "-C", &map]);
    build
}

/// The start of the command takes 30 ms less without jitter entropy; see docs/decisions/0005-start-up-entropy.md.
fn with_settings(mut build: Command, target: &str) -> Command {
    build.args(["--target", target]).env("AWS_LC_SYS_NO_JITTER_ENTROPY", "1");
    // Paths of this machine are useless for others.
    if let Ok(here) = env::current_dir() {
        let home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|it| it + "/.cargo"));
        let registry = home.map(|home| format!(" --remap-path-prefix={home}=cargo"));
        let registry = registry.unwrap_or_default();
        let mut flags = format!("--remap-path-prefix={}=ims{registry}", here.display());
        if target.ends_with("-linux-gnu") {
            // See docs/decisions/0038-size-of-the-command.md.
            let folder = here.join("xtask/src/dist/static_libgcc");
            flags = format!("{flags} -Lnative={}", folder.display());
        }
        if target == LIMITED {
            // See docs/decisions/0038-size-of-the-command.md.
            for script in ["xtask/src/dist/without_unwinding.ld", order::SCRIPT] {
                flags = format!("{flags} -Clink-arg=-Wl,-T,{}", here.join(script).display());
            }
            // The names of functions then say their types, which the order needs.
            flags += " -Csymbol-mangling-version=v0";
        }
        build.env("RUSTFLAGS", flags);
    }
    build
}

/// Fails if a binary is longer than users should have to download. The others differ by less than a tenth.
pub(super) fn expect_size(target: &str, bytes: u64) -> Result<()> {
    ensure!(
        target != LIMITED || bytes <= MOST_BYTES,
        "the binary for {target} has {bytes} bytes, and may have {MOST_BYTES}: find out what has grown \
         (nm --size-sort), see docs/decisions/0038-size-of-the-command.md"
    );
    Ok(())
}

/// Fails if a start of the command has to load another library than that of C: each takes as long as dozens of page faults.
pub(super) fn expect_libraries(target: &str, binary: &Path) -> Result<()> {
    if target != LIMITED {
        return Ok(());
    }
    let headers = output(Command::new("objdump").arg("-p").arg(binary))?;
    let others = other_libraries(&headers);
    ensure!(
        others.is_empty(),
        "the binary for {target} needs {}: find out which crate asks for it (nm -D), see \
         docs/decisions/0040-order-of-the-functions.md",
        others.join(", ")
    );
    Ok(())
}

/// The libraries that `objdump -p` shows, without that of C and the dynamic linker.
fn other_libraries(headers: &str) -> Vec<&str> {
    let needed = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
    let names = needed.map(str::trim);
    names.filter(|name| !name.starts_with("libc.so") && !name.starts_with("ld-linux")).collect()
}

/// The target whose binary has a limit, and is linked by LLD, whose version comes with the compiler.
pub(super) const LIMITED: &str = "x86_64-unknown-linux-gnu";

const MOST_BYTES: u64 = 12_000_000;

/// Completions, manual pages and licences, also those of other crates, in one folder. They come from the binary of this
/// machine.
pub(super) fn extras(folder: &Path, is_built: bool) -> Result<PathBuf> {
    let host = host()?;
    if !is_built {
        run_command(&mut build_command(&host))?;
    }
    let file = format!("ims{}", env::consts::EXE_SUFFIX);
    let command = Path::new("target").join(host).join("dist").join(file);
    let extras = folder.join("extras");
    for name in ["completions", "man"] {
        fs::create_dir_all(extras.join(name))?;
    }
    for (shell, file) in [
        ("bash", "ims.bash"),
        ("zsh", "_ims"),
        ("fish", "ims.fish"),
        ("powershell", "_ims.ps1"),
        ("elvish", "ims.elv"),
    ] {
        let script = output(Command::new(&command).args(["completions", shell]))?;
        fs::write(extras.join("completions").join(file), script)?;
    }
    output(Command::new(&command).args(["man", "--out"]).arg(extras.join("man")))?;
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md"] {
        fs::copy(file, extras.join(file)).with_context(|| file.to_owned())?;
    }
    fs::copy("crates/ims-cli/README.md", extras.join("README.md"))?;
    fs::write(extras.join(notices::FILE), notices::text()?)?;
    Ok(extras)
}

/// The target of the compiler of this machine.
pub(super) fn host() -> Result<String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say its host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_program_names_no_interpreter() {
        let mut program = vec![0; 64 + 2 * 56];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[32] = 64;
        program[54] = 56;
        program[56] = 2;
        program[64] = 1;
        assert!(!has_interpreter(&program).unwrap());
        program[64 + 56] = 3;
        assert!(has_interpreter(&program).unwrap());
        assert!(has_interpreter(&program[..64 + 56]).is_err());
        assert!(has_interpreter(b"#!/bin/sh").is_err());
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn this_program_has_an_interpreter() {
        let program = fs::read(env::current_exe().unwrap()).unwrap();
        assert!(has_interpreter(&program).unwrap());
    }

    #[test]
    fn a_library_that_is_loaded_at_each_start_is_named() {
        let headers = "Dynamic Section:\n  NEEDED               libm.so.6\n  NEEDED               libc.so.6\n  \
                       NEEDED               ld-linux-x86-64.so.2\n  INIT                 0x0000000000addc18\n";
        assert_eq!(other_libraries(headers), ["libm.so.6"]);
        assert!(other_libraries("  NEEDED               libc.so.6\n").is_empty());
    }

    #[test]
    fn a_binary_that_has_grown_too_long_is_refused() {
        #[rustfmt::skip]
        let table = [
            (LIMITED,                      12_000_000, true),
            (LIMITED,                      12_000_001, false),
            ("x86_64-unknown-linux-musl",  12_000_001, true),
        ];
        for (target, bytes, is_taken) in table {
            assert_eq!(expect_size(target, bytes).is_ok(), is_taken, "{target} {bytes}");
        }
    }
}
