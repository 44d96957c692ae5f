//! During a migration, the old credentials, the new ones and the new file all obtain tokens.

#![cfg(feature = "reqwest")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use ims::{
    Change, Client, Credentials, Form, Migration,
    claims::{Metascope, NumericDate},
    token::testing::FakeClock,
};
use ims_emulator::{Certificate, Emulator, Endpoint, Integration, TokenKey};
use ims_testkit::{certificates, keys};
use serde_json::json;
use tempfile::TempDir;

/// The time of the tests: the certificates of the test kit are valid then.
const NOW: u64 = 1_800_000_000;
const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const CLIENT_SECRET: &str = "canary-client-secret";
const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
const ACCOUNT: &str = "6657031C5C095BB40A4@techacct.adobe.com";

#[tokio::test]
async fn the_old_and_the_new_credentials_of_a_project_and_the_new_file_obtain_tokens() {
    let emulator = emulator().await;
    let folder = folder();
    let project = json!({ "project": { "org": { "ims_org_id": ORG_ID }, "workspace": { "details": {
        "credentials": [{
            "name": "both", "integration_type": "oauth_server_to_server_migrate",
            "jwt": { "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "technical_account_id": ACCOUNT,
                     "meta_scopes": ["ent_user_sdk"] },
            "oauth_server_to_server": { "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET],
                                        "scopes": ["openid", "AdobeID"] },
        }],
    }}}});
    fs::write(folder.path().join("project.json"), project.to_string()).unwrap();
    let migration = Migration::of_file(folder.path().join("project.json"), None).unwrap();
    assert!(migration.has_both_sides());
    let new = folder.path().join("new.json");
    migration.save(&new).unwrap();
    let saved = Credentials::from_file(&new).unwrap();
    assert_eq!(saved.form(), Form::Own);
    assert_tokens(
        &emulator,
        [
            (migration.service_account().clone(), Endpoint::ExchangeJwt),
            (migration.server_to_server().unwrap(), Endpoint::Token),
            (saved, Endpoint::Token),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_known_scopes_of_a_metascope_replace_it() {
    let emulator = emulator().await;
    let folder = folder();
    let own = json!({
        "client_id": CLIENT_ID, "client_secret_file": "client.secret", "org_id": ORG_ID,
        "technical_account_id": ACCOUNT, "metascopes": ["ent_user_sdk"], "private_key_file": "private.key",
    });
    fs::write(folder.path().join("own.json"), own.to_string()).unwrap();
    let migration = Migration::of_file(folder.path().join("own.json"), None).unwrap();
    assert!(!migration.holds_secret());
    let mapped = migration.changes().into_iter().find_map(|change| match change {
        Change::Scopes(mapped) => Some(mapped.scopes),
        _ => None,
    });
    assert_eq!(mapped.unwrap(), ["openid", "AdobeID", "user_management_sdk"]);
    // In another folder, so that the path of the secret has to be right from there.
    let other = TempDir::new().unwrap();
    let new = other.path().join("new.json");
    migration.save(&new).unwrap();
    assert!(!fs::read_to_string(&new).unwrap().contains(CLIENT_SECRET));
    assert_tokens(&emulator, [(Credentials::from_file(&new).unwrap(), Endpoint::Token)]).await;
}

/// Each of the credentials obtains a token, from the endpoint of its kind.
async fn assert_tokens<const N: usize>(emulator: &Emulator, each: [(Credentials, Endpoint); N]) {
    for (credentials, endpoint) in each {
        let credentials = credentials.with_environment(emulator.url().parse().unwrap());
        let clock = FakeClock::new(NumericDate::from_secs(0).plus(Duration::from_secs(NOW)));
        let client = Client::builder(&credentials).with_clock(clock).build().unwrap();
        client.access_token().await.unwrap();
        assert_eq!(emulator.requests().last().unwrap().endpoint, Some(endpoint));
    }
}

/// A folder with the key and the secret.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, contents) in [("private.key", keys::FIRST), ("client.secret", CLIENT_SECRET)] {
        let path = folder.path().join(name);
        fs::write(&path, contents).unwrap();
        make_private(&path);
    }
    folder
}

#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn make_private(_path: &Path) {}

async fn emulator() -> Emulator {
    let certificates = Certificate::read_all(certificates::FIRST.as_bytes()).unwrap();
    let integration = Integration::new(
        CLIENT_ID.parse().unwrap(),
        ORG_ID.parse().unwrap(),
        ACCOUNT.parse().unwrap(),
    )
    .with_client_secret(CLIENT_SECRET.to_owned())
    .with_certificates(certificates)
    .with_metascopes(["ent_user_sdk".parse::<Metascope>().unwrap()])
    .with_scopes(["openid", "AdobeID", "user_management_sdk"]);
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    Emulator::builder()
        .with_clock(move || now)
        .with_token_key(TokenKey::from_pkcs8_pem(keys::SECOND).unwrap())
        .with_integration(integration)
        .start()
        .await
        .unwrap()
}
