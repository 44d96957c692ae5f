//! `/ims/logout/v1` and `/ims/logout/v1/token`: the end of a user's tokens, for a browser or a server.

use http::StatusCode;

use crate::{
    Check, Integration, Refusal,
    answer::{Answer, JSON},
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenKind,
    key_ring::KeyRing,
    revocation,
    service::Service,
};

/// The longest name of a function in `callback`, in bytes.
const MAX_CALLBACK: usize = 64;

/// Ends the access token and what came of the same sign-in, and sends the browser to `redirect_uri`, if there is one.
/// What is no token has ended already. Source: AdobeDocs/adobeio-auth, `Resources/IMS.md`, Logout.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let token = call.parameters.get("access_token").or(call.bearer());
    let token = token
        .and_then(|token| service.read_token(keys, token, TokenKind::Access, call.now_ms).ok());
    let of_token = token.as_ref().and_then(|token| token.client_id());
    // A page that asks by JSONP names its client by the token alone.
    let client_id = call.parameters.get("client_id").or(of_token);
    let registered = match call.parameters.get("client_secret") {
        Some(_) => client::authenticate(service, call, checks)?,
        None => client::identify(service, client_id, checks)?,
    };
    let integration = &registered.integration;
    let location = location(integration, call, checks)?;
    let callback = callback(call, checks)?;
    let own = token.filter(|token| token.client_id() == Some(integration.client_id().as_str()));
    checks.note(Check {
        name: "access token is valid",
        passed: own.is_some(),
        expected: "a token that the emulator issued to this client and that has not ended".into(),
        actual: if own.is_some() { "such a token" } else { "none: nothing is to be done" }.into(),
    });
    if let Some(token) = own {
        service.revoke(&token, call.now());
        revocation::end_session(service, &token, integration, call);
    }
    Ok(match (location, callback) {
        (Some(location), _) => Answer::redirect(location),
        (None, Some(callback)) => {
            Answer::new(StatusCode::OK, JAVASCRIPT, format!("{callback}({{}});"))
        }
        (None, None) => Answer::new(StatusCode::OK, JSON, "{}"),
    })
}

/// Where the browser goes. Only a registered redirect URI: else everybody could send users anywhere under IMS's name.
fn location<'a>(
    integration: &'a Integration,
    call: &Call,
    checks: &mut Checks,
) -> Result<Option<&'a str>, Refusal> {
    let asked = call.parameters.get("redirect_uri").filter(|_| call.path == "/ims/logout/v1");
    let Some(asked) = asked else { return Ok(None) };
    let known = integration.redirect_uris().iter().find(|known| *known == asked);
    checks
        .given("redirect_uri is registered", known)
        .expected("one of the integration's redirect URIs")
        .actual(asked.to_owned())
        .or(Refusal::RedirectUriUnknown)
        .map(|known| Some(known.as_str()))
}

fn callback<'a>(call: &'a Call, checks: &mut Checks) -> Result<Option<&'a str>, Refusal> {
    let Some(name) = call.parameters.get("callback") else { return Ok(None) };
    let is_name = name.len() <= MAX_CALLBACK
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.".contains(&b));
    checks
        .that("callback is a name", is_name)
        .expected("letters, digits, _, $ and dots")
        .actual(name.to_owned())
        .or(Refusal::CallbackMalformed)?;
    Ok(Some(name))
}

/// The type of an answer by JSONP.
const JAVASCRIPT: &str = "application/javascript;charset=UTF-8";
