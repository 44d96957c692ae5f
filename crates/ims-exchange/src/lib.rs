#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod browser;
mod call;
mod grant;
mod question;

mod message;
mod proxy_refusal;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
mod transport;

mod answer;
mod error;
mod refusal;
mod strict_json;

mod access_token;
mod scope;
mod secret_text;
#[cfg(feature = "single-flight")]
mod single_flight;
mod text_error;

#[cfg(feature = "testing")]
pub mod testing;

pub use access_token::{AccessToken, BearerToken, WeakAccessToken};
pub use browser::LogoutUrl;
#[cfg(feature = "authorization-code")]
pub use browser::{
    AuthorizeUrl, AuthorizeVersion, CodeVerifier, IdTokenFault, Nonce, Prompt, RedirectError,
    ResponseType, State,
};
pub use call::{Call, Grant};
pub use error::ExchangeError;
#[cfg(feature = "authorization-code")]
pub use grant::CodeExchange;
pub use grant::{
    ClientCredentials, ClusterExchange, ClusterTarget, JwtExchange, PermanentCodeExchange, Promise,
    PromiseExchange, PromiseRequest, PromisedTokens, TokenExchange, TokenRefresh, UserTokens,
};
pub use message::{Request, Response};
pub use proxy_refusal::ProxyRefusal;
pub use question::{
    AddSecret, AdminOrganizations, AdminProfile, AnyToken, ClientRegistration, ConsoleCredential,
    ConsoleCredentialId, ConsoleIdError, ConsoleOrgId, ConsolePageError, DeleteSecret, Discovery,
    IO_MANAGEMENT_SCOPES, InvalidateToken, ListSecrets, NewSecret, OrgRef, Organization,
    Organizations, ProductContext, Profile, ProviderMetadata, PublishedKeys, RegisteredClient,
    RevokeToken, SecretId, SecretInfo, SecretList, TokenKind, TokenValidity, UserClaims, UserId,
    UserIdError, UserInfo, UserProfile, ValidateToken,
};
pub use refusal::{
    Refusal,
    reason::{Cause, Reason},
};
#[cfg(feature = "reqwest")]
pub use reqwest_transport::{
    ReqwestTransport,
    ca_certificates::{CaCertificates, CaCertificatesError},
    plain_words::plain_words,
};
pub use scope::{Resource, Scope};
pub use secret_text::{AuthorizationCode, ClientSecret, IdToken, PromiseToken, RefreshToken};
#[cfg(feature = "single-flight")]
pub use single_flight::{InFlight, Leader};
pub use text_error::TextError;
pub use transport::{SharedTransport, Transport, TransportError, VariableError};
