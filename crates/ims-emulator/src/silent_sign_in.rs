//! What a client meets that asks for a sign-in without the user seeing anything.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The answer to `prompt=none`. Source: AdobeDocs/adobe-dev-console, "User Authentication", Authorize Request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SilentSignIn {
    /// The user is signed in and has allowed the client.
    #[default]
    Granted,
    /// No user is signed in: `error=login_required`.
    LoginRequired,
    /// The user has not allowed the client: `error=consent_required`.
    ConsentRequired,
    /// The user has something else to do, such as to accept terms: `error=interaction_required`.
    InteractionRequired,
}

impl SilentSignIn {
    /// Why a silent sign-in is refused, if it is.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Granted => None,
            Self::LoginRequired => Some(Refusal::LoginRequired),
            Self::ConsentRequired => Some(Refusal::ConsentRequired),
            Self::InteractionRequired => Some(Refusal::InteractionRequired),
        }
    }
}
