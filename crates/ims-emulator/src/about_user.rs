//! What IMS says about users: `/ims/userinfo` and `/ims/profile` about the holder of an access token, `/ims/admin_profile`
//! about any user, `/ims/account_cluster` about the holder's accounts.

use std::sync::Arc;

use ims_claims::AccessTokenPayload;
use serde::Serialize;

use crate::{
    answer::Answer,
    client::RequiredToken,
    exchange::Exchange,
    integration::Integration,
    issued_token::TokenKind,
    product::ProductContext,
    refusal::Refusal,
    service::Registered,
    user::{AccountType, User},
};

/// The answer of `/ims/userinfo/v1` and `v2`: what the token's scopes allow. Source: AdobeDocs/adobe-dev-console,
/// "User Authentication", `userinfo`.
#[derive(Serialize)]
struct UserInfo<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_type: Option<&'a str>,
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

/// The answer of `/ims/profile/v1` to `v3`. Sources: AdobeDocs/campaign-standard.en, "Troubleshooting", for the shape of
/// `projectedProductContext`; adobe/imscli, `ims/profile.go`, for `fulfillable_data`; the types and recorded answers in
/// @adobe/spacecat-shared-ims-client for the other members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile<'a> {
    user_id: &'a str,
    auth_id: &'a str,
    #[serde(rename = "account_type")]
    account_type: &'a str,
    country_code: &'a str,
    email: &'a str,
    email_verified: &'a str,
    name: String,
    #[serde(rename = "first_name")]
    first_name: &'a str,
    #[serde(rename = "last_name")]
    last_name: &'a str,
    display_name: String,
    utc_offset: &'a str,
    #[serde(rename = "preferred_languages")]
    preferred_languages: Option<[&'a str; 1]>,
    phone_number: Option<&'a str>,
    mrkt_perm: &'a str,
    mrkt_perm_email: Option<&'a str>,
    roles: Vec<RoleView<'a>>,
    service_accounts: [&'a str; 0],
    tags: [&'a str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    projected_product_context: Option<Vec<ProjectedProduct<'a>>>,
}

impl<'a> Profile<'a> {
    fn of(person: &'a Person, integration: &'a Integration, names_products: bool) -> Self {
        let user = &person.user;
        let org_id = integration.org_id().as_str();
        let mut products = Vec::new();
        if names_products {
            for product in integration.products().iter().chain(user.products()) {
                products.push(ProjectedProduct { context: Product::new(product, org_id) });
            }
        }
        let mut roles = Vec::with_capacity(user.roles().len());
        for role in user.roles() {
            roles.push(RoleView {
                principal: format!("{}:{}", role.organization, person.id),
                organization: role.organization.as_str(),
                named_role: &role.role,
                target: role.organization.as_str(),
                target_type: "TRG_ORG",
                target_data: Empty {},
            });
        }
        // Recorded answers for personal accounts have these values, those for accounts of an organization `null`.
        let is_own = user.account_type() == AccountType::Individual;
        Self {
            user_id: &person.id,
            auth_id: &person.id,
            account_type: user.account_type().in_profile(),
            country_code: user.country(),
            email: user.email(),
            email_verified: "true",
            name: user.name(),
            first_name: user.first_name(),
            last_name: user.last_name(),
            display_name: user.name(),
            utc_offset: "null",
            preferred_languages: is_own.then_some(["en-us"]),
            phone_number: None,
            mrkt_perm: if is_own { "EMAIL:false" } else { "" },
            mrkt_perm_email: is_own.then_some("false"),
            roles,
            service_accounts: [],
            tags: ["agegroup_18plus"],
            projected_product_context: names_products.then_some(products),
        }
    }
}

#[derive(Serialize)]
struct RoleView<'a> {
    principal: String,
    organization: &'a str,
    named_role: &'a str,
    target: &'a str,
    target_type: &'a str,
    target_data: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct ProjectedProduct<'a> {
    #[serde(rename = "prodCtx")]
    context: Product<'a>,
}

/// A product, in a profile and at `/ims/fetch_pc_by_org`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product<'a> {
    ident: String,
    label: &'a str,
    status_code: &'a str,
    owning_entity: &'a str,
    #[serde(rename = "organization_id")]
    organization_id: String,
    groupid: &'a str,
    #[serde(rename = "user_visible_name")]
    user_visible_name: &'a str,
    #[serde(rename = "deal_id")]
    deal_id: &'a str,
    service_code: &'a str,
    service_level: &'a str,
    create_dts: u64,
    mod_dts: u64,
    #[serde(rename = "fulfillable_data", skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

impl<'a> Product<'a> {
    /// The product as one of `org_id`. The times are invented by the emulator. `organization_id` is the tenant, which
    /// URLs of Adobe Campaign have, and not the Organization ID (Adobe Campaign Standard, "APIs troubleshooting").
    pub(crate) fn new(product: &'a ProductContext, org_id: &'a str) -> Self {
        Self {
            ident: format!("EMULATED-{}", product.service_code()),
            label: product.service_code(),
            status_code: "ACTIVE",
            owning_entity: org_id,
            organization_id: tenant_of(org_id),
            // The groups of Adobe's Admin Console have numbers.
            groupid: "100000001",
            user_visible_name: product.service_code(),
            deal_id: "",
            service_code: product.service_code(),
            service_level: "standard",
            create_dts: CREATED_MS,
            mod_dts: CREATED_MS,
            data: product.written_data(),
        }
    }
}

/// The tenant of an organization: the first part of its id, in small letters.
pub(crate) fn tenant_of(org_id: &str) -> String {
    org_id.split('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// The answer of `/ims/account_cluster/v2`: the holder's accounts.
#[derive(Serialize)]
struct AccountCluster<'a> {
    status: &'a str,
    data: Vec<Account<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    user_id: &'a str,
    user_type: &'a str,
    owning_org: &'a str,
}

/// The scope that products are named for.
const PRODUCT_CONTEXT: &str = "additional_info.projectedProductContext";

/// 1 January 2020, since when each emulated product exists.
const CREATED_MS: u64 = 1_577_836_800_000;

/// Answers `/ims/userinfo/…`.
pub(crate) fn info(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = holder(exchange, TokenKind::Access)?;
    let person = Person::of(exchange, token.user_id().unwrap_or_default(), &registered.integration);
    let allows = |name: &str| token.scopes().any(|scope| scope == name);
    let (profile, email) = (allows("profile"), allows("email"));
    let name = person.user.name();
    Ok(Answer::ok(&UserInfo {
        sub: &person.id,
        account_type: profile.then_some(person.user.account_type().in_userinfo()),
        email: email.then_some(person.user.email()),
        email_verified: email.then_some(true),
        name: profile.then_some(&name),
        given_name: profile.then_some(person.user.first_name()),
        family_name: profile.then_some(person.user.last_name()),
        address: allows("address").then_some(Address { country: person.user.country() }),
    }))
}

/// Answers `/ims/profile/…`.
pub(crate) fn profile(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = holder(exchange, TokenKind::Access)?;
    let names_products = token.scopes().any(|scope| scope == PRODUCT_CONTEXT);
    let person = Person::of(exchange, token.user_id().unwrap_or_default(), &registered.integration);
    Ok(Answer::ok(&Profile::of(&person, &registered.integration, names_products)))
}

/// Answers `/ims/account_cluster/…`: the emulator knows one account of each user.
pub(crate) fn account_cluster(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (token, registered) = holder(exchange, TokenKind::Access)?;
    let person = Person::of(exchange, token.user_id().unwrap_or_default(), &registered.integration);
    let account = Account {
        user_id: &person.id,
        user_type: person.user.account_type().in_profile(),
        owning_org: registered.integration.org_id().as_str(),
    };
    Ok(Answer::ok(&AccountCluster { status: "success", data: vec![account] }))
}

/// Answers `/ims/admin_profile/…`. Source: adobe/ims-go, `ims/get_admin_profile.go`.
pub(crate) fn admin_profile(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (user_id, registered) = administered(exchange)?;
    let person = Person::of(exchange, &user_id, &registered.integration);
    Ok(Answer::ok(&Profile::of(&person, &registered.integration, true)))
}

/// The user that an answer is about.
pub(crate) struct Person {
    /// The id in the token; that of a cluster exchange may be another than the user's.
    pub(crate) id: String,
    pub(crate) user: User,
}

impl Person {
    /// The user of `user_id`. A technical account is named after itself, as Adobe's products show it; any other id is one of
    /// the first user's accounts.
    pub(crate) fn of(exchange: &Exchange<'_>, user_id: &str, integration: &Integration) -> Self {
        let id = user_id.to_owned();
        let users = exchange.service.users();
        if let Some(user) = users.iter().find(|user| user.id() == user_id) {
            return Self { id, user: user.clone() };
        }
        let (ident, source) = user_id.split_once('@').unwrap_or((user_id, ""));
        if user_id == integration.technical_account_id().as_str() || source == "techacct.adobe.com"
        {
            let user = User::new(user_id)
                .with_email(user_id)
                .with_first_name(ident)
                .with_last_name(source)
                .with_account_type(AccountType::Enterprise);
            return Self { id, user };
        }
        let user = users.into_iter().next().unwrap_or_else(User::emulated);
        Self { id, user }
    }
}

/// The user that a service asks about, and the integration that the user belongs to: the technical account's own, and for
/// other users that of the service.
pub(crate) fn administered(
    exchange: &mut Exchange<'_>,
) -> Result<(String, Arc<Registered>), Refusal> {
    let (_, asking) = holder(exchange, TokenKind::Service)?;
    let user_id = exchange.parameter("guid").zip(exchange.parameter("auth_src"));
    let (guid, auth_src) = exchange
        .given("guid and auth_src are sent", user_id)
        .expected("both parameters")
        .or(Refusal::GuidMissing)?;
    let user_id = format!("{guid}@{auth_src}");
    let is_user = exchange.service.users().iter().any(|user| user.id() == user_id);
    let mut registered = is_user.then_some(asking);
    for candidate in exchange.service.integrations() {
        if candidate.integration.technical_account_id().as_str() == user_id {
            registered = Some(candidate);
        }
    }
    let registered = exchange
        .given("user is known", registered)
        .expected("a technical account of an integration, or a user of the emulator")
        .actual(user_id.clone())
        .or(Refusal::UserUnknown)?;
    Ok((user_id, registered))
}

/// The token of `Authorization: Bearer`, and the integration it was issued for. A client that names itself as well must be
/// the one of the token.
pub(crate) fn holder(
    exchange: &mut Exchange<'_>,
    kind: TokenKind,
) -> Result<(AccessTokenPayload, Arc<Registered>), Refusal> {
    let named = exchange.parameter("client_id").or(exchange.call.header("x-ims-clientid"));
    if named.is_some() && kind == TokenKind::Service {
        exchange.identify(named)?;
    }
    let token = exchange.bearer_token(RequiredToken {
        kind,
        if_missing: Refusal::TokenNotValid,
        if_not_valid: Refusal::TokenNotValid,
    })?;
    if let Some(named) = named
        && kind == TokenKind::Service
    {
        exchange
            .that("service token is the client's", token.client_id() == Some(named))
            .expected(format_args!("{named}"))
            .actual(format_args!("{}", token.client_id().unwrap_or_default()))
            .or(Refusal::TokenNotValid)?;
    }
    let registered = token.client_id().and_then(|id| exchange.service.registered(id));
    let registered = exchange
        .given("client is registered", registered)
        .expected("the client id of a registered integration")
        .or(Refusal::TokenNotValid)?;
    exchange.is_made_by(registered.integration.client_id());
    Ok((token, registered))
}

/// The members that the first versions of the token endpoint add about a user. Sources: AdobeDocs/adobeio-auth,
/// `OAuth/OAuth.md`, for those of userinfo; the guide "Getting Started" of the Adobe Analytics 2.0 APIs (2018) for those of
/// the profile.
#[derive(Serialize)]
pub(crate) struct UserMembers<'a> {
    address: Address<'a>,
    email_verified: &'static str,
    given_name: &'a str,
    family_name: &'a str,
    #[serde(flatten)]
    profile: Profile<'a>,
}

impl<'a> UserMembers<'a> {
    pub(crate) fn of(
        person: &'a Person,
        integration: &'a Integration,
        token: &AccessTokenPayload,
    ) -> Self {
        let names_products = token.scopes().any(|scope| scope == PRODUCT_CONTEXT);
        Self {
            address: Address { country: person.user.country() },
            email_verified: "true",
            given_name: person.user.first_name(),
            family_name: person.user.last_name(),
            profile: Profile::of(person, integration, names_products),
        }
    }
}
