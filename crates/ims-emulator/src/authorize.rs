//! `/ims/authorize`, `/ims/authorize/v1` and `v2`: the user is asked, and the client is sent codes and tokens.

mod request;

use std::time::Duration;

use http::Method;

use self::request::{AuthorizeRequest, ResponseType};
use crate::{
    answer::Answer,
    exchange::Exchange,
    html::{self, ConsentPage},
    id_token::NewIdToken,
    integration::Integration,
    issued_token::{Challenge, NewToken, TokenKind},
    refusal::Refusal,
    user::User,
};

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::from_mins(5);

/// The longest `state`, in characters. Source: AdobeDocs/adobe-dev-console, "User Authentication".
const MAX_STATE: usize = 4096;

/// Examines the request, asks the user, and sends the browser back to the client.
///
/// A fault of the client or its redirect URI is shown here: an answer goes only to a known redirect URI
/// (RFC 6749 §4.1.2.1). The integration decides the answer to `prompt=none`.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.identify(exchange.parameter("client_id"))?;
    let integration = &registered.integration;
    let redirect_uri = redirect_uri(exchange, integration)?;
    let state = exchange.parameter("state");
    exchange
        .that("state is short enough", state.is_none_or(|state| state.chars().count() <= MAX_STATE))
        .expected("at most 4096 characters")
        .or(Refusal::StateTooLong)?;
    let back = Redirection { redirect_uri, state, separator: request::separator(exchange.call) };
    let request = match request::examine(exchange, integration) {
        Ok(request) => request,
        Err(refusal) => return Ok(back.with_error(refusal)),
    };
    match consent(exchange, integration) {
        Ok(Consent::Needed) => {
            let page = ConsentPage {
                heading: "Sign in with an emulated Adobe account",
                scope: &request.scope,
                login_hint: exchange.parameter("login_hint"),
                errors: ERRORS,
            };
            Ok(html::consent(exchange.call, integration, &exchange.service.users(), &page))
        }
        Ok(Consent::Given(user)) => Ok(back.with(&granted(exchange, integration, &request, &user))),
        Err(refusal) => Ok(back.with_error(refusal)),
    }
}

/// The errors that a user can choose on the page, besides `access_denied`. Sources: RFC 6749 §4.1.2.1; `OpenID` Connect Core
/// 1.0 §3.1.2.6.
const ERRORS: &[&str] = &[
    "login_required",
    "consent_required",
    "interaction_required",
    "server_error",
    "temporarily_unavailable",
];

enum Consent {
    Needed,
    Given(User),
}

/// The form posts the user's answer; a link cannot give it.
fn consent(exchange: &mut Exchange<'_>, integration: &Integration) -> Result<Consent, Refusal> {
    let answer = exchange.parameter("consent").filter(|_| exchange.call.method == Method::POST);
    if let Some(answer) = answer {
        exchange
            .that("user allows it", answer == "allow")
            .expected("allow")
            .actual(format_args!("{answer}"))
            .or(match answer {
                "login_required" => Refusal::LoginRequired,
                "consent_required" => Refusal::ConsentRequired,
                "interaction_required" => Refusal::InteractionRequired,
                "server_error" => Refusal::SignInFailed,
                "temporarily_unavailable" => Refusal::SignInUnavailable,
                _ => Refusal::ConsentDenied,
            })?;
        return chosen_user(exchange, "user").map(Consent::Given);
    }
    if exchange.parameter("prompt") != Some("none") {
        return Ok(Consent::Needed);
    }
    let refusal = integration.silent_sign_in().refusal();
    exchange
        .that("user need not be asked", refusal.is_none())
        .expected("an integration whose silent sign-in is granted")
        .actual(refusal.map_or("granted", Refusal::error))
        .or(refusal.unwrap_or(Refusal::InteractionRequired))?;
    chosen_user(exchange, "login_hint").map(Consent::Given)
}

/// The user that `parameter` names, by id or e-mail address, or else the first.
pub(crate) fn chosen_user(exchange: &mut Exchange<'_>, parameter: &str) -> Result<User, Refusal> {
    let users = exchange.service.users();
    let named = exchange.parameter(parameter);
    let user = match named {
        Some(named) => users.into_iter().find(|user| user.is_called(named)),
        None => users.into_iter().next(),
    };
    exchange
        .given("user is known", user)
        .expected("the id or e-mail address of one of the emulator's users")
        .actual(format_args!("{}", named.unwrap_or("the first")))
        .or(Refusal::LoginRequired)
}

fn redirect_uri(exchange: &mut Exchange<'_>, integration: &Integration) -> Result<String, Refusal> {
    let requested = exchange.parameter("redirect_uri");
    let found = integration.redirect_uri_for(requested);
    exchange
        .given("redirect_uri is registered", found.map(str::to_owned))
        .expected("one of the integration's redirect URIs")
        .actual(format_args!("{}", requested.unwrap_or_default()))
        .or(Refusal::RedirectUriUnknown)
}

/// What the client is sent. Source: AdobeDocs/adobe-dev-console, "User Authentication", Successful response.
fn granted(
    exchange: &Exchange<'_>,
    integration: &Integration,
    request: &AuthorizeRequest,
    user: &User,
) -> Vec<(&'static str, String)> {
    let ResponseType { code, token, id_token } = request.response;
    let session = exchange.token_id("-s");
    let nonce = exchange.parameter("nonce");
    let access = NewToken {
        session: Some(&session),
        ..NewToken::access(integration, user.id(), request.scope.clone())
    };
    let expires_in = exchange.expires_in(&access);
    let access_token = token.then(|| exchange.issue(&access, ""));
    let mut code_text = None;
    if code {
        let method = exchange.parameter("code_challenge_method").unwrap_or("plain");
        let challenge = exchange.parameter("code_challenge");
        let code = NewToken {
            kind: TokenKind::Code,
            lifetime: CODE_LIFETIME,
            challenge: challenge.map(|text| Challenge { text, method }),
            nonce,
            ..access
        };
        code_text = Some(exchange.issue(&code, "-c"));
    }
    let mut pairs = Vec::new();
    if id_token {
        let id_token = NewIdToken {
            issuer: &exchange.call.base_url(),
            client_id: integration.client_id().as_str(),
            user_id: user.id(),
            org_id: None,
            nonce,
            access_token: access_token.as_deref(),
            code: code_text.as_deref(),
            lifetime: integration.token_lifetime(),
        };
        pairs.push(("id_token", exchange.issue_id_token(&id_token)));
    }
    if let Some(code) = code_text {
        pairs.push(("code", code));
    }
    if let Some(access_token) = access_token {
        pairs.push(("access_token", access_token));
        pairs.push(("token_type", "bearer".to_owned()));
        pairs.push(("expires_in", expires_in.to_string()));
    }
    pairs
}

/// The way back to the client.
pub(crate) struct Redirection<'a> {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<&'a str>,
    /// `?` or `#`: where the client looks.
    pub(crate) separator: char,
}

impl Redirection<'_> {
    fn with_error(&self, refusal: Refusal) -> Answer {
        let pairs = [
            ("error", refusal.error().to_owned()),
            ("error_description", refusal.description().to_owned()),
        ];
        self.with(&pairs).because_of(refusal)
    }

    /// To the redirect URI, with `pairs` and `state`.
    pub(crate) fn with(&self, pairs: &[(&str, String)]) -> Answer {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.extend_pairs(self.state.map(|state| ("state", state)));
        let has_query = self.separator == '?' && self.redirect_uri.contains('?');
        let separator = if has_query { '&' } else { self.separator };
        Answer::redirect(&format!("{}{separator}{}", self.redirect_uri, query.finish()))
    }
}
