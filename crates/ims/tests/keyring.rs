//! The errors where there is no keyring. They depend on the environment, so each case is a separate process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    env,
    os::unix::net::UnixListener,
    process::Command,
    time::{Duration, Instant},
};

use ims::{
    RefreshTokens,
    keyring::{self, KeyringError},
};

/// Set in the process of one case.
const CASE: &str = "IMS_TEST_KEYRING_CASE";

#[test]
fn without_a_keyring_every_call_fails_soon_with_an_error_that_says_so() {
    if env::var_os(CASE).is_some() {
        return case();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| format!("unix:path={}", folder.path().join(name).display());
    // It accepts connections and never answers.
    let _silent = UnixListener::bind(folder.path().join("silent")).unwrap();
    for address in [path("missing"), path("silent"), "unix:path=".to_owned(), "nonsense".to_owned()]
    {
        let mut this = Command::new(env::current_exe().unwrap());
        this.args([
            "--exact",
            "without_a_keyring_every_call_fails_soon_with_an_error_that_says_so",
        ]);
        let ended = this.env(CASE, "1").env("DBUS_SESSION_BUS_ADDRESS", &address).output().unwrap();
        assert!(ended.status.success(), "{address}: {}", String::from_utf8_lossy(&ended.stdout));
    }
}

fn case() {
    let begun = Instant::now();
    assert!(matches!(keyring::load("name"), Err(KeyringError::NoKeyring(_))));
    assert!(begun.elapsed() < 2 * keyring::SEARCH_TIMEOUT);

    // Within a runtime, too, and with the place in the message.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(RefreshTokens::in_keyring("name").forget()).unwrap_err();
    let said = error.to_string();
    let place = "the refresh token cannot be removed from the keyring, as \"name\": ";
    assert!(said.starts_with(&format!("{place}there is no keyring here")), "{said}");
    assert!(begun.elapsed() < 3 * keyring::SEARCH_TIMEOUT + Duration::from_secs(1));
}
