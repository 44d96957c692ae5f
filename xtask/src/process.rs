//! Running other programs. None of them can read from standard input, because in CI no one is there to answer.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The cargo that runs us, with `arguments`.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Prints `command`, runs it, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{}` did not start", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs `command` and returns its standard output. If it fails, the error contains its standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` did not start", shown(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, stderr.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote no UTF-8", shown(command)))
}

/// The path of `program`, if it is on the search path.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(&file)).find(|file| file.is_file())
}

/// The command as a person would type it, without the folder of the program.
fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    command
        .get_args()
        .fold(name, |shown, argument| format!("{shown} {}", argument.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_person_types_it() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        assert_eq!(shown(command.args(["test", "-p", "xtask"])), "cargo test -p xtask");
    }

    #[test]
    fn a_failure_names_the_command_and_repeats_its_message() {
        let error = output(&mut cargo(["no-such-subcommand"])).unwrap_err().to_string();
        assert!(
            error.starts_with("`cargo no-such-subcommand` failed (exit status: 101): "),
            "{error}"
        );
        assert!(error.contains("no such command"), "{error}");
    }

    #[test]
    fn a_program_is_found_on_the_search_path_or_not() {
        assert!(find_program("cargo").is_some());
        assert_eq!(find_program("no-such-program"), None);
    }
}
