//! What this process asks of the operating system for itself: no core dumps, and errors instead of deadly signals.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    thread,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::failure::Failure;

/// The limit for core dumps that this process was started with.
static CORE_LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// Keeps the memory of this process, which holds secrets, out of core dumps and from other processes of the same user, as
/// far as the system lets it. Nothing depends on it, so that it may fail.
pub(crate) fn protect_memory() {
    let before = getrlimit(Resource::Core);
    let _ = CORE_LIMIT.set(before);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
    // PR_SET_DUMPABLE: no core dump, no ptrace, and /proc/PID/mem for root alone.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Gives a program that takes the place of this one the limit for core dumps that this one was started with. The system
/// itself makes a new program dumpable.
pub(crate) fn restore_core_limit() {
    if let Some(before) = CORE_LIMIT.get() {
        let _ = setrlimit(Resource::Core, *before);
    }
}

/// Lets a write beyond the limit of the length of files (`ulimit -f`) fail, instead of ending the process: a token that
/// cannot be kept can still be printed.
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    let is_exceeded = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, is_exceeded).map(drop)
}

/// Fails if the system cannot give another thread or open file: the runtime would panic without the first of them.
pub(crate) fn expect_resources() -> Result<(), Failure> {
    // The runtime opens two pairs of sockets and the queue of events.
    for_runtime().map_err(|error| {
        Failure::later("this process may not open enough files (ulimit -n)").because(error)
    })?;
    let thread = thread::Builder::new().spawn(|| ());
    let thread = thread.map_err(|error| {
        Failure::later("the system cannot start another thread for this user").because(error)
    })?;
    thread.join().map_err(|_| Failure::later("a thread of this process was ended"))
}

fn for_runtime() -> io::Result<[(UnixStream, UnixStream); 3]> {
    Ok([UnixStream::pair()?, UnixStream::pair()?, UnixStream::pair()?])
}
