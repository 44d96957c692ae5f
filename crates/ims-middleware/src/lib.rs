#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod allowed_hosts;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod authorizer;
#[cfg(feature = "reqwest")]
mod destination;
#[cfg(test)]
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod fixture;
mod hop_by_hop;
mod no_token;
#[cfg(feature = "tower")]
mod token_layer;
#[cfg(feature = "reqwest")]
mod token_middleware;

pub use allowed_hosts::{ADOBE_DOMAINS, AllowedHosts, DomainError};
#[cfg(feature = "reqwest")]
pub use destination::{Destination, DestinationError};
pub use hop_by_hop::remove_hop_by_hop;
pub use no_token::NoToken;
#[cfg(feature = "tower")]
pub use token_layer::{TokenLayer, TokenService};
#[cfg(feature = "reqwest")]
pub use token_middleware::TokenMiddleware;
