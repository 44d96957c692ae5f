//! The payload of an IMS access token. It looks like a JWT but has no `exp`, `iat`, `iss` or `aud`.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, time::Duration};

use serde_json::Value;

use crate::{
    claims_error::{AccessTokenError, ClaimsError},
    numeric_date::NumericDate,
    plain_texts::plain_texts,
    strict_json::JsonObject,
    strict_texts::{Member, strict_texts},
};

/// The payload of an access token that Adobe IMS issued.
///
/// It has the [`AccessTokenClaims`] and all other members. `Debug` shows the dates and the names of the members,
/// since their values are personal data.
///
/// ```
/// use ims_claims::{AccessTokenPayload, CompactJwt};
///
/// fn seconds_to_live(token: &str) -> Result<u64, Box<dyn std::error::Error>> {
///     let payload = CompactJwt::parse(token)?.payload_object()?;
///     let payload = AccessTokenPayload::from_object(payload)?;
///     Ok(payload.expires_at().since(payload.created_at()).as_secs())
/// }
/// # // {"created_at":"1550001138000","expires_in":"86400000"}
/// # let token = "e30.eyJjcmVhdGVkX2F0IjoiMTU1MDAwMTEzODAwMCIsImV4cGlyZXNfaW4iOiI4NjQwMDAwMCJ9.AA";
/// # assert_eq!(seconds_to_live(token).unwrap(), 86_400);
/// ```
#[derive(Clone, PartialEq)]
pub struct AccessTokenPayload {
    claims: AccessTokenClaims<'static>,
    members: JsonObject,
}

impl AccessTokenPayload {
    /// Reads the payload of an access token.
    ///
    /// # Errors
    /// [`ClaimsError::Missing`] and [`ClaimsError::Malformed`] for `created_at` and `expires_in`; nothing else is
    /// required.
    pub fn from_object(members: JsonObject) -> Result<Self, ClaimsError> {
        let texts = NAMES.map(|name| match members.get(name) {
            Some(Value::String(text)) => Member::Text(Cow::Owned(text.clone())),
            Some(_) => Member::Other,
            None => Member::Absent,
        });
        Ok(Self { claims: AccessTokenClaims::from_members(texts)?, members })
    }

    /// When IMS issued the token, rounded down to a second.
    #[must_use]
    pub fn created_at(&self) -> NumericDate {
        self.claims.created_at()
    }

    /// When the token expires, rounded down to a second.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.claims.expires_at()
    }

    /// The integration it was issued to, `client_id`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.claims.client_id()
    }

    /// The account that it was issued for, `user_id`: for a service account its technical account id.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.claims.user_id()
    }

    /// What kind of token it is, `type`: `access_token`, `refresh_token`, `service_token` …
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.claims.token_type()
    }

    /// The IMS cluster that issued it, `as`: `ims-na1` in production.
    #[must_use]
    pub fn issuing_cluster(&self) -> Option<&str> {
        self.claims.issuing_cluster()
    }

    /// What it allows, `scope`, which IMS separates by commas.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims.scopes()
    }

    /// All members, with those that have no method here.
    #[must_use]
    pub fn members(&self) -> &JsonObject {
        &self.members
    }
}

impl fmt::Debug for AccessTokenPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.members.keys().collect();
        f.debug_struct("AccessTokenPayload")
            .field("claims", &self.claims)
            .field("members", &names)
            .finish()
    }
}

/// The claims of an access token that decide whether it is valid, borrowed from its payload.
///
/// For services that verify a token on every request: unlike [`AccessTokenPayload`] it keeps no other member. Nothing is
/// verified here.
///
/// `created_at` and `expires_in` are strings of decimal milliseconds.
/// Source: adobe/aio-lib-ims, `src/helpers.js`, and a token shown in adobe/aio-cli-plugin-cloudmanager#631.
///
/// ```
/// use ims_claims::{AccessTokenClaims, CompactJwt};
///
/// # let token = "e30.eyJjcmVhdGVkX2F0IjoiMTU1MDAwMTEzODAwMCIsImV4cGlyZXNfaW4iOiI4NjQwMDAwMCJ9.AA";
/// let jwt = CompactJwt::parse(token)?;
/// let claims = AccessTokenClaims::read(jwt.payload())?;
/// assert_eq!(claims.expires_at().to_string(), "2019-02-13T19:52:18Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct AccessTokenClaims<'a> {
    created_at: NumericDate,
    expires_at: NumericDate,
    texts: [Option<Cow<'a, str>>; 5],
}

/// The members that are read: those of [`AccessTokenClaims::texts`] in their order, then the dates.
const NAMES: [&str; 7] =
    ["client_id", "user_id", "type", "as", "scope", "created_at", "expires_in"];

/// Where `name` is in [`NAMES`]. A `match` compares faster than a search.
fn place_of(name: &str) -> Option<usize> {
    match name {
        "client_id" => Some(0),
        "user_id" => Some(1),
        "type" => Some(2),
        "as" => Some(3),
        "scope" => Some(4),
        "created_at" => Some(5),
        "expires_in" => Some(6),
        _ => None,
    }
}

impl<'a> AccessTokenClaims<'a> {
    /// Reads the payload of an access token, as bytes.
    ///
    /// # Errors
    /// [`AccessTokenError::Form`] if it is not one JSON object without duplicate members, as
    /// [`CompactJwt::payload_object`](crate::CompactJwt::payload_object) reads it, and
    /// [`AccessTokenError::Claims`] as [`AccessTokenPayload::from_object`].
    pub fn read(payload: &'a [u8]) -> Result<Self, AccessTokenError> {
        // First the form that IMS nearly always sends; the strict reader reads every other form, and reports the errors.
        let plain = core::str::from_utf8(payload).ok().and_then(|json| plain_texts(json, place_of));
        let members = match plain {
            Some(members) => members,
            None => strict_texts(payload, "payload", place_of)?,
        };
        Ok(Self::from_members(members)?)
    }

    /// The claims in the members called [`NAMES`].
    fn from_members(members: [Member<'a>; 7]) -> Result<Self, ClaimsError> {
        let [client_id, user_id, token_type, cluster, scope, created_at, expires_in] = members;
        let texts = [client_id, user_id, token_type, cluster, scope].map(Member::text);
        let [created_at, expires_in] = [("created_at", created_at), ("expires_in", expires_in)]
            .map(|(claim, member)| {
                if member == Member::Absent {
                    return Err(ClaimsError::Missing { claim });
                }
                milliseconds(claim, member.text().as_deref())
            });
        let (created_at, expires_at) = dates(created_at?, expires_in?);
        Ok(Self { created_at, expires_at, texts })
    }

    /// When IMS issued the token, rounded down to a second.
    #[must_use]
    pub fn created_at(&self) -> NumericDate {
        self.created_at
    }

    /// When the token expires, rounded down to a second.
    #[must_use]
    pub fn expires_at(&self) -> NumericDate {
        self.expires_at
    }

    /// The integration it was issued to, `client_id`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.texts[0].as_deref()
    }

    /// The account that it was issued for, `user_id`.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.texts[1].as_deref()
    }

    /// What kind of token it is, `type`.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.texts[2].as_deref()
    }

    /// The IMS cluster that issued it, `as`.
    #[must_use]
    pub fn issuing_cluster(&self) -> Option<&str> {
        self.texts[3].as_deref()
    }

    /// What it allows, `scope`, which IMS separates by commas.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        Self::scopes_in(self.scope().unwrap_or_default())
    }

    /// The text of `scope`: all scopes, separated by commas.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.texts[4].as_deref()
    }

    /// The scopes in a text of `scope`, for those who keep only the text.
    ///
    /// ```
    /// use ims_claims::AccessTokenClaims;
    ///
    /// assert!(AccessTokenClaims::scopes_in("openid,AdobeID").eq(["openid", "AdobeID"]));
    /// ```
    pub fn scopes_in(scope: &str) -> impl Iterator<Item = &str> {
        scope.split([',', ' ']).filter(|scope| !scope.is_empty())
    }
}

impl fmt::Debug for AccessTokenClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenClaims")
            .field("created_at", &format_args!("{}", self.created_at))
            .field("expires_at", &format_args!("{}", self.expires_at))
            .finish_non_exhaustive()
    }
}

/// The last millisecond of the year 9999, so that the sum of two never overflows.
const MAX_MS: u64 = 253_402_300_799_999;

fn milliseconds(claim: &'static str, text: Option<&str>) -> Result<u64, ClaimsError> {
    let number = text.and_then(decimal).filter(|ms| *ms <= MAX_MS);
    number.ok_or(ClaimsError::Malformed { claim, expected: "a string of decimal milliseconds" })
}

/// When a token was issued, and when it expires.
fn dates(created_at_ms: u64, expires_in_ms: u64) -> (NumericDate, NumericDate) {
    // The sum is rounded down as a whole: the result is never later than the real expiry.
    let [created_at, expires_at] = [created_at_ms, created_at_ms + expires_in_ms]
        .map(|ms| NumericDate::from_secs(0).plus(Duration::from_millis(ms)));
    (created_at, expires_at)
}

/// The number that `text` is in decimal digits. `u64::from_str` would also accept a plus sign.
fn decimal(text: &str) -> Option<u64> {
    let mut number = (!text.is_empty()).then_some(0_u64)?;
    for octet in text.bytes() {
        let digit = char::from(octet).to_digit(10)?;
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use serde_json::json;

    #[test]
    fn each_name_has_its_place() {
        assert_eq!(NAMES.map(place_of), core::array::from_fn(Some));
        assert_eq!(place_of("aa_id"), None);
    }

    #[track_caller]
    fn read(payload: Value) -> Result<AccessTokenPayload, ClaimsError> {
        let text = payload.to_string();
        let Value::Object(members) = payload else { panic!("not an object: {payload}") };
        let read = AccessTokenPayload::from_object(members);
        expect_same(&AccessTokenClaims::read(text.as_bytes()), &read);
        read
    }

    /// Both readers say the same.
    #[track_caller]
    fn expect_same(
        claims: &Result<AccessTokenClaims<'_>, AccessTokenError>,
        payload: &Result<AccessTokenPayload, ClaimsError>,
    ) {
        let (claims, payload) = match (claims, payload) {
            (Ok(claims), Ok(payload)) => (claims, payload),
            (claims, payload) => {
                let error = payload.as_ref().err().cloned().map(AccessTokenError::Claims);
                return assert_eq!(claims.as_ref().err(), error.as_ref());
            }
        };
        assert_eq!(claims.created_at(), payload.created_at());
        assert_eq!(claims.expires_at(), payload.expires_at());
        assert_eq!(claims.client_id(), payload.client_id());
        assert_eq!(claims.user_id(), payload.user_id());
        assert_eq!(claims.token_type(), payload.token_type());
        assert_eq!(claims.issuing_cluster(), payload.issuing_cluster());
        assert!(claims.scopes().eq(payload.scopes()));
    }

    #[test]
    fn a_token_of_ims_is_read() {
        let payload = read(json!({
            "id": "1", "type": "access_token", "client_id": "client", "user_id": "B@techacct.adobe.com",
            "as": "ims-na1", "scope": "openid,AdobeID, read_organizations",
            "created_at": "1550001138999", "expires_in": "86400001"
        }))
        .unwrap();
        assert_eq!(payload.created_at(), NumericDate::from_secs(1_550_001_138));
        assert_eq!(payload.expires_at(), NumericDate::from_secs(1_550_087_539));
        assert_eq!(
            payload.scopes().collect::<Vec<_>>(),
            ["openid", "AdobeID", "read_organizations"]
        );
        assert_eq!(
            (payload.token_type(), payload.client_id(), payload.issuing_cluster()),
            (Some("access_token"), Some("client"), Some("ims-na1"))
        );
    }

    #[test]
    fn times_are_strings_of_milliseconds_and_nothing_else() {
        let wrong = "the claim created_at is not a string of decimal milliseconds";
        #[rustfmt::skip]
        let table = [
            (json!({"expires_in": "1"}),                                "the claim created_at is missing"),
            (json!({"created_at": "1"}),                                "the claim expires_in is missing"),
            (json!({"created_at": 1, "expires_in": "1"}),               wrong),
            (json!({"created_at": "-1", "expires_in": "1"}),            wrong),
            (json!({"created_at": "+1", "expires_in": "1"}),            wrong),
            (json!({"created_at": "", "expires_in": "1"}),              wrong),
            (json!({"created_at": "99999999999999999999", "expires_in": "1"}), wrong),
        ];
        for (payload, said) in table {
            assert_eq!(read(payload.clone()).unwrap_err().to_string(), said, "{payload}");
        }
    }
}
