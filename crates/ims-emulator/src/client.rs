//! Who is calling: the checks of client id and client secret, the same at each endpoint that wants both.

use std::sync::Arc;

use crate::{
    Refusal,
    call::Call,
    checks::Checks,
    service::{Registered, Service},
};

/// Finds the integration of `client_id`, which the client has named in one way or another.
pub(crate) fn identify(
    service: &Service,
    client_id: Option<&str>,
    checks: &mut Checks,
) -> Result<Arc<Registered>, Refusal> {
    let client_id = checks
        .given("client_id is sent", client_id)
        .expected("the parameter client_id")
        .or(Refusal::ClientIdMissing)?;
    let registered = checks
        .given("client_id is registered", service.registered(client_id))
        .expected("the client id of a registered integration")
        .actual(client_id.to_owned())
        .or(Refusal::ClientUnknown)?;
    checks.is_made_by(registered.integration.client_id());
    Ok(registered)
}

/// Finds the integration and checks the secret. Parameters go before Basic authentication.
pub(crate) fn authenticate(
    service: &Service,
    call: &Call,
    checks: &mut Checks,
) -> Result<Arc<Registered>, Refusal> {
    let basic = call.basic();
    let (basic_id, basic_secret) = basic.as_ref().map(|(id, secret)| (&**id, &**secret)).unzip();
    let registered = identify(service, call.parameters.get("client_id").or(basic_id), checks)?;
    let secret = checks
        .given("client_secret is sent", call.parameters.get("client_secret").or(basic_secret))
        .expected("the parameter client_secret, or Basic authentication")
        .or(Refusal::ClientSecretMissing)?;
    let is_known = registered.integration.has_client_secret(secret)
        || basic_secret
            .is_some_and(|secret| registered.integration.has_client_secret(&decoded(secret)));
    let count = registered.integration.client_secrets().len();
    checks
        .that("client_secret is right", is_known)
        .expected(format!("one of the {count} secrets of the integration"))
        .actual(if is_known { "one of them" } else { "another text" })
        .or(Refusal::ClientSecretWrong)?;
    Ok(registered)
}

/// A part of Basic credentials as RFC 6749 §2.3.1 wants it, urlencoded; most clients send it as it is.
fn decoded(text: &str) -> String {
    // With the name in front, what looks like a separator of pairs is still part of the one value or cut off.
    let pair = format!("x={text}");
    form_urlencoded::parse(pair.as_bytes())
        .map(|(_, value)| value.into_owned())
        .next()
        .unwrap_or_default()
}
