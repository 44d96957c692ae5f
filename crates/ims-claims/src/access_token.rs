//! The payload of an IMS access token. It looks like a JWT but has no `exp`, `iat`, `iss` or `aud`.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use crate::{claims_error::ClaimsError, numeric_date::NumericDate, strict_json::JsonObject};

/// The payload of an access token that Adobe IMS issued.
///
/// `created_at` and `expires_in` are strings of decimal milliseconds; this is the one place that reads them.
/// Source: adobe/aio-lib-ims, `src/helpers.js`, and a token shown in adobe/aio-cli-plugin-cloudmanager#631.
///
/// `Debug` shows the dates and the names of the members, since their values say much of a person.
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
    created_at: NumericDate,
    expires_at: NumericDate,
    members: JsonObject,
}

impl AccessTokenPayload {
    /// Reads the payload of an access token.
    ///
    /// # Errors
    /// [`ClaimsError::Missing`] and [`ClaimsError::Malformed`] for `created_at` and `expires_in`; nothing else is
    /// required.
    pub fn from_object(members: JsonObject) -> Result<Self, ClaimsError> {
        let created_at_ms = milliseconds(&members, "created_at")?;
        let expires_in_ms = milliseconds(&members, "expires_in")?;
        // The sum is rounded down as a whole: a token is never said to live longer than it does.
        let date = |ms| NumericDate::from_secs(0).plus(Duration::from_millis(ms));
        Ok(Self {
            created_at: date(created_at_ms),
            expires_at: date(created_at_ms + expires_in_ms),
            members,
        })
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
        self.text("client_id")
    }

    /// The account that it was issued for, `user_id`: for a service account its technical account id.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.text("user_id")
    }

    /// What kind of token it is, `type`: `access_token`, `refresh_token`, `service_token` …
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.text("type")
    }

    /// The IMS cluster that issued it, `as`: `ims-na1` in production.
    #[must_use]
    pub fn issuing_cluster(&self) -> Option<&str> {
        self.text("as")
    }

    /// What it allows, `scope`, which IMS separates by commas.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").unwrap_or_default().split([',', ' ']).filter(|scope| !scope.is_empty())
    }

    /// All members, with those that have no method here.
    #[must_use]
    pub fn members(&self) -> &JsonObject {
        &self.members
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }
}

impl fmt::Debug for AccessTokenPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.members.keys().collect();
        f.debug_struct("AccessTokenPayload")
            .field("created_at", &format_args!("{}", self.created_at))
            .field("expires_at", &format_args!("{}", self.expires_at))
            .field("members", &names)
            .finish()
    }
}

/// The last millisecond of the year 9999, so that two of them never overflow.
const MAX_MS: u64 = 253_402_300_799_999;

fn milliseconds(members: &JsonObject, claim: &'static str) -> Result<u64, ClaimsError> {
    let value = members.get(claim).ok_or(ClaimsError::Missing { claim })?;
    let number = value.as_str().and_then(decimal).filter(|ms| *ms <= MAX_MS);
    number.ok_or(ClaimsError::Malformed { claim, expected: "a string of decimal milliseconds" })
}

/// The number that `text` is in decimal digits. `u64::from_str` would also take a plus sign.
fn decimal(text: &str) -> Option<u64> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use serde_json::{Value, json};

    #[track_caller]
    fn read(payload: Value) -> Result<AccessTokenPayload, ClaimsError> {
        let Value::Object(members) = payload else { panic!("not an object: {payload}") };
        AccessTokenPayload::from_object(members)
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
