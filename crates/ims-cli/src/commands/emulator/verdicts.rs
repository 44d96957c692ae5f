//! Writing verdicts to a terminal, a file or a pipe. Any of these may be slow, and a pipe may have no reader: the
//! emulator waits for none of them.

use std::{
    io::{self, Write},
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use ims_emulator::Verdict;

use crate::output;

/// How much text waits for a slow reader, hundreds of verdicts. Further text is not written; the admin API and the page have
/// it anyway.
const MAX_WAITING: usize = 1024 * 1024;

/// How much memory the empty buffer keeps: more than one batch under load needs.
const KEPT: usize = 256 * 1024;

/// How long a verdict may wait for others that are written with it. Otherwise, under load, the thread would be woken for
/// each verdict, which takes more processor time than writing it.
const BATCH_TIME: Duration = Duration::from_millis(10);

/// How long the command waits at its end for what has not been written yet.
const WRITE_TIMEOUT: Duration = Duration::from_millis(500);

/// In which form verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Lines of JSON on standard output.
    Json,
    /// One line for each request, and below a refused one the check that failed and the remedy.
    OneLine,
    /// Every check of every request.
    EveryCheck,
    /// Nothing.
    Nothing,
}

/// Formats verdicts for a thread that writes them.
pub(super) fn writer(form: Form) -> (impl Fn(&Verdict) + Send + Sync + 'static, Ending) {
    let queue = Arc::new(Queue::default());
    let (ended, end) = mpsc::channel();
    let write = if form == Form::Json { to_stdout } else { to_stderr };
    let ending = Ending { queue: Arc::clone(&queue), end };
    let read = Arc::clone(&queue);
    thread::spawn(move || {
        read.write_all(write);
        // If this fails, no one waits any longer.
        let _ = ended.send(());
    });
    let has_colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    (move |verdict: &Verdict| queue.add(verdict, form, has_colour), ending)
}

/// Waits until all verdicts are written, after the emulator has ended.
pub(super) struct Ending {
    queue: Arc<Queue>,
    end: Receiver<()>,
}

impl Ending {
    /// Waits for it, but not for a reader that has stopped reading.
    pub(super) fn wait(self) {
        self.queue.lock().has_ended = true;
        self.queue.changed.notify_one();
        let _ = self.end.recv_timeout(WRITE_TIMEOUT);
    }
}

/// The verdicts that are not written yet.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    has_ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, verdict: &Verdict, form: Form, has_colour: bool) {
        let mut waiting = self.lock();
        if waiting.text.len() >= MAX_WAITING {
            return;
        }
        let is_first = waiting.text.is_empty();
        // Writing to memory never fails.
        let _ = match form {
            Form::Json => json_line(&mut waiting.text, verdict),
            Form::OneLine => one_line(&mut waiting.text, verdict, has_colour),
            Form::EveryCheck => every_check(&mut waiting.text, verdict, has_colour),
            Form::Nothing => Ok(()),
        };
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Waits for text or the end; whether it is the end.
    fn wait(&self) -> bool {
        let mut waiting = self.lock();
        while waiting.text.is_empty() && !waiting.has_ended {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.has_ended
    }

    /// Writes verdicts until there are none left.
    fn write_all(&self, write: fn(&[u8])) {
        let mut text = Vec::new();
        loop {
            let has_ended = self.wait();
            if !has_ended {
                thread::sleep(BATCH_TIME);
            }
            text.clear();
            text.shrink_to(KEPT);
            mem::swap(&mut text, &mut self.lock().text);
            write(&text);
            if has_ended {
                return;
            }
        }
    }
}

// Lines that cannot be written are lost: the emulator continues to serve even if no one reads its output. A verdict has no
// control characters for a terminal, so it is written as it is.

fn to_stdout(text: &[u8]) {
    let _ = output::write_bytes(text);
}

fn to_stderr(text: &[u8]) {
    let _ = io::stderr().write_all(text);
}

fn json_line(text: &mut Vec<u8>, verdict: &Verdict) -> io::Result<()> {
    serde_json::to_writer(&mut *text, verdict)?;
    writeln!(text)
}

/// The time, what was asked and how it was answered; below it what failed and what to do.
fn one_line(text: &mut Vec<u8>, verdict: &Verdict, has_colour: bool) -> io::Result<()> {
    title(text, verdict, has_colour)?;
    if let Some(check) = verdict.checks.failed() {
        writeln!(text, "         {check}")?;
    }
    if let Some(fault) = verdict.fault {
        writeln!(text, "         fault: {}", fault.name())?;
    }
    if let Some(remedy) = verdict.remedy {
        writeln!(text, "         remedy: {remedy}")?;
    }
    Ok(())
}

/// The same with every check, and an empty line at the end.
fn every_check(text: &mut Vec<u8>, verdict: &Verdict, has_colour: bool) -> io::Result<()> {
    title(text, verdict, has_colour)?;
    let red = if has_colour { AnsiColor::Red.on_default() } else { Style::new() };
    for line in verdict.to_string().lines().skip(1) {
        let style = if line.starts_with("  FAIL ") { red } else { Style::new() };
        writeln!(text, "{style}{line}{style:#}")?;
    }
    writeln!(text)
}

/// The first line, with the time: green if the request was granted, otherwise red.
fn title(text: &mut Vec<u8>, verdict: &Verdict, has_colour: bool) -> io::Result<()> {
    let style = match (has_colour, verdict.is_granted()) {
        (false, _) => Style::new(),
        (true, true) => AnsiColor::Green.on_default(),
        (true, false) => AnsiColor::Red.on_default(),
    };
    let dim = if has_colour { Style::new().dimmed() } else { Style::new() };
    let (time, summary) = (verdict.time_of_day(), verdict.summary());
    writeln!(text, "{dim}{time}{dim:#} {style}{summary}{style:#}")
}
