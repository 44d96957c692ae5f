//! The person's browser.

use std::env;

use crate::output;

/// Why no browser of this machine can be seen by the person, if so.
pub(super) fn obstacle() -> Option<&'static str> {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = cfg!(target_os = "macos")
        || ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set);
    if is_set("SSH_CONNECTION") {
        Some("this is a session over SSH, and the browser is elsewhere")
    } else if has_display {
        None
    } else {
        Some("there is no display here")
    }
}

/// Opens `url`, by `BROWSER` if that is set. If that fails, the person can still open it.
pub(super) fn open(url: &str) {
    let told = match webbrowser::open(url) {
        Ok(()) => "the browser is opened; if it shows nothing, open this address",
        Err(_) => "no browser can be opened here; open this address",
    };
    output::note("note", told);
}
