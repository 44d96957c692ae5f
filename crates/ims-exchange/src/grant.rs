//! The grants, by which a client obtains a token (RFC 6749 §1.3).

mod client_credentials;
mod cluster_exchange;
#[cfg(feature = "authorization-code")]
mod code_exchange;
mod jwt_exchange;
mod permanent_code_exchange;
mod promise;
pub(crate) mod token_answer;
mod token_exchange;
mod token_refresh;

pub use client_credentials::ClientCredentials;
pub use cluster_exchange::{ClusterExchange, ClusterTarget};
#[cfg(feature = "authorization-code")]
pub use code_exchange::CodeExchange;
pub use jwt_exchange::JwtExchange;
pub use permanent_code_exchange::PermanentCodeExchange;
pub use promise::{Promise, PromiseExchange, PromiseRequest, PromisedTokens};
pub use token_answer::UserTokens;
pub use token_exchange::TokenExchange;
pub use token_refresh::TokenRefresh;
