#![doc = include_str!("../README.md")]

mod access_token;
mod admin_organizations;
mod admin_profile;
mod answer;
mod authorization_code;
#[cfg(feature = "authorization-code")]
mod authorize_url;
mod client_credentials;
mod client_registration;
mod client_secret;
mod cluster_exchange;
#[cfg(feature = "authorization-code")]
mod code_exchange;
#[cfg(feature = "authorization-code")]
mod code_verifier;
mod discovery;
mod error;
mod fulfillable_data;
mod grant;
mod id_token;
mod invalidate_token;
mod jwt_exchange;
mod logout_url;
mod message;
#[cfg(feature = "authorization-code")]
mod nonce;
mod organizations;
mod permanent_code_exchange;
mod profile;
mod published_keys;
#[cfg(feature = "authorization-code")]
mod random_text;
mod refresh_token;
mod refusal;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod resource;
mod revoke_token;
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
mod user_info;
mod user_tokens;
mod validate_token;

pub use access_token::AccessToken;
pub use admin_organizations::AdminOrganizations;
pub use admin_profile::AdminProfile;
pub use authorization_code::AuthorizationCode;
#[cfg(feature = "authorization-code")]
pub use authorize_url::{AuthorizeUrl, AuthorizeVersion, Prompt, ResponseType};
pub use client_credentials::ClientCredentials;
pub use client_registration::{ClientRegistration, RegisteredClient};
pub use client_secret::ClientSecret;
pub use cluster_exchange::{ClusterExchange, ClusterTarget};
#[cfg(feature = "authorization-code")]
pub use code_exchange::CodeExchange;
#[cfg(feature = "authorization-code")]
pub use code_verifier::CodeVerifier;
pub use discovery::{Discovery, ProviderMetadata};
pub use error::ExchangeError;
pub use grant::Grant;
pub use id_token::IdToken;
pub use invalidate_token::InvalidateToken;
pub use jwt_exchange::JwtExchange;
pub use logout_url::LogoutUrl;
pub use message::{Request, Response};
#[cfg(feature = "authorization-code")]
pub use nonce::Nonce;
pub use organizations::{OrgRef, Organization, Organizations};
pub use permanent_code_exchange::PermanentCodeExchange;
pub use profile::{ProductContext, Profile, UserProfile};
pub use published_keys::PublishedKeys;
pub use refresh_token::RefreshToken;
pub use refusal::{Cause, Refusal};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::ReqwestTransport;
pub use resource::Resource;
pub use revoke_token::RevokeToken;
pub use scope::Scope;
#[cfg(feature = "authorization-code")]
pub use state::State;
pub use token_exchange::TokenExchange;
pub use token_kind::TokenKind;
pub use token_refresh::TokenRefresh;
pub use transport::{SharedTransport, Transport, TransportError};
pub use user_info::{UserClaims, UserInfo};
pub use user_tokens::UserTokens;
pub use validate_token::{TokenValidity, ValidateToken};
