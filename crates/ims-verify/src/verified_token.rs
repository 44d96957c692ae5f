//! What a resource server learns from a token that is good.

use std::{fmt, sync::Arc};

use ims_claims::{AccessTokenPayload, ClientId, NumericDate};
use ims_exchange::Scope;

/// What a good token says of its holder. Only a [`TokenVerifier`](crate::TokenVerifier) makes one. A clone shares it.
///
/// It was good when it was verified; who keeps it has to look at [`expires_at`](VerifiedToken::expires_at). Its `Debug`
/// names the client alone, since the payload says much of a person.
#[derive(Clone)]
pub struct VerifiedToken(Arc<Claims>);

struct Claims {
    client_id: ClientId,
    payload: AccessTokenPayload,
}

impl VerifiedToken {
    pub(crate) fn new(client_id: ClientId, payload: AccessTokenPayload) -> Self {
        Self(Arc::new(Claims { client_id, payload }))
    }

    /// The integration that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The account that the token is for: a person's, or a technical account.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.0.payload.user_id()
    }

    /// What the token allows.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.payload.scopes()
    }

    /// Whether the token allows `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.scopes().any(|own| own == scope.as_str())
    }

    /// When IMS issued the token, rounded down to a second.
    #[must_use]
    pub fn created_at(&self) -> NumericDate {
        self.0.payload.created_at()
    }

    /// When the token expires: from this second on it is bad.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.0.payload.expires_at()
    }

    /// The whole payload, with the members that have no method here.
    #[must_use]
    pub fn payload(&self) -> &AccessTokenPayload {
        &self.0.payload
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedToken({})", self.0.client_id)
    }
}
