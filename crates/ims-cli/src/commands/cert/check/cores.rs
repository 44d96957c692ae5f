//! On which core of the processor a thread runs.
//!
//! Linux often starts a thread on the core of its parent. There it waits until its parent has had its turn, for some milliseconds, in
//! which a thousand certificates are read. Another core takes it over later, even if it has nothing to do.

/// The core of this thread.
#[cfg(target_os = "linux")]
pub(super) fn current() -> usize {
    rustix::thread::sched_getcpu()
}

/// Moves this thread to another core than `core`, if there is one that it may use. The system still decides where it runs later.
#[cfg(target_os = "linux")]
pub(super) fn leave(core: usize) {
    use rustix::thread::{sched_getaffinity, sched_setaffinity};

    let Some(allowed) = sched_getaffinity(None).ok().filter(|_| current() == core) else { return };
    let mut others = allowed;
    others.unset(core);
    // The work is the same on each core, so an error is not reported.
    let _ = sched_setaffinity(None, &others).and_then(|()| sched_setaffinity(None, &allowed));
}

/// Other systems do not say it.
#[cfg(not(target_os = "linux"))]
pub(super) const fn current() -> usize {
    0
}

/// Other systems decide by themselves.
#[cfg(not(target_os = "linux"))]
pub(super) const fn leave(_core: usize) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use rustix::thread::sched_getaffinity;

    use super::*;

    /// Where a thread runs in the end is the system's decision; where it may run must not change.
    #[test]
    fn a_thread_that_leaves_a_core_may_use_all_of_them_again() {
        let worker = thread::spawn(|| {
            let before = sched_getaffinity(None).unwrap();
            leave(current());
            before == sched_getaffinity(None).unwrap()
        });
        assert!(worker.join().unwrap());
    }

    #[test]
    fn a_thread_that_may_use_one_core_alone_stays_there() {
        let worker = thread::spawn(|| {
            let core = current();
            let mut only = sched_getaffinity(None).unwrap();
            only.clear();
            only.set(core);
            rustix::thread::sched_setaffinity(None, &only).unwrap();
            leave(core);
            (current() == core, sched_getaffinity(None).unwrap() == only)
        });
        assert_eq!(worker.join().unwrap(), (true, true));
    }
}
