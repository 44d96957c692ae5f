//! No core dumps, errors instead of deadly signals, and a program in place of this one.

use std::{
    io,
    os::unix::{net::UnixStream, process::CommandExt},
    process::Command,
    sync::{Arc, OnceLock, atomic::AtomicBool},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The limit for core dumps that this process was started with.
static CORE_LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// Keeps the memory of this process, which holds secrets, out of core dumps and from other processes of the same user, as
/// far as the system lets it. Nothing depends on it, so it may fail.
pub(crate) fn protect_memory() {
    let before = getrlimit(Resource::Core);
    let _ = CORE_LIMIT.set(before);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
    // PR_SET_DUMPABLE: no core dump, no ptrace, and /proc/PID/mem for root alone.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Lets a write beyond the limit of the length of files (`ulimit -f`) fail, instead of ending the process: a token that
/// cannot be kept can still be printed.
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    let is_exceeded = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, is_exceeded).map(drop)
}

/// Runs a program in place of this one, so that signals and the exit code are its own. Returns only if it cannot be run.
pub(crate) fn become_program(command: &mut Command) -> io::Error {
    // The program gets the limit for core dumps that this one was started with. The system itself makes it dumpable.
    if let Some(before) = CORE_LIMIT.get() {
        let _ = setrlimit(Resource::Core, *before);
    }
    command.exec()
}

/// The signals by which a person or a service manager ends this process, even if the parent process ignores them (`nohup`,
/// a shell's `&`).
pub(crate) struct EndSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl EndSignals {
    /// From here on, these signals do not end the process directly. It needs a runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The runtime opens two pairs of sockets and the queue of events.
pub(super) fn expect_files() -> io::Result<()> {
    let _pairs = [UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?];
    Ok(())
}
