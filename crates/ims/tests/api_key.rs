//! An API key alone: header fields, no token, and no request to IMS.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{error::Error, time::Duration};

use ims::{ApiKeyAlone, ApiKeyCredential, BlockingClient, Client, Credential, TokenError};

#[path = "harness/emulated.rs"]
mod emulated;

use emulated::{CLIENT_ID, Emulated, ORG_ID};

fn api_key(org_id: Option<&str>) -> Credential {
    let credential = ApiKeyCredential::new(CLIENT_ID.parse().unwrap());
    Credential::ApiKey(match org_id {
        Some(org_id) => credential.with_org(org_id.parse().unwrap()),
        None => credential,
    })
}

fn is_api_key_alone(error: &TokenError) -> bool {
    let TokenError::Refused { source, .. } = error else { return false };
    let cause: &(dyn Error + 'static) = source.cause();
    cause.is::<ApiKeyAlone>()
}

#[tokio::test]
async fn the_header_fields_are_the_key_and_the_organization_if_it_is_known() {
    let emulated = Emulated::new(emulated::integration()).await;
    for org_id in [None, Some(ORG_ID)] {
        let client = emulated.client(api_key(org_id));
        let headers = client.headers().await.unwrap();
        assert_eq!(headers["x-api-key"], CLIENT_ID);
        let organization = headers.get("x-gw-ims-org-id").map(|value| value.to_str().unwrap());
        assert_eq!(organization, org_id);
        assert!(!headers.contains_key("authorization"));

        let hour = Duration::from_hours(1);
        let answers = [
            client.access_token().await,
            client.access_token_valid_for(hour).await,
            client.refresh().await,
        ];
        for error in answers.map(Result::unwrap_err) {
            assert!(is_api_key_alone(&error), "{error:?}");
            assert!(!error.is_transient());
        }
        assert!(client.keeper().is_none() && client.health().is_none());
    }
    assert_eq!(emulated.requests_since(0).len(), 0, "IMS was not asked");
}

#[test]
fn a_program_without_a_runtime_has_the_same() {
    let credentials = ims::Credentials::new(ims::claims::Environment::production(), api_key(None));
    let client = BlockingClient::from_builder(Client::builder(&credentials)).unwrap();
    assert_eq!(client.headers().unwrap()["x-api-key"], CLIENT_ID);
    assert!(is_api_key_alone(&client.access_token().unwrap_err()));
}
