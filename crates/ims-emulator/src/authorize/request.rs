//! What a client asks the user for, and whether it may.

use crate::{call::Call, exchange::Exchange, integration::Integration, refusal::Refusal};

/// What the client asks for.
pub(super) struct AuthorizeRequest {
    pub(super) response: ResponseType,
    /// The scopes, separated by commas.
    pub(super) scope: String,
}

/// The response type that the client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResponseType {
    pub(super) code: bool,
    pub(super) token: bool,
    pub(super) id_token: bool,
}

/// The response types, each with the words it is made of, and whether v1 has it. Source: AdobeDocs/adobe-dev-console,
/// "User Authentication", Authorize Request; adobe/ims-go, `ims/authorize.go`, for v1.
const RESPONSE_TYPES: [(&[&str], bool); 5] = [
    (&["code"], true),
    (&["token"], true),
    (&["id_token"], false),
    (&["id_token", "token"], false),
    (&["code", "id_token"], false),
];

/// Checks everything whose errors are sent to the client by a redirect.
pub(super) fn examine(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
) -> Result<AuthorizeRequest, Refusal> {
    let response = response_type(exchange)?;
    let mode = exchange.parameter("response_mode");
    exchange
        .that("response_mode is served", matches!(mode, None | Some("query" | "fragment")))
        .expected("query or fragment")
        .actual(format_args!("{}", mode.unwrap_or_default()))
        .or(Refusal::ResponseModeUnsupported)?;
    let all = integration.scopes().iter().map(String::as_str);
    let scope = exchange.scope_or(integration, all)?;
    if response.id_token {
        let is_requested = scope.split(',').any(|one| one == "openid");
        exchange
            .that("id_token comes with the scope openid", is_requested)
            .expected("openid")
            .actual(scope.clone())
            .or(Refusal::OpenIdMissing)?;
    }
    if response.code {
        challenge(exchange, integration)?;
    }
    let prompt = exchange.parameter("prompt").unwrap_or_default();
    let has_none = prompt.split(' ').any(|value| value == "none");
    exchange
        .that("prompt agrees with itself", !has_none || prompt == "none")
        .expected("none alone, or login")
        .actual(format_args!("{prompt}"))
        .or(Refusal::PromptContradictory)?;
    exchange.check_resources()?;
    Ok(AuthorizeRequest { response, scope })
}

/// Where the client looks for what it is sent: in the query, or in the fragment, which no server sees. It is known before
/// the request is examined, so that errors can be sent there.
pub(super) fn separator(call: &Call) -> char {
    let response_type = call.parameters.get("response_type").unwrap_or("code");
    let has_tokens = response_type.split(' ').any(|word| matches!(word, "token" | "id_token"));
    match call.parameters.get("response_mode") {
        Some("query") => '?',
        Some("fragment") => '#',
        _ if has_tokens => '#',
        _ => '?',
    }
}

fn response_type(exchange: &mut Exchange<'_>) -> Result<ResponseType, Refusal> {
    let requested = exchange.parameter("response_type").unwrap_or("code");
    let mut words: Vec<&str> = requested.split(' ').collect();
    words.sort_unstable();
    let is_v1 = exchange.call.path != "/ims/authorize/v2";
    let served = RESPONSE_TYPES.iter().any(|(known, in_v1)| *known == words && (*in_v1 || !is_v1));
    let response = ResponseType {
        code: words.contains(&"code"),
        token: words.contains(&"token"),
        id_token: words.contains(&"id_token"),
    };
    let expected = if is_v1 {
        "code or token"
    } else {
        "code, token, id_token, id_token token or code id_token"
    };
    let refusal = if requested == "device" {
        Refusal::DeviceNotServed
    } else {
        Refusal::ResponseTypeUnsupported
    };
    exchange
        .given("response_type is served", served.then_some(response))
        .expected(expected)
        .actual(format_args!("{requested}"))
        .or(refusal)
}

fn challenge(exchange: &mut Exchange<'_>, integration: &Integration) -> Result<(), Refusal> {
    let is_protected = exchange.parameter("code_challenge").is_some() || !integration.is_public();
    exchange
        .that("code has a challenge, or the client a secret", is_protected)
        .expected("code_challenge, since the client is public")
        .or(Refusal::ChallengeMissing)?;
    let method = exchange.parameter("code_challenge_method").unwrap_or("plain");
    exchange
        .that("code_challenge_method is served", matches!(method, "plain" | "S256"))
        .expected("plain or S256")
        .actual(format_args!("{method}"))
        .or(Refusal::ChallengeMissing)
}
