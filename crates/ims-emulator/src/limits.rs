//! Limits for each client.

use std::time::Duration;

/// The limits for one client, so that the others are still answered.
///
/// ```
/// use std::time::Duration;
///
/// use ims_emulator::{Emulator, Limits};
///
/// let mut limits = Limits::default();
/// limits.connections = 8;
/// limits.head_timeout = Duration::from_secs(1);
/// let emulator = Emulator::builder().with_limits(limits);
/// # let _ = emulator;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time, 512 by default; further ones wait.
    pub connections: usize,
    /// How long a connection may take for the head of its next request, idle time included; 15 seconds.
    pub head_timeout: Duration,
    /// How long the body may take after its head; 15 seconds.
    pub body_timeout: Duration,
    /// The longest body in bytes, 64 KiB.
    pub body_bytes: usize,
    /// How long a client may pause while it reads an answer; 15 seconds.
    pub write_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(15),
            body_bytes: 64 * 1024,
            write_timeout: Duration::from_secs(15),
        }
    }
}
