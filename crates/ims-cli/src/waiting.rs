//! Shows what the command waits for, on a terminal and after one second: one animated line, which is removed at the end.

use std::{
    borrow::Cow,
    env,
    io::{self, IsTerminal, Write},
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use ims::{
    claims::DurationText,
    token::{Clock, SystemClock},
};

use crate::terminal_text;

/// After this time, the command shows what it waits for.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(200);

/// What is waited for now, the innermost last.
static STATUS: Mutex<Status> = Mutex::new(Status {
    waits: Vec::new(),
    is_drawn: false,
    ticks: 0,
    is_watched: false,
    last_id: 0,
});

/// Whether a person can see it: standard error is a terminal that can remove a line again.
static IS_SHOWN: LazyLock<bool> = LazyLock::new(|| {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
    io::stderr().is_terminal() && !is_dumb && !terminal_text::is_json()
});

struct Status {
    waits: Vec<Wait>,
    is_drawn: bool,
    ticks: usize,
    /// Whether the thread runs that draws.
    is_watched: bool,
    last_id: u64,
}

struct Wait {
    id: u64,
    what: String,
    /// How many of them are done, and how many there are.
    progress: Option<(Arc<AtomicUsize>, usize)>,
    /// By the monotonic clock.
    since: Duration,
}

/// While it exists, the command shows on a terminal what it waits for.
#[must_use = "dropping it ends the wait"]
pub(crate) struct Waiting(u64);

/// Shows that the command waits for `what` from now on.
pub(crate) fn on(what: &str) -> Waiting {
    add(what, None)
}

/// Shows that the command waits for `all` of `what` from now on; `done` says how many are done.
pub(crate) fn on_many(what: &str, done: &Arc<AtomicUsize>, all: usize) -> Waiting {
    add(what, Some((Arc::clone(done), all)))
}

fn add(what: &str, progress: Option<(Arc<AtomicUsize>, usize)>) -> Waiting {
    if !*IS_SHOWN {
        return Waiting(0);
    }
    let mut status = status();
    status.last_id += 1;
    let id = status.last_id;
    let (what, since) = (what.to_owned(), SystemClock.monotonic());
    status.waits.push(Wait { id, what, progress, since });
    if !status.is_watched {
        // Without a thread nothing is shown, and everything else works.
        status.is_watched = thread::Builder::new().spawn(watch).is_ok();
    }
    Waiting(id)
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.0 == 0 {
            return;
        }
        let mut status = status();
        status.waits.retain(|wait| wait.id != self.0);
        status.clear();
    }
}

/// Whether there is a person who sees what is waited for.
pub(crate) fn is_shown() -> bool {
    *IS_SHOWN
}

/// Removes the line before something else is written.
pub(crate) fn clear() {
    if *IS_SHOWN {
        status().clear();
    }
}

/// Draws the line as long as the command waits for something.
fn watch() {
    loop {
        thread::sleep(TICK);
        status().draw();
    }
}

impl Status {
    fn draw(&mut self) {
        let now = SystemClock.monotonic();
        let mut waits = self.waits.iter().rev();
        let Some(wait) = waits.find(|wait| now.saturating_sub(wait.since) >= SHOWN_AFTER) else {
            return;
        };
        let elapsed = Duration::from_secs(now.saturating_sub(wait.since).as_secs());
        self.ticks += 1;
        let mark = ['|', '/', '-', '\\'][self.ticks % 4];
        let what = wait.shown();
        let line = format!("\r{mark} waiting for {what}, {}\x1b[K", DurationText(elapsed));
        self.is_drawn = io::stderr().write_all(line.as_bytes()).is_ok();
    }

    fn clear(&mut self) {
        if self.is_drawn {
            let _ = io::stderr().write_all(b"\r\x1b[K");
            self.is_drawn = false;
        }
    }
}

impl Wait {
    fn shown(&self) -> Cow<'_, str> {
        let Some((done, all)) = &self.progress else { return Cow::Borrowed(&self.what) };
        let done = done.load(Ordering::Relaxed).min(*all);
        Cow::Owned(format!("{} of {all} {}", all - done, self.what))
    }
}

fn status() -> MutexGuard<'static, Status> {
    STATUS.lock().unwrap_or_else(PoisonError::into_inner)
}
