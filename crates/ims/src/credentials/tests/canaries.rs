//! No secret and no value gets out of credentials except by the way that is meant for it.

use serde_json::{Value, json};

use super::*;
use crate::{Client, Error as ClientError};

/// Everything that a person or a log could come to see of `error`.
fn shown(error: &dyn Error) -> String {
    let shown: Vec<_> = sources(error).map(|error| format!("{error} {error:?}")).collect();
    shown.join("\n")
}

fn forms() -> [Value; 6] {
    let migrating =
        json!([{ "name": "n", "jwt": console_jwt(), "oauth_server_to_server": console_oauth() }]);
    let hardware = json!({
        "private_key_file": null, "signer": "pkcs11:token=t?pin-value=canary-pin&module-path=/nonexistent",
    });
    [
        own(),
        serde_json::from_str(&own_with(hardware)).unwrap(),
        aem(),
        console(&json!([{ "name": "n", "jwt": console_jwt() }])),
        console(&migrating),
        json!({ "ims": { "contexts": { "one": aio() } } }),
    ]
}

/// The JSON pointers of all that stands in `value`, it itself left out.
fn pointers(value: &Value) -> Vec<String> {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(name, value): (String, &Value)| {
        let nested = pointers(value).into_iter().map(|pointer| format!("/{name}{pointer}"));
        std::iter::once(format!("/{name}")).chain(nested).collect::<Vec<_>>()
    };
    members.into_iter().flat_map(below).collect()
}

#[test]
fn debug_shows_no_secret_of_any_form() {
    let folder = Folder::with_key();
    for form in forms() {
        let credentials = folder.read(&form.to_string()).unwrap();
        let builder = Client::builder(&credentials);
        let shown = format!("{credentials:?} {:?} {builder:?}", credentials.credential());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!shown.contains("PRIVATE KEY"), "{shown}");
        assert!(shown.contains("ClientSecret(..)"), "{shown}");
    }
}

#[test]
fn no_error_repeats_a_value_of_the_wrong_type_or_form() {
    let folder = Folder::with_key();
    let mut errors = 0;
    for form in forms() {
        for pointer in pointers(&form) {
            // A path is told, by design: without it nobody could tell which file is meant.
            let is_path = pointer.ends_with("_file") || pointer.ends_with("private_key");
            for wrong in
                [json!("canary \u{7} canary"), json!([["canary"]]), json!({ "x": "canary" })]
            {
                let mut changed = form.clone();
                *changed.pointer_mut(&pointer).unwrap() = wrong.clone();
                let Err(error) = folder.read(&changed.to_string()) else { continue };
                let shown = shown(&error);
                assert!(
                    is_path && wrong.is_string() || !shown.contains("canary"),
                    "{pointer}: {shown}"
                );
                errors += 1;
            }
        }
    }
    assert!(errors > 100, "{errors} errors are too few to have tried anything");
}

#[test]
fn a_key_in_the_place_of_its_path_is_not_repeated() {
    let folder = Folder::with_key();
    let key = ims_testkit::keys::FIRST;
    let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for name in ["private_key_file", "certificate_file"] {
        for misplaced in [key.to_owned(), key.replace('\n', "\\n"), base64.clone()] {
            let error = folder.read(&own_with(json!({ name: misplaced }))).unwrap_err();
            assert!(!shown(&error).contains(&base64[100..140]), "{error:?}");
            assert_eq!(chain(&error).rsplit(": ").next(), Some(&*format!("{name} is not a path")));
        }
    }
}

#[test]
fn no_secret_is_in_the_error_of_a_client_that_cannot_be_built() {
    let folder = Folder::with_key();
    let build = |changes: Value| -> ClientError {
        Client::new(&folder.read(&own_with(changes)).unwrap()).unwrap_err()
    };
    folder.write(
        "damaged.key",
        "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
        0o600,
    );
    folder.write("wrong.passphrase", "canary-wrong", 0o600);
    let wrong = json!({ "private_key_file": "encrypted.key", "private_key_passphrase_file": "wrong.passphrase" });
    let hardware = json!({
        "private_key_file": null, "signer": "pkcs11:token=t?pin-value=canary-pin&module-path=/nonexistent",
    });
    let malformed =
        json!({ "private_key_file": null, "signer": "pkcs11:canary%zz?pin-value=canary-pin" });
    for changes in [
        json!({ "private_key_file": "damaged.key" }),
        json!({ "private_key_file": "encrypted.key" }),
        wrong,
        hardware,
        malformed,
    ] {
        let shown = shown(&build(changes.clone()));
        assert!(!shown.contains("canary"), "{changes}: {shown}");
    }
}
