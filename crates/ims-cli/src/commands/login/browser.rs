//! The person's browser: opening it, and reading the redirect that the person pastes from its address bar.

use std::{
    env,
    io::{self, BufRead, Read},
    thread,
};

use ims::{
    SignIn,
    exchange::{RedirectError, Response},
};
use tokio::sync::mpsc;

use crate::{failure::Failure, output};

/// Why no browser of this machine can be seen by the person, if so.
pub(super) fn obstacle() -> Option<&'static str> {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = cfg!(any(target_os = "macos", windows))
        || ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
    if is_set("SSH_CONNECTION") {
        Some("this is a session over SSH, and the browser is elsewhere")
    } else if has_display {
        None
    } else {
        Some("there is no display here")
    }
}

/// Opens `url`, by `BROWSER` if that is set. If that fails, a message says so: the person can still open it.
///
/// It does so on a new thread: a browser that runs in the terminal takes as long as the person does.
pub(super) fn open(url: &str) {
    let url = url.to_owned();
    thread::spawn(move || {
        if webbrowser::open(&url).is_err() {
            output::note("note", "no browser can be opened here: open the address yourself");
        }
    });
}

/// The first line of standard input that is the redirect of `sign_in`.
pub(super) async fn pasted_redirect(sign_in: &SignIn) -> Result<String, Failure> {
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
    fn a_long_line_is_read_in_small_pieces() {
        let text = "a".repeat(Response::MAX_BODY) + "bc\n\nd";
        let mut input = text.as_bytes();
        let mut lengths = Vec::new();
        while let Some(line) = line(&mut input).unwrap() {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [Response::MAX_BODY + 1, 2, 1, 1]);
    }
}
