//! The runtime that refreshes run in, and its timer: tokio's. In tests of this crate, the model replaces it.

#[cfg(not(test))]
pub(crate) use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

#[cfg(test)]
pub(crate) use crate::model::runtime::{Handle, sleep, timeout};
