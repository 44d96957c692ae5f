#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod alternatives;
mod client;
mod client_builder;
mod connection;
mod error;
mod report;

#[cfg(feature = "service-account")]
mod service_account;
mod source;
mod user;

#[cfg(feature = "blocking")]
mod blocking;

#[cfg(feature = "blocking")]
pub use blocking::BlockingClient;
pub use client::{ApiKeyAlone, Client};
pub use client_builder::{CERTIFICATE_MARGIN, ClientBuilder};
#[cfg(feature = "reqwest")]
pub use connection::ca_certificates;
pub use connection::{Connection, REQUEST_TIMEOUT};
pub use error::Error;
pub use report::{ImsAnswer, Report};
#[cfg(feature = "service-account")]
pub use service_account::signing_pair::{certificates_of_signing_key, open_signing_key};
pub use user::refresh_tokens::RefreshTokens;
#[cfg(feature = "sign-in")]
pub use user::sign_in::{SignIn, SignInError, SignedIn};

#[cfg(feature = "keyring")]
pub use ims_credentials::keyring;
pub use ims_credentials::{
    ApiKeyCredential, COMMAND_TIMEOUT, Change, ClientSecrets, ContextName, Credential, Credentials,
    CredentialsError, Discovered, Discovery, DiscoveryError, Form, KNOWN_METASCOPES, KeyPair,
    MappedMetascope, Migration, MigrationError, RefreshTokenStore, RefreshTokensError, SecretFault,
    ServerToServerCredential, ServiceAccountCredential, SigningKey, SigningKeys, Source,
    TokenCredential, UserCredential, contexts_file,
};
#[cfg(feature = "contexts")]
pub use ims_credentials::{ContextFile, Contexts, ContextsError};

#[cfg(feature = "service-account")]
pub use ims_cert as cert;
pub use ims_claims as claims;
pub use ims_exchange as exchange;
#[cfg(feature = "middleware")]
pub use ims_middleware as middleware;
#[cfg(any(feature = "jsonwebtoken", feature = "service-account", feature = "verify"))]
pub use ims_sign as sign;
pub use ims_token as token;
#[cfg(feature = "verify")]
pub use ims_verify as verify;

#[cfg(feature = "sign-in")]
pub use ims_exchange::IdTokenFault;
pub use ims_exchange::{AccessToken, VariableError};
pub use ims_token::{ReadyTokenError, TokenError};
