//! What IMS tells about a user: `/ims/userinfo`, `/ims/profile` and `/ims/organizations` about the holder of an access
//! token, `/ims/admin_profile` and `/ims/admin_organizations` about anybody.

use std::sync::Arc;

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    answer::Answer, authorize::USER_ID, client::RequiredToken, exchange::Exchange,
    integration::Integration, issued_token::TokenKind, refusal::Refusal, service::Registered,
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

/// The answer of `/ims/profile/v1` to `v3`. Sources: AdobeDocs/campaign-standard.en, "Troubleshooting", for the shape of
/// `projectedProductContext`; adobe/imscli, `ims/profile.go`, for `fulfillable_data`; the names beside it are those of
/// userinfo in the spelling of a profile.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    user_id: &'a str,
    auth_id: &'a str,
    account_type: &'a str,
    #[serde(rename = "countryCode")]
    country: &'a str,
    email: &'a str,
    email_verified: &'a str,
    name: &'a str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    projected_product_context: Option<Vec<ProjectedProduct<'a>>>,
}

#[derive(Serialize)]
struct ProjectedProduct<'a> {
    #[serde(rename = "prodCtx")]
    context: Product<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Product<'a> {
    status_code: &'a str,
    owning_entity: &'a str,
    service_code: &'a str,
    #[serde(rename = "fulfillable_data", skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// The scope that products are told for.
const PRODUCT_CONTEXT: &str = "additional_info.projectedProductContext";

/// Answers `/ims/userinfo/…`. A technical account is named after itself, as Adobe's products show it.
pub(crate) fn info(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, _) = holder(exchange)?;
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

/// Answers `/ims/profile/…`.
pub(crate) fn profile(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = holder(exchange)?;
    let tells_products = token.scopes().any(|scope| scope == PRODUCT_CONTEXT);
    let user_id = token.user_id().unwrap_or_default();
    Ok(profile_of(user_id, &registered.integration, tells_products))
}

/// Answers `/ims/organizations/…`: the one organization of the integration.
pub(crate) fn organizations(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, registered) = holder(exchange)?;
    Ok(organizations_of(&registered.integration))
}

/// Answers `/ims/admin_profile/…`. Source: adobe/ims-go, `ims/get_admin_profile.go`.
pub(crate) fn admin_profile(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (user_id, registered) = administered(exchange)?;
    Ok(profile_of(&user_id, &registered.integration, true))
}

/// Answers `/ims/admin_organizations/…`. Source: adobe/ims-go, `ims/get_admin_organizations.go`.
pub(crate) fn admin_organizations(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, registered) = administered(exchange)?;
    Ok(organizations_of(&registered.integration))
}

fn profile_of(user_id: &str, integration: &Integration, tells_products: bool) -> Answer {
    let (ident, _) = user_id.split_once('@').unwrap_or((user_id, ""));
    let products = integration.products().iter().map(|product| ProjectedProduct {
        context: Product {
            status_code: "ACTIVE",
            owning_entity: integration.org_id().as_str(),
            service_code: product.service_code(),
            data: product.written_data(),
        },
    });
    Answer::ok(&Profile {
        user_id,
        auth_id: user_id,
        account_type: "ent",
        country: "US",
        email: user_id,
        email_verified: "true",
        name: ident,
        display_name: ident,
        projected_product_context: tells_products.then(|| products.collect()),
    })
}

fn organizations_of(integration: &Integration) -> Answer {
    let org_id = integration.org_id().as_str();
    let (ident, auth_src) = org_id.split_once('@').unwrap_or((org_id, ""));
    let reference = OrgRef { ident, auth_src };
    Answer::ok(&[Organization { name: ident, reference, kind: "Enterprise" }])
}

/// The user whom a service asks about, and the integration that the user belongs to: the technical account's own, and for
/// the emulated user that of the service.
fn administered(exchange: &mut Exchange<'_>) -> Result<(String, Arc<Registered>), Refusal> {
    let asking = exchange.identify(exchange.call.header("x-ims-clientid"))?;
    let token = exchange.bearer_token(required(TokenKind::Service))?;
    let client_id = asking.integration.client_id().as_str();
    exchange
        .that("service token is the client's", token.client_id() == Some(client_id))
        .expected(client_id.to_owned())
        .actual(token.client_id().unwrap_or_default().to_owned())
        .or(Refusal::TokenNotValid)?;
    let user_id = exchange.parameter("guid").zip(exchange.parameter("auth_src"));
    let user_id = exchange
        .given("guid and auth_src are sent", user_id)
        .expected("both parameters")
        .or(Refusal::GuidMissing)
        .map(|(guid, auth_src)| format!("{guid}@{auth_src}"))?;
    let mut registered = exchange.service.integrations().into_iter();
    let registered = registered
        .find(|registered| registered.integration.technical_account_id().as_str() == user_id)
        .or_else(|| (user_id == USER_ID).then_some(asking));
    let registered = exchange
        .given("user is known", registered)
        .expected(format!("a technical account of an integration, or {USER_ID}"))
        .actual(user_id.clone())
        .or(Refusal::UserUnknown)?;
    Ok((user_id, registered))
}

/// The token of `Authorization: Bearer`, and the integration it was issued for.
fn holder(exchange: &mut Exchange<'_>) -> Result<(AccessTokenPayload, Arc<Registered>), Refusal> {
    let token = exchange.bearer_token(required(TokenKind::Access))?;
    let registered = token.client_id().and_then(|id| exchange.service.registered(id));
    let registered = exchange
        .given("client is registered", registered)
        .expected("the client id of a registered integration")
        .or(Refusal::TokenNotValid)?;
    exchange.is_made_by(registered.integration.client_id());
    Ok((token, registered))
}

fn required(kind: TokenKind) -> RequiredToken {
    RequiredToken { kind, if_missing: Refusal::TokenNotValid, if_not_valid: Refusal::TokenNotValid }
}
