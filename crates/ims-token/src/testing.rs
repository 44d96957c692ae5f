//! What tests need: a clock to advance, a source that follows a script, and what every store must do.

mod clock;
mod scripted_source;
mod store_conformance;

pub use clock::FakeClock;
pub use scripted_source::ScriptedSource;
pub use store_conformance::{check_lease_lapses, check_store};
