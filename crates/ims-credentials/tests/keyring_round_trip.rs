//! Secrets in a keyring that is there: the Credential Manager of Windows, and GNOME Keyring on Linux.

#![cfg(all(feature = "formats", feature = "keyring", any(target_os = "linux", windows)))]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test may")]

use std::{fs, path::Path};

use ims_credentials::{Credential, Credentials, CredentialsError, RefreshTokenStore, keyring};
use ims_exchange::RefreshToken;
use secrecy::ExposeSecret;

/// What is true of every keyring. No other test of this program takes these names.
fn check() {
    for name in ["ims-test", "Zoë's laptop: ada@example.com / 雪"] {
        assert!(keyring::load(name).unwrap().is_none(), "{name}");
        // A refresh token may be longer than what an entry of Windows holds as UTF-16.
        for secret in
            ["p8e-a".to_owned(), "pässwörd 雪".to_owned(), "j".repeat(1_281), "j".repeat(1_280)]
        {
            keyring::save(name, &secret.as_str().into()).unwrap();
            assert_eq!(keyring::load(name).unwrap().unwrap().expose_secret(), secret, "{name}");
        }
        keyring::forget(name).unwrap();
        assert!(keyring::load(name).unwrap().is_none(), "{name}");
        keyring::forget(name).unwrap();
    }

    let store = RefreshTokenStore::in_keyring("ims-test-sign-in");
    assert!(store.load().unwrap().is_none());
    let token: RefreshToken = format!("header.{}.signature", "p".repeat(2_000)).parse().unwrap();
    store.save(&token).unwrap();
    assert_eq!(store.load().unwrap().unwrap().expose_secret(), token.expose_secret());
    store.forget().unwrap();
    assert!(store.load().unwrap().is_none());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.json");
    let own =
        r#"{"client_id":"client","client_secret_keyring":"ims-test-own","scopes":["openid"]}"#;
    fs::write(&path, own).unwrap();
    let missing = client_secret(&path).unwrap_err();
    assert!(
        missing.to_string().ends_with("no entry of the name in client_secret_keyring"),
        "{missing}"
    );
    keyring::save("ims-test-own", &"p8e-canary".into()).unwrap();
    assert_eq!(client_secret(&path).unwrap(), "p8e-canary");
    keyring::forget("ims-test-own").unwrap();
}

fn client_secret(file: &Path) -> Result<String, CredentialsError> {
    match Credentials::from_file(file)?.credential() {
        Credential::ServerToServer(credential) => {
            Ok(credential.client_secrets.first().expose_secret().to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[cfg(windows)]
mod credential_manager {
    use std::collections::HashMap;

    use ims_credentials::keyring::KeyringError;
    use keyring_core::{Entry, api::CredentialStoreApi};
    use windows_native_keyring_store::Store;

    use super::*;

    const USER_SYNC: &str = "
authentication_method: oauth
enterprise:
  org_id: A@AdobeOrg
  client_id: client
  secure_client_secret_key: umapi
";

    #[test]
    fn secrets_are_saved_replaced_found_and_removed() {
        check();
    }

    #[test]
    fn a_secret_that_no_entry_can_hold_is_refused_and_the_old_one_stays() {
        let name = "ims-test-too-long";
        keyring::save(name, &"old".into()).unwrap();
        let longest = "j".repeat(2_554);
        keyring::save(name, &longest.as_str().into()).unwrap();
        let error = keyring::save(name, &format!("{longest}j").into()).unwrap_err();
        assert!(matches!(error, KeyringError::TooLong { most: 2_560, .. }), "{error}");
        assert_eq!(keyring::load(name).unwrap().unwrap().expose_secret(), longest);
        keyring::forget(name).unwrap();
    }

    #[test]
    fn bytes_that_are_no_text_are_not_shown() {
        let store = Store::new().unwrap();
        let entry = store.build(keyring::SERVICE, "ims-test-bytes", None).unwrap();
        for bytes in [&b"odd"[..], b"\x00\xd8x\x00", b"utf-8:\xff"] {
            entry.set_secret(bytes).unwrap();
            let error = keyring::load("ims-test-bytes").unwrap_err();
            assert!(matches!(error, KeyringError::NotText { .. }), "{error}");
        }
        entry.delete_credential().unwrap();
    }

    #[test]
    fn what_user_sync_saved_with_python_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connector-umapi.yml");
        fs::write(&path, USER_SYNC).unwrap();
        let store = Store::new().unwrap();
        // Python takes the service alone as the target, and for a second user of that service both.
        let second = saved(&store, "A@AdobeOrg@umapi", "A@AdobeOrg", "p8e-second");
        assert_eq!(client_secret(&path).unwrap(), "p8e-second");
        let of_another = saved(&store, "umapi", "B@AdobeOrg", "p8e-another");
        assert_eq!(client_secret(&path).unwrap(), "p8e-second");
        of_another.delete_credential().unwrap();
        let first = saved(&store, "umapi", "A@AdobeOrg", "p8e-first");
        assert_eq!(client_secret(&path).unwrap(), "p8e-first");
        first.delete_credential().unwrap();
        second.delete_credential().unwrap();
        let missing = client_secret(&path).unwrap_err();
        assert!(missing.to_string().contains("secure_client_secret_key"), "{missing}");
    }

    fn saved(store: &Store, target: &str, user: &str, password: &str) -> Entry {
        let entry = store.build("", "", Some(&HashMap::from([("target", target)]))).unwrap();
        entry.set_password(password).unwrap();
        entry.update_attributes(&HashMap::from([("username", user)])).unwrap();
        entry
    }
}

#[cfg(target_os = "linux")]
mod secret_service {
    use std::{env, process::Command};

    use super::*;

    /// Set in the process whose session bus and unlocked GNOME Keyring no other process uses.
    const CASE: &str = "IMS_TEST_KEYRING_ROUND_TRIP";

    #[test]
    fn secrets_are_saved_replaced_found_and_removed() {
        if env::var_os(CASE).is_some() {
            return check();
        }
        let is_missing = |program: &str| Command::new(program).arg("--version").output().is_err();
        if is_missing("dbus-run-session") || is_missing("gnome-keyring-daemon") {
            println!("skipped: it needs Debian's packages dbus and gnome-keyring");
            return;
        }
        let home = tempfile::tempdir().unwrap();
        let script =
            "printf pass | gnome-keyring-daemon --unlock --components=secrets && exec \"$@\"";
        let mut session = Command::new("dbus-run-session");
        session.args(["--", "sh", "-c", script, "sh"]).arg(env::current_exe().unwrap());
        session.args(["--exact", "secret_service::secrets_are_saved_replaced_found_and_removed"]);
        session.env(CASE, "1").env("HOME", home.path()).env("XDG_RUNTIME_DIR", home.path());
        session.env_remove("XDG_DATA_HOME").env_remove("DBUS_SESSION_BUS_ADDRESS");
        let ended = session.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
        assert!(said.contains("1 passed"), "{said}");
    }
}
