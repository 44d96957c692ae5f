//! Who signed in, as IMS attests it.

use secrecy::SecretString;

use crate::secret_text::{is_token, secret_text};

/// An ID token (`OpenID` Connect Core 1.0 §2): a signed JWT that says who signed in, for the client and for no API.
///
/// Nothing in it was verified when it is made. It comes with the scope `openid`.
#[derive(Clone)]
pub struct IdToken(SecretString);

secret_text!(IdToken, is_token);
