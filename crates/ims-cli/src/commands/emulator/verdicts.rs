//! Verdicts on their way to a terminal, a file or a pipe. Any of these may be slow, and a pipe may have nobody at its other
//! end: the emulator waits for none of them.

use std::{
    io::{self, Write},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::Duration,
};

use ims_emulator::Verdict;

use crate::output;

/// How many verdicts wait for a slow reader, some MiB at most. What comes beyond them is not written; the admin API and
/// the page have it all the same.
const WAITING: usize = 1024;

/// How long a verdict may wait for others that are written with it. Under load the thread would else be woken for each,
/// which takes more of the processor than to write it.
const GATHERING: Duration = Duration::from_millis(10);

/// How long the command waits at its end for what has not been written yet.
const PATIENCE: Duration = Duration::from_millis(500);

/// Puts verdicts into words and hands them over to a thread that writes them.
pub(super) fn writer(json: bool) -> (impl Fn(&Verdict) + Send + Sync + 'static, Ending) {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    let (ended, end) = mpsc::channel();
    let write = if json { to_stdout } else { to_stderr };
    thread::spawn(move || {
        write_all(&receiver, write);
        // Nobody waits any more if this cannot be told.
        let _ = ended.send(());
    });
    let words = if json { json_line } else { lines };
    (move |verdict: &Verdict| hand_over(&sender, words(verdict)), Ending(end))
}

/// The end of the writing, which comes when the emulator has gone.
pub(super) struct Ending(Receiver<()>);

impl Ending {
    /// Waits for it, though not for a reader that reads no more.
    pub(super) fn wait(self) {
        let _ = self.0.recv_timeout(PATIENCE);
    }
}

fn hand_over(sender: &SyncSender<String>, words: String) {
    // If too many are waiting, or nobody writes any more, this one is told to nobody.
    let _ = sender.try_send(words);
}

/// Writes what comes until nothing can come any more.
fn write_all(receiver: &Receiver<String>, write: fn(&str)) {
    while let Ok(mut words) = receiver.recv() {
        thread::sleep(GATHERING);
        words.extend(receiver.try_iter());
        write(&words);
    }
}

// What cannot be written can be told to nobody, and an emulator whose reader is gone goes on serving. Nothing in a
// verdict is for a terminal to obey, so it is written as it is.

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

fn lines(verdict: &Verdict) -> String {
    format!("{verdict}\n\n")
}
