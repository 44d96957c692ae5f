#![doc = include_str!("../README.md")]

#[cfg(feature = "blocking")]
mod blocking;
mod certificate_explains;
mod client;
mod client_builder;
mod client_secrets;
mod connection;
#[cfg(feature = "contexts")]
mod contexts;
mod credential;
mod credentials;
mod error;
#[cfg(feature = "keyring")]
pub mod keyring;
mod migration;
mod preferred;
mod private_file;
mod refresh_tokens;
mod server_to_server;
mod service_account;
#[cfg(feature = "sign-in")]
mod sign_in;
mod signing_key;
mod signing_keys;
mod signing_pair;
mod unsaved;
mod user;

#[cfg(feature = "blocking")]
pub use blocking::BlockingClient;
pub use certificate_explains::{CertificateEvidence, CertificateExplains};
pub use client::{ApiKeyAlone, Client};
pub use client_builder::{CERTIFICATE_MARGIN, ClientBuilder, REQUEST_TIMEOUT};
pub use client_secrets::ClientSecrets;
#[cfg(feature = "contexts")]
pub use contexts::{ContextFile, Contexts, ContextsError};
pub use credential::{
    ApiKeyCredential, Credential, ServerToServerCredential, ServiceAccountCredential,
    UserCredential,
};
pub use credentials::{COMMAND_TIMEOUT, Credentials, CredentialsError, Form};
pub use error::Error;
pub use migration::{Change, MappedMetascope, Migration, MigrationError};
pub use refresh_tokens::{RefreshTokens, RefreshTokensError};
#[cfg(feature = "sign-in")]
pub use sign_in::{IdTokenFault, SignIn, SignInError, SignedIn};
pub use signing_key::SigningKey;
pub use signing_keys::{KeyPair, SigningKeys};
pub use user::NotSignedIn;

pub use ims_cert as cert;
pub use ims_claims as claims;
pub use ims_exchange as exchange;
pub use ims_sign as sign;
pub use ims_token as token;
pub use ims_verify as verify;

pub use ims_exchange::AccessToken;
pub use ims_token::TokenError;
