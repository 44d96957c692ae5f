//! The tokens that the emulator issues, access tokens and others: IMS's form, the emulator's key.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::{AccessTokenPayload, ClientId, CompactJwt};
use serde::Serialize;

use crate::{clock::date, integration::Integration, token_key::KeyRing};

/// What a token can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
    Code,
    Service,
    Promise,
}

impl TokenKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Access, Self::Refresh, Self::Code, Self::Service, Self::Promise];

    /// The kind in the token's payload, `type`, and in requests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
            Self::Code => "authorization_code",
            Self::Service => "service_token",
            Self::Promise => "promise_token",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind in the token's header, `itt`. Only `at` was seen. The others are invented by the emulator.
    fn header_name(self) -> &'static str {
        match self {
            Self::Access => "at",
            Self::Refresh => "rt",
            Self::Code => "ac",
            Self::Service => "st",
            Self::Promise => "pt",
        }
    }
}

/// A token that is about to be issued.
pub(crate) struct NewToken<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) client_id: &'a ClientId,
    pub(crate) user_id: &'a str,
    /// The scopes, separated by commas.
    pub(crate) scope: String,
    pub(crate) lifetime: Duration,
    /// The sign-in that it comes from, if a user signed in. All tokens of one sign-in can be revoked together.
    pub(crate) session: Option<&'a str>,
    pub(crate) challenge: Option<Challenge<'a>>,
    /// What a code passes on to the ID token.
    pub(crate) nonce: Option<&'a str>,
    /// The refresh token that comes with it.
    pub(crate) refresh: Option<RefreshToken<'a>>,
}

/// What an access token says about the refresh token that comes with it.
#[derive(Clone, Copy)]
pub(crate) struct RefreshToken<'a> {
    pub(crate) id: &'a str,
    pub(crate) lifetime: Duration,
}

/// What a code's verifier must fit (RFC 7636 §4.3).
#[derive(Clone, Copy)]
pub(crate) struct Challenge<'a> {
    pub(crate) text: &'a str,
    pub(crate) method: &'a str,
}

/// Why a token is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    NotAToken,
    SignatureWrong,
    Expired,
    Revoked,
    OfAnotherKind,
    OfAnotherClient,
}

impl TokenFault {
    /// The fault in one word, for the `reason` of `/ims/validate_token/v1`.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotAToken => "not_a_token",
            Self::SignatureWrong => "bad_signature",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::OfAnotherKind => "of_another_type",
            Self::OfAnotherClient => "of_another_client",
        }
    }
}

/// The members in the order of a token shown in adobe/aio-cli-plugin-cloudmanager#631: there is no `exp`, and times
/// are strings of milliseconds.
#[derive(Serialize)]
struct Payload<'a> {
    id: &'a str,
    r#type: &'a str,
    client_id: &'a ClientId,
    user_id: &'a str,
    r#as: &'a str,
    aa_id: &'a str,
    ctp: u8,
    moi: &'a str,
    expires_in: String,
    scope: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_challenge: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_challenge_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtea: Option<String>,
}

impl<'a> NewToken<'a> {
    /// An access token of the integration's client, which comes from no user's sign-in.
    pub(crate) fn access(integration: &'a Integration, user_id: &'a str, scope: String) -> Self {
        Self {
            kind: TokenKind::Access,
            client_id: integration.client_id(),
            user_id,
            scope,
            lifetime: integration.token_lifetime(),
            session: None,
            challenge: None,
            nonce: None,
            refresh: None,
        }
    }

    pub(crate) fn lifetime_ms(&self) -> u64 {
        u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX)
    }

    /// Issues the token. `id` distinguishes it from every other token.
    pub(crate) fn issue(&self, keys: &KeyRing, id: &str, now_ms: u64) -> String {
        let payload = Payload {
            id,
            r#type: self.kind.name(),
            client_id: self.client_id,
            user_id: self.user_id,
            r#as: "ims-na1",
            aa_id: self.user_id,
            ctp: 0,
            moi: "emulator",
            expires_in: self.lifetime_ms().to_string(),
            scope: &self.scope,
            created_at: now_ms.to_string(),
            sid: self.session,
            code_challenge: self.challenge.map(|challenge| challenge.text),
            code_challenge_method: self.challenge.map(|challenge| challenge.method),
            nonce: self.nonce,
            rtid: self.refresh.map(|refresh| refresh.id),
            rtea: self.refresh.map(|refresh| {
                let lifetime = u64::try_from(refresh.lifetime.as_millis()).unwrap_or(u64::MAX);
                now_ms.saturating_add(lifetime).to_string()
            }),
        };
        // A usual token has less: nothing has to grow.
        let mut json = Vec::with_capacity(512);
        serde_json::to_writer(&mut json, &payload).expect("a struct of strings is always JSON");
        let mut signing_input = String::with_capacity(1536);
        push_header(&mut signing_input, self.kind, &keys.key_id());
        BASE64_URL_SAFE_NO_PAD.encode_string(json, &mut signing_input);
        keys.sign(signing_input)
    }
}

/// Reads `token`, if the emulator has issued it as one of `kind` and it has not expired.
pub(crate) fn read(
    keys: &KeyRing,
    token: &str,
    kind: TokenKind,
    now_ms: u64,
) -> Result<AccessTokenPayload, TokenFault> {
    let jwt = CompactJwt::parse(token).map_err(|_| TokenFault::NotAToken)?;
    if !keys.has_signed(jwt.signing_input(), jwt.signature().as_bytes()) {
        return Err(TokenFault::SignatureWrong);
    }
    let members = jwt.payload_object().map_err(|_| TokenFault::NotAToken)?;
    let payload = AccessTokenPayload::from_object(members).map_err(|_| TokenFault::NotAToken)?;
    if payload.token_type() != Some(kind.name()) {
        return Err(TokenFault::OfAnotherKind);
    }
    if payload.expires_at() <= date(now_ms) { Err(TokenFault::Expired) } else { Ok(payload) }
}

/// The id of a token, which no other token has.
pub(crate) fn id_of(token: &AccessTokenPayload) -> &str {
    token.members().get("id").and_then(|id| id.as_str()).unwrap_or_default()
}

/// The sign-in that `token` comes from.
pub(crate) fn session_of(token: &AccessTokenPayload) -> Option<&str> {
    token.members().get("sid")?.as_str()
}

/// Adds the header, encoded, and the dot after it.
fn push_header(jwt: &mut String, kind: TokenKind, key_id: &str) {
    let name = kind.header_name();
    let header =
        format!(r#"{{"alg":"RS256","x5u":"{key_id}.cer","kid":"{key_id}","itt":"{name}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode_string(header, jwt);
    jwt.push('.');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token_key::TokenKey;
    use ims_testkit::keys;

    const NOW_MS: u64 = 1_550_001_138_500;

    fn ring(pem: &str) -> KeyRing {
        KeyRing::new(TokenKey::from_pkcs8_pem(pem).unwrap())
    }

    fn token(keys: &KeyRing) -> String {
        let token = NewToken {
            kind: TokenKind::Access,
            client_id: &"client".parse().unwrap(),
            user_id: "B@techacct.adobe.com",
            scope: "openid,AdobeID".to_owned(),
            lifetime: Duration::from_hours(24),
            session: None,
            challenge: None,
            nonce: None,
            refresh: None,
        };
        token.issue(keys, "1", NOW_MS)
    }

    #[test]
    fn a_token_looks_like_one_of_ims_and_names_the_emulators_key() {
        let token = token(&ring(keys::FIRST));
        let jwt = CompactJwt::parse(&token).unwrap();
        assert_eq!(jwt.header()["x5u"], "ims_emulator-key-at-1.cer");
        assert_eq!(jwt.header()["itt"], "at");
        let payload = jwt.payload_object().unwrap();
        assert_eq!(payload["created_at"], "1550001138500");
        assert_eq!(payload["expires_in"], "86400000");
        for claim in ["exp", "iat", "iss", "aud"] {
            assert!(!payload.contains_key(claim), "{claim}");
        }
    }

    #[test]
    fn a_token_is_valid_until_it_expires_and_under_its_own_key_only() {
        let key = ring(keys::FIRST);
        let other = ring(keys::SECOND);
        let token = token(&key);
        let day = 86_400_000;
        let read = |key, token, now_ms| read(key, token, TokenKind::Access, now_ms);
        assert!(read(&key, &token, NOW_MS + day - 1_000).is_ok());
        assert_eq!(read(&key, &token, NOW_MS + day), Err(TokenFault::Expired));
        assert_eq!(read(&other, &token, NOW_MS), Err(TokenFault::SignatureWrong));
        assert_eq!(read(&key, "a.b.c", NOW_MS), Err(TokenFault::NotAToken));
        let as_code = super::read(&key, &token, TokenKind::Code, NOW_MS);
        assert_eq!(as_code, Err(TokenFault::OfAnotherKind));
    }
}
