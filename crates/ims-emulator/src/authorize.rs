//! `/ims/authorize/v1` and `v2`: the user is asked, and the client is sent codes and tokens.

mod wish;

use std::time::Duration;

use http::Method;

use self::wish::{ResponseType, Wish};
use crate::{
    Integration, Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client, html,
    id_token::IdTokenOrder,
    issued_token::{Challenge, TokenKind, TokenOrder},
    key_ring::KeyRing,
    service::Service,
};

/// The one user that the emulator has.
pub(crate) const USER_ID: &str = "EMULATED0000000000000001@AdobeID";

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::from_mins(5);

/// The longest `state`, in characters. Source: AdobeDocs/adobe-dev-console, "User Authentication".
const MAX_STATE: usize = 4096;

/// Examines the request, asks the user, and sends the browser back to the client.
///
/// What is wrong with the client or its redirect URI is told here: only a known redirect URI is sent anything
/// (RFC 6749 §4.1.2.1). What `prompt=none` meets is set in the integration.
pub(crate) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::identify(service, call.parameters.get("client_id"), checks)?;
    let integration = &registered.integration;
    let redirect_uri = checks
        .given("redirect_uri is registered", registered_redirect_uri(integration, call))
        .expected("one of the integration's redirect URIs")
        .actual(call.parameters.get("redirect_uri").unwrap_or_default().to_owned())
        .or(Refusal::RedirectUriUnknown)?;
    let state = call.parameters.get("state");
    checks
        .that("state is short enough", state.is_none_or(|state| state.chars().count() <= MAX_STATE))
        .expected("at most 4096 characters")
        .or(Refusal::StateTooLong)?;
    let back = Redirection { redirect_uri, state, separator: wish::separator(call) };
    let wish = wish::examine(integration, call, checks);
    Ok(match wish.and_then(|wish| Ok((consent(integration, call, checks)?, wish))) {
        Err(refusal) => back.with_error(refusal),
        Ok((Consent::Asked, wish)) => html::consent(call, integration, &wish.scope),
        Ok((Consent::Given, wish)) => back.to(&granted(&wish, integration, call, keys)),
    })
}

enum Consent {
    Asked,
    Given,
}

/// The form posts the user's answer; a link cannot give it.
fn consent(
    integration: &Integration,
    call: &Call,
    checks: &mut Checks,
) -> Result<Consent, Refusal> {
    match call.parameters.get("consent").filter(|_| call.method == Method::POST) {
        Some(answer) => {
            let allows = answer == "allow";
            checks.that("user allows it", allows).expected("allow").or(Refusal::ConsentDenied)?;
            Ok(Consent::Given)
        }
        None if call.parameters.get("prompt") == Some("none") => {
            let refusal = integration.silent_sign_in().refusal();
            let check = checks.that("user need not be asked", refusal.is_none());
            check
                .expected("an integration whose silent sign-in is granted")
                .actual(refusal.map_or("one whose is", Refusal::error))
                .or(refusal.unwrap_or(Refusal::InteractionRequired))?;
            Ok(Consent::Given)
        }
        None => Ok(Consent::Asked),
    }
}

fn registered_redirect_uri<'a>(integration: &'a Integration, call: &Call) -> Option<&'a str> {
    let known = integration.redirect_uris();
    match call.parameters.get("redirect_uri") {
        Some(sent) => known.iter().find(|known| *known == sent).map(String::as_str),
        None => known.first().map(String::as_str),
    }
}

/// What the client is sent. Source: AdobeDocs/adobe-dev-console, "User Authentication", Successful response.
fn granted(
    wish: &Wish,
    integration: &Integration,
    call: &Call,
    keys: &KeyRing,
) -> Vec<(&'static str, String)> {
    let session = format!("{}-s", call.debug_id);
    let order = TokenOrder {
        session: Some(&session),
        ..TokenOrder::access(integration, USER_ID, wish.scope.clone())
    };
    let ResponseType { code, token, id_token } = wish.response;
    let expires_in_s = order.expires_in_s();
    let access_token = token.then(|| order.fill(keys, &call.debug_id, call.now_ms));
    let code = code.then(|| {
        let challenge = call.parameters.get("code_challenge").map(|text| Challenge {
            text,
            method: call.parameters.get("code_challenge_method").unwrap_or("plain"),
        });
        let nonce = call.parameters.get("nonce");
        let kind = TokenKind::Code;
        let order = TokenOrder { kind, lifetime: CODE_LIFETIME, challenge, nonce, ..order };
        order.fill(keys, &format!("{}-c", call.debug_id), call.now_ms)
    });
    let id_token = id_token.then(|| {
        let order = IdTokenOrder {
            issuer: &call.base_url(),
            client_id: integration.client_id().as_str(),
            user_id: USER_ID,
            nonce: call.parameters.get("nonce"),
            access_token: access_token.as_deref(),
            code: code.as_deref(),
            lifetime: integration.token_lifetime(),
        };
        order.fill(keys, call.now_ms)
    });
    let mut pairs = Vec::new();
    pairs.extend(id_token.map(|text| ("id_token", text)));
    pairs.extend(code.map(|text| ("code", text)));
    if let Some(access_token) = access_token {
        pairs.push(("access_token", access_token));
        pairs.push(("token_type", "bearer".to_owned()));
        pairs.push(("expires_in", expires_in_s.to_string()));
    }
    pairs
}

/// The way back to the client.
struct Redirection<'a> {
    redirect_uri: &'a str,
    state: Option<&'a str>,
    /// `?` or `#`: where the client looks.
    separator: char,
}

impl Redirection<'_> {
    fn with_error(&self, refusal: Refusal) -> Answer {
        let description = refusal.description().to_owned();
        let pairs = [("error", refusal.error().to_owned()), ("error_description", description)];
        self.to(&pairs).because_of(refusal)
    }

    /// To the redirect URI, with `pairs` and `state`.
    fn to(&self, pairs: &[(&str, String)]) -> Answer {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.extend_pairs(self.state.map(|state| ("state", state)));
        let has_query = self.separator == '?' && self.redirect_uri.contains('?');
        let separator = if has_query { '&' } else { self.separator };
        Answer::redirect(&format!("{}{separator}{}", self.redirect_uri, query.finish()))
    }
}
