//! The command on a new machine, which has only what was unpacked and the system itself.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{
    process::{find_program, output},
    windows::Wine,
};

/// A folder in which the command runs, with an empty home.
#[derive(Debug)]
pub(super) struct Machine {
    home: PathBuf,
    system: System,
}

#[derive(Debug)]
enum System {
    /// Linux with the root of its files in this folder: it has no shell, no certificate and no `/dev`.
    Empty { root: PathBuf, program: PathBuf, is_mapped: bool },
    /// This machine with its files, but without any variable.
    This { program: PathBuf },
    /// Windows, as Wine provides it.
    Wine { wine: Wine, program: PathBuf },
}

impl Machine {
    /// A machine whose files are those in `root`, where `program` is the command. What the dynamic linker loads is added,
    /// which is nothing for a static binary.
    ///
    /// Where no root can be changed, it is this machine without its variables.
    pub(super) fn with_root(root: &Path, program: &Path) -> Result<Self> {
        let root = std::path::absolute(root)?;
        let home = root.join("home");
        fs::create_dir_all(&home)?;
        let here = System::This { program: root.join(program) };
        if find_program("unshare").is_none() || find_program("ldd").is_none() {
            println!("not tried in an empty root: there is no `unshare` or no `ldd`");
            return Ok(Self { home, system: here });
        }
        fs::create_dir_all(root.join("tmp"))?;
        copy_libraries(&root, &root.join(program))?;
        // Root may change the root of a process; others may in a user namespace, where the system allows that.
        for is_mapped in [false, true] {
            if output(unshare("/", is_mapped).args(["--", "true"])).is_ok() {
                let program = Path::new("/").join(program);
                return Ok(Self { home, system: System::Empty { root, program, is_mapped } });
            }
        }
        println!("not tried in an empty root: this system does not let a process change its root");
        Ok(Self { home, system: here })
    }

    /// Windows with `program` unpacked in `folder`.
    pub(super) fn windows(wine: Wine, folder: &Path, program: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        // As a profile is on Windows. Wine's files inherit the access of their folder, whatever their own list says.
        make_private(&home, 0o700)?;
        Ok(Self { home, system: System::Wine { wine, program: folder.join(program) } })
    }

    /// The command with `arguments`, in the empty home.
    fn ims(&self, arguments: &[&str]) -> Command {
        let mut command = match &self.system {
            System::Empty { root, program, is_mapped } => {
                let mut command = unshare(root, *is_mapped);
                command.args(["--wd", "/home", "--"]).arg(program);
                command.args(arguments).env_clear().env("HOME", "/home");
                command
            }
            System::This { program } => {
                let mut command = Command::new(program);
                command.args(arguments).env_clear();
                // Windows finds its libraries for sockets by the first one, and the user's folders by the last two.
                let system = env::var_os("SystemRoot").map(|folder| ("SystemRoot", folder));
                command.envs(system);
                for name in ["HOME", "TMP", "USERPROFILE", "LOCALAPPDATA"] {
                    command.env(name, &self.home);
                }
                command
            }
            System::Wine { wine, program } => {
                let arguments = arguments.iter().map(OsStr::new);
                let all: Vec<_> = [program.as_os_str()].into_iter().chain(arguments).collect();
                wine.with_private_files("wine", &all)
            }
        };
        command.current_dir(&self.home).stdin(Stdio::null());
        command
    }

    /// The demonstration, a new key, and a token of the emulator.
    pub(super) fn try_out(&self) -> Result<()> {
        let demo = output(&mut self.ims(&["demo"]))?;
        let is_complete = demo.contains("8. A refusal, explained");
        ensure!(is_complete, "the demonstration did not finish");
        output(&mut self.ims(&["cert", "new", "--out", ".", "--subject", "/CN=trial"]))?;
        let credentials = self.home.join("credentials.json");
        fs::write(&credentials, CREDENTIALS)?;
        make_private(&credentials, 0o600)?;
        let mut emulator = self
            .ims(&["emulator", "-c", "credentials.json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = emulator.stdout.take().context("the emulator has no standard output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        let token =
            output(&mut self.ims(&["token", "-c", "credentials.json", "--ims-url", url.trim()]));
        emulator.kill()?;
        emulator.wait()?;
        ensure!(token?.starts_with("eyJ"), "the emulator gave no token");
        println!("works on a fresh machine ({})", self.name());
        Ok(())
    }

    fn name(&self) -> String {
        match &self.system {
            System::Empty { root, .. } => {
                format!("with {} as the root of its files", root.display())
            }
            System::This { program } => format!("this one, {}", program.display()),
            System::Wine { program, .. } => format!("Wine, {}", program.display()),
        }
    }
}

/// The start of a command whose root is `root`.
fn unshare(root: impl AsRef<Path>, is_mapped: bool) -> Command {
    let mut command = Command::new("unshare");
    if is_mapped {
        command.arg("--map-root-user");
    }
    command.arg("--root").arg(root.as_ref());
    command
}

/// Copies what `program` is linked with to the same places below `root`.
fn copy_libraries(root: &Path, program: &Path) -> Result<()> {
    // It fails for a static binary.
    let Ok(libraries) = output(Command::new("ldd").arg(program)) else { return Ok(()) };
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        let target = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(target.parent().context("a library is in a folder")?)?;
        fs::copy(library, target).with_context(|| library.to_owned())?;
    }
    Ok(())
}

/// An integration of the emulator; the key was made before.
pub(super) const CREDENTIALS: &str = r#"{ "client_id": "trial", "client_secret": "trial", "org_id": "T@AdobeOrg",
  "technical_account_id": "T@techacct.adobe.com", "metascopes": ["ent_dataservices_sdk"],
  "private_key_file": "private.key", "certificate_file": "certificate_pub.crt" }"#;

#[cfg(unix)]
pub(super) fn make_private(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn make_private(_path: &Path, _mode: u32) -> Result<()> {
    Ok(())
}
