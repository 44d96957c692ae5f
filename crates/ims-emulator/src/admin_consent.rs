//! `/consent`: the administrator of an organization allows a partner's app, which then gets tokens for that organization.
//! Adobe serves it at `id.adobe.com`. Source: AdobeDocs/adobe-dev-console, `AdminAuthentication/ims.md`.

use std::time::Duration;

use http::Method;

use crate::{
    answer::Answer,
    authorize::{Redirection, chosen_user},
    exchange::Exchange,
    host::is_adobe_ims,
    html::{self, ConsentPage},
    id_token::NewIdToken,
    integration::Integration,
    refusal::Refusal,
    user::{AccountType, User},
};

/// How long an ID token lives, in which the app finds the organization.
const ID_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// How long a consent is remembered: longer than any test runs.
const CONSENT_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// Examines the request, asks the administrator, and sends the browser back to the app.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.identify(exchange.parameter("client_id"))?;
    let integration = &registered.integration;
    let requested = exchange.parameter("redirect_uri");
    let found = integration.redirect_uri_for(requested).map(str::to_owned);
    let redirect_uri = exchange
        .given("there is a redirect URI", found)
        .expected("one of the integration's redirect URIs")
        .actual(format_args!("{}", requested.unwrap_or_default()))
        .or(Refusal::ConsentRedirectUri)?;
    let back = Redirection { redirect_uri, state: exchange.parameter("state"), separator: '?' };
    match consent(exchange, integration) {
        Ok(Some(pairs)) => Ok(back.with(&pairs)),
        Ok(None) => Ok(page(exchange, integration)),
        Err(refusal) => Ok(back.with(&[("error", refusal.error().to_owned())]).because_of(refusal)),
    }
}

/// What is sent to the app; `None` if the administrator has to be asked.
fn consent(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
) -> Result<Option<Vec<(&'static str, String)>>, Refusal> {
    let requested = exchange.parameter("redirect_uri");
    let is_registered =
        requested.is_none_or(|uri| integration.registered_redirect_uri(uri).is_some());
    exchange
        .that("redirect_uri is registered", is_registered)
        .expected("one of the integration's, or none")
        .actual(format_args!("{}", requested.unwrap_or_default()))
        .or(Refusal::ConsentRedirectUri)?;
    let (state, nonce) = (exchange.parameter("state"), exchange.parameter("nonce"));
    exchange
        .that("state is sent", state.is_some())
        .expected("the parameter state")
        .or(Refusal::ConsentStateMissing)?;
    exchange
        .that("nonce is sent", nonce.is_some())
        .expected("the parameter nonce")
        .or(Refusal::ConsentNonceMissing)?;
    let has_scope = exchange.parameter("scope").is_some();
    exchange
        .that("scope is sent", has_scope)
        .expected("the parameter scope")
        .or(Refusal::ConsentScopeUnknown)?;
    exchange.required_scope(integration).map_err(|_| Refusal::ConsentScopeUnknown)?;
    let answer = exchange.parameter("consent").filter(|_| exchange.call.method == Method::POST);
    let Some(answer) = answer else { return Ok(None) };
    let user = chosen_user(exchange, "user")?;
    let org_id = administered(exchange, integration, &user)?;
    if answer != "allow" {
        exchange.note("administrator allows it", false, "allow", answer.to_owned());
        return Ok(Some(vec![("admin_consent", "false".to_owned())]));
    }
    exchange.service.remember_consent(
        integration,
        &org_id,
        exchange.now().plus(CONSENT_LIFETIME),
        exchange.now(),
    );
    let issuer = format!("{}/ims", issuer(exchange));
    let id_token = NewIdToken {
        issuer: &issuer,
        client_id: integration.client_id().as_str(),
        user_id: integration.technical_account_id().as_str(),
        org_id: Some(&org_id),
        nonce,
        access_token: None,
        code: None,
        lifetime: ID_TOKEN_LIFETIME,
    };
    let id_token = exchange.issue_id_token(&id_token);
    Ok(Some(vec![("admin_consent", "true".to_owned()), ("id_token", id_token)]))
}

/// The organization whose administrator the user is: it must be an account of a company, with the role.
fn administered(
    exchange: &mut Exchange<'_>,
    integration: &Integration,
    user: &User,
) -> Result<String, Refusal> {
    exchange
        .that("account is a company's", user.account_type() != AccountType::Individual)
        .expected("enterprise or federated")
        .actual(user.account_type().name())
        .or(Refusal::ConsentAccountType)?;
    let role = user.roles().iter().find(|role| role.role == ADMINISTRATOR);
    let organization = role.map(|role| role.organization.to_string());
    let own = integration.org_id().as_str();
    exchange
        .given("user is an administrator", organization)
        .expected(format_args!("the role {ADMINISTRATOR} in an organization, such as {own}"))
        .or(Refusal::ConsentPrivilege)
}

/// The role that allows an app for a whole organization.
const ADMINISTRATOR: &str = "org_admin";

fn page(exchange: &Exchange<'_>, integration: &Integration) -> Answer {
    let scope = exchange.parameter("scope").unwrap_or_default();
    let page = ConsentPage {
        heading: "Allow an app for your organization",
        scope,
        login_hint: exchange.parameter("login_hint"),
        errors: &[],
    };
    html::consent(exchange.call, integration, &exchange.service.users(), &page)
}

/// The base URL of the IMS that issues the token, whose host is another than that of the consent page.
fn issuer(exchange: &Exchange<'_>) -> String {
    let host = exchange.call.authority.host();
    if is_adobe_ims(host) || host != CONSENT_HOST {
        exchange.call.base_url()
    } else {
        exchange.service.environment().base_url().to_owned()
    }
}

/// Where Adobe serves the page.
const CONSENT_HOST: &str = "id.adobe.com";
