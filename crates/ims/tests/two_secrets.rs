//! A client secret is replaced while the other works: both are tried, and only when IMS says that this one is wrong.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use ims::{
    ClientSecrets, Credential, KeyPair, ServerToServerCredential, ServiceAccountCredential,
    SigningKey,
    claims::{Metascope, ServiceAccount},
    exchange::ClientSecret,
};
use ims_emulator::{Certificate, Endpoint, Fault, FaultRule, Integration, Refusal};
use ims_testkit::{certificates, keys};

#[path = "harness/emulated.rs"]
mod emulated;

use emulated::{ACCOUNT_ID, CLIENT_ID, Emulated, ORG_ID};

/// An integration that accepts `secrets`.
fn integration(secrets: &[&str]) -> Integration {
    let integration = emulated::integration()
        .with_scopes(["openid"])
        .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
        .with_certificates(Certificate::read_all(certificates::FIRST.as_bytes()).unwrap());
    secrets.iter().fold(integration, |integration, secret| integration.with_client_secret(*secret))
}

fn client_secrets() -> ClientSecrets {
    let secret = |text: &str| ClientSecret::new(text.to_owned());
    ClientSecrets::new(secret("canary-old")).with_next(secret("canary-new"))
}

fn server_to_server() -> Credential {
    let (client_id, scope) = (CLIENT_ID.parse().unwrap(), "openid".parse().unwrap());
    let credential = ServerToServerCredential::new(client_id, client_secrets(), [scope]);
    Credential::ServerToServer(credential.unwrap())
}

fn service_account() -> Credential {
    let account = ServiceAccount::new(
        CLIENT_ID.parse().unwrap(),
        ORG_ID.parse().unwrap(),
        ACCOUNT_ID.parse().unwrap(),
        [Metascope::ENT_DATASERVICES_SDK],
    );
    let contents = keys::FIRST.as_bytes().to_vec().into();
    let signing_key = SigningKey::File { contents, passphrase: None };
    let key = KeyPair { signing_key, certificate: None };
    let credential = ServiceAccountCredential::new(account.unwrap(), client_secrets(), key);
    // Each attempt signs again, so that none is refused for a jti that was used before.
    Credential::ServiceAccount(credential.unwrap().with_jti())
}

#[tokio::test]
async fn the_right_secret_is_found_and_remembered_until_it_becomes_wrong() {
    for credential in [server_to_server(), service_account()] {
        let emulated = Emulated::new(integration(&["canary-old"]).requiring_jti()).await;
        let client = emulated.client(credential);
        #[rustfmt::skip]
        let table = [
            (&["canary-old"][..],               1, "the old one"),
            (&["canary-old", "canary-new"],     1, "both, and no reason to change"),
            (&["canary-new"],                   2, "the old one is gone"),
            (&["canary-new"],                   1, "the new one is remembered"),
            (&["canary-old"],                   2, "back again"),
            (&["canary-old", "canary-new"],     1, "the old one is remembered"),
        ];
        for (secrets, requests, case) in table {
            emulated.emulator.register(integration(secrets).requiring_jti());
            let before = emulated.requests_since(0).len();
            client.refresh().await.unwrap();
            let asked = emulated.requests_since(before);
            assert_eq!(asked.len(), requests, "{case}");
            assert!(asked.last().unwrap().is_granted(), "{case}");
            for refused in &asked[..requests - 1] {
                assert_eq!(refused.refusal, Some(Refusal::ClientSecretWrong), "{case}");
            }
        }
        assert_eq!(client.health().unwrap().failures, 0);
    }
}

#[tokio::test]
async fn the_second_secret_is_sent_after_no_other_refusal() {
    for credential in [server_to_server(), service_account()] {
        for fault in [Fault::InternalError, Fault::TooManyRequests { retry_after: None }] {
            let emulated = Emulated::new(integration(&["canary-new"])).await;
            emulated.emulator.inject(FaultRule::new(fault));
            let client = emulated.client(credential.clone());
            client.access_token().await.unwrap_err();
            assert_eq!(emulated.requests_since(0).len(), 1);
        }
        let emulated =
            Emulated::new(emulated::integration().with_client_secret("canary-old")).await;
        let client = emulated.client(credential);
        client.access_token().await.unwrap_err();
        assert_eq!(
            emulated.requests_since(0).len(),
            1,
            "a scope or a certificate is missing, and no secret"
        );
    }
}

#[tokio::test]
async fn two_wrong_secrets_give_one_refusal_for_a_person_which_shows_neither() {
    let emulated = Emulated::new(integration(&["another"])).await;
    let client = emulated.client(service_account());
    let error = client.access_token().await.unwrap_err();
    assert!(!error.is_transient());
    assert_eq!(emulated.requests_since(0).len(), 2);
    assert!(
        emulated
            .requests_since(0)
            .iter()
            .all(|request| request.endpoint == Some(Endpoint::ExchangeJwt))
    );
    assert!(!format!("{error:?} {client:?}").contains("canary"), "{error:?}");
}
