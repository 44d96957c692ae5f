#![doc = include_str!("../README.md")]

mod access_token;
mod answer;
mod authorization_code;
#[cfg(feature = "authorization-code")]
mod authorize_url;
mod client_credentials;
mod client_secret;
mod cluster_exchange;
#[cfg(feature = "authorization-code")]
mod code_exchange;
#[cfg(feature = "authorization-code")]
mod code_verifier;
mod error;
mod grant;
mod id_token;
mod jwt_exchange;
mod message;
#[cfg(feature = "authorization-code")]
mod nonce;
mod permanent_code_exchange;
mod published_keys;
#[cfg(feature = "authorization-code")]
mod random_text;
mod refresh_token;
mod refusal;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod resource;
mod scope;
mod secret_text;
#[cfg(feature = "authorization-code")]
mod state;
mod strict_json;
#[cfg(feature = "testing")]
pub mod testing;
mod token_answer;
mod token_exchange;
mod token_kind;
mod token_refresh;
mod transport;
mod user_tokens;
mod validate_token;

pub use access_token::AccessToken;
pub use authorization_code::AuthorizationCode;
#[cfg(feature = "authorization-code")]
pub use authorize_url::{AuthorizeUrl, AuthorizeVersion, Prompt, ResponseType};
pub use client_credentials::ClientCredentials;
pub use client_secret::ClientSecret;
pub use cluster_exchange::{ClusterExchange, ClusterTarget};
#[cfg(feature = "authorization-code")]
pub use code_exchange::CodeExchange;
#[cfg(feature = "authorization-code")]
pub use code_verifier::CodeVerifier;
pub use error::ExchangeError;
pub use grant::Grant;
pub use id_token::IdToken;
pub use jwt_exchange::JwtExchange;
pub use message::{Request, Response};
#[cfg(feature = "authorization-code")]
pub use nonce::Nonce;
pub use permanent_code_exchange::PermanentCodeExchange;
pub use published_keys::PublishedKeys;
pub use refresh_token::RefreshToken;
pub use refusal::{Cause, Refusal};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::ReqwestTransport;
pub use resource::Resource;
pub use scope::Scope;
#[cfg(feature = "authorization-code")]
pub use state::State;
pub use token_exchange::TokenExchange;
pub use token_kind::TokenKind;
pub use token_refresh::TokenRefresh;
pub use transport::{SharedTransport, Transport, TransportError};
pub use user_tokens::UserTokens;
pub use validate_token::{TokenValidity, ValidateToken};
