//! The answer with a token (RFC 6749 §5.1), made once a second at most.

use bytes::Bytes;
use ims::{AccessToken, claims::NumericDate};
use serde::Serialize;

/// The answer for one token in one second. It is kept, since most answers are equal to the one before.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) token: AccessToken,
    second: NumericDate,
    pub(crate) fingerprint: String,
    pub(crate) body: Bytes,
}

/// Seconds, as RFC 6749 wants them: IMS itself answers some requests in milliseconds.
#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    expires_at: String,
    fingerprint: &'a str,
}

impl TokenAnswer {
    pub(crate) fn new(token: AccessToken, now: NumericDate) -> Self {
        let fingerprint = token.fingerprint();
        let body = Body {
            access_token: token.expose_secret(),
            token_type: "bearer",
            expires_in: token.expires_at().since(now).as_secs(),
            expires_at: token.expires_at().to_string(),
            fingerprint: &fingerprint,
        };
        let body = serde_json::to_vec(&body).expect("text and numbers are always JSON").into();
        Self { token, second: now, fingerprint, body }
    }

    /// Whether this is the answer for `token` at `now`.
    pub(crate) fn is_for(&self, token: &AccessToken, now: NumericDate) -> bool {
        self.second == now && self.has(token)
    }

    /// Whether this is the answer for `token`. Clones share their text, and while this holds one, no other text is there.
    pub(crate) fn has(&self, token: &AccessToken) -> bool {
        std::ptr::eq(self.token.expose_secret(), token.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_seconds_a_date_and_a_name_and_holds_for_one_second() {
        let date = NumericDate::from_secs;
        let token = |text: &str| AccessToken::new(text.to_owned(), date(0), date(86_400)).unwrap();
        let first = token("a\"b");
        let answer = TokenAnswer::new(first.clone(), date(86_000));
        assert_eq!(
            std::str::from_utf8(&answer.body).unwrap(),
            format!(
                r#"{{"access_token":"a\"b","token_type":"bearer","expires_in":400,"expires_at":"1970-01-02T00:00:00Z","fingerprint":"{}"}}"#,
                first.fingerprint()
            )
        );
        assert!(answer.is_for(&first.clone(), date(86_000)));
        assert!(!answer.is_for(&first, date(86_001)));
        assert!(!answer.is_for(&token("a\"b"), date(86_000)), "another token");
    }
}
