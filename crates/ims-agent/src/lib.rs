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

mod proxy;

mod answer;
mod error;
mod event;

pub use access::{AllowedCallers, Capability};
pub use agent::Agent;
pub use error::Error;
pub use event::Event;
pub use ims_middleware::{Destination, DestinationError};
pub use listener::Listener;
pub use proxy::Proxy;
pub use server::Limits;
