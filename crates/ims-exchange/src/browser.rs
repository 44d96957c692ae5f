//! What goes through a browser when a person signs in and out. The browser can see all of it except the code verifier,
//! which stays here.

#[cfg(feature = "authorization-code")]
mod authorize_url;
#[cfg(feature = "authorization-code")]
mod id_token;
mod logout_url;
#[cfg(feature = "authorization-code")]
pub(crate) mod random_text;
#[cfg(feature = "authorization-code")]
mod redirect;

#[cfg(feature = "authorization-code")]
pub use authorize_url::{AuthorizeUrl, AuthorizeVersion, Prompt, ResponseType};
#[cfg(feature = "authorization-code")]
pub use id_token::IdTokenFault;
pub use logout_url::LogoutUrl;
#[cfg(feature = "authorization-code")]
pub use random_text::{CodeVerifier, Nonce, State};
#[cfg(feature = "authorization-code")]
pub use redirect::RedirectError;
