//! Reading IMS's answer to a request for a token. The unit of `expires_in` depends on the endpoint, and only this module
//! handles it: all other code has dates and durations.

use std::time::Duration;

use ims_claims::{AccessTokenPayload, CompactJwt, NumericDate};
use serde::Deserialize;

use crate::{
    access_token::AccessToken,
    answer::{self, Sent},
    error::ExchangeError,
    message::Response,
    secret_text::{IdToken, RefreshToken},
};

/// What `expires_in` counts. `/ims/exchange/*` answers in milliseconds, `/ims/token/*` in seconds. Sources: adobe/ims-go,
/// `ims/exchange_jwt.go` and `ims/token.go`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Milliseconds,
    Seconds,
}

/// The tokens of a user, in the answer to an authorization code or a refresh token.
///
/// ```
/// use ims_exchange::UserTokens;
///
/// fn take(tokens: UserTokens, save: impl Fn(&str)) {
///     if let Some(refresh_token) = &tokens.refresh_token {
///         save(refresh_token.expose_secret());
///     }
///     println!("signed in until {}", tokens.access_token.expires_at());
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UserTokens {
    /// What APIs take.
    pub access_token: AccessToken,
    /// The token for the next refresh. In the answer to a refresh it replaces the one that was sent; if there is none, that
    /// one stays valid. IMS gives one for the scope `offline_access` only.
    pub refresh_token: Option<RefreshToken>,
    /// Who signed in, if the scope `openid` was asked for.
    pub id_token: Option<IdToken>,
    /// The account, `sub` or `userId`, as IMS sent it: it may hold any character, so escape it where it is shown.
    pub user_id: Option<String>,
}

/// Reads the token in the answer to a request.
pub(crate) fn read(
    response: &Response,
    unit: Unit,
    sent: &Sent<'_>,
) -> Result<AccessToken, ExchangeError> {
    Ok(read_all(response, unit, sent)?.access_token)
}

/// Reads all the tokens of such a response.
pub(crate) fn read_all(
    response: &Response,
    unit: Unit,
    sent: &Sent<'_>,
) -> Result<UserTokens, ExchangeError> {
    let body: TokenBody = answer::json(response, sent)?;
    let unrecognized = || answer::unrecognized(response, sent);
    if body.token_type.is_some_and(|kind| !is_known(&kind)) {
        return Err(unrecognized());
    }
    let lifetime = match body.expires_in {
        Some(value) => unit.lifetime(value.read().ok_or_else(unrecognized)?)?,
        None => own_lifetime(&body.access_token, sent.at)
            .ok_or_else(|| answer::without_lifetime(response, sent))?,
    };
    // A malformed token is an error and not treated as absent: without it the sign-in would end later, at another place.
    let refresh_token = body.refresh_token.map(RefreshToken::try_from).transpose();
    let id_token = body.id_token.map(IdToken::try_from).transpose();
    let access_token = AccessToken::new(body.access_token, sent.at, lifetime);
    Ok(UserTokens {
        access_token: access_token.map_err(|_| unrecognized())?,
        refresh_token: refresh_token.map_err(|_| unrecognized())?,
        id_token: id_token.map_err(|_| unrecognized())?,
        user_id: body.sub.or(body.user_id),
    })
}

fn is_known(token_type: &str) -> bool {
    TOKEN_TYPES.iter().any(|known| token_type.eq_ignore_ascii_case(known))
}

/// The type of a token that is sent as `Bearer`: `bearer`, and in the answer to a promise exchange `access_token`. Source:
/// adobe/ims-go, `ims/promise_test.go`.
const TOKEN_TYPES: [&str; 2] = ["bearer", "access_token"];

/// RFC 6749 §5.1, `OpenID` Connect Core 1.0 §3.1.3.3, and the `userId` of `/ims/token/v2`.
#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<ExpiresIn>,
    refresh_token: Option<String>,
    id_token: Option<String>,
    sub: Option<String>,
    #[serde(rename = "userId")]
    user_id: Option<String>,
}

/// A number, or its digits in a string, as some gateways send it: the type is different and the value is the same.
#[derive(Deserialize)]
#[serde(untagged)]
enum ExpiresIn {
    Number(i64),
    Digits(String),
}

impl ExpiresIn {
    fn read(&self) -> Option<i64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Digits(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            Self::Digits(_) => None,
        }
    }
}

/// How long a token lives by its own `created_at` and `expires_in`, none if it does not say so: for an answer without a
/// lifetime. The clocks of both machines may differ, and the token may have been issued before, so the shorter of its whole
/// lifetime and its remaining lifetime counts.
fn own_lifetime(token: &str, sent_at: NumericDate) -> Option<Duration> {
    let payload = CompactJwt::parse(token).ok()?.payload_object().ok()?;
    let payload = AccessTokenPayload::from_object(payload).ok()?;
    let whole = payload.expires_at().since(payload.created_at());
    let left = payload.expires_at().since(sent_at);
    let lifetime = whole.min(left);
    is_possible(lifetime).then_some(lifetime)
}

/// Adobe documents 24 hours. Thirty days are longer than any token of IMS lives, and still short enough to notice
/// milliseconds: the milliseconds of a token of 44 minutes or more, read as seconds, are more than thirty days.
fn is_possible(lifetime: Duration) -> bool {
    (Duration::from_secs(1)..=Duration::from_hours(30 * 24)).contains(&lifetime)
}

impl Unit {
    fn lifetime(self, value: i64) -> Result<Duration, ExchangeError> {
        // A negative number is treated like a missing one.
        let count = u64::try_from(value).unwrap_or_default();
        let (lifetime, unit) = match self {
            Self::Milliseconds => (Duration::from_millis(count), "milliseconds"),
            Self::Seconds => (Duration::from_secs(count), "seconds"),
        };
        if !is_possible(lifetime) {
            return Err(ExchangeError::ImpossibleLifetime { value, unit });
        }
        Ok(lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::table::CredentialKind;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;

    const SENT_AT: NumericDate = NumericDate::from_secs(1_550_001_138);

    fn answer(unit: Unit, body: &str) -> Result<AccessToken, ExchangeError> {
        let response = Response::new(StatusCode::OK, HeaderMap::new(), body.as_bytes().to_vec());
        read(&response, unit, &Sent::new(CredentialKind::Assertion, SENT_AT, &[]))
    }

    #[test]
    fn the_unit_belongs_to_the_endpoint() {
        #[rustfmt::skip]
        let table = [
            (Unit::Milliseconds, 86_399_999_i64, Some(86_399)),
            (Unit::Milliseconds, 1_000,          Some(1)),
            (Unit::Milliseconds, 999,            None),
            (Unit::Milliseconds, 0,              None),
            (Unit::Milliseconds, -1,             None),
            (Unit::Milliseconds, 2_592_000_001,  None),
            (Unit::Seconds,      86_399,         Some(86_399)),
            (Unit::Seconds,      2_592_000,      Some(2_592_000)),
            (Unit::Seconds,      2_592_001,      None),
            (Unit::Seconds,      86_399_999,     None),
            (Unit::Seconds,      0,              None),
            (Unit::Seconds,      i64::MIN,       None),
        ];
        for (unit, expires_in, lifetime) in table {
            let token =
                answer(unit, &format!(r#"{{"access_token":"t","expires_in":{expires_in}}}"#));
            let read = match &token {
                Ok(token) => Some(token.lifetime().as_secs()),
                Err(ExchangeError::ImpossibleLifetime { value, .. }) if *value == expires_in => {
                    None
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(read, lifetime, "{unit:?} {expires_in}");
        }
    }

    #[test]
    fn an_answer_that_is_not_a_token_is_an_error_and_is_not_repeated() {
        for body in [
            "",
            "null",
            "<html>canary</html>",
            r#"{"access_token":"canary"}"#,
            r#"{"expires_in":86399}"#,
            r#"{"access_token":"canary","expires_in":null}"#,
            r#"{"access_token":"canary","expires_in":""}"#,
            r#"{"access_token":"canary","expires_in":" 86399"}"#,
            r#"{"access_token":"canary","expires_in":"+86399"}"#,
            r#"{"access_token":"canary","expires_in":"soon"}"#,
            r#"{"access_token":"canary","expires_in":"99999999999999999999"}"#,
            r#"{"access_token":"canary","expires_in":86399.5}"#,
            r#"{"access_token":["canary"],"expires_in":86399}"#,
            r#"{"access_token":"canary","access_token":"canary","expires_in":86399}"#,
            r#"{"access_token":"can\nary","expires_in":86399}"#,
            r#"{"access_token":"","expires_in":86399}"#,
            r#"{"access_token":"canary","token_type":"mac","expires_in":86399}"#,
            r#"{"access_token":"t","expires_in":86399,"refresh_token":"can\u0000ary"}"#,
            r#"{"access_token":"t","expires_in":86399,"id_token":"can ary canary"}"#,
            r#"{"access_token":"t","expires_in":86399,"canary":1,"canary":1}"#,
        ] {
            let error = answer(Unit::Seconds, body).unwrap_err();
            assert!(matches!(error, ExchangeError::Unrecognized(_)), "{body}: {error}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{body}");
        }
    }

    #[test]
    fn a_lifetime_in_digits_or_in_the_token_alone_is_read_where_nothing_is_guessed() {
        let token = |created_at: i64, expires_in: i64| {
            let payload = format!(r#"{{"created_at":"{created_at}","expires_in":"{expires_in}"}}"#);
            format!("e30.{}.AA", BASE64_URL_SAFE_NO_PAD.encode(payload))
        };
        let day = 86_400_000;
        let now = SENT_AT.as_secs() * 1000;
        let own = |created_at, expires_in| {
            format!(r#"{{"access_token":"{}"}}"#, token(created_at, expires_in))
        };
        #[rustfmt::skip]
        let table = [
            (r#"{"access_token":"t","expires_in":"86399"}"#.to_owned(), Some(86_399)),
            (r#"{"access_token":"t","expires_in":"0000060"}"#.to_owned(), Some(60)),
            (own(now, day),                      Some(86_400)),
            // The clock of IMS is ahead of this one, and the whole life counts.
            (own(now + 600_000, day),            Some(86_400)),
            // It was issued an hour ago.
            (own(now - 3_600_000, day),          Some(82_800)),
            (own(now - 2 * day, day),            None),
            (own(now, 0),                        None),
            (own(now, 40 * day),                 None),
        ];
        for (body, lifetime) in table {
            let read = answer(Unit::Seconds, &body).map(|token| token.lifetime().as_secs());
            assert_eq!(read.ok(), lifetime, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(status in 200_u16..600, body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let response = Response::new(StatusCode::from_u16(status)?, HeaderMap::new(), body);
            let sent = Sent::new(CredentialKind::RefreshToken, SENT_AT, &[]);
            prop_assert!(read(&response, Unit::Seconds, &sent).is_err());
        }
    }
}
