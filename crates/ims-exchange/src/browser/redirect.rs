//! Reads the redirect that follows a sign-in (RFC 6749 §4.1.2).

use std::borrow::Cow;

use form_urlencoded::parse;

use crate::{
    browser::random_text::State,
    message::Response,
    refusal::scrub::{is_code, scrub},
    secret_text::AuthorizationCode,
};

/// A redirect without an authorization code.
///
/// ```
/// use ims_exchange::{AuthorizeUrl, CodeVerifier, RedirectError, State};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (client_id, scopes) = ("my-client".parse()?, ["openid".parse()?]);
/// # let (verifier, state) = (CodeVerifier::generate(), State::generate());
/// # let authorize = AuthorizeUrl::new(&client_id, "http://127.0.0.1/", &scopes, &verifier, &state);
/// let redirect = format!("http://127.0.0.1/?error=access_denied&state={}", state.as_str());
/// let error = authorize.answer(&redirect).unwrap_err();
/// assert!(matches!(error, RedirectError::Refused { .. }));
/// assert_eq!(error.reason(), "access_denied");
/// println!("{error}; {}", error.remedy().unwrap_or_default());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// Do not follow it, and keep waiting for the right one: its `state` is not the one that was sent, or is there twice, or
    /// it is too long to be read, so someone else began that sign-in (RFC 6749 §10.12).
    #[error("the redirect belongs to another sign-in")]
    AnotherSignIn,
    /// Tell the user, and start again if the user wants to: the user or IMS has refused.
    #[error("the sign-in was refused: {} ({code})", kind(.code).map_or("no reason is known for this code", |kind| kind.what))]
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

impl RedirectError {
    /// A name for programs: of a refusal its code if that is one of the standards, else `sign_in_refused`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AnotherSignIn => "another_sign_in",
            Self::Refused { code, .. } => kind(code).map_or("sign_in_refused", |kind| kind.code),
            Self::NoCode => "no_authorization_code",
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::AnotherSignIn => Some("continue the sign-in that was begun last"),
            Self::Refused { code, .. } => Some(kind(code).map_or(UNKNOWN_CODE, |kind| kind.remedy)),
            Self::NoCode => Some("sign in again, and copy the whole last address of the browser"),
        }
    }

    /// Whether the same sign-in can succeed later, without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.reason(), "server_error" | "temporarily_unavailable")
    }
}

/// A refusal of a sign-in.
struct Kind {
    code: &'static str,
    what: &'static str,
    remedy: &'static str,
}

fn kind(code: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.code == code)
}

/// Reads the code out of `redirect`, which may be a whole URL or the path and query of the request to a loopback server.
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
    // Any page can open a URL of any length at this program.
    if redirect.len() > Response::MAX_BODY {
        return None;
    }
    let (rest, fragment) = redirect.split_once('#').unwrap_or((redirect, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    Some(parse(query.as_bytes()).chain(parse(fragment.as_bytes())).collect())
}

/// The value of `name`, which may be there once (RFC 6749 §3.1).
fn one<'a>(pairs: &'a Pairs<'_>, name: &str) -> Result<Option<&'a str>, RedirectError> {
    let mut values = pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| &**value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(RedirectError::NoCode),
    }
}

const UNKNOWN_CODE: &str = "give Adobe's support the code, and the time of the sign-in";

const WITHOUT_DIALOG: &str = "sign in with a dialog: without prompt=none";

const OWN_PARAMETER: &str =
    "send the parameters of the sign-in by themselves, as this library does";

const fn row(code: &'static str, what: &'static str, remedy: &'static str) -> Kind {
    Kind { code, what, remedy }
}

#[rustfmt::skip]
static KINDS: &[Kind] = &[
    // RFC 6749 §4.1.2.1.
    row("invalid_request",            "IMS cannot use the request",                          "compare the redirect URI and the scopes with those of the credential in the Developer Console"),
    row("unauthorized_client",        "the client may not be used for sign-ins",                   "use a credential for user authentication: OAuth Web App, Single-Page App or Native App"),
    row("access_denied",              "what was asked for was not allowed",                  "sign in again, and allow what is asked for; if no one refused it, ask the organization's administrator"),
    row("unsupported_response_type",  "the client may not use an authorization code",        "check in the Developer Console which kind of credential it is"),
    row("invalid_scope",              "a scope is unknown, or not granted to the client",    "compare the scopes with those of the credential in the Developer Console"),
    row("server_error",               "IMS has trouble",                                     "wait, and sign in again"),
    row("temporarily_unavailable",    "IMS is overloaded, or under maintenance",      "wait, and sign in again"),
    // OpenID Connect Core 1.0 §3.1.2.6.
    row("interaction_required",       "IMS has to ask the person something",                 WITHOUT_DIALOG),
    row("login_required",             "no one is signed in to Adobe in this browser",        WITHOUT_DIALOG),
    row("account_selection_required", "the person has several accounts, and has to choose",  WITHOUT_DIALOG),
    row("consent_required",           "the person has not yet allowed what is asked for",    WITHOUT_DIALOG),
    row("invalid_request_uri",        "IMS cannot read the request_uri",                     OWN_PARAMETER),
    row("invalid_request_object",     "IMS cannot read the request object",                  OWN_PARAMETER),
    row("request_not_supported",      "IMS takes no request object",                         OWN_PARAMETER),
    row("request_uri_not_supported",  "IMS takes no request_uri",                            OWN_PARAMETER),
    row("registration_not_supported", "IMS accepts no registration within a sign-in",          OWN_PARAMETER),
];

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
    fn a_redirect_may_be_as_long_as_an_answer_of_ims() {
        let start = "/?state=s%2B1&code=c&x=";
        let longest = format!("{start}{}", "a".repeat(65_536 - start.len()));
        assert_eq!(code(&longest).as_deref(), Ok("c"));
        assert_eq!(code(&format!("{longest}a")), Err(RedirectError::AnotherSignIn));
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

    #[test]
    fn each_code_of_the_standards_has_a_reason_and_a_remedy_of_one_kind() {
        let refused =
            |code: &str| RedirectError::Refused { code: code.to_owned(), description: None };
        #[rustfmt::skip]
        let table = [
            ("invalid_request",            "redirect URI"),
            ("unauthorized_client",        "OAuth Web App"),
            ("access_denied",              "allow what is asked for"),
            ("unsupported_response_type",  "which kind of credential"),
            ("invalid_scope",              "compare the scopes"),
            ("server_error",               "wait"),
            ("temporarily_unavailable",    "wait"),
            ("interaction_required",       "with a dialog"),
            ("login_required",             "with a dialog"),
            ("account_selection_required", "with a dialog"),
            ("consent_required",           "with a dialog"),
            ("invalid_request_uri",        "by themselves"),
            ("invalid_request_object",     "by themselves"),
            ("request_not_supported",      "by themselves"),
            ("request_uri_not_supported",  "by themselves"),
            ("registration_not_supported", "by themselves"),
        ];
        assert_eq!(table.len(), KINDS.len());
        for (code, remedy) in table {
            let error = refused(code);
            assert_eq!(error.reason(), code);
            assert!(error.remedy().is_some_and(|it| it.contains(remedy)), "{code}");
            assert!(error.to_string().ends_with(&format!(" ({code})")), "{error}");
            let is_transient = matches!(code, "server_error" | "temporarily_unavailable");
            assert_eq!(error.is_transient(), is_transient, "{code}");
        }
        let other = refused("another_code");
        assert_eq!((other.reason(), other.remedy()), ("sign_in_refused", Some(UNKNOWN_CODE)));
    }

    proptest! {
        #[test]
        fn no_redirect_makes_it_panic_and_none_without_the_state_gives_a_code(redirect in "(/\\?)?(code=c&)?\\PC{0,40}") {
            prop_assert!(code(&redirect).is_err());
        }
    }
}
