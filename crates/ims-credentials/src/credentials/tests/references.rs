//! Secrets outside of the credentials, and several of them.

use serde_json::{Value, json};

use super::*;

/// Our own form with the secret where `changes` say.
fn with_secret(changes: &Value) -> String {
    let mut members = json!({ "client_secret": null });
    members.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    own_with(members)
}

/// A variable that cargo sets for every test.
const VARIABLE: (&str, &str) = ("CARGO_PKG_NAME", "ims-credentials");

#[cfg(unix)]
#[test]
fn a_secret_is_in_a_file_a_variable_or_the_output_of_a_command() {
    let folder = Folder::with_key();
    folder.write("print secret", &format!("#!/bin/sh\necho {CLIENT_SECRET}$1\n"), 0o700);
    #[rustfmt::skip]
    let table = [
        (json!({ "client_secret_file": "client.secret" }),                 CLIENT_SECRET.to_owned()),
        (json!({ "client_secret_env": VARIABLE.0 }),                       VARIABLE.1.to_owned()),
        (json!({ "client_secret_command": ["echo", "from $PATH; `x`"] }),  "from $PATH; `x`".to_owned()),
        (json!({ "client_secret_command": ["./print secret", "-2"] }),     format!("{CLIENT_SECRET}-2")),
    ];
    for (changes, secret) in table {
        let credential = folder.service_account(&with_secret(&changes));
        assert_eq!(credential.client_secrets.first().expose_secret(), secret, "{changes}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_and_its_pass_phrase_can_be_outside_too() {
    let folder = Folder::with_key();
    let text = own_with(json!({
        "private_key_file": null,
        "private_key_command": ["cat", folder.0.path().join("encrypted.key")],
        "private_key_passphrase_command": ["echo", ims_testkit::PASSPHRASE],
    }));
    let credential = folder.service_account(&text);
    assert_eq!(public_key(&credential.signing_keys.first().signing_key), first_public_key());
}

#[test]
fn each_of_several_secrets_has_its_own_place() {
    let folder = Folder::with_key();
    let list = json!(["in place", { "file": "client.secret" }, { "env": VARIABLE.0 }, { "command": echo("x") }]);
    let credential = folder.service_account(&with_secret(&json!({ "client_secrets": list })));
    let secrets: Vec<_> =
        credential.client_secrets.iter().map(ims_exchange::ClientSecret::expose_secret).collect();
    assert_eq!(secrets, ["in place", CLIENT_SECRET, VARIABLE.1, "x"]);
}

#[test]
fn a_second_key_pair_is_next_to_the_first() {
    let folder = Folder::with_key();
    folder.write("second.key", ims_testkit::keys::SECOND, 0o600);
    let keys = json!([
        { "private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase",
          "certificate_file": "certificate_pub.crt" },
        { "private_key_file": "second.key" },
    ]);
    let with = |keys: Value| {
        own_with(json!({ "private_key_file": null, "certificate_file": null, "keys": keys }))
    };
    let signing_keys = folder.service_account(&with(keys)).signing_keys;
    assert_eq!(public_key(&signing_keys.first().signing_key), first_public_key());
    assert!(signing_keys.first().certificate.is_some());
    let second = signing_keys.second().unwrap();
    assert_ne!(public_key(&second.signing_key), first_public_key());
    assert!(second.certificate.is_none());
    let one = json!({ "private_key_file": "second.key" });
    #[rustfmt::skip]
    let table = [
        (json!([]),                                    "keys is not a list of one key or two"),
        (json!([one, one, one]),                       "keys is not a list of one key or two"),
        (json!("canary"),                              "keys is not a list of objects"),
        (json!([{ "client_id": "canary" }]),           "unknown member keys[0].client_id; known are private_key_file, "),
        (json!([one, {}]),                             "keys[1].private_key_file is missing"),
    ];
    for (keys, said) in table {
        let refusal = folder.refusal(&with(keys));
        assert!(refusal.starts_with(said), "{refusal}");
    }
}

#[cfg(unix)]
#[test]
fn an_error_about_a_reference_does_not_repeat_what_it_found() {
    let folder = Folder::with_key();
    folder.write("fail", "#!/bin/sh\necho canary\nexit 3\n", 0o700);
    folder.write("flood", "#!/bin/sh\nyes canary\n", 0o700);
    let command = |words: Value| json!({ "client_secret_command": words });
    let failed =
        |reason: &str| format!("the command of client_secret_command gave no secret: {reason}");
    let words = "client_secret_command is not a list of words, the program first".to_owned();
    #[rustfmt::skip]
    let table = [
        (command(json!(["./fail"])),                     failed("it failed")),
        (command(json!(["./flood"])),                    failed("it printed too much")),
        (command(json!(["true"])),                       failed("it printed no text")),
        (command(json!(["no-such-program-canary"])),     failed("it cannot be started")),
        (command(json!([])),                             words.clone()),
        (command(json!("canary")),                       words.clone()),
        (command(json!(["echo", 1])),                    words),
        (json!({ "client_secret_env": "NO_SUCH_VARIABLE" }), "NO_SUCH_VARIABLE is missing".to_owned()),
        (json!({ "client_secret_env": "p8e-canary" }),   "client_secret_env is not the name of an environment variable".to_owned()),
        (json!({ "client_secrets": [{ "file": "client.secret", "env": "X" }] }),
            "client_secrets[0].file and client_secrets[0].env exclude each other".to_owned()),
    ];
    for (changes, said) in table {
        assert_eq!(folder.refusal(&with_secret(&changes)), said, "{changes}");
    }
}

#[cfg(unix)]
#[test]
fn no_command_is_started_that_others_could_have_named() {
    const SOMEONE: u32 = 54_321;
    let folder = Folder::with_key();
    let ran = folder.0.path().join("ran");
    let signer = |query: &str| {
        own_with(json!({ "private_key_file": null, "signer": format!("pkcs11:token=ims?{query}") }))
    };
    let texts = [
        with_secret(&json!({ "client_secret_command": ["touch", ran] })),
        with_secret(&json!({ "client_secrets": [{ "command": ["touch", ran] }] })),
        own_with(json!({ "private_key_file": null, "private_key_command": ["touch", ran] })),
        signer("module-path=/x/evil.so"),
        signer("pin-source=file:/etc/shadow"),
        signer("pin-value=1234"),
    ];
    let read = |text: &str, file_mode, folder_mode| {
        let path = folder.write("credentials", text, file_mode);
        set_mode(folder.0.path(), folder_mode);
        let read = Credentials::from_file(&path);
        set_mode(folder.0.path(), 0o700);
        read
    };
    let (file, inside) = (folder.0.path().join("credentials"), folder.0.path());
    for text in &texts {
        for (file_mode, folder_mode, blamed) in [
            (0o620, 0o700, file.as_path()),
            (0o602, 0o700, &file),
            (0o666, 0o700, &file),
            (0o600, 0o777, inside),
            (0o600, 0o770, inside),
            (0o600, 0o703, inside),
        ] {
            let error = read(text, file_mode, folder_mode).unwrap_err();
            let chmod = format!("chmod go-w {}", blamed.display());
            assert_eq!(error.hint().unwrap(), chmod, "{file_mode:o} {folder_mode:o} {text}");
        }
        // A file of another user, and a folder of another user.
        for path in [&file, inside] {
            folder.write("credentials", text, 0o600);
            if give(path, SOMEONE, SOMEONE) {
                let error = chain(&Credentials::from_file(&file).unwrap_err());
                assert!(error.contains("belongs to user 54321"), "{error}");
                give(path, 0, 0);
            }
        }
    }
    assert!(!ran.exists());
    // The same files are accepted when no one else can write them.
    for text in &texts[3..] {
        read(text, 0o600, 0o755).unwrap();
    }
}

#[cfg(not(feature = "keyring"))]
#[test]
fn the_keyring_needs_its_feature() {
    let refusal =
        Folder::with_key().refusal(&with_secret(&json!({ "client_secret_keyring": "x" })));
    let said = "the keyring needs the feature \"keyring\", which this program was built without";
    assert_eq!(refusal, said);
}

#[cfg(not(feature = "formats"))]
#[test]
fn other_languages_than_json_and_toml_need_their_feature() {
    let folder = Folder::with_key();
    let path = folder.write("connector-umapi.yml", "enterprise:\n", 0o600);
    let said = "YAML needs the feature \"formats\", which this program was built without";
    assert!(chain(&Credentials::from_file(&path).unwrap_err()).ends_with(said));
    let error = folder.read("IMS_CLIENT_ID=canary").unwrap_err();
    assert!(error.hint().unwrap().contains("\"formats\""), "{error:?}");
}

#[test]
fn a_person_or_an_api_key_alone_is_described_in_our_own_form() {
    let folder = Folder::with_key();
    let user = json!({ "user": true, "client_id": "public", "scopes": ["openid"] });
    match folder.read(&user.to_string()).unwrap().credential() {
        Credential::User(user) => {
            assert!(user.client_secrets.is_none() && user.org_id.is_none());
            assert_eq!(texts(&user.scopes), ["openid"]);
        }
        _ => panic!("another kind of credential"),
    }
    let confidential = json!({
        "user": true, "client_id": "web", "client_secret_file": "client.secret", "org_id": "A@AdobeOrg",
        "redirect_uri": "http://127.0.0.1:8000/callback",
    });
    let credentials = folder.read(&confidential.to_string()).unwrap();
    assert!(
        matches!(credentials.credential(), Credential::User(user) if user.client_secrets.is_some())
    );
    assert_eq!(credentials.redirect_uri(), Some("http://127.0.0.1:8000/callback"));
    let api_key = json!({ "api_key": "key", "org_id": "A@AdobeOrg" });
    let credentials = folder.read(&api_key.to_string()).unwrap();
    assert_eq!(credentials.client_id().as_str(), "key");
    assert!(matches!(credentials.credential(), Credential::ApiKey(key) if key.org_id.is_some()));
}

#[test]
fn a_program_that_starts_another_can_list_the_variables_of_secrets() {
    let folder = Folder::with_key();
    for (changes, expected) in [
        (json!({ "client_secret_env": VARIABLE.0 }), vec![VARIABLE.0]),
        (json!({ "client_secrets": [{ "env": VARIABLE.0 }, "other"] }), vec![VARIABLE.0]),
        (json!({ "client_secret": CLIENT_SECRET }), vec![]),
    ] {
        let path = folder.write("credentials", &with_secret(&changes), 0o600);
        let credentials = Credentials::from_file(path).unwrap();
        assert_eq!(credentials.secret_variables(), expected, "{changes}");
    }
}

#[test]
fn credentials_from_someone_else_name_nothing_of_this_machine() {
    let oauth = |changes: Value| {
        let mut members = json!({ "client_id": "client", "scopes": ["openid"] });
        members.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        members.to_string()
    };
    let inline = oauth(json!({ "client_secret": CLIENT_SECRET }));
    assert_eq!(Credentials::from_untrusted_json(&inline).unwrap().client_id().as_str(), "client");
    Credentials::from_untrusted_json(&aem().to_string()).unwrap();
    for (json, named) in [
        (oauth(json!({ "client_secret_file": "/etc/shadow" })), "client_secret_file"),
        (oauth(json!({ "client_secret_env": "PATH" })), "client_secret_env"),
        (oauth(json!({ "client_secret_command": ["id"] })), "client_secret_command"),
        (oauth(json!({ "client_secret_keyring": "x" })), "client_secret_keyring"),
        (oauth(json!({ "client_secrets": [{ "file": "/etc/shadow" }] })), "client_secrets[0].file"),
        (
            oauth(json!({ "client_secrets": ["x", { "command": ["id"] }] })),
            "client_secrets[1].command",
        ),
        (own().to_string(), "certificate_file"),
        (
            own_with(
                json!({ "certificate_file": null, "private_key_file": null, "signer": "pkcs11:x" }),
            ),
            "signer",
        ),
    ] {
        match Credentials::from_untrusted_json(&json) {
            Err(CredentialsError::Reference { name }) => assert_eq!(name, named, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    // A file that a form expects in the same folder is a reference, too.
    let console = console(&json!([{ "name": "jwt", "jwt": console_jwt() }])).to_string();
    let refused = Credentials::from_untrusted_json(&console);
    assert!(matches!(refused, Err(CredentialsError::Reference { .. })), "{refused:?}");
    let mut aio = aio();
    Credentials::from_untrusted_json(&aio.to_string()).unwrap();
    aio["private_key"] = json!("private.key");
    let refused = Credentials::from_untrusted_json(&aio.to_string());
    assert!(matches!(refused, Err(CredentialsError::Reference { .. })), "{refused:?}");
}

#[test]
fn a_variable_of_this_process_says_nothing_about_credentials_from_someone_else() {
    if std::env::var_os("AIO_CLI_ENV").is_none() {
        let name = "credentials::tests::references::\
                    a_variable_of_this_process_says_nothing_about_credentials_from_someone_else";
        return ims_testkit::run_test_with(name, &[("AIO_CLI_ENV", "stage")]);
    }
    let context = aio().to_string();
    let ours: Credentials = context.parse().unwrap();
    assert_eq!(*ours.environment(), Environment::stage());
    let theirs = Credentials::from_untrusted_json(&context).unwrap();
    assert_eq!(*theirs.environment(), Environment::production());
}

#[cfg(feature = "formats")]
#[test]
fn credentials_from_someone_else_may_be_in_any_language() {
    let key = ims_testkit::keys::FIRST.replace('\n', "\\n");
    let account = "IMS_CLIENT_ID=a\nIMS_CLIENT_SECRET=p8e-x\nIMS_ORG_ID=A@AdobeOrg\n\
                   IMS_TECHNICAL_ACCOUNT_ID=B@techacct.adobe.com\nIMS_METASCOPES=ent_user_sdk\n";
    let umapi = "enterprise:\n  org_id: A@AdobeOrg\n  client_id: a\n  client_secret: p8e-x\n  \
                 tech_acct_id: B@techacct.adobe.com\n";
    #[rustfmt::skip]
    let table = [
        ("client_id = \"a\"\nclient_secret = \"p8e-x\"\nscopes = [\"openid\"]".to_owned(),             None),
        ("client_id = \"a\"\nclient_secret_file = \"/x\"\nscopes = [\"openid\"]".to_owned(),           Some("client_secret_file")),
        ("IMS_CLIENT_ID=a\nIMS_CLIENT_SECRET=p8e-x\nIMS_SCOPES=openid\n".to_owned(),                None),
        (format!("{account}IMS_PRIVATE_KEY=\"{key}\"\n"),                                           None),
        (format!("{account}IMS_PRIVATE_KEY_FILE=/etc/shadow\n"),                                    Some("IMS_PRIVATE_KEY_FILE")),
        (format!("{account}IMS_PRIVATE_KEY=\"{key}\"\nIMS_CERTIFICATE_FILE=/etc/shadow\n"),        Some("IMS_CERTIFICATE_FILE")),
        (format!("{umapi}  priv_key_path: /etc/shadow\n"),                                          Some("enterprise.priv_key_path")),
        (format!("{umapi}  secure_client_secret_key: x\n").replace("  client_secret: p8e-x\n", ""), Some("enterprise.secure_client_secret_key")),
        (format!("{umapi}  priv_key_data: \"{key}\"\n"),                                            None),
    ];
    for (text, named) in table {
        match (Credentials::from_untrusted_str(&text), named) {
            (Ok(_), None) => {}
            (Err(CredentialsError::Reference { name }), Some(named)) => {
                assert_eq!(name, named, "{text}");
            }
            (other, _) => panic!("{text}: {other:?}"),
        }
    }
    let url = "client_id = \"a\"\nclient_secret = \"x\"\nscopes = [\"a\"]\nims_url = \"https://b.example\"";
    let refused = Credentials::from_untrusted_str(url);
    assert!(matches!(refused, Err(CredentialsError::ForeignIms)), "{refused:?}");
    let allowed = ["https://b.example".parse().unwrap()];
    Credentials::from_untrusted_str_for(url, &allowed).unwrap();
}

#[test]
fn credentials_from_someone_else_name_no_host_that_is_not_allowed() {
    let at = |url: &str| {
        let secret = CLIENT_SECRET;
        json!({ "client_id": "client", "client_secret": secret, "scopes": ["openid"], "ims_url": url }).to_string()
    };
    for url in ["https://ims-na1.adobelogin.com", "https://ims-na1-stg1.adobelogin.com"] {
        Credentials::from_untrusted_json(&at(url)).unwrap();
    }
    for url in
        ["https://listener.example", "http://127.0.0.1:9", "https://ims-na1.adobelogin.com/x"]
    {
        let refused = Credentials::from_untrusted_json(&at(url));
        assert!(matches!(refused, Err(CredentialsError::ForeignIms)), "{url}: {refused:?}");
        let allowed = [url.parse().unwrap()];
        Credentials::from_untrusted_json_for(&at(url), &allowed).unwrap();
        let production = at("https://ims-na1.adobelogin.com");
        let refused = Credentials::from_untrusted_json_for(&production, &allowed);
        assert!(matches!(refused, Err(CredentialsError::ForeignIms)), "{url}: {refused:?}");
    }
    let mut aem = aem();
    aem["integration"]["imsEndpoint"] = json!("listener.example");
    let refused = Credentials::from_untrusted_json(&aem.to_string());
    assert!(matches!(refused, Err(CredentialsError::ForeignIms)), "{refused:?}");
}
