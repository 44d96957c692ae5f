//! The agent and the proxy against the emulator, as programs in any language use them.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

mod agent;
mod api;
mod connections;
mod fixture;
mod proxy;
// Its callers connect to a socket.
#[cfg(unix)]
mod rotation;
