//! The person's browser.

use std::{env, thread};

use crate::output;

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
