//! A command on a new terminal, which `script` of util-linux makes.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use super::sandbox::Sandbox;

/// The terminal, and all that was shown on it.
pub(crate) struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    device: String,
    said: String,
}

impl Terminal {
    /// Starts the command with these arguments. It is ended if it takes longer than a minute.
    pub(crate) fn start(sandbox: &Sandbox, arguments: &str) -> Self {
        Self::start_command(sandbox, &sandbox.ims(arguments), arguments)
    }

    /// The same for a command that has these arguments, with its own environment variables.
    pub(crate) fn start_command(sandbox: &Sandbox, ims: &Command, arguments: &str) -> Self {
        let line = format!("tty && exec {} {arguments}", ims.get_program().to_str().unwrap());
        let mut command = Command::new("timeout");
        command.args(["60", "script", "-qec", &line, "/dev/null"]).current_dir(sandbox.path(""));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "dumb");
        for (name, value) in ims.get_envs() {
            command.env(name, value.unwrap());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keyboard, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut terminal =
            Self { child, keyboard, screen, device: String::new(), said: String::new() };
        terminal.wait_for("\n");
        terminal.device = terminal.said.trim().to_owned();
        terminal.said.clear();
        terminal
    }

    /// Waits until `text` is on the screen, after the text of the last wait.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let start = self.said.len();
        while !self.said[start..].contains(text) {
            let mut byte = [0];
            let read = self.screen.read(&mut byte).unwrap();
            assert_ne!(read, 0, "no {text:?} in {:?}", self.said);
            self.said.push(char::from(byte[0]));
        }
    }

    /// Types a line as soon as the terminal has this setting: `echo`, or `-echo` if what is typed is not to be shown.
    pub(crate) fn type_line(&mut self, text: &str, setting: &str) {
        for _ in 0..1000 {
            let stty = Command::new("stty").args(["-a", "-F", &self.device]).output().unwrap();
            let settings = String::from_utf8(stty.stdout).unwrap();
            if settings.split([' ', ';', '\n']).any(|word| word == setting) {
                writeln!(self.keyboard, "{text}").unwrap();
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the terminal is never {setting}: {}", self.said);
    }

    /// Waits for the end: the exit code, and all that was on the screen.
    pub(crate) fn finish(mut self) -> (Option<i32>, String) {
        self.screen.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), self.said)
    }
}
