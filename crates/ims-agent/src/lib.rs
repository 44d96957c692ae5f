#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod agent;
mod api;
mod context;
mod health;
mod reload;

mod access;
mod activity;
mod listener;
mod server;

mod answer;
mod event;
mod metrics;
mod service_manager;
#[cfg(unix)]
mod socket_file;
mod token_answer;
mod watched_files;

pub use access::{AllowedCallers, Capability, CapabilityError};
pub use agent::{Agent, AgentBuilder, StartError};
pub use context::Loaded;
pub use event::Event;
pub use listener::{ListenError, Listener};
pub use server::Limits;
pub use service_manager::ServiceManager;
