//! The targets, by what they read. Each takes any bytes, and panics only if a property does not hold.

pub(crate) mod answers;
pub(crate) mod credentials;
pub(crate) mod emulator;
pub(crate) mod keys;
pub(crate) mod stores;
pub(crate) mod texts;
pub(crate) mod tokens;
