//! The other clients, each built as its documentation says, with a token in its cache.

use std::sync::Arc;

use anyhow::Result;
use azure_core::{
    credentials::{Secret, TokenCredential},
    http::{
        AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport,
        headers::Headers,
    },
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use gcp_auth::{CustomServiceAccount, TokenProvider};
use google_cloud_auth::credentials::{AccessTokenCredentials, user_account};
use serde_json::{Value, json};
use yup_oauth2::{
    ServiceAccountAuthenticator, ServiceAccountKey, authenticator::DefaultAuthenticator,
};

pub(crate) const SCOPES: &[&str] = &["https://example.com/.default"];

pub(crate) async fn google_cloud_auth(url: &str) -> Result<AccessTokenCredentials> {
    let user = json!({
        "type": "authorized_user", "client_id": "bench", "client_secret": "bench",
        "refresh_token": "bench", "token_uri": url,
    });
    let credentials = user_account::Builder::new(user).build_access_token_credentials()?;
    credentials.access_token().await?;
    Ok(credentials)
}

pub(crate) async fn gcp_auth(url: &str) -> Result<CustomServiceAccount> {
    let account = CustomServiceAccount::from_json(&service_account(url).to_string())?;
    account.token(SCOPES).await?;
    Ok(account)
}

pub(crate) async fn yup_oauth2(url: &str) -> Result<DefaultAuthenticator> {
    let key: ServiceAccountKey = serde_json::from_value(service_account(url))?;
    let client = yup_oauth2::DefaultHyperClientBuilder::default();
    let authenticator = ServiceAccountAuthenticator::with_client(key, client).build().await?;
    authenticator.token(SCOPES).await?;
    Ok(authenticator)
}

/// This client requires HTTPS, so it gets a transport that answers without a network.
pub(crate) async fn azure_identity() -> Result<Arc<ClientSecretCredential>> {
    let transport = Some(Transport::new(Arc::new(Answering)));
    let client_options = ClientOptions { transport, ..ClientOptions::default() };
    let options = ClientSecretCredentialOptions { client_options };
    let secret = Secret::new("bench");
    let credential =
        ClientSecretCredential::new("bench", "bench".to_owned(), secret, Some(options))?;
    credential.get_token(SCOPES, None).await?;
    Ok(credential)
}

#[derive(Debug)]
struct Answering;

#[async_trait::async_trait]
impl HttpClient for Answering {
    async fn execute_request(&self, _request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = r#"{"token_type":"Bearer","access_token":"bench","expires_in":86399,"ext_expires_in":86399}"#;
        Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
    }
}

fn service_account(url: &str) -> Value {
    json!({
        "type": "service_account", "project_id": "bench", "private_key_id": "bench",
        "client_email": "bench@example.com", "client_id": "bench", "token_uri": url,
        "private_key": include_str!("../../../ims-testkit/data/keys/first.pem"),
    })
}
