//! Reads the redirect that a person pastes from the browser's address bar.

use std::{
    io::{self, BufRead, Read},
    thread,
};

use ims::{
    SignIn,
    exchange::{RedirectError, Response},
};
use tokio::sync::mpsc;

use crate::{failure::Failure, output};

/// The first line of standard input that is the redirect of `sign_in`.
pub(super) async fn redirect(sign_in: &SignIn) -> Result<String, Failure> {
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        match sign_in.code(&line) {
            Ok(_) | Err(RedirectError::Refused { .. }) => return Ok(line),
            Err(_) if line.trim().is_empty() => {}
            Err(error) => output::note("note", &format!("{error}: paste the whole address")),
        }
    }
    Err(Failure::person("the input ended before the address was pasted"))
}

/// The lines of standard input, from a thread that the command does not wait for at its end.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Ok(Some(line)) = line(&mut stdin) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// The next line, up to the longest length of a redirect.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    const MOST: u64 = Response::MAX_BODY as u64 + 1;
    let mut line = Vec::new();
    let read = input.by_ref().take(MOST).read_until(b'\n', &mut line)?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_in_pieces_that_no_memory_is_short_of() {
        let text = "a".repeat(Response::MAX_BODY) + "bc\n\nd";
        let mut input = text.as_bytes();
        let mut lengths = Vec::new();
        while let Some(line) = line(&mut input).unwrap() {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [Response::MAX_BODY + 1, 2, 1, 1]);
    }
}
