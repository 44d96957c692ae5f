//! `/ims/register`: a client registers itself (RFC 7591).

use std::net::IpAddr;

use http::{StatusCode, Uri};
use ims_claims::JsonObject;
use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, JSON},
    exchange::Exchange,
    integration::Integration,
    refusal::Refusal,
    scope::scopes_in,
};

/// With this number of integrations, no other client can register itself: anyone may send such a request, and each takes
/// memory.
const MAX_INTEGRATIONS: usize = 512;

/// The most redirect URIs of one client.
const MAX_REDIRECT_URIS: usize = 16;

/// The longest redirect URI, scope or name, in bytes.
const MAX_TEXT: usize = 1024;

/// The longest that all of these may be together, in bytes: as many clients as there may be stay within a few MiB.
const MAX_TEXTS: usize = 4 * 1024;

/// The most scopes of one client.
const MAX_SCOPES: usize = 64;

/// The scopes of a client that names none.
const DEFAULT_SCOPE: &str = "openid AdobeID";

/// The metadata of a client; members that IMS does not use are ignored (RFC 7591 §2).
#[derive(Deserialize)]
struct Metadata {
    client_name: String,
    redirect_uris: Vec<String>,
    scope: Option<String>,
    /// `none` makes it a public client.
    token_endpoint_auth_method: Option<String>,
}

impl Metadata {
    fn is_whole(&self) -> bool {
        let scope = self.scope.as_deref().unwrap_or(DEFAULT_SCOPE);
        let method = self.token_endpoint_auth_method.as_deref();
        let texts = self.redirect_uris.iter().map(String::as_str).chain([scope, &self.client_name]);
        let lengths: Vec<usize> = texts.map(str::len).collect();
        !self.client_name.is_empty()
            && (1..=MAX_REDIRECT_URIS).contains(&self.redirect_uris.len())
            && lengths.iter().all(|length| *length <= MAX_TEXT)
            && lengths.iter().sum::<usize>() <= MAX_TEXTS
            && (1..=MAX_SCOPES).contains(&scopes_in(scope).count())
            && matches!(method, None | Some("none" | "client_secret_basic" | "client_secret_post"))
    }
}

/// The answer. Source: adobe/ims-go, `ims/dcr_test.go`, for `client_id` and `client_secret`; RFC 7591 §3.2.1 for the
/// rest.
#[derive(Serialize)]
struct Registration<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    client_name: &'a str,
    redirect_uris: &'a [String],
    scope: &'a str,
    token_endpoint_auth_method: &'a str,
}

/// Registers a client, which can sign users in from now on.
pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let metadata = metadata(exchange)?;
    let count = exchange.service.integrations().len();
    exchange
        .that("there is room", count < MAX_INTEGRATIONS)
        .expected(format_args!("fewer than {MAX_INTEGRATIONS} integrations"))
        .or(Refusal::TooManyClients)?;
    let method = metadata.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let client_id = random_hex();
    let client_secret = (method != "none").then(|| format!("e8p-{}", random_hex()));
    let scope = metadata.scope.as_deref().unwrap_or(DEFAULT_SCOPE);
    let integration =
        integration(&client_id, client_secret.as_deref(), scope, &metadata.redirect_uris);
    exchange.is_made_by(integration.client_id());
    exchange.service.register(integration);
    // The client is registered until the emulator ends, even if it cannot be saved.
    let _ = exchange.service.save();
    let registration = Registration {
        client_id: &client_id,
        client_secret: client_secret.as_deref(),
        client_id_issued_at: exchange.call.now_ms / 1000,
        // It never expires.
        client_secret_expires_at: client_secret.as_ref().map(|_| 0),
        client_name: &metadata.client_name,
        redirect_uris: &metadata.redirect_uris,
        scope,
        token_endpoint_auth_method: method,
    };
    let body = serde_json::to_string(&registration).expect("a struct of strings is always JSON");
    Ok(Answer::new(StatusCode::CREATED, JSON, body))
}

fn metadata(exchange: &mut Exchange<'_>) -> Result<Metadata, Refusal> {
    let content_type = exchange.call.header("content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    exchange
        .that("body is JSON", essence.eq_ignore_ascii_case("application/json"))
        .expected("application/json")
        .actual(format_args!("{content_type}"))
        .or(Refusal::ClientMetadataMalformed)?;
    let metadata: Option<Metadata> = serde_json::from_slice::<JsonObject>(&exchange.call.json)
        .ok()
        .and_then(|members| serde_json::from_value(members.into()).ok());
    let metadata = exchange
        .given("client metadata is whole", metadata.filter(Metadata::is_whole))
        .expected("an object with client_name, 1 to 16 redirect_uris and perhaps scope of at most 64 scopes, each of at most 1024 bytes and 4096 together")
        .or(Refusal::ClientMetadataMalformed)?;
    for redirect_uri in &metadata.redirect_uris {
        exchange
            .that("redirect URI can be one", is_redirect_uri(redirect_uri))
            .expected(
                "an absolute URI without a fragment: https, http to loopback, or an own scheme",
            )
            .actual(redirect_uri.clone())
            .or(Refusal::RedirectUriMalformed)?;
    }
    Ok(metadata)
}

/// Whether a code can be sent to `text` (RFC 6749 §3.1.2, RFC 8252 §7).
fn is_redirect_uri(text: &str) -> bool {
    let is_visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    let Some((scheme, rest)) = text.split_once(':').filter(|_| is_visible) else { return false };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some()),
        "http" => text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(is_loopback)),
        // These would run in the browser, under the consent page's name.
        "javascript" | "data" | "vbscript" | "file" | "about" | "blob" => false,
        scheme => {
            !rest.is_empty()
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The integration of a client that belongs to no one, and so to an organization of the emulator's own.
fn integration(
    client_id: &str,
    client_secret: Option<&str>,
    scope: &str,
    redirect_uris: &[String],
) -> Integration {
    const OURS: &str = "hexadecimal digits make an identifier";
    let mut integration = Integration::new(
        client_id.parse().expect(OURS),
        "EMULATED0000000000000001@AdobeOrg".parse().expect(OURS),
        format!("{client_id}@techacct.adobe.com").parse().expect(OURS),
    )
    .with_scopes(scopes_in(scope))
    .without_exchange_jwt();
    for redirect_uri in redirect_uris {
        integration = integration.with_redirect_uri(redirect_uri);
    }
    match client_secret {
        Some(client_secret) => integration.with_client_secret(client_secret),
        None => integration,
    }
}

/// 32 random digits.
pub(crate) fn random_hex() -> String {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).expect("the operating system has random numbers");
    format!("{:032x}", u128::from_be_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_leads_to_https_to_this_machine_or_to_an_application() {
        #[rustfmt::skip]
        let table = [
            ("https://app.example/callback?x=1", true),
            ("http://127.0.0.1:8000/callback",   true),
            ("http://localhost/",                true),
            ("http://[::1]:1/",                  true),
            ("com.example.app:/callback",        true),
            ("adobe+x://callback",               true),
            ("http://app.example/",              false),
            ("https:///callback",                false),
            ("https://app.example/#fragment",    false),
            ("https://app.example/a b",          false),
            ("JavaScript:alert(1)",              false),
            ("data:text/html,x",                 false),
            ("/callback",                        false),
            ("1a:x",                             false),
            ("app:",                             false),
            ("",                                 false),
        ];
        for (text, is_one) in table {
            assert_eq!(is_redirect_uri(text), is_one, "{text}");
        }
    }
}
