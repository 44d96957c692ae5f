#![doc = include_str!("../README.md")]

mod access_token;
mod client_credentials;
mod client_secret;
mod error;
mod grant;
mod jwt_exchange;
mod message;
mod refusal;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod scope;
#[cfg(feature = "testing")]
pub mod testing;
mod token_answer;
mod transport;

pub use access_token::AccessToken;
pub use client_credentials::ClientCredentials;
pub use client_secret::ClientSecret;
pub use error::ExchangeError;
pub use grant::Grant;
pub use jwt_exchange::JwtExchange;
pub use message::{Request, Response};
pub use refusal::{Cause, Refusal};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::ReqwestTransport;
pub use scope::Scope;
pub use transport::{SharedTransport, Transport, TransportError};
