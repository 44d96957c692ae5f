//! The data of a valid token, for a resource server.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use ims_claims::{
    AccessTokenClaims, AccessTokenPayload, ClientId, JsonObject, NumericDate, strict_object,
};
use ims_exchange::Scope;

/// The data of a valid token about its holder. Only a [`TokenVerifier`](crate::TokenVerifier) makes one. A clone shares it.
///
/// It was valid when it was verified. Anyone who keeps it has to check [`expires_at`](VerifiedToken::expires_at). Its
/// `Debug` shows only the client, since the payload contains personal data.
///
/// ```
/// use ims_exchange::Scope;
/// use ims_verify::VerifiedToken;
///
/// /// Whether the caller may write.
/// fn may_write(token: &VerifiedToken, scope: &Scope) -> bool {
///     println!("{} for {:?}, until {}", token.client_id(), token.user_id(), token.expires_at());
///     token.has_scope(scope)
/// }
/// ```
#[derive(Clone)]
pub struct VerifiedToken(Arc<Claims>);

struct Claims {
    client_id: ClientId,
    parts: Parts,
    /// The payload's bytes, and all its members once someone has asked for them.
    json: Vec<u8>,
    payload: OnceLock<AccessTokenPayload>,
}

/// The claims of a token, apart from the client. Texts are positions in its bytes, which are kept anyway.
pub(crate) struct Parts {
    user_id: Option<Text>,
    scope: Option<Text>,
    created_at: NumericDate,
    expires_at: NumericDate,
}

enum Text {
    /// Where it is in the payload.
    At(Range<usize>),
    /// A text that has escapes in the payload.
    Unescaped(Box<str>),
}

impl Parts {
    /// `json` is the text from which `claims` were read.
    pub(crate) fn of(claims: &AccessTokenClaims<'_>, json: &[u8]) -> Self {
        Self {
            user_id: claims.user_id().map(|text| Text::of(text, json)),
            scope: claims.scope().map(|text| Text::of(text, json)),
            created_at: claims.created_at(),
            expires_at: claims.expires_at(),
        }
    }
}

impl Text {
    fn of(text: &str, json: &[u8]) -> Self {
        let start = text.as_ptr().addr().wrapping_sub(json.as_ptr().addr());
        let place = start..start.saturating_add(text.len());
        // A text that was unescaped is in other memory, so its place is beyond the end.
        if json.get(place.clone()).is_some() {
            Self::At(place)
        } else {
            Self::Unescaped(text.into())
        }
    }

    fn in_json<'a>(&'a self, json: &'a [u8]) -> &'a str {
        match self {
            Self::At(place) => str::from_utf8(&json[place.clone()]).unwrap_or_default(),
            Self::Unescaped(text) => text,
        }
    }
}

impl VerifiedToken {
    /// `json` is the text from which `parts` were read.
    pub(crate) fn new(client_id: ClientId, parts: Parts, json: Vec<u8>) -> Self {
        Self(Arc::new(Claims { client_id, parts, json, payload: OnceLock::new() }))
    }

    /// The integration that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The account that the token is for: a person's, or a technical account.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.0.parts.user_id.as_ref().map(|text| text.in_json(&self.0.json))
    }

    /// What the token allows.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scope = self.0.parts.scope.as_ref().map(|text| text.in_json(&self.0.json));
        AccessTokenClaims::scopes_in(scope.unwrap_or_default())
    }

    /// Whether the token allows `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.scopes().any(|own| own == scope.as_str())
    }

    /// When IMS issued the token, rounded down to a second.
    #[must_use]
    pub fn created_at(&self) -> NumericDate {
        self.0.parts.created_at
    }

    /// When the token expires: from this second on it is not valid.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.0.parts.expires_at
    }

    /// The whole payload, with the members that have no method here. It is read when it is first asked for.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the same bytes have been read before")]
    pub fn payload(&self) -> &AccessTokenPayload {
        self.0.payload.get_or_init(|| {
            let members: JsonObject = strict_object(&self.0.json, "payload").unwrap_or_default();
            let payload = AccessTokenPayload::from_object(members);
            payload.expect("the same bytes were read as an access token before")
        })
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedToken({})", self.0.client_id)
    }
}
