//! What this process sets up in the operating system: how it ends, its limits, the runtime of asynchronous
//! code, and the program that `ims exec` runs.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
};

#[cfg(unix)]
pub(crate) use unix::{EndSignals, become_program, protect_memory, survive_file_size_limit};
#[cfg(windows)]
pub(crate) use windows::{EndSignals, become_program, protect_memory, survive_file_size_limit};

#[cfg(unix)]
use self::unix::expect_files;
#[cfg(windows)]
use self::windows::expect_files;
use crate::failure::Failure;

/// Runs `future`, which needs a runtime, on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    expect_resources()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::later(
            "the system is out of resources: too many files are open, or no memory is left",
        )
        .because(error)
    })?;
    // The first thread for blocking calls. If it exists, the runtime can use it when the system gives no other thread.
    drop(runtime.spawn_blocking(|| ()));
    runtime.block_on(future)
}

/// Runs a future that is often done in its first step, such as a signature by a key in memory. A runtime, which costs two
/// threads, is started only if it is not. The first step must not need a runtime.
pub(crate) fn block_on_unless_ready<T>(
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        // The runtime polls it again at once, so no wake-up is lost.
        Poll::Pending => block_on(future),
    }
}

/// Fails if the system has no free thread or file descriptor, without which the runtime would panic.
fn expect_resources() -> Result<(), Failure> {
    expect_files().map_err(|error| {
        Failure::later("this process may not open enough files (ulimit -n)").because(error)
    })?;
    let thread = thread::Builder::new().spawn(|| ());
    let thread = thread.map_err(|error| {
        Failure::later("the system cannot start another thread for this user").because(error)
    })?;
    thread.join().map_err(|_| Failure::later("a thread of this process ended"))
}
