#![doc = include_str!("../README.md")]

#[cfg(feature = "blocking")]
mod blocking;
mod client;
mod client_builder;
mod credentials;
mod error;
mod server_to_server;
mod service_account;
mod signing_key;

#[cfg(feature = "blocking")]
pub use blocking::BlockingClient;
pub use client::Client;
pub use client_builder::{ClientBuilder, REQUEST_TIMEOUT};
pub use credentials::{
    Credential, Credentials, CredentialsError, Form, ServerToServerCredential,
    ServiceAccountCredential,
};
pub use error::Error;
pub use signing_key::SigningKey;

pub use ims_cert as cert;
pub use ims_claims as claims;
pub use ims_exchange as exchange;
pub use ims_sign as sign;
pub use ims_token as token;

pub use ims_exchange::AccessToken;
pub use ims_token::TokenError;
