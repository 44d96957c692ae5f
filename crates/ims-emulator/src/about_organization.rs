//! What IMS says about organizations: `/ims/organizations` about those of a token's holder, `/ims/admin_organizations` about
//! any user's, and for service tokens one organization, its groups, its users and its products.

use serde::Serialize;

use crate::{
    about_user::{Person, Product, administered, holder, tenant_of},
    answer::Answer,
    exchange::Exchange,
    integration::Integration,
    issued_token::TokenKind,
    refusal::Refusal,
    user::User,
};

/// One organization. Source: adobe/aio-lib-ims, `src/ims.js`; @adobe/spacecat-shared-ims-client,
/// `src/clients/ims-client.js`, for `groups`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Organization<'a> {
    org_name: &'a str,
    org_ref: OrgRef<'a>,
    org_type: &'a str,
    country_code: &'a str,
    groups: [Group; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrgRef<'a> {
    ident: &'a str,
    auth_src: &'a str,
}

#[derive(Serialize)]
struct Group {
    #[serde(rename = "groupName")]
    name: &'static str,
    #[serde(rename = "groupDisplayName")]
    display_name: &'static str,
    role: &'static str,
    ident: u64,
}

/// The group that each emulated organization has: its administrators.
const ADMINISTRATORS: Group =
    Group { name: "Administrators", display_name: "Administrators", role: "GRP_ADMIN", ident: 1 };

#[derive(Serialize)]
struct GroupMembers<'a> {
    items: Vec<GroupMember<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupMember<'a> {
    email: &'a str,
    username: &'a str,
    first_name: &'a str,
    last_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductContexts<'a> {
    product_contexts: Vec<ContextOfOrganization<'a>>,
}

#[derive(Serialize)]
struct ContextOfOrganization<'a> {
    #[serde(flatten)]
    product: Product<'a>,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    tenant_id: &'a str,
}

/// Answers `/ims/organizations/…`: the organization of the integration, and the others of the user.
pub(crate) fn organizations(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = holder(exchange, TokenKind::Access)?;
    let person = Person::of(exchange, token.user_id().unwrap_or_default(), &registered.integration);
    Ok(organizations_of(&person.user, &registered.integration))
}

/// Answers `/ims/admin_organizations/…`. Source: adobe/ims-go, `ims/get_admin_organizations.go`.
pub(crate) fn admin_organizations(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (user_id, registered) = administered(exchange)?;
    let person = Person::of(exchange, &user_id, &registered.integration);
    Ok(organizations_of(&person.user, &registered.integration))
}

/// Answers `/ims/organizations/{org}/v2`.
pub(crate) fn organization(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let org_id = known_organization(exchange, path_part(exchange, 3))?;
    Ok(Answer::ok(&organization_named(&org_id, None)))
}

/// Answers `/ims/organizations/{org}/groups/{group}/members`: the users with a role in the organization; all, if none has
/// one.
pub(crate) fn group_members(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let org_id = known_organization(exchange, path_part(exchange, 3))?;
    let users = exchange.service.users();
    let has_role =
        |user: &User| user.roles().iter().any(|role| role.organization.as_str() == org_id);
    let everyone = !users.iter().any(has_role);
    let mut items = Vec::new();
    for user in &users {
        if everyone || has_role(user) {
            items.push(GroupMember {
                email: user.email(),
                username: user.email(),
                first_name: user.first_name(),
                last_name: user.last_name(),
            });
        }
    }
    Ok(Answer::ok(&GroupMembers { items }))
}

/// Answers `/ims/fetch_pc_by_org/v1`: the products of the organization's integrations. The tenant is called by the first
/// part of the Organization ID.
pub(crate) fn product_contexts(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let org_id = exchange.parameter("org_id").zip(exchange.parameter("auth_src"));
    let (ident, auth_src) = exchange
        .given("org_id and auth_src are sent", org_id)
        .expected("both parameters")
        .or(Refusal::GuidMissing)?;
    let org_id = known_organization(exchange, format!("{ident}@{auth_src}"))?;
    let integrations = exchange.service.integrations();
    let mut product_contexts = Vec::new();
    let tenant_id = tenant_of(&org_id);
    for registered in &integrations {
        if registered.integration.org_id().as_str() != org_id {
            continue;
        }
        for product in registered.integration.products() {
            product_contexts.push(ContextOfOrganization {
                product: Product::new(product, &org_id),
                params: Params { tenant_id: &tenant_id },
            });
        }
    }
    Ok(Answer::ok(&ProductContexts { product_contexts }))
}

/// A part of the path, which may be percent-encoded.
pub(crate) fn path_part(exchange: &Exchange<'_>, place: usize) -> String {
    let part = exchange.call.path.split('/').nth(place).unwrap_or_default();
    part.replace("%40", "@")
}

/// The organization that a service asks about, which must be one of an integration.
fn known_organization(exchange: &mut Exchange<'_>, org_id: String) -> Result<String, Refusal> {
    holder(exchange, TokenKind::Service)?;
    let is_known = match org_id.parse() {
        Ok(org_id) => exchange.service.knows_org(&org_id),
        Err(_) => false,
    };
    exchange
        .that("organization is known", is_known)
        .expected("the organization of an integration")
        .actual(org_id.clone())
        .or(Refusal::OrgUnknown)?;
    Ok(org_id)
}

fn organizations_of(user: &User, integration: &Integration) -> Answer {
    let own = integration.org_id().as_str();
    let mut organizations = Vec::new();
    if !user.organizations().iter().any(|organization| organization.id.as_str() == own) {
        organizations.push(organization_named(own, None));
    }
    for organization in user.organizations() {
        organizations.push(organization_named(organization.id.as_str(), Some(&organization.name)));
    }
    Answer::ok(&organizations)
}

fn organization_named<'a>(org_id: &'a str, name: Option<&'a str>) -> Organization<'a> {
    let (ident, auth_src) = org_id.split_once('@').unwrap_or((org_id, ""));
    Organization {
        org_name: name.unwrap_or(ident),
        org_ref: OrgRef { ident, auth_src },
        org_type: "Enterprise",
        country_code: "US",
        groups: [ADMINISTRATORS],
    }
}
