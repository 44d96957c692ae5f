//! What IMS hands to the browser when a person has signed in.

use secrecy::SecretString;

use crate::secret_text::{is_token, secret_text};

/// An authorization code (RFC 6749 §1.3.1), the `code` of the redirect: visible ASCII, at most 64 KiB, and good once.
#[derive(Clone)]
pub struct AuthorizationCode(SecretString);

secret_text!(AuthorizationCode, is_token);
