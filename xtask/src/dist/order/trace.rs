//! The functions that a program calls, found by a breakpoint at the first instruction of each, which is removed when it is
//! reached.
//!
//! Source: the manual pages ptrace(2) and `proc_pid_mem(5)`. The programs that count calls, such as valgrind, do not run
//! this one.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    errno::Errno,
    libc::PTRACE_EVENT_EXEC,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

/// INT3, an instruction of one byte.
const BREAKPOINT: u8 = 0xcc;

/// Runs `program`, and returns which of its functions it called, in the order of their first calls. Addresses are those of
/// the file. All threads count.
pub(super) fn functions_run(
    program: &Path,
    arguments: &[&str],
    home: &Path,
    functions: impl Iterator<Item = u64>,
) -> Result<Vec<u64>> {
    // The shell waits until it is traced, and becomes the program.
    let mut command = Command::new("sh");
    command.args(["-c", r#"read -r _; exec "$0" "$@" < /dev/null"#]).arg(program).args(arguments);
    command.env("HOME", home).env("XDG_CACHE_HOME", home);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    ptrace::seize(
        pid,
        Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL,
    )?;
    child.stdin.take().context("the standard input is piped")?.write_all(b"\n")?;
    let mut breakpoints: Option<Breakpoints> = None;
    let mut functions = Some(functions);
    loop {
        let status = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::__WALL))?;
        match status {
            WaitStatus::Exited(ended, code) if ended == pid => {
                ensure!(code == 0, "{} ended with {code}", program.display());
                break;
            }
            WaitStatus::Signaled(ended, signal, _) if ended == pid => {
                bail!("{} was ended by {signal:?}", program.display());
            }
            WaitStatus::PtraceEvent(stopped, _, PTRACE_EVENT_EXEC) => {
                // The first one may be that of the shell.
                let base = base(&fs::read_to_string(format!("/proc/{stopped}/maps"))?, program)?;
                if let Some(base) = base
                    && let Some(functions) = functions.take()
                {
                    breakpoints = Some(Breakpoints::set(stopped, base, functions)?);
                }
                resume(stopped, None)?;
            }
            // A thread that begins, or was begun.
            WaitStatus::PtraceEvent(stopped, ..) => resume(stopped, None)?,
            WaitStatus::Stopped(stopped, signal) => {
                let is_ours = match (&mut breakpoints, signal) {
                    (Some(breakpoints), Signal::SIGTRAP) => breakpoints.reached(stopped)?,
                    _ => false,
                };
                resume(stopped, Some(signal).filter(|_| !is_ours))?;
            }
            _ => {}
        }
    }
    Ok(breakpoints.context("the program did not start")?.reached)
}

/// A thread may end while it is stopped, because another one ends the process.
fn resume(thread: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::cont(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

struct Breakpoints {
    memory: File,
    /// Where the program is in memory.
    base: u64,
    /// The addresses in the file, and the bytes that belong there.
    bytes: BTreeMap<u64, u8>,
    reached: Vec<u64>,
}

impl Breakpoints {
    /// In a process that has just become the program.
    fn set(process: Pid, base: u64, functions: impl Iterator<Item = u64>) -> Result<Self> {
        let mut memory = File::options();
        let memory = memory.read(true).write(true).open(format!("/proc/{process}/mem"))?;
        let mut bytes = BTreeMap::new();
        for address in functions {
            let mut byte = [0];
            memory.read_exact_at(&mut byte, base + address)?;
            memory.write_all_at(&[BREAKPOINT], base + address)?;
            bytes.insert(address, byte[0]);
        }
        Ok(Self { memory, base, bytes, reached: Vec::new() })
    }

    /// Whether the thread stopped at a breakpoint. If so, the breakpoint is removed, and the thread continues as without it.
    /// Two threads can stop at the same one.
    fn reached(&mut self, thread: Pid) -> Result<bool> {
        let mut registers = ptrace::getregs(thread)?;
        let address = registers.rip.wrapping_sub(1).wrapping_sub(self.base);
        let Some(byte) = self.bytes.get(&address) else { return Ok(false) };
        self.memory.write_all_at(&[*byte], self.base + address)?;
        registers.rip -= 1;
        ptrace::setregs(thread, registers)?;
        if !self.reached.contains(&address) {
            self.reached.push(address);
        }
        Ok(true)
    }
}

/// Where the first segment of `program` is, by the mappings of a process; `None` if it runs another program.
fn base(maps: &str, program: &Path) -> Result<Option<u64>> {
    let program = program.to_str().context("the path is not text")?;
    let Some(line) = maps.lines().find(|line| line.ends_with(program)) else { return Ok(None) };
    let (start, _) = line.split_once('-').context("a mapping has no address")?;
    Ok(Some(u64::from_str_radix(start, 16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_where_its_first_mapping_is() {
        let maps = "55d0a000-55d0b000 r--p 00000000 08:01 1  /bin/ims\n\
                    55d0b000-55d0c000 r-xp 00001000 08:01 1  /bin/ims\n";
        assert_eq!(base(maps, Path::new("/bin/ims")).unwrap(), Some(0x55d0_a000));
        assert_eq!(base(maps, Path::new("/bin/other")).unwrap(), None);
    }
}
