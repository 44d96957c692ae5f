//! What Windows has instead of signals, limits and a program that replaces another.

use std::{ffi::OsString, io, path::Path, process::Command};

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

/// Windows keeps other users away from the memory of a process by itself, and writes no dump of it into the working folder.
pub(crate) fn protect_memory() {}

/// Windows has no limit for the length of the files of one process.
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    Ok(())
}

/// Runs a program and ends with its exit code. Returns only if it cannot be run.
///
/// A program cannot replace another one here. It gets Ctrl+C from the console by itself, and decides what that
/// means; this process only waits.
pub(crate) fn become_program(command: &mut Command) -> io::Error {
    let _signals = match (ctrl_c(), ctrl_break()) {
        (Ok(interrupt), Ok(stop)) => (interrupt, stop),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    match status(command) {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// Starts the program, also if it is a script such as `npm.cmd` that is named without its extension, as a shell does.
fn status(command: &mut Command) -> io::Result<std::process::ExitStatus> {
    let missing = match command.status() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => error,
        other => return other,
    };
    if Path::new(command.get_program()).extension().is_some() {
        return Err(missing);
    }
    for extension in [".cmd", ".bat"] {
        match with_extension(command, extension).status() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    Err(missing)
}

/// The same command for the program with this extension.
fn with_extension(command: &Command, extension: &str) -> Command {
    let mut name = OsString::from(command.get_program());
    name.push(extension);
    let mut script = Command::new(name);
    script.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script
}

/// The events by which a person or the system ends this process.
pub(crate) struct EndSignals {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl EndSignals {
    /// From here on, these events do not end the process directly.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: ctrl_c()?,
            stop: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

/// Windows has no limit for open files that a runtime could meet.
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn expect_files() -> io::Result<()> {
    Ok(())
}
