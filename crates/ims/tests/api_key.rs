//! An API key alone: header fields, no token, and IMS is left in peace.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use ims::{ApiKeyCredential, BlockingClient, Client, Credential, TokenError};

#[path = "harness/emulated.rs"]
mod emulated;

use emulated::{CLIENT_ID, Emulated, ORG_ID};

fn api_key(org_id: Option<&str>) -> Credential {
    let org_id = org_id.map(|org_id| org_id.parse().unwrap());
    Credential::ApiKey(ApiKeyCredential { client_id: CLIENT_ID.parse().unwrap(), org_id })
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

        let error = client.access_token().await.unwrap_err();
        assert!(matches!(error, TokenError::ApiKeyAlone), "{error:?}");
        assert_eq!(error.to_string(), "an API key alone gets no access token");
        let guard = client.keeper().keep_fresh();
        tokio::task::yield_now().await;
        drop(guard);
        assert!(client.health().last_failure.is_none());
    }
    assert_eq!(emulated.requests_since(0).len(), 0, "IMS was not asked");
}

#[test]
fn a_program_without_a_runtime_has_the_same() {
    let credentials = ims::Credentials::new(ims::claims::Environment::production(), api_key(None));
    let client = BlockingClient::from_builder(Client::builder(&credentials)).unwrap();
    assert_eq!(client.headers().unwrap()["x-api-key"], CLIENT_ID);
    assert!(matches!(client.access_token(), Err(TokenError::ApiKeyAlone)));
}
