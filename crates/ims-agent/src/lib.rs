#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod agent;
mod api;
mod context;
mod counts;
mod health;
mod metrics;

mod access;
mod listener;
mod server;
#[cfg(unix)]
mod socket_file;

mod proxy;

mod answer;
mod error;
mod event;

pub use access::{AllowedCallers, Capability};
pub use agent::Agent;
pub use error::Error;
pub use event::Event;
pub use listener::Listener;
pub use proxy::{
    Proxy,
    destination::{Destination, DestinationError},
};
pub use server::Limits;
