//! What IMS tells the holder of an access token: `/ims/userinfo` and `/ims/organizations`.

use std::sync::Arc;

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    Refusal,
    answer::Answer,
    bearer,
    call::Call,
    checks::Checks,
    key_ring::KeyRing,
    service::{Registered, Service},
};

/// The answer of `/ims/userinfo/v1` and `v2`: what the token's scopes allow. Source: AdobeDocs/adobe-dev-console,
/// "User Authentication", `userinfo`.
#[derive(Serialize)]
struct UserInfo<'a> {
    sub: &'a str,
    account_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address<'a>>,
}

#[derive(Serialize)]
struct Address<'a> {
    country: &'a str,
}

/// One element of the answer of `/ims/organizations/v1` to `v6`. Source: adobe/aio-lib-ims, `src/ims.js`.
#[derive(Serialize)]
struct Organization<'a> {
    #[serde(rename = "orgName")]
    name: &'a str,
    #[serde(rename = "orgRef")]
    reference: OrgRef<'a>,
    #[serde(rename = "orgType")]
    kind: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrgRef<'a> {
    ident: &'a str,
    auth_src: &'a str,
}

/// Answers `/ims/userinfo/…`. A technical account is named after itself, as Adobe's products show it.
pub(crate) fn info(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let (token, _) = holder(service, call, keys, checks)?;
    let sub = token.user_id().unwrap_or_default();
    let (ident, auth_src) = sub.split_once('@').unwrap_or((sub, ""));
    let allows = |name: &str| token.scopes().any(|scope| scope == name);
    let email = allows("email").then_some(sub);
    let profile = allows("profile");
    Ok(Answer::ok(&UserInfo {
        sub,
        account_type: "ent",
        email,
        email_verified: email.map(|_| true),
        name: profile.then_some(ident),
        given_name: profile.then_some(ident),
        family_name: profile.then_some(auth_src),
        address: allows("address").then_some(Address { country: "US" }),
    }))
}

/// Answers `/ims/organizations/…`: the one organization of the binding.
pub(crate) fn organizations(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let (_, registered) = holder(service, call, keys, checks)?;
    let org_id = registered.binding.org_id().as_str();
    let (ident, auth_src) = org_id.split_once('@').unwrap_or((org_id, ""));
    let reference = OrgRef { ident, auth_src };
    Ok(Answer::ok(&[Organization { name: ident, reference, kind: "Enterprise" }]))
}

/// The token of `Authorization: Bearer`, and the binding it was issued for.
fn holder(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<(AccessTokenPayload, Arc<Registered>), Refusal> {
    let token = bearer::token(
        service,
        call,
        keys,
        checks,
        [Refusal::TokenNotValid, Refusal::TokenNotValid],
    )?;
    let registered = checks
        .given("client is registered", token.client_id().and_then(|id| service.registered(id)))
        .expected("the client id of a registered binding")
        .or(Refusal::TokenNotValid)?;
    checks.is_made_by(registered.binding.client_id());
    Ok((token, registered))
}
