//! The agent and the proxy against the emulator, as programs in any language use them.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

mod agent;
mod api;
mod connections;
mod fixture;
mod proxy;
// Its callers are at a socket.
#[cfg(unix)]
mod rotation;
