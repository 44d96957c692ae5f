//! What goes through a browser when a person signs in and out. Whatever is here can be seen there, but for the code
//! verifier, which stays.

#[cfg(feature = "authorization-code")]
mod authorize_url;
#[cfg(feature = "authorization-code")]
pub(crate) mod code_verifier;
mod logout_url;
#[cfg(feature = "authorization-code")]
mod nonce;
#[cfg(feature = "authorization-code")]
mod random_text;
#[cfg(feature = "authorization-code")]
mod redirect;
#[cfg(feature = "authorization-code")]
mod state;

#[cfg(feature = "authorization-code")]
pub use authorize_url::{AuthorizeUrl, AuthorizeVersion, Prompt, ResponseType};
#[cfg(feature = "authorization-code")]
pub use code_verifier::CodeVerifier;
pub use logout_url::LogoutUrl;
#[cfg(feature = "authorization-code")]
pub use nonce::Nonce;
#[cfg(feature = "authorization-code")]
pub use redirect::RedirectError;
#[cfg(feature = "authorization-code")]
pub use state::State;
