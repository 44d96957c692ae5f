//! The error for credentials whose secrets are in a keyring, where there is none. It depends on the environment, so the
//! case has its own process.

#![cfg(all(feature = "formats", feature = "keyring", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{env, error::Error, fs, process::Command};

use ims_credentials::Credentials;

/// Set in the process of the case.
const CASE: &str = "IMS_TEST_KEYRING_REFERENCE_CASE";

const USER_SYNC: &str = "enterprise:\n  org_id: A@AdobeOrg\n  secure_client_id_key: canary\n";
const OWN: &str = r#"{"client_id":"client","client_secret_keyring":"canary","scopes":["openid"]}"#;

#[test]
fn a_reference_to_a_missing_keyring_is_named() {
    if env::var_os(CASE).is_some() {
        return case();
    }
    let mut this = Command::new(env::current_exe().unwrap());
    this.args(["--exact", "a_reference_to_a_missing_keyring_is_named"]);
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:path={}", folder.path().join("missing").display());
    let ended = this.env(CASE, "1").env("DBUS_SESSION_BUS_ADDRESS", address).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

fn case() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, member) in [
        ("connector-umapi.yml", USER_SYNC, "enterprise.secure_client_id_key"),
        ("own.json", OWN, "client_secret_keyring"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let error = Credentials::from_file(&path).unwrap_err();
        let sources = std::iter::successors(Some(&error as &dyn Error), |&error| error.source());
        let said: Vec<String> = sources.map(ToString::to_string).collect();
        let cause = format!("{member} cannot be read: there is no keyring here");
        assert!(said[0].ends_with(&cause), "{said:?}");
        assert!(!format!("{said:?} {error:?}").contains("canary"), "{said:?}");
    }
}
