//! What a client wants of the user, and whether it may.

use crate::{Integration, Refusal, call::Call, checks::Checks, resource, scope};

/// What the client wants.
pub(super) struct Wish {
    pub(super) response: ResponseType,
    pub(super) scope: String,
}

/// What the client wants to be sent.
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

/// Examines everything that the client may be told of by redirection.
pub(super) fn examine(
    integration: &Integration,
    call: &Call,
    checks: &mut Checks,
) -> Result<Wish, Refusal> {
    let response = response_type(call, checks)?;
    let mode = call.parameters.get("response_mode");
    checks
        .that("response_mode is served", matches!(mode, None | Some("query" | "fragment")))
        .expected("query or fragment")
        .actual(mode.unwrap_or_default().to_owned())
        .or(Refusal::ResponseModeUnsupported)?;
    let scope = scope::asked(integration, call, checks)?;
    if response.id_token {
        let is_asked = scope.split(',').any(|one| one == "openid");
        checks
            .that("id_token comes with the scope openid", is_asked)
            .expected("openid")
            .actual(scope.clone())
            .or(Refusal::OpenIdMissing)?;
    }
    if response.code {
        challenge(integration, call, checks)?;
    }
    let prompt = call.parameters.get("prompt").unwrap_or_default();
    let has_none = prompt.split(' ').any(|value| value == "none");
    checks
        .that("prompt agrees with itself", !has_none || prompt == "none")
        .expected("none alone, or login")
        .actual(prompt.to_owned())
        .or(Refusal::PromptContradictory)?;
    resource::check(call, checks)?;
    Ok(Wish { response, scope })
}

/// Where the client looks for what it is sent: in the query, or in the fragment, which no server sees. Known before the
/// request is examined, so that errors are found there too.
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

fn response_type(call: &Call, checks: &mut Checks) -> Result<ResponseType, Refusal> {
    let asked = call.parameters.get("response_type").unwrap_or("code");
    let mut words: Vec<&str> = asked.split(' ').collect();
    words.sort_unstable();
    let is_v1 = call.path == "/ims/authorize/v1";
    let served = RESPONSE_TYPES.iter().any(|(known, in_v1)| *known == words && (*in_v1 || !is_v1));
    let has = |word: &str| words.contains(&word);
    let response =
        ResponseType { code: has("code"), token: has("token"), id_token: has("id_token") };
    let is_device = asked == "device";
    checks
        .given("response_type is served", served.then_some(response))
        .expected(if is_v1 {
            "code or token"
        } else {
            "code, token, id_token, id_token token or code id_token"
        })
        .actual(asked.to_owned())
        .or(if is_device { Refusal::DeviceNotServed } else { Refusal::ResponseTypeUnsupported })
}

fn challenge(integration: &Integration, call: &Call, checks: &mut Checks) -> Result<(), Refusal> {
    let has_challenge = call.parameters.get("code_challenge").is_some();
    checks
        .that(
            "code has a challenge, or the client a secret",
            has_challenge || !integration.is_public(),
        )
        .expected("code_challenge, since the client is public")
        .or(Refusal::ChallengeMissing)?;
    let method = call.parameters.get("code_challenge_method").unwrap_or("plain");
    checks
        .that("code_challenge_method is served", matches!(method, "plain" | "S256"))
        .expected("plain or S256")
        .actual(method.to_owned())
        .or(Refusal::ChallengeMissing)
}
