//! A way to ask for a token. Pure: a request comes out, an answer goes in, nothing is sent here.

use ims_claims::{Environment, NumericDate};

use crate::{AccessToken, ExchangeError, Request, Response};

mod client_credentials;
mod cluster_exchange;
#[cfg(feature = "authorization-code")]
mod code_exchange;
mod jwt_exchange;
mod permanent_code_exchange;
mod promise_exchange;
mod token_answer;
mod token_exchange;
mod token_refresh;

pub use client_credentials::ClientCredentials;
pub use cluster_exchange::{ClusterExchange, ClusterTarget};
#[cfg(feature = "authorization-code")]
pub use code_exchange::CodeExchange;
pub use jwt_exchange::JwtExchange;
pub use permanent_code_exchange::PermanentCodeExchange;
pub use promise_exchange::PromiseExchange;
pub use token_exchange::TokenExchange;
pub use token_refresh::TokenRefresh;

/// A way to ask for a token (RFC 6749 §1.3). Sealed: IMS, not the caller, decides which grants exist.
///
/// A grant is good for one request. A retry makes a new one, with an assertion signed anew: to send the same assertion
/// twice can turn one lost answer into `invalid_jti`.
pub trait Grant: sealed::Sealed {
    /// What to send.
    fn request(&self, environment: &Environment) -> Request;

    /// Reads the answer. `sent_at` is when the request was about to be sent: the token's life is counted from there, so
    /// that it never seems longer than it is.
    ///
    /// # Errors
    /// [`ExchangeError`], by what the caller can do.
    fn token(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<AccessToken, ExchangeError>;
}

pub(crate) mod sealed {
    /// Keeps [`Grant`](super::Grant) to this crate.
    pub trait Sealed {}
}
