//! A command under strace, which can kill it, or let a system call fail, at a chosen call.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// One system call among all that a command makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// Its number among the calls of that name to that file by one thread, from 1 on.
    pub(crate) number: usize,
    /// Only calls to this file, by its name or its path, count; all if there is none.
    pub(crate) file: Option<PathBuf>,
}

/// Why strace can trace nothing here; `None` if it can.
pub(crate) fn obstacle() -> Option<String> {
    match Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
        Err(error) => Some(format!("strace cannot be started: {error}")),
    }
}

/// `command` under strace, with these options of strace.
pub(crate) fn traced(command: &Command, options: &[String], log: &Path) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-y", "-o"]).arg(log).args(options).arg("--");
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.current_dir(command.get_current_dir().unwrap());
    traced.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    traced
}

impl Call {
    /// The option of strace so that `what` (`signal=KILL`, `error=EIO`) happens at this call, and if `again`, at all that
    /// follow it.
    pub(crate) fn injection(&self, what: &str, again: &str) -> Vec<String> {
        let Self { name, number, file } = self;
        let mut options =
            vec![format!("--trace={name}"), format!("--inject={name}:{what}:when={number}{again}")];
        for path in file
            .iter()
            .flat_map(|file| [Some(file.as_path()), file.file_name().map(Path::new)])
            .flatten()
        {
            options.extend(["-P".to_owned(), path.display().to_string()]);
        }
        options
    }
}

/// Every call in `log`. Threads count by themselves, so two of them may have a call of the same description: then the one
/// that comes first counts for both.
pub(crate) fn calls(log: &str) -> Vec<Call> {
    counted(log, |_| Some(None))
}

/// Those calls that touch one of `files`, the first that fits.
pub(crate) fn calls_to(log: &str, files: &[PathBuf]) -> Vec<Call> {
    counted(log, |line| {
        let touches = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_str().unwrap();
            line.contains(&format!("\"{name}\"")) || line.contains(file.to_str().unwrap())
        };
        files.iter().find(touches).cloned().map(Some)
    })
}

fn counted(log: &str, file: impl Fn(&str) -> Option<Option<PathBuf>>) -> Vec<Call> {
    let mut counts = BTreeMap::new();
    let mut calls: Vec<Call> = log
        .lines()
        .filter_map(|line| {
            let (thread, call) = line.split_once(' ')?;
            let (name, _) = call.trim_start().split_once('(')?;
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let (name, file) = (name.to_owned(), file(line)?);
            if !name.chars().all(is_name) {
                return None;
            }
            let number = counts.entry((thread, name.clone(), file.clone())).or_insert(0);
            *number += 1;
            Some(Call { name, number: *number, file })
        })
        .collect();
    calls.sort();
    calls.dedup();
    calls
}
