//! The monotonic clock by which deadlines are kept; nothing else in this crate asks the machine for the time.

use std::time::Instant;

pub(super) fn now() -> Instant {
    Instant::now()
}
