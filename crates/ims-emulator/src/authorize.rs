//! `/ims/authorize/v1` and `v2`: the user is asked, and the client is sent a code or a token.

use std::time::Duration;

use http::Method;

use crate::{
    Binding, Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client, html,
    issued_token::{Challenge, TokenKind, TokenOrder},
    key_ring::KeyRing,
    service::Service,
};

/// The one user that the emulator has, who is always signed in.
pub(crate) const USER_ID: &str = "EMULATED0000000000000001@AdobeID";

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::from_mins(5);

/// The longest `state`, in characters. Source: AdobeDocs/adobe-dev-console, "User Authentication".
const MAX_STATE: usize = 4096;

/// Examines the request, asks the user, and sends the browser back to the client.
///
/// What is wrong with the client or its redirect URI is told here: only a known redirect URI is sent anything
/// (RFC 6749 §4.1.2.1). `prompt=none` takes the user's consent for given.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::identify(service, call.parameters.get("client_id"), checks)?;
    let binding = &registered.binding;
    let redirect_uri = checks
        .given("redirect_uri is registered", registered_redirect_uri(binding, call))
        .expected("one of the binding's redirect URIs")
        .actual(call.parameters.get("redirect_uri").unwrap_or_default().to_owned())
        .or(Refusal::RedirectUriUnknown)?;
    let state = call.parameters.get("state");
    checks
        .that("state is short enough", state.is_none_or(|state| state.chars().count() <= MAX_STATE))
        .expected("at most 4096 characters")
        .or(Refusal::StateTooLong)?;
    let back = Redirection { redirect_uri, state };
    Ok(match examine(binding, call, checks) {
        Err(refusal) => back.with_error(refusal),
        Ok(wish) => match consent(call) {
            Consent::Asked => html::consent(call, binding, &wish.scope),
            Consent::Denied => back.with_error(Refusal::ConsentDenied),
            Consent::Given => back.with_grant(&wish, binding, call, keys),
        },
    })
}

/// What the client wants of the user.
struct Wish {
    response: Response,
    scope: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Response {
    Code,
    Token,
}

enum Consent {
    Asked,
    Given,
    Denied,
}

/// The form posts the user's answer; a link cannot give it.
fn consent(call: &Call) -> Consent {
    match (call.parameters.get("consent"), call.parameters.get("prompt")) {
        (Some("allow"), _) if call.method == Method::POST => Consent::Given,
        (Some(_), _) if call.method == Method::POST => Consent::Denied,
        (_, Some("none")) => Consent::Given,
        _ => Consent::Asked,
    }
}

fn registered_redirect_uri<'a>(binding: &'a Binding, call: &Call) -> Option<&'a str> {
    let known = binding.redirect_uris();
    match call.parameters.get("redirect_uri") {
        Some(sent) => known.iter().find(|known| *known == sent).map(String::as_str),
        None => known.first().map(String::as_str),
    }
}

fn examine(binding: &Binding, call: &Call, checks: &mut Checks) -> Result<Wish, Refusal> {
    let response_type = call.parameters.get("response_type").unwrap_or("code");
    let response = match response_type {
        "code" => Some(Response::Code),
        "token" => Some(Response::Token),
        _ => None,
    };
    let response = checks
        .given("response_type is served", response)
        .expected("code or token")
        .actual(response_type.to_owned())
        .or(Refusal::ResponseTypeUnsupported)?;
    let asked = call.parameters.get("scope").unwrap_or_default();
    let scopes: Vec<&str> = asked.split([',', ' ']).filter(|scope| !scope.is_empty()).collect();
    let known = binding.scopes();
    let are_known = scopes.iter().all(|scope| known.iter().any(|known| known == scope));
    checks
        .that("scopes are the client's", are_known && !scopes.is_empty())
        .expected(format!("among {}", known.join(",")))
        .actual(asked.to_owned())
        .or(Refusal::ScopeNotGranted)?;
    let has_challenge = call.parameters.get("code_challenge").is_some();
    checks
        .that(
            "code has a challenge, or the client a secret",
            has_challenge || response == Response::Token || !binding.is_public(),
        )
        .expected("code_challenge, since the client is public")
        .or(Refusal::ChallengeMissing)?;
    let method = call.parameters.get("code_challenge_method").unwrap_or("plain");
    checks
        .that("code_challenge_method is served", matches!(method, "plain" | "S256"))
        .expected("plain or S256")
        .actual(method.to_owned())
        .or(Refusal::ChallengeMissing)?;
    Ok(Wish { response, scope: scopes.join(",") })
}

/// The way back to the client.
struct Redirection<'a> {
    redirect_uri: &'a str,
    state: Option<&'a str>,
}

impl Redirection<'_> {
    fn with_error(&self, refusal: Refusal) -> Answer {
        let pairs = [("error", refusal.error()), ("error_description", refusal.description())];
        Answer::redirect(&self.to('?', &pairs)).because_of(refusal)
    }

    fn with_grant(&self, wish: &Wish, binding: &Binding, call: &Call, keys: &KeyRing) -> Answer {
        let is_code = wish.response == Response::Code;
        let challenge = call.parameters.get("code_challenge").map(|text| Challenge {
            text,
            method: call.parameters.get("code_challenge_method").unwrap_or("plain"),
        });
        let order = TokenOrder {
            kind: if is_code { TokenKind::Code } else { TokenKind::Access },
            client_id: binding.client_id(),
            user_id: USER_ID,
            scope: wish.scope.clone(),
            lifetime: if is_code { CODE_LIFETIME } else { binding.token_lifetime() },
            challenge: challenge.filter(|_| is_code),
        };
        let token = order.fill(keys, &call.debug_id, call.now_ms);
        if is_code {
            return Answer::redirect(&self.to('?', &[("code", &token)]));
        }
        let expires_in_s = (order.lifetime_ms().saturating_sub(1) / 1000).to_string();
        let pairs =
            [("access_token", &*token), ("token_type", "bearer"), ("expires_in", &expires_in_s)];
        Answer::redirect(&self.to('#', &pairs))
    }

    /// The redirect URI with `pairs` after `separator`.
    fn to(&self, separator: char, pairs: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.extend_pairs(self.state.map(|state| ("state", state)));
        let has_query = separator == '?' && self.redirect_uri.contains('?');
        let separator = if has_query { '&' } else { separator };
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }
}
