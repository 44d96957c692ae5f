#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_token;
mod answer;
mod authorization_code;
mod browser;
mod call;
mod client_secret;
mod error;
mod grant;
mod id_token;
mod message;
mod promise_token;
mod refresh_token;
mod refusal;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod resource;
mod scope;
mod secret_text;
mod strict_json;
#[cfg(feature = "testing")]
pub mod testing;
mod token_kind;
mod transport;
mod user_tokens;

pub use access_token::AccessToken;
pub use authorization_code::AuthorizationCode;
pub use browser::LogoutUrl;
#[cfg(feature = "authorization-code")]
pub use browser::{
    AuthorizeUrl, AuthorizeVersion, CodeVerifier, Nonce, Prompt, RedirectError, ResponseType, State,
};
pub use call::{
    AdminOrganizations, AdminProfile, ClientRegistration, Discovery, InvalidateToken, OrgRef,
    Organization, Organizations, ProductContext, Profile, Promise, PromiseRequest,
    ProviderMetadata, PublishedKeys, RegisteredClient, RevokeToken, TokenValidity, UserClaims,
    UserInfo, UserProfile, ValidateToken,
};
pub use client_secret::ClientSecret;
pub use error::ExchangeError;
#[cfg(feature = "authorization-code")]
pub use grant::CodeExchange;
pub use grant::{
    ClientCredentials, ClusterExchange, ClusterTarget, Grant, JwtExchange, PermanentCodeExchange,
    PromiseExchange, TokenExchange, TokenRefresh,
};
pub use id_token::IdToken;
pub use message::{Request, Response};
pub use promise_token::PromiseToken;
pub use refresh_token::RefreshToken;
pub use refusal::{Cause, Refusal};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::ReqwestTransport;
pub use resource::Resource;
pub use scope::Scope;
pub use token_kind::TokenKind;
pub use transport::{SharedTransport, Transport, TransportError};
pub use user_tokens::UserTokens;
