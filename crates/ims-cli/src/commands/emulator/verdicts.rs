//! Verdicts on their way to a terminal, a file or a pipe. Any of these may be slow, and a pipe may have no reader: the
//! emulator waits for none of them.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::Duration,
};

use anstyle::{AnsiColor, Style};
use ims_emulator::Verdict;

use crate::output;

/// How many verdicts wait for a slow reader, some MiB at most. What comes beyond them is not written; the admin API and
/// the page have it anyway.
const WAITING: usize = 1024;

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

/// Formats verdicts and passes them to a thread that writes them.
pub(super) fn writer(form: Form) -> (impl Fn(&Verdict) + Send + Sync + 'static, Ending) {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    let (ended, end) = mpsc::channel();
    let write = if form == Form::Json { to_stdout } else { to_stderr };
    thread::spawn(move || {
        write_all(&receiver, write);
        // If this fails, no one waits any longer.
        let _ = ended.send(());
    });
    let has_colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    (move |verdict: &Verdict| observe(verdict, form, has_colour, &sender), Ending(end))
}

fn observe(verdict: &Verdict, form: Form, has_colour: bool, sender: &SyncSender<String>) {
    match form {
        Form::Json => hand_over(sender, json_line(verdict)),
        Form::OneLine => hand_over(sender, one_line(verdict, has_colour)),
        Form::EveryCheck => hand_over(sender, every_check(verdict, has_colour)),
        Form::Nothing => {}
    }
}

/// The end of the writing, which comes when the emulator has gone.
pub(super) struct Ending(Receiver<()>);

impl Ending {
    /// Waits for it, but not for a reader that has stopped reading.
    pub(super) fn wait(self) {
        let _ = self.0.recv_timeout(WRITE_TIMEOUT);
    }
}

fn hand_over(sender: &SyncSender<String>, words: String) {
    // If too many are waiting, or no one writes any longer, this one is not written.
    let _ = sender.try_send(words);
}

/// Writes verdicts until there are none left.
fn write_all(receiver: &Receiver<String>, write: fn(&str)) {
    while let Ok(mut words) = receiver.recv() {
        thread::sleep(BATCH_TIME);
        words.extend(receiver.try_iter());
        write(&words);
    }
}

// What cannot be written is lost, and an emulator without a reader continues to serve. A verdict has no control characters
// for a terminal, so it is written as it is.

fn to_stdout(words: &str) {
    let _ = output::write_bytes(words.as_bytes());
}

fn to_stderr(words: &str) {
    let _ = io::stderr().write_all(words.as_bytes());
}

fn json_line(verdict: &Verdict) -> String {
    let mut line = serde_json::to_string(verdict).expect("a verdict is always JSON");
    line.push('\n');
    line
}

/// The time, what was asked and how it was answered; below it what failed and what to do.
fn one_line(verdict: &Verdict, has_colour: bool) -> String {
    let text = verdict.to_string();
    let mut lines = text.lines();
    let mut words = title(verdict, lines.next().unwrap_or_default(), has_colour);
    for line in lines {
        let line = line.trim_start();
        if ["FAIL ", "fault: ", "remedy: "].iter().any(|kind| line.starts_with(kind)) {
            words.push_str("         ");
            words.push_str(line);
            words.push('\n');
        }
    }
    words
}

/// The same with every check, and an empty line at the end.
fn every_check(verdict: &Verdict, has_colour: bool) -> String {
    let text = verdict.to_string();
    let mut lines = text.lines();
    let mut words = title(verdict, lines.next().unwrap_or_default(), has_colour);
    let red = if has_colour { AnsiColor::Red.on_default() } else { Style::new() };
    for line in lines {
        let style = if line.starts_with("  FAIL ") { red } else { Style::new() };
        let _ = writeln!(words, "{style}{line}{style:#}");
    }
    words.push('\n');
    words
}

/// The first line, with the time: green if the request was granted, otherwise red.
fn title(verdict: &Verdict, text: &str, has_colour: bool) -> String {
    let style = match (has_colour, verdict.is_granted()) {
        (false, _) => Style::new(),
        (true, true) => AnsiColor::Green.on_default(),
        (true, false) => AnsiColor::Red.on_default(),
    };
    let dim = if has_colour { Style::new().dimmed() } else { Style::new() };
    let time = verdict.time_of_day();
    format!("{dim}{time}{dim:#} {style}{text}{style:#}\n")
}
