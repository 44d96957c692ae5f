//! No secret is shown by a client, or by the error of one that cannot be built.

#![cfg(feature = "reqwest")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{error::Error, fs, path::Path};

use ims::{Client, Credentials, Error as ClientError, Migration, token::KeeperPool};
use ims_testkit::keys;
use serde_json::{Value, json};
use tempfile::TempDir;

const CLIENT_SECRET: &str = "canary-client-secret";

/// A folder with keys and a pass phrase that does not fit.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let damaged = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----";
    for (name, contents) in [
        ("private.key", keys::FIRST),
        ("encrypted.key", keys::FIRST_PBES2_AES256_SHA256),
        ("damaged.key", damaged),
        ("wrong.passphrase", "canary-wrong"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, contents).unwrap();
        set_private(&path);
    }
    folder
}

#[cfg(unix)]
fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn set_private(_path: &Path) {}

/// The credentials of a service account with these members besides.
fn credentials(folder: &TempDir, members: Value) -> Credentials {
    let mut all = json!({
        "client_id": "client", "client_secret": CLIENT_SECRET, "org_id": "A@AdobeOrg",
        "technical_account_id": "B@techacct.adobe.com", "metascopes": ["ent_user_sdk"],
    });
    let (Value::Object(all_members), Value::Object(members)) = (&mut all, members) else {
        panic!("members are an object")
    };
    all_members.extend(members);
    let path = folder.path().join("credentials.json");
    fs::write(&path, all.to_string()).unwrap();
    set_private(&path);
    Credentials::from_file(path).unwrap()
}

/// Everything of `error` that a person or a log could show.
fn shown(error: &dyn Error) -> String {
    let sources = std::iter::successors(Some(error), |&error| error.source());
    sources.map(|error| format!("{error} {error:?}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_secret_is_in_the_debug_text_of_a_builder_or_a_client() {
    let folder = folder();
    let credentials = credentials(&folder, json!({ "private_key_file": "private.key" }));
    let builder = Client::builder(&credentials);
    let shown = format!("{builder:?} {:?}", Client::new(&credentials).unwrap());
    assert!(!shown.contains("canary") && !shown.contains("PRIVATE KEY"), "{shown}");
}

#[test]
fn no_secret_is_in_the_error_of_a_client_that_cannot_be_built() {
    let folder = folder();
    let passphrase = "wrong.passphrase";
    for members in [
        json!({ "private_key_file": "damaged.key" }),
        json!({ "private_key_file": "encrypted.key" }),
        json!({ "private_key_file": "encrypted.key", "private_key_passphrase_file": passphrase }),
        json!({ "signer": "pkcs11:token=t?pin-value=canary-pin&module-path=/nonexistent" }),
        json!({ "signer": "pkcs11:canary%zz?pin-value=canary-pin" }),
    ] {
        let error = Client::new(&credentials(&folder, members.clone())).unwrap_err();
        let shown = shown(&error);
        assert!(!shown.contains("canary"), "{members}: {shown}");
    }
}

#[test]
fn a_client_of_a_migration_without_its_key_names_the_missing_file() {
    let folder = folder();
    fs::remove_file(folder.path().join("private.key")).unwrap();
    let project = json!({ "project": { "org": { "ims_org_id": "A@AdobeOrg" }, "workspace": { "details": {
        "credentials": [{ "name": "jwt", "jwt": {
            "client_id": "client", "client_secret": CLIENT_SECRET, "meta_scopes": ["ent_user_sdk"],
            "technical_account_id": "B@techacct.adobe.com",
        } }],
    } } } });
    let path = folder.path().join("project.json");
    fs::write(&path, project.to_string()).unwrap();
    let migration = Migration::of_file(&path, None).unwrap();
    let said = Client::new(migration.service_account()).unwrap_err().to_string();
    assert!(said.starts_with("cannot read ") && said.contains("private.key"), "{said}");
}

#[test]
fn a_client_whose_signer_the_program_provides_is_not_built_without_one() {
    let folder = folder();
    let outside = credentials(&folder, json!({ "signer": "external" }));
    let error = Client::new(&outside).unwrap_err();
    assert!(matches!(error, ClientError::SignerMissing), "{error:?}");
    let signer = ims::sign::PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    assert!(Client::builder(&outside).with_signer(signer).build().is_ok());
}

#[test]
fn a_pool_keeps_one_keeper_for_the_same_credentials_and_none_that_failed() {
    let folder = folder();
    let pool = KeeperPool::new(std::num::NonZeroUsize::MIN);
    let damaged = credentials(&folder, json!({ "private_key_file": "damaged.key" }));
    assert!(Client::builder(&damaged).build_in(&pool).is_err());
    assert_eq!(format!("{pool:?}"), "KeeperPool(0 of 1)");
    let right = credentials(&folder, json!({ "private_key_file": "private.key" }));
    for _ in 0..2 {
        Client::builder(&right).build_in(&pool).unwrap();
        assert_eq!(format!("{pool:?}"), "KeeperPool(1 of 1)");
    }
    pool.remove(&Client::builder(&right).cache_key());
    assert_eq!(format!("{pool:?}"), "KeeperPool(0 of 1)");
    let api_key: Credentials = r#"{"api_key":"key"}"#.parse().unwrap();
    let error = Client::builder(&api_key).build_in(&pool).unwrap_err();
    assert!(matches!(error, ClientError::ApiKeyAlone), "{error:?}");
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}

    assert_send_sync::<Client>();
    assert_send_sync::<ims::ClientBuilder>();
    assert_send_sync::<ims::Connection>();
    assert_send_sync::<ims::RefreshTokens>();
    assert_send_sync::<ims::Report>();
    assert_send_sync::<ClientError>();
    assert_send_sync::<Credentials>();
    assert_send_sync::<ims::CredentialsError>();
    assert_send_sync::<ims::Discovery>();
    assert_send_sync::<Migration>();

    assert_send_sync::<ims::claims::ClaimsSet>();
    assert_send_sync::<ims::claims::CompactJwt>();
    assert_send_sync::<ims::claims::Environment>();
    assert_send_sync::<ims::exchange::AccessToken>();
    assert_send_sync::<ims::exchange::ClientSecret>();
    assert_send_sync::<ims::exchange::ExchangeError>();
    assert_send_sync::<ims::exchange::InFlight<ims::AccessToken>>();
    assert_send_sync::<ims::exchange::Refusal>();
    assert_send_sync::<ims::exchange::SharedTransport>();
    assert_send_sync::<ims::exchange::TransportError>();
    assert_send_sync::<ims::token::Event>();
    assert_send_sync::<ims::token::FetchError>();
    assert_send_sync::<KeeperPool>();
    assert_send_sync::<ims::token::MemoryStore>();
    assert_send_sync::<ims::token::SharedClock>();
    assert_send_sync::<ims::token::SharedStore>();
    assert_send_sync::<ims::token::TokenKeeper>();
    assert_send_sync::<ims::token::TokenKeeperBuilder>();
    assert_send_sync::<ims::TokenError>();
}

#[test]
#[cfg(all(
    feature = "blocking",
    feature = "file",
    feature = "middleware",
    feature = "pkcs11",
    feature = "redis",
    feature = "reqwest",
    feature = "service-account",
    feature = "sign-in",
    feature = "verify",
))]
fn the_types_of_each_feature_can_be_shared_between_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}

    assert_send_sync::<ims::BlockingClient>();
    assert_send_sync::<ims::SignIn>();
    assert_send_sync::<ims::SignedIn>();
    assert_send_sync::<ims::SignInError>();
    assert_send_sync::<ims::cert::Certificate>();
    assert_send_sync::<ims::cert::CertError>();
    assert_send_sync::<ims::exchange::ReqwestTransport>();
    assert_send_sync::<ims::middleware::AllowedHosts>();
    assert_send_sync::<ims::sign::PemSigner>();
    assert_send_sync::<ims::sign::SharedSigner>();
    assert_send_sync::<ims::sign::SignError>();
    assert_send_sync::<ims::sign::pkcs11::Pkcs11Module>();
    assert_send_sync::<ims::sign::pkcs11::Pkcs11Signer>();
    assert_send_sync::<ims::token::FileStore>();
    assert_send_sync::<ims::token::RedisStore>();
    assert_send_sync::<ims::verify::NotVerified>();
    assert_send_sync::<ims::verify::TokenVerifier>();
}
