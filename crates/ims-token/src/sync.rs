//! The locks that the flight is built of, in one place: a test puts loom's in their stead.

pub(crate) use std::sync::{Arc, Mutex};
