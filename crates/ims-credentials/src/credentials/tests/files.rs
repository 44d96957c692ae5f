//! What is refused, what gets a warning, and who may read the files.

use serde_json::json;

use super::*;

#[test]
fn what_is_wrong_with_our_own_form_is_named() {
    let folder = Folder::with_key();
    #[rustfmt::skip]
    let table = [
        (json!({ "client_secrte": "canary" }),       "unknown member client_secrte"),
        (json!({ "client_secrets": ["canary"] }),    "client_secret and client_secrets exclude each other"),
        (json!({ "client_secret_env": "X" }),        "client_secret and client_secret_env exclude each other"),
        (json!({ "keys": [] }),                      "private_key_file and keys exclude each other"),
        (json!({ "private_key_env": "X" }),          "private_key_file and private_key_env exclude each other"),
        (json!({ "api_key": "canary" }),             "unknown member certificate_file"),
        (json!({ "redirect_uri": "canary" }),        "unknown member redirect_uri"),
        (json!({ "user": true }),                    "unknown member certificate_file"),
        (json!({ "user": "yes" }),                   "user is not true or false"),
        (json!({ "client_secret": null, "client_secrets": [] }), "client_secrets is missing"),
        (json!({ "client_secret": null, "client_secrets": [1] }), "client_secrets[0] is a number or true or false, not a string"),
        (json!({ "client_secret": null, "client_secrets": [{}] }), "client_secrets[0].file is missing"),
        (json!({ "client_secret": null, "client_secrets": [{ "x": "canary" }] }), "unknown member client_secrets[0].x; known are file, "),
        (json!({ "scopes": ["openid"] }),            "metascopes and scopes exclude each other"),
        (json!({ "client_secret_file": "x" }),       "client_secret and client_secret_file exclude each other"),
        (json!({ "signer": "pkcs11:token=x" }),      "signer and private_key_file exclude each other"),
        (json!({ "signer": "kms:x", "private_key_file": null }), "signer is not a PKCS#11 URI, which begins with \"pkcs11:\""),
        (json!({ "client_secret": null }),           "client_secret is missing"),
        (json!({ "org_id": null }),                  "org_id is missing"),
        (json!({ "technical_account_id": null }),    "technical_account_id is missing"),
        (json!({ "metascopes": null }),              "metascopes is missing"),
        (json!({ "private_key_file": null }),        "private_key_file is missing"),
        (json!({ "org_id": "canary" }),              "org_id is wrong: "),
        (json!({ "metascopes": [] }),                "metascopes is wrong: "),
        (json!({ "ims_url": "http://ims.example" }), "ims_url is wrong: "),
        (json!({ "jti": "yes" }),                    "jti is not true or false"),
    ];
    for (changes, said) in table {
        let refusal = folder.refusal(&own_with(changes.clone()));
        assert!(refusal.starts_with(said), "{changes}: {refusal}");
        assert!(!refusal.contains("canary"), "{changes}: {refusal}");
    }
}

#[test]
fn what_is_wrong_with_other_forms_is_named() {
    let folder = Folder::with_key();
    let without = |mut value: Value, pointer: &str| {
        *value.pointer_mut(pointer).unwrap() = json!(null);
        value
    };
    let named = |name: &str| json!({ "name": name, "jwt": console_jwt() });
    let contexts = json!({ "ims": { "contexts": { "one": aio(), "two": aio() } } });
    let types = |types: &[&str]| {
        let entry = |text: &&str| json!({ "name": "x", "integration_type": text });
        console(&types.iter().map(entry).collect())
    };
    let jwt_auth = json!({ "clientId": "a", "clientSecret": "b", "orgId": "C@AdobeOrg",
        "technicalAccountId": "D@techacct.adobe.com", "metaScopes": ["ent_user_sdk"] });
    #[rustfmt::skip]
    let table = [
        (without(aem(), "/integration/org"),                           "integration.org is missing"),
        (without(aem(), "/integration/technicalAccount/clientSecret"), "integration.technicalAccount.clientSecret is missing"),
        (without(aem(), "/integration/privateKey"),                    "integration.privateKey is missing"),
        (without(aio(), "/private_key"),                               "private_key is missing"),
        (contexts,                                                     "2 usable credentials in one file: one, two"),
        (console(&json!([named("first"), named("second")])),           "2 usable credentials in one file: first, second"),
        (console(&json!([{ "name": "web", "other": {} }])),            "project.workspace.details.credentials is not a list with a credential in it"),
        (console(&json!([{ "name": "x", "integration_type": "future", "future": {} }])), "project.workspace.details.credentials holds no credential of a known kind; the kinds there are: future"),
        (types(&[&"x".repeat(40), "oauth_2", "not a name", "Canary", &"x".repeat(41)]), &format!("project.workspace.details.credentials holds no credential of a known kind; the kinds there are: {}, oauth_2", "x".repeat(40))),
        (jwt_auth,                                                     "privateKey is missing"),
        (json!({ "accessToken": "canary" }),                           "accessToken is not an access token of IMS, which is a JWT that says when it ends"),
        (json!({}),                                                    "no known form of credentials (members: none)"),
        (json!([]),                                                    "no known form of credentials (members: none)"),
    ];
    for (value, said) in table {
        assert_eq!(folder.refusal(&value.to_string()), said, "{value}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named_once() {
    let folder = Folder::with_key();
    let absent = folder.0.path().join("absent");
    let text = own_with(json!({ "private_key_file": "absent" }));
    for error in [Credentials::from_file(&absent).unwrap_err(), folder.read(&text).unwrap_err()] {
        let said = chain(&error);
        let missing = ims_files::without_number(&fs::read(&absent).unwrap_err().to_string());
        let expected = format!("cannot read {}: {missing}", absent.display());
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(said.matches("absent").count(), 1, "{said}");
    }
}

#[test]
fn a_console_project_without_its_key_names_the_missing_file() {
    let folder = Folder(TempDir::new().unwrap());
    let project = console(&json!([{ "name": "jwt", "jwt": console_jwt() }]));
    let error = folder.read(&project.to_string()).unwrap_err();
    let wanted = folder.0.path().join("private.key");
    let missing = ims_files::without_number(&fs::read(&wanted).unwrap_err().to_string());
    let said = format!("cannot read {}: {missing}", wanted.display());
    assert!(error.to_string().starts_with(&said), "{error}");
}

#[test]
fn paths_begin_at_the_credentials_file_unless_they_are_absolute() {
    let folder = Folder::with_key();
    let elsewhere = Folder::with_key();
    fs::create_dir(folder.0.path().join("keys")).unwrap();
    folder.write("keys/private.key", ims_testkit::keys::SECOND, 0o600);
    let public_key_at = |path: Value| {
        let text = own_with(json!({ "private_key_file": path }));
        public_key(&folder.service_account(&text).signing_keys.first().signing_key)
    };
    assert_eq!(public_key_at(json!("private.key")), first_public_key());
    assert_ne!(public_key_at(json!("keys/private.key")), first_public_key());
    assert_eq!(public_key_at(json!(elsewhere.0.path().join("private.key"))), first_public_key());
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_can_read_is_refused_with_the_chmod_line() {
    let files = json!({
        "client_secret": null, "client_secret_file": "client.secret",
        "private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase",
    });
    for name in ["encrypted.key", "passphrase", "client.secret"] {
        for (mode, is_refused) in [
            (0o644, true),
            (0o604, true),
            (0o622, true),
            (0o602, true),
            (0o620, true),
            (0o600, false),
            (0o400, false),
        ] {
            let folder = Folder::with_key();
            let path = folder.0.path().join(name);
            set_mode(&path, mode);
            let read = folder.read(&own_with(files.clone()));
            let hint = read.err().map(|error| error.hint().unwrap());
            let chmod = is_refused.then(|| format!("chmod 600 {}", path.display()));
            assert_eq!(hint, chmod, "{name} {mode:o}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_group_may_read_a_secret_file_of_root_and_a_file_of_another_user_is_refused() {
    let text = own_with(json!({ "client_secret": null, "client_secret_file": "client.secret" }));
    for (owner, mode, is_read) in [
        (0, 0o440, true),
        (0, 0o640, true),
        (0, 0o444, false),
        (0, 0o660, false),
        (54_321, 0o600, false),
        (54_321, 0o440, false),
    ] {
        let folder = Folder::with_key();
        let path = folder.0.path().join("client.secret");
        set_mode(&path, mode);
        if !give(&path, owner, 0) {
            return; // The rule itself is tested in ims-files, where no such right is needed.
        }
        let read = folder.read(&text);
        assert_eq!(read.is_ok(), is_read, "{owner} {mode:o}");
        assert!(is_read || read.unwrap_err().hint().is_some());
    }
}

#[cfg(unix)]
#[test]
fn a_certificate_in_place_of_a_key_is_read_even_if_others_can_read_it() {
    let folder = Folder::with_key();
    let path = folder.write("certificate_pub.crt", "-----BEGIN CERTIFICATE-----\nMII\n", 0o644);
    let text = own_with(json!({ "private_key_file": path }));
    // The code that uses the key reports what it is.
    folder.read(&text).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_refused_wherever_a_file_is_named() {
    let folder = Folder::with_key();
    let said = "/dev/zero has more than 1048576 bytes";
    for changes in [
        json!({ "private_key_file": "/dev/zero" }),
        json!({ "certificate_file": "/dev/zero" }),
        json!({ "client_secret": null, "client_secret_file": "/dev/zero" }),
        json!({ "private_key_file": "encrypted.key", "private_key_passphrase_file": "/dev/zero" }),
    ] {
        let error = folder.read(&own_with(changes.clone())).unwrap_err();
        assert_eq!(chain(&error), said, "{changes}");
    }
    assert_eq!(chain(&Credentials::from_file("/dev/zero").unwrap_err()), said);
}

#[cfg(unix)]
#[test]
fn a_credentials_file_that_others_can_read_gets_a_warning_if_it_has_a_secret() {
    let in_files = json!({ "client_secret": null, "client_secret_file": "client.secret" });
    let pin = json!({
        "client_secret": null, "client_secret_file": "client.secret", "private_key_file": null,
        "signer": "pkcs11:token=ims?pin-value=1234",
    });
    let key = json!({
        "client_secret": null, "client_secret_file": "client.secret", "private_key_file": null,
        "private_key": ims_testkit::keys::FIRST,
    });
    let passphrase = json!({
        "client_secret": null, "client_secret_file": "client.secret",
        "private_key_file": "encrypted.key", "private_key_passphrase": ims_testkit::PASSPHRASE,
    });
    #[rustfmt::skip]
    let table = [
        (own().to_string(),    0o644, 1),
        (own().to_string(),    0o600, 0),
        (own_with(in_files),   0o644, 0),
        (own_with(pin),        0o644, 1),
        (own_with(key),        0o644, 1),
        (own_with(passphrase), 0o644, 1),
        (aem().to_string(),    0o644, 1),
        (aio().to_string(),    0o604, 1),
        (aio().to_string(),    0o600, 0),
    ];
    for (contents, mode, warnings) in table {
        let folder = Folder::with_key();
        let path = folder.write("credentials", &contents, mode);
        let credentials = Credentials::from_file(&path).unwrap();
        assert_eq!(credentials.warnings().len(), warnings, "{mode:o} {contents}");
        for warning in credentials.warnings() {
            assert!(warning.ends_with(&format!("chmod 600 {}", path.display())), "{warning}");
        }
    }
}

#[cfg(unix)]
#[test]
fn credentials_and_keys_can_come_through_a_pipe() {
    use std::{
        io::{PipeReader, Write},
        os::fd::AsRawFd,
    };

    let piped = |contents: &str| -> (PipeReader, String) {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(contents.as_bytes()).unwrap();
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        (reader, path)
    };
    let (_key, key_path) = piped(ims_testkit::keys::FIRST);
    let contents = own_with(json!({ "private_key_file": key_path, "certificate_file": null }));
    let (_credentials, path) = piped(&contents);
    let credentials = Credentials::from_file(path).unwrap();
    assert!(credentials.warnings().is_empty());
    assert_eq!(
        public_key(&service_account(credentials).signing_keys.first().signing_key),
        first_public_key()
    );
}

#[cfg(unix)]
#[test]
fn a_fifo_is_accepted_whatever_its_mode_is() {
    let folder = Folder::with_key();
    let path = folder.0.path().join("fifo");
    let made = std::process::Command::new("mkfifo").args(["-m", "644"]).arg(&path).status();
    assert!(made.unwrap().success());
    let writer = std::thread::spawn({
        let path = path.clone();
        // Opening waits for the reader.
        move || fs::write(path, ims_testkit::keys::FIRST).unwrap()
    });
    let text = own_with(json!({ "private_key_file": "fifo" }));
    let read = folder.service_account(&text);
    writer.join().unwrap();
    assert_eq!(public_key(&read.signing_keys.first().signing_key), first_public_key());
}
