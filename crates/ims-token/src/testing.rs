//! What tests need.

mod clock;

pub use clock::FakeClock;
