#![doc = include_str!("../README.md")]

#[cfg(feature = "blocking")]
mod blocking;
mod client;
mod client_builder;
mod client_secrets;
mod credential;
mod credentials;
mod error;
mod server_to_server;
mod service_account;
mod signing_key;
mod signing_keys;

#[cfg(feature = "blocking")]
pub use blocking::BlockingClient;
pub use client::Client;
pub use client_builder::{ClientBuilder, REQUEST_TIMEOUT};
pub use client_secrets::ClientSecrets;
pub use credential::{
    ApiKeyCredential, Credential, ServerToServerCredential, ServiceAccountCredential,
};
pub use credentials::{Credentials, CredentialsError, Form};
pub use error::{ApiKeyAlone, Error};
pub use signing_key::SigningKey;
pub use signing_keys::{KeyPair, SigningKeys};

pub use ims_cert as cert;
pub use ims_claims as claims;
pub use ims_exchange as exchange;
pub use ims_sign as sign;
pub use ims_token as token;
pub use ims_verify as verify;

pub use ims_exchange::AccessToken;
pub use ims_token::TokenError;
