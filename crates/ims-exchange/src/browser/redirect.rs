//! Reads the redirect that follows a sign-in (RFC 6749 §4.1.2).

use std::borrow::Cow;

use form_urlencoded::parse;

use crate::{
    browser::random_text::State,
    message::Response,
    refusal::scrub::{is_code, scrub},
    secret_text::AuthorizationCode,
};

/// A redirect that brought no authorization code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// Do not follow it, and go on waiting for the right one: its `state` is not the one that was sent, or is there twice, or
    /// it is too long to be read, so somebody else began that sign-in (RFC 6749 §10.12).
    #[error("the redirect belongs to another sign-in")]
    AnotherSignIn,
    /// Tell the user, and start again if the user wants to: the user or IMS has refused.
    #[error("the sign-in was refused ({code})")]
    Refused {
        /// The `error` of the redirect (RFC 6749 §4.1.2.1): `access_denied` when the user said no, and with
        /// [`Prompt::None`](crate::Prompt::None) `login_required`, `consent_required` or `interaction_required`. At most 64
        /// characters of a code.
        code: String,
        /// Its `error_description`: at most 300 characters, without control characters.
        description: Option<String>,
    },
    /// Report it: the redirect holds neither a code nor an error, or one of them twice.
    #[error("the redirect holds no authorization code")]
    NoCode,
}

/// Reads the code out of `redirect`, which may be a whole URL or the path and query that a loopback server was asked for.
pub(crate) fn read(redirect: &str, state: &State) -> Result<AuthorizationCode, RedirectError> {
    // A redirect without our state must never end the sign-in, whatever else is wrong with it: anyone can send one.
    let pairs = pairs(redirect).ok_or(RedirectError::AnotherSignIn)?;
    let is_ours = matches!(one(&pairs, "state"), Ok(Some(text)) if state.matches(text));
    if !is_ours {
        return Err(RedirectError::AnotherSignIn);
    }
    let value = |name| one(&pairs, name);
    if let Some(code) = value("error")?.filter(|code| is_code(code)) {
        let description = value("error_description")?.map(|text| scrub(text, &[]));
        let description = description.filter(|text| !text.is_empty());
        return Err(RedirectError::Refused { code: code.to_owned(), description });
    }
    let code = value("code")?.and_then(|code| code.parse().ok());
    code.ok_or(RedirectError::NoCode)
}

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The parameters of query and fragment: where they are depends on the response type.
fn pairs(redirect: &str) -> Option<Pairs<'_>> {
    let redirect = redirect.trim();
    let (rest, fragment) = redirect.split_once('#').unwrap_or((redirect, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let is_short = redirect.len() <= Response::MAX_BODY;
    is_short.then(|| parse(query.as_bytes()).chain(parse(fragment.as_bytes())).collect())
}

/// The value of `name`, which may be there once (RFC 6749 §3.1).
fn one<'a>(pairs: &'a Pairs<'_>, name: &str) -> Result<Option<&'a str>, RedirectError> {
    let mut values = pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| &**value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(RedirectError::NoCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn code(redirect: &str) -> Result<String, RedirectError> {
        let state = State::try_from("s+1".to_owned()).unwrap();
        read(redirect, &state).map(|code| code.expose_secret().to_owned())
    }

    #[test]
    fn a_code_is_found_in_a_url_or_what_a_server_sees_of_it() {
        for redirect in [
            "http://127.0.0.1:8000/callback?x=1&code=c%2F1&state=s%2B1",
            "/callback?state=s%2B1&code=c%2F1",
            "  https://a.example/?code=c%2F1&state=s%2B1\n",
            "https://a.example/#id_token=i&code=c%2F1&state=s%2B1",
            "myapp:/x?code=c/1&state=s%2b1#",
        ] {
            assert_eq!(code(redirect).as_deref(), Ok("c/1"), "{redirect}");
        }
    }

    #[test]
    fn a_redirect_of_another_sign_in_is_not_followed_even_if_it_is_a_refusal() {
        let long = format!("/?state=s%2B1&code={}", "a".repeat(70_000));
        for redirect in [
            "",
            long.as_str(),
            "/?state=s%2B1&state=s%2B1&code=c",
            "/?state=s%2B1&state=x&error=access_denied",
            "/?code=c",
            "/?code=c&state=",
            "/?code=c&state=s%2B2",
            "/?code=c&state=s+1",
            "/?error=access_denied",
            "/?error=access_denied&state=x",
            "code=c&state=s%2B1",
        ] {
            assert_eq!(code(redirect), Err(RedirectError::AnotherSignIn), "{redirect}");
        }
    }

    #[test]
    fn a_refusal_is_reported_in_bounded_and_harmless_words() {
        let refused = |code: &str, description: Option<&str>| {
            let (code, description) = (code.to_owned(), description.map(str::to_owned));
            Err(RedirectError::Refused { code, description })
        };
        #[rustfmt::skip]
        let table = [
            ("/?state=s%2B1&error=login_required",                                refused("login_required", None)),
            ("/?state=s%2B1&error=access_denied&error_description=The+user%1b[31m", refused("access_denied", Some("The user [31m"))),
            ("/?state=s%2B1&error=access_denied&code=c",                          refused("access_denied", None)),
            ("/?state=s%2B1&error=a%1b[31m",                                      Err(RedirectError::NoCode)),
        ];
        for (redirect, read) in table {
            assert_eq!(code(redirect), read, "{redirect}");
        }
    }

    #[test]
    fn what_holds_no_code_or_two_is_refused() {
        for redirect in [
            "/?state=s%2B1",
            "/?state=s%2B1&code=",
            "/?state=s%2B1&code=a+b",
            "/?state=s%2B1&code=a%00",
            "/?state=s%2B1&code=a&code=b",
            "/?state=s%2B1&code=a#code=b",
        ] {
            assert_eq!(code(redirect), Err(RedirectError::NoCode), "{redirect}");
        }
    }

    proptest! {
        #[test]
        fn no_redirect_makes_it_panic_and_none_without_the_state_gives_a_code(redirect in "(/\\?)?(code=c&)?\\PC{0,40}") {
            prop_assert!(code(&redirect).is_err());
        }
    }
}
