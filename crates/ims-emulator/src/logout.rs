//! `/ims/logout/v1` and `/ims/logout/v1/token`: the end of a user's tokens, for a browser or a server.

use http::StatusCode;

use crate::{
    answer::{Answer, JSON},
    exchange::Exchange,
    integration::Integration,
    issued_token::TokenKind,
    refusal::Refusal,
    token_state,
};

/// The longest name of a function in `callback`, in bytes.
const MAX_CALLBACK: usize = 64;

/// The type of an answer by JSONP.
const JAVASCRIPT: &str = "application/javascript;charset=UTF-8";

/// Revokes the access token and the tokens of the same sign-in, and sends the browser to `redirect_uri`, if there is one.
/// A text that is not a token needs no revocation. Source: AdobeDocs/adobeio-auth, `Resources/IMS.md`, Logout.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let text = exchange.parameter("access_token").or(exchange.call.bearer());
    let token = text.and_then(|text| exchange.read_token(text, TokenKind::Access).ok());
    let registered = if exchange.parameter("client_secret").is_some() {
        exchange.authenticate()?
    } else {
        // A page that asks by JSONP names its client by the token alone.
        let of_token = token.as_ref().and_then(|token| token.client_id());
        exchange.identify(exchange.parameter("client_id").or(of_token))?
    };
    let integration = &registered.integration;
    let location = location(exchange, integration)?;
    let callback = callback(exchange)?;
    let own = token.filter(|token| token.client_id() == Some(integration.client_id().as_str()));
    exchange.note(
        "access token is valid",
        own.is_some(),
        "a token that the emulator issued to this client and that is still valid",
        if own.is_some() { "valid" } else { "none: there is nothing to end" },
    );
    if let Some(token) = own {
        exchange.service.revoke(&token, exchange.now());
        token_state::end_session(exchange, &token, integration);
    }
    if let Some(location) = location {
        return Ok(Answer::redirect(&location));
    }
    if let Some(callback) = callback {
        return Ok(Answer::new(StatusCode::OK, JAVASCRIPT, format!("{callback}({{}});")));
    }
    Ok(Answer::new(StatusCode::OK, JSON, "{}"))
}

/// Where the browser goes. Only a registered redirect URI: otherwise anyone could send users anywhere under IMS's name.
fn location(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
) -> Result<Option<String>, Refusal> {
    if exchange.call.path != "/ims/logout/v1" {
        return Ok(None);
    }
    let Some(requested) = exchange.parameter("redirect_uri") else { return Ok(None) };
    let known = integration.registered_redirect_uri(requested);
    let known = exchange
        .given("redirect_uri is registered", known)
        .expected("one of the integration's redirect URIs")
        .actual(format_args!("{requested}"))
        .or(Refusal::RedirectUriUnknown)?;
    Ok(Some(known.to_owned()))
}

fn callback<'a>(exchange: &mut Exchange<'a>) -> Result<Option<&'a str>, Refusal> {
    let Some(name) = exchange.parameter("callback") else { return Ok(None) };
    let is_name = name.len() <= MAX_CALLBACK
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$.".contains(&b));
    exchange
        .that("callback is a name", is_name)
        .expected("letters, digits, _, $ and dots")
        .actual(format_args!("{name}"))
        .or(Refusal::CallbackMalformed)?;
    Ok(Some(name))
}
