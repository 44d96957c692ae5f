//! The lists of the page: integrations, users, active faults, keys, and what a form offers.

use std::fmt::Write;

use ims_claims::Metascope;

use crate::{
    endpoint::Endpoint,
    fault::Fault,
    html::escaped,
    integration::Integration,
    product::ProductContext,
    service::Service,
    token_key::KeyRing,
    user::{SilentSignIn, User},
};

/// The integrations in alphabetical order, each with its buttons.
pub(super) fn integrations(service: &Service) -> String {
    let mut registered = service.integrations();
    registered.sort_by(|one, other| one.integration.client_id().cmp(other.integration.client_id()));
    let mut html = String::new();
    for registered in &registered {
        integration(&mut html, &registered.integration);
    }
    if registered.is_empty() {
        html.push_str("<p class=empty>There is no integration yet. Add one, or start the emulator with <code>-c FILE</code>.\n");
    }
    html
}

fn integration(html: &mut String, integration: &Integration) {
    let client_id = escaped(integration.client_id().as_str());
    let _ = write!(
        html,
        "<article class=card aria-label=\"{client_id}\">\n<header><h3>{client_id}</h3>\
         <span class=buttons>\
         <button type=button data-edit=\"{client_id}\" aria-label=\"Edit {client_id}\">Edit</button> \
         <button type=button data-copy=\"{client_id}\" aria-label=\"Copy {client_id}\">Copy</button> \
         <button type=button class=danger data-remove=\"{client_id}\" aria-label=\"Delete {client_id}\">Delete</button>\
         </span></header>\n<dl>\n"
    );
    fact(html, "Organization", integration.org_id().as_str());
    fact(html, "Technical account", integration.technical_account_id().as_str());
    let secrets = match integration.client_secrets().len() {
        0 => "none: a public client".to_owned(),
        1 => "1".to_owned(),
        count => count.to_string(),
    };
    fact(html, "Client secrets", &secrets);
    let metascopes: Vec<&str> = integration.metascopes().iter().map(Metascope::as_str).collect();
    fact(html, "Metascopes", &metascopes.join(", "));
    fact(html, "Scopes", &integration.scopes().join(", "));
    fact(html, "Redirect URIs", &integration.redirect_uris().join(", "));
    let patterns: Vec<&str> = integration.redirect_uri_patterns().collect();
    fact(html, "Redirect URI patterns", &patterns.join(", "));
    fact(html, "Default redirect URI", integration.default_redirect_uri().unwrap_or_default());
    fact(html, "Allowed origins", &integration.allowed_origins().join(", "));
    products(html, integration.products());
    if integration.silent_sign_in() != SilentSignIn::Granted {
        fact(html, "prompt=none", integration.silent_sign_in().name());
    }
    if integration.token_lifetime() != Integration::DEFAULT_TOKEN_LIFETIME {
        let seconds = integration.token_lifetime().as_secs();
        fact(html, "Access tokens live", &format!("{seconds} s"));
    }
    let mut switches = Vec::new();
    for (is_on, words) in [
        (integration.rotates_refresh_tokens(), "each refresh token works once"),
        (integration.requires_jti(), "requires jti"),
        (!integration.may_exchange(), "may not exchange JWTs"),
        (integration.is_migrated(), "migrated to OAuth"),
    ] {
        if is_on {
            switches.push(words);
        }
    }
    fact(html, "Switches", &switches.join(", "));
    for certificate in integration.certificates() {
        let certificate = format!("{} ({})", certificate.subject(), certificate.fingerprint());
        fact(html, "Certificate", &certificate);
    }
    html.push_str("</dl>\n</article>\n");
}

/// A row of a list of facts, unless it is empty.
fn fact(html: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(html, "<div><dt>{name}<dd>{}</div>", escaped(value));
    }
}

fn products(html: &mut String, products: &[ProductContext]) {
    let codes: Vec<&str> = products.iter().map(ProductContext::service_code).collect();
    fact(html, "Products", &codes.join(", "));
}

/// The users, each with its buttons.
pub(super) fn users(service: &Service) -> String {
    let mut html = String::new();
    for user in service.users() {
        let (id, name) = (escaped(user.id()), escaped(&user.name()));
        let _ = write!(
            html,
            "<article class=card aria-label=\"{name}\">\n<header><h3>{name}</h3><span class=buttons>\
             <button type=button data-edit-user=\"{id}\" aria-label=\"Edit {name}\">Edit</button> "
        );
        if user.id() == User::EMULATED_ID {
            html.push_str("<span class=small>the one of every emulator</span>");
        } else {
            let _ = write!(
                html,
                "<button type=button class=danger data-remove-user=\"{id}\" aria-label=\"Delete {name}\">Delete</button>"
            );
        }
        html.push_str("</span></header>\n<dl>\n");
        fact(&mut html, "User ID", user.id());
        fact(&mut html, "E-mail", user.email());
        fact(&mut html, "Account", user.account_type().name());
        let organizations: Vec<&str> =
            user.organizations().iter().map(|organization| organization.id.as_str()).collect();
        fact(&mut html, "Organizations", &organizations.join(", "));
        let mut roles = Vec::new();
        for role in user.roles() {
            roles.push(format!("{} in {}", role.role, role.organization));
        }
        fact(&mut html, "Roles", &roles.join(", "));
        products(&mut html, user.products());
        html.push_str("</dl>\n</article>\n");
    }
    html
}

/// The active faults, in the order in which they are tried.
pub(super) fn faults(service: &Service) -> String {
    let mut html = String::new();
    for active in service.faults.all() {
        let number = active.number;
        let fault = active.rule.to_string();
        let _ = writeln!(
            html,
            "<li><span>{}<br><span class=small>given to {} of {} requests that it concerns</span></span> \
             <button type=button class=danger data-remove-fault={number} aria-label=\"Remove fault {number}\">Remove</button>",
            escaped(&fault),
            active.given,
            active.met,
        );
    }
    if html.is_empty() {
        html.push_str("<li class=empty>None: all requests get their normal answers.\n");
    }
    html
}

/// The keys of access tokens, that which signs first.
pub(super) fn keys(keys: &KeyRing) -> String {
    let mut html = String::new();
    for (place, id) in keys.ids().enumerate() {
        let now = if place == 0 { " <span class=badge>signs</span>" } else { " still published" };
        let _ = writeln!(html, "<li><code>{}</code>{now}", escaped(&id));
    }
    html
}

pub(super) fn fault_names() -> String {
    options(Fault::NAMES.iter().copied())
}

pub(super) fn endpoint_names() -> String {
    options(Endpoint::NAMES.iter().copied())
}

/// The client ids, as options of a form.
pub(super) fn client_ids(service: &Service) -> String {
    let registered = service.integrations();
    let mut client_ids = Vec::new();
    for registered in &registered {
        client_ids.push(registered.integration.client_id().as_str());
    }
    client_ids.sort_unstable();
    options(client_ids.into_iter())
}

pub(super) fn silent_sign_ins() -> String {
    options(SilentSignIn::NAMES.iter().copied())
}

fn options<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut html = String::new();
    for word in words {
        let _ = write!(html, "<option>{}", escaped(word));
    }
    html
}
