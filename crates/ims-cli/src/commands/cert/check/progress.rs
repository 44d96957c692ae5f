//! How far the reading has come, for a person who waits.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, if that is a terminal and there is something to wait for.
pub(super) fn bar(files: usize) -> ProgressBar {
    if files < WORTH_A_BAR {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} files, {eta} left");
    let style = style.expect("the template is a constant that indicatif takes");
    // A target that is no terminal shows nothing.
    let bar =
        ProgressBar::with_draw_target(u64::try_from(files).ok(), ProgressDrawTarget::stderr());
    bar.with_style(style)
}

/// Fewer are read before a person has seen that there is a bar.
const WORTH_A_BAR: usize = 2_000;
