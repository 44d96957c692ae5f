//! A new client, registered by a program (RFC 7591), `POST /ims/register`.

use std::fmt;

use ims_claims::{ClientId, Environment, JsonObject, NumericDate};
use serde::{Deserialize, Serialize};

use crate::{
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
    scope::Scope,
    secret_text::ClientSecret,
};

/// The request for a new client. Source: adobe/ims-go, `ims/dcr.go`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{Call, ClientRegistration};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scopes = ["openid".parse()?];
/// let call = ClientRegistration::new("My tool", &["http://127.0.0.1:8912/callback"])
///     .with_scopes(&scopes);
/// assert!(call.request(&Environment::production()).url().contains("/ims/register"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ClientRegistration<'a> {
    client_name: &'a str,
    redirect_uris: &'a [&'a str],
    scopes: &'a [Scope],
}

/// A client that was registered. IMS shows its secret only once.
///
/// ```
/// use ims_exchange::RegisteredClient;
///
/// fn save(client: &RegisteredClient, write: impl Fn(&str)) {
///     println!("registered as {}", client.client_id);
///     if let Some(client_secret) = &client.client_secret {
///         write(client_secret.expose_secret());
///     }
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// Its id.
    pub client_id: ClientId,
    /// Its secret, if it is a confidential client.
    pub client_secret: Option<ClientSecret>,
    /// Everything else, which may hold further secrets, such as a `registration_access_token` (RFC 7592 §3).
    pub more: JsonObject,
}

impl<'a> ClientRegistration<'a> {
    /// Registers a client with a name to show to users and its redirect URIs, of which IMS requires at least one.
    #[must_use]
    pub fn new(client_name: &'a str, redirect_uris: &'a [&'a str]) -> Self {
        Self { client_name, redirect_uris, scopes: &[] }
    }

    /// Adds the scopes that the client asks for.
    ///
    /// ```
    /// use ims_exchange::ClientRegistration;
    ///
    /// let scopes = ["openid".parse()?];
    /// let call = ClientRegistration::new("My app", &["https://app.example.com/callback"]).with_scopes(&scopes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(self, scopes: &'a [Scope]) -> Self {
        Self { scopes, ..self }
    }
}

impl Sealed for ClientRegistration<'_> {}

impl Call for ClientRegistration<'_> {
    type Answer = RegisteredClient;

    fn request(&self, environment: &Environment) -> Request {
        // RFC 7591 §2 separates scopes by spaces, unlike the rest of IMS.
        let scope = self.scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        let metadata = Metadata {
            client_name: self.client_name,
            redirect_uris: self.redirect_uris,
            scope: &scope,
        };
        Request::post_json(environment.endpoint("/ims/register"), &metadata)
    }

    /// Reads the answer. Any success status is accepted: IMS was seen to answer 200 and 201.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<RegisteredClient, ExchangeError> {
        let body: Body = answer::json(
            response,
            &Sent::new(CredentialKind::Client, sent_at, &[]).without_client_secret(),
        )?;
        let client_secret = body.client_secret.map(ClientSecret::new);
        Ok(RegisteredClient { client_id: body.client_id, client_secret, more: body.more })
    }
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    client_name: &'a str,
    redirect_uris: &'a [&'a str],
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
}

#[derive(Deserialize)]
struct Body {
    client_id: ClientId,
    client_secret: Option<String>,
    #[serde(flatten)]
    more: JsonObject,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_json_as_ims_go_sends_it() {
        let uris = ["https://example.com/callback"];
        let registration = ClientRegistration::new("my \"app\"", &uris);
        let request = registration.request(&Environment::production());
        assert_eq!(request.url(), "https://ims-na1.adobelogin.com/ims/register");
        assert_eq!(request.headers()["content-type"], "application/json");
        let body =
            r#"{"client_name":"my \"app\"","redirect_uris":["https://example.com/callback"]"#;
        assert_eq!(std::str::from_utf8(request.body()).unwrap(), format!("{body}}}"));

        let scopes: [Scope; 2] = ["openid".parse().unwrap(), "profile".parse().unwrap()];
        let request = registration.with_scopes(&scopes).request(&Environment::production());
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            format!("{body},\"scope\":\"openid profile\"}}")
        );
    }

    #[test]
    fn any_success_is_read_and_no_secret_is_shown() {
        let registration = ClientRegistration::new("app", &[]);
        for status in [200, 201] {
            let body = r#"{"client_id":"new","client_secret":"canary","registration_access_token":"canary"}"#;
            let client = registration
                .answer(&Response::json(status, body), NumericDate::from_secs(0))
                .unwrap();
            assert_eq!(client.client_id.as_str(), "new");
            assert_eq!(client.client_secret.as_ref().unwrap().expose_secret(), "canary");
            assert_eq!(client.more.len(), 1);
            assert!(!format!("{client:?}").contains("canary"));
        }
        let client = registration
            .answer(&Response::json(201, r#"{"client_id":"new"}"#), NumericDate::from_secs(0))
            .unwrap();
        assert!(client.client_secret.is_none() && client.more.is_empty());
    }
}
