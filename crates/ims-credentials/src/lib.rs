#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod assertion_claims;
mod client_secrets;
mod credential;
mod signing_keys;

mod credentials;
mod discovery;
mod error;
mod form;
mod known_metascopes;
mod language;
mod reading;
mod recognition;

#[cfg(feature = "contexts")]
mod contexts;
#[cfg(feature = "keyring")]
pub mod keyring;
mod migration;
mod refresh_token_store;
#[cfg(feature = "testing")]
pub mod testing;

pub use client_secrets::ClientSecrets;
#[cfg(feature = "contexts")]
pub use contexts::{ContextFile, Contexts, ContextsError};
pub use credential::{
    ApiKeyCredential, Credential, ServerToServerCredential, ServiceAccountCredential,
    TokenCredential, UserCredential,
};
pub use credentials::Credentials;
pub use discovery::{ContextName, Discovered, Discovery, DiscoveryError, Source, contexts_file};
pub use error::{CredentialsError, SecretFault};
pub use form::Form;
pub use known_metascopes::KNOWN_METASCOPES;
pub use migration::{Change, MappedMetascope, Migration, MigrationError};
pub use reading::secret_reference::COMMAND_TIMEOUT;
pub use refresh_token_store::{RefreshTokenStore, RefreshTokensError};
pub use signing_keys::{KeyPair, SigningKey, SigningKeys};
