#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod agent;
mod api;
mod context;
mod health;
mod reload;

mod access;
mod activity;
mod listen_error;
mod listener;
mod server;
#[cfg(unix)]
mod socket_file;

mod proxy;

mod answer;
mod counts;
mod event;
mod metrics;
mod service_manager;
mod token_answer;
mod watched_files;

pub use access::{AllowedCallers, Capability, CapabilityError};
pub use agent::{Agent, AgentBuilder, StartError};
pub use context::Loaded;
pub use event::Event;
pub use listen_error::ListenError;
pub use listener::Listener;
pub use proxy::{
    Proxy, ProxyError,
    destination::{Destination, DestinationError},
};
pub use server::Limits;
pub use service_manager::ServiceManager;
