//! The programs and libraries that the tests use, and how to install them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{
    features::is_installed,
    process::{find_program, output, run},
};

/// A program or library that is not part of a Rust toolchain.
struct Tool {
    present_as: PresentAs,
    debian_package: &'static str,
    importance: Importance,
    purpose: &'static str,
}

/// How to find out whether a tool is installed.
enum PresentAs {
    Program(&'static str),
    /// A library at one of these paths below a library folder.
    Library(&'static [&'static str]),
}

/// What happens without the tool.
#[derive(PartialEq, Eq)]
enum Importance {
    /// Tests fail.
    Required,
    /// No test fails, but something is not tested.
    Optional,
}

use Importance::{Optional, Required};
use PresentAs::{Library, Program};

#[rustfmt::skip]
const TOOLS: &[Tool] = &[
    tool(Program("cc"),                                      "gcc",             Required, "builds AWS-LC, and the PKCS#11 modules that fail on purpose"),
    tool(Program("openssl"),                                 "openssl",         Required, "checks our signatures, keys and certificates"),
    tool(Program("softhsm2-util"),                           "softhsm2",        Required, "is the PKCS#11 module that tests sign with"),
    tool(Program("redis-server"),                            "redis-server",    Required, "is the store that several processes share"),
    tool(Program("pkcs11-tool"),                             "opensc",          Required, "puts keys into PKCS#11 tokens without our code"),
    tool(Library(&["pkcs11-spy.so", "pkcs11/pkcs11-spy.so"]), "opensc-pkcs11",  Required, "counts the calls to a PKCS#11 module"),
    tool(Program("p11-kit"),                                 "p11-kit",         Required, "serves a token from another process, which can die"),
    tool(Library(&["pkcs11/p11-kit-client.so"]),             "p11-kit-modules", Required, "is the client side of that token"),
    tool(Library(&["nss/libsoftokn3.so", "libsoftokn3.so"]), "libnss3",         Required, "is a second PKCS#11 module"),
    tool(Program("certutil"),                                "libnss3-tools",   Required, "fills that module's database"),
    tool(Program("strace"),                                  "strace",          Optional, "kills the command at every system call, and makes its disk fail"),
    tool(Program("chromium"),                                "chromium",        Optional, "is the browser in which a person signs in"),
    tool(Program("chromedriver"),                            "chromium-driver", Optional, "drives that browser"),
    tool(Program("gnome-keyring-daemon"),                    "gnome-keyring",   Optional, "is a keyring that is there, and unlocked"),
    tool(Program("dbus-run-session"),                        "dbus",            Optional, "is the session bus of that keyring"),
    tool(Program("curl"),                                    "curl",            Optional, "is an independent HTTP client, for the benchmarks and the pages"),
    tool(Program("x86_64-w64-mingw32-gcc"),                  "gcc-mingw-w64-x86-64", Optional, "compiles for Windows"),
    tool(Program("wine"),                                    "wine",            Optional, "runs the tests for Windows"),
    tool(Program("node"),                                    "nodejs",          Optional, "runs Adobe's JavaScript clients, and programs of the pages"),
    tool(Program("python3"),                                 "python3",         Optional, "runs programs of the pages"),
];

const fn tool(
    present_as: PresentAs,
    debian_package: &'static str,
    importance: Importance,
    purpose: &'static str,
) -> Tool {
    Tool { present_as, debian_package, importance, purpose }
}

/// Installs what is missing through apt-get where that exists, and prints what to install elsewhere.
///
/// # Errors
///
/// If something required is missing at the end.
pub(crate) fn install_missing() -> Result<()> {
    if find_program("apt-get").is_some() && !missing().is_empty() {
        apt_get_install(&missing());
    }
    let missing = missing();
    for tool in &missing {
        println!("{}", tool.how_to_install());
    }
    if missing.iter().any(|tool| tool.importance == Required) {
        bail!("a required tool is missing, see above");
    }
    println!("{} of {} tools are installed", TOOLS.len() - missing.len(), TOOLS.len());
    Ok(())
}

/// Installs those of these packages of Debian that are missing, where apt-get exists.
pub(crate) fn install(packages: &[&str]) {
    let mut missing = missing();
    missing.retain(|tool| packages.contains(&tool.debian_package));
    if find_program("apt-get").is_some() && !missing.is_empty() {
        apt_get_install(&missing);
    }
}

/// Installs the standard library for `target`. Without rustup it comes from wherever the compiler comes from.
pub(crate) fn add_target(target: &str) {
    if is_installed(target) || find_program("rustup").is_none() {
        return;
    }
    if let Err(error) = run(Command::new("rustup").args(["target", "add", target])) {
        println!("warning: {error:#}");
    }
}

fn missing() -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| !tool.is_present()).collect()
}

/// Installs each package separately, so that a package that this release does not have does not stop the others.
fn apt_get_install(tools: &[&Tool]) {
    let mut calls = vec![vec!["update"]];
    calls.extend(
        tools
            .iter()
            .map(|tool| vec!["install", "--yes", "--no-install-recommends", tool.debian_package]),
    );
    for arguments in calls {
        if let Err(error) = run(apt_get().arg("--quiet=2").args(arguments)) {
            println!("warning: {error:#}");
        }
    }
}

/// `apt-get` as root: through `sudo` without a password, unless this process runs as root.
fn apt_get() -> Command {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = Command::new(if is_root { "env" } else { "sudo" });
    if !is_root {
        command.args(["--non-interactive", "env"]);
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Dpkg::Use-Pty=0"]);
    command
}

impl Tool {
    fn is_present(&self) -> bool {
        match self.present_as {
            Program(name) => find_program(name).is_some(),
            Library(paths) => library_folders()
                .iter()
                .any(|folder| paths.iter().any(|path| folder.join(path).is_file())),
        }
    }

    fn how_to_install(&self) -> String {
        let consequence = match self.importance {
            Required => "required",
            Optional => "optional",
        };
        let what = match self.present_as {
            Program(name) => format!("the program `{name}`"),
            Library(paths) => format!("the library `{}`", paths.join("` or `")),
        };
        let Self { debian_package, purpose, .. } = self;
        format!(
            "missing ({consequence}): {what}, which {purpose}; on Debian it is in the package {debian_package}"
        )
    }
}

/// `/usr/lib`, its folder for each architecture, and the library folders of macOS and local builds.
fn library_folders() -> Vec<PathBuf> {
    let usr_lib = Path::new("/usr/lib");
    let architectures =
        fs::read_dir(usr_lib).into_iter().flatten().flatten().map(|entry| entry.path());
    let others = ["/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib"].map(PathBuf::from);
    [usr_lib.to_owned()].into_iter().chain(architectures).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: Tool = tool(Program("cargo"), "cargo", Required, "builds");

    #[test]
    fn a_tool_is_present_if_its_program_or_library_is() {
        #[rustfmt::skip]
        let table = [
            (Program("cargo"),                            true),
            (Program("no-such-program"),                  false),
            (Library(&["no-such-library.so"]),            false),
        ];
        for (present_as, is_present) in table {
            let tool = Tool { present_as, ..CARGO };
            assert_eq!(tool.is_present(), is_present, "{}", tool.how_to_install());
        }
    }

    #[test]
    fn the_message_names_the_tool_its_purpose_and_its_package() {
        let library =
            Tool { present_as: Library(&["nss/x.so", "x.so"]), importance: Optional, ..CARGO };
        assert_eq!(
            library.how_to_install(),
            "missing (optional): the library `nss/x.so` or `x.so`, which builds; on Debian it is in the package cargo"
        );
    }
}
