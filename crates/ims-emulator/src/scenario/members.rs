//! The members of a scenario: one table for reading, for the messages and for the JSON Schema.

use std::{borrow::Cow, str::FromStr};

use ims_claims::{ClientId, Environment, Metascope, OrgId, TechnicalAccountId};

use crate::{
    certificate::Certificate,
    endpoint::Endpoint,
    fault::Fault,
    input::{Form, Member, ObjectForm, any_text},
    integration::RedirectPattern,
    user::{AccountType, SilentSignIn, User},
};

/// A scenario.
pub(super) static SCENARIO: Form = Form::Object(&ObjectForm {
    members: &[
        Member::optional("environment", ENVIRONMENT, "Which IMS the emulator stands for."),
        Member::optional(
            "answers_as_observed",
            Form::Boolean,
            "Answers as the real IMS does where its documents say something else.",
        ),
        Member::optional(
            "takes_millisecond_exp",
            Form::Boolean,
            "Takes an `exp` in milliseconds as well.",
        ),
        Member::optional(
            "clock_offset_seconds",
            Form::Integer("a number of seconds", i64::MIN..=i64::MAX),
            "How far the emulator's clock is ahead, or behind if negative.",
        ),
        Member::optional(
            "hosts",
            Form::List(&HOST),
            "Names by which clients call the emulator, such as a container's.",
        ),
        Member::optional("integrations", Form::List(&INTEGRATION), "The integrations.")
            .formerly(&["bindings", "binding"]),
        Member::optional("users", Form::List(&USER), "The users who can sign in."),
        Member::optional("faults", Form::List(&FAULT), "Faults that are injected from the start."),
    ],
    requires: &[],
});

/// An integration.
pub(crate) static INTEGRATION: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("client_id", CLIENT_ID, "The Client ID, or API Key."),
        Member::required("org_id", ORG_ID, "The Organization ID."),
        Member::required("technical_account_id", TECHNICAL_ACCOUNT_ID, "The Technical Account ID."),
        Member::optional(
            "client_secrets",
            Form::List(&SECRET),
            "The client secrets; without one it is a public client.",
        ),
        Member::optional(
            "console_org_id",
            CONSOLE_ID,
            "The id of its organization in the Developer Console, for the API of client secrets.",
        ),
        Member::optional(
            "credential_id",
            CONSOLE_ID,
            "Its own id in the Developer Console, for the API of client secrets.",
        ),
        Member::optional("certificates", Form::List(&CERTIFICATE), "Certificates, as PEM."),
        Member::optional(
            "certificate_files",
            Form::List(&FILE),
            "Files with certificates, relative to the scenario's.",
        ),
        Member::optional("metascopes", Form::List(&METASCOPE), "What its JWTs may claim."),
        Member::optional(
            "client_metascopes",
            Form::List(&METASCOPE),
            "The metascopes that the client has of them, if not all.",
        ),
        Member::optional(
            "scopes",
            Form::List(&SCOPE),
            "The OAuth scopes; with them it may use client credentials.",
        ),
        Member::optional(
            "redirect_uris",
            Form::List(&REDIRECT_URI),
            "The exact URIs to which users are sent back.",
        ),
        Member::optional(
            "redirect_uri_patterns",
            Form::List(&PATTERN),
            "Patterns for redirect URIs.",
        ),
        Member::optional(
            "default_redirect_uri",
            REDIRECT_URI,
            "The URI to which users are sent back if a request names no registered redirect URI.",
        ),
        Member::optional(
            "allowed_origins",
            Form::List(&ORIGIN),
            "Origins whose pages may read answers, next to those of the redirect URIs.",
        ),
        Member::optional("products", Form::List(&PRODUCT), "Products of its users."),
        Member::optional("service_code", SECRET, "A permanent code, for service tokens."),
        Member::optional(
            "silent_sign_in",
            Form::OneOf(SilentSignIn::NAMES),
            "The answer to `prompt=none`.",
        ),
        Member::optional(
            "token_lifetime_seconds",
            Form::Integer("a number of seconds, at least 0", 0..=i64::MAX),
            "How long its access tokens live; 86400 by default.",
        ),
        Member::optional(
            "rotates_refresh_tokens",
            Form::Boolean,
            "Takes each refresh token only once.",
        ),
        Member::optional("requires_jti", Form::Boolean, "Requires `jti`, and takes each once."),
        Member::optional("exchange_jwt", Form::Boolean, "Whether it may exchange JWTs."),
        Member::optional(
            "migrated",
            Form::Boolean,
            "Whether it was migrated to OAuth Server-to-Server.",
        ),
    ],
    requires: &[],
});

/// A user.
pub(crate) static USER: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("id", USER_ID, "The user id."),
        Member::required("email", EMAIL, "The e-mail address."),
        Member::optional("first_name", NAME, "The first name."),
        Member::optional("last_name", NAME, "The last name."),
        Member::optional("account_type", Form::OneOf(AccountType::NAMES), "Whose account it is."),
        Member::optional("country", COUNTRY, "The country of the account."),
        Member::optional("organizations", Form::List(&ORGANIZATION), "The user's organizations."),
        Member::optional("products", Form::List(&PRODUCT), "The user's products."),
        Member::optional("roles", Form::List(&ROLE), "What the user may do where."),
    ],
    requires: &[],
});

static ORGANIZATION: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("id", ORG_ID, "The Organization ID."),
        Member::required("name", NAME, "The organization's name."),
    ],
    requires: &[],
});

static ROLE: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("organization", ORG_ID, "In which organization."),
        Member::required("role", NAME, "The role, such as org_admin."),
    ],
    requires: &[],
});

static PRODUCT: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("service_code", NAME, "The product, such as dma_media_library."),
        Member::optional("fulfillable_data", Form::AnyObject, "What the organization has of it."),
    ],
    requires: &[],
});

/// A fault.
pub(crate) static FAULT: Form = Form::Object(&ObjectForm {
    members: &[
        Member::required("fault", Form::OneOf(Fault::NAMES), "What goes wrong."),
        Member::optional(
            "retry_after_seconds",
            Form::Integer("a number of seconds, at least 0", 0..=i64::MAX),
            "`Retry-After` of too_many_requests and unavailable.",
        ),
        Member::optional(
            "delay_ms",
            Form::Integer("a number of milliseconds, at least 0", 0..=i64::MAX),
            "How late the answer of delay is.",
        ),
        Member::optional("endpoint", Form::OneOf(Endpoint::NAMES), "Only at this endpoint."),
        Member::optional("client_id", CLIENT_ID, "Only for this client."),
        Member::optional("every", COUNT, "Only at every n-th of these requests."),
        Member::optional("times", COUNT, "At most this number of times."),
    ],
    requires: &[("fault", "delay", "delay_ms")],
});

/// The clock.
pub(crate) static CLOCK: Form = Form::Object(&ObjectForm {
    members: &[Member::required(
        "offset_seconds",
        Form::Integer("a number of seconds", i64::MIN..=i64::MAX),
        "How far the emulator's clock is ahead, or behind if negative.",
    )],
    requires: &[],
});

const ENVIRONMENT: Form =
    Form::Text("a base URL, such as https://ims-na1.adobelogin.com", parses::<Environment>);
const CLIENT_ID: Form =
    Form::Text("a Client ID of letters, digits, hyphens and underscores", parses::<ClientId>);
const ORG_ID: Form = Form::Text("an Organization ID, …@AdobeOrg", parses::<OrgId>);
const TECHNICAL_ACCOUNT_ID: Form =
    Form::Text("a Technical Account ID, …@techacct.adobe.com", parses::<TechnicalAccountId>);
static METASCOPE: Form =
    Form::Text("a metascope, such as ent_dataservices_sdk", parses::<Metascope>);
static PATTERN: Form = Form::Text(
    "a regular expression for the whole of a redirect URI, with escaped periods",
    parses::<RedirectPattern>,
);
static CERTIFICATE: Form = Form::Text("a certificate in PEM", certificate);
const SECRET: Form = Form::Text("a text that is not empty", not_empty);
const CONSOLE_ID: Form = Form::Text("an id, such as 436084", console_id);
static SCOPE: Form = Form::Text("a scope without commas and spaces", scope);
const REDIRECT_URI: Form = Form::Text("an absolute URI without a fragment", absolute_uri);
static ORIGIN: Form = Form::Text("an origin, such as https://app.example", origin);
static HOST: Form = Form::Text("a host name without a port", host);
static FILE: Form = Form::Text("the path of a file", not_empty);
const NAME: Form = Form::Text("a name", not_empty);
const USER_ID: Form = Form::Text("a user id, …@AdobeID or another source", user_id);
const EMAIL: Form = Form::Text("an e-mail address", email);
const COUNTRY: Form = Form::Text("a country, by its code of two letters", any_text);
const COUNT: Form = Form::Integer("a number, at least 0", 0..=i64::MAX);

/// What a check says about a text of another form.
const ANOTHER: Cow<'static, str> = Cow::Borrowed("another text");

type Checked = Result<(), Cow<'static, str>>;

fn ok_if(holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(ANOTHER) }
}

fn parses<T: FromStr>(text: &str) -> Checked {
    ok_if(text.parse::<T>().is_ok())
}

fn certificate(text: &str) -> Checked {
    match Certificate::read_all(text.as_bytes()) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

fn not_empty(text: &str) -> Checked {
    if text.trim().is_empty() { Err("an empty one".into()) } else { Ok(()) }
}

fn console_id(text: &str) -> Checked {
    ok_if(!text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
}

fn scope(text: &str) -> Checked {
    ok_if(!text.is_empty() && !text.contains([',', ' ']))
}

fn absolute_uri(text: &str) -> Checked {
    let is_visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    ok_if(is_visible && text.split_once(':').is_some_and(|(_, rest)| !rest.is_empty()))
}

fn origin(text: &str) -> Checked {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    ok_if(host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' '])))
}

fn host(text: &str) -> Checked {
    let is_name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    ok_if(is_name && !text.is_empty())
}

fn user_id(text: &str) -> Checked {
    ok_if(User::is_id(text))
}

fn email(text: &str) -> Checked {
    ok_if(text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()))
}
