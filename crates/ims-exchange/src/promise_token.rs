//! What stands for a user who is not there any more.

use secrecy::SecretString;

use crate::secret_text::{is_token, secret_text};

/// A promise token: a service keeps it to ask for the user's access tokens later. Visible ASCII, at most 64 KiB. Source:
/// adobe/ims-go, `ims/promise.go`.
#[derive(Clone)]
pub struct PromiseToken(SecretString);

secret_text!(PromiseToken, is_token);
