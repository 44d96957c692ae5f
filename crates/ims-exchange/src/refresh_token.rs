//! What keeps a person signed in.

use secrecy::SecretString;

use crate::secret_text::{is_token, secret_text};

/// A refresh token (RFC 6749 §1.5): visible ASCII, at most 64 KiB.
///
/// IMS gives one with the scope `offline_access` and lets it live for 14 days. Source: AdobeDocs/adobe-dev-console, "User
/// Authentication". Each refresh may bring a new one, which then takes the place of the old.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

secret_text!(RefreshToken, is_token);
