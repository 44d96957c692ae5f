//! What a migration reports, and that the new credentials work like the old.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::signing_keys::SigningKey;

const CLIENT_SECRET: &str = "canary-client-secret";

/// A folder with `private.key`, the secret in `client.secret`, and `contents` as `credentials.json`.
fn folder(contents: &Value) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, contents) in [
        ("private.key", ims_testkit::keys::FIRST),
        ("client.secret", CLIENT_SECRET),
        ("credentials.json", &contents.to_string()),
    ] {
        let path = folder.path().join(name);
        ims_files::create_new(&path, contents.as_bytes()).unwrap();
    }
    folder
}

fn migration(folder: &TempDir) -> Result<Migration, MigrationError> {
    Migration::of_file(folder.path().join("credentials.json"), None)
}

/// Our own form of a service account with `changes` applied to it; `null` removes a member.
fn own(changes: &Value) -> Value {
    let mut members = json!({
        "client_id": "client", "client_secret": CLIENT_SECRET, "org_id": "A@AdobeOrg",
        "technical_account_id": "B@techacct.adobe.com", "private_key_file": "private.key",
        "metascopes": ["ent_user_sdk", "ent_reactor_sdk"], "ims_url": "https://ims-na1-stg1.adobelogin.com",
    });
    members.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    members
}

fn project(entry: &Value) -> Value {
    json!({ "project": { "org": { "ims_org_id": "A@AdobeOrg" }, "workspace": { "details": {
        "credentials": [entry],
    }}}})
}

/// A credential whose migration is in progress.
fn both_sides(client_id: &str) -> Value {
    project(&json!({
        "name": "both", "integration_type": "oauth_server_to_server_migrate",
        "jwt": { "client_id": "client", "client_secret": CLIENT_SECRET, "meta_scopes": ["ent_user_sdk"],
                 "technical_account_id": "B@techacct.adobe.com" },
        "oauth_server_to_server": { "client_id": client_id, "client_secrets": [CLIENT_SECRET, "second"],
                                    "scopes": ["openid", "extra"] },
    }))
}

#[test]
fn a_project_is_migrated_without_the_key_that_is_no_longer_needed() {
    let folder = folder(&both_sides("client"));
    fs::remove_file(folder.path().join("private.key")).unwrap();
    let path = folder.path().join("credentials.json");
    let migration = migration(&folder).unwrap();
    assert!(migration.has_both_sides());
    let scopes: Vec<_> =
        migration.changes().into_iter().filter(|c| matches!(c, Change::Scopes(_))).collect();
    assert_eq!(scopes.len(), 1, "{scopes:?}");
    migration.save(folder.path().join("new.json")).unwrap();

    // A program that asks for a token with the key gets an error that says so.
    let Credential::ServiceAccount(account) = migration.service_account().credential() else {
        panic!("another kind of credential")
    };
    let SigningKey::Unread(error) = &account.signing_keys.first().signing_key else {
        panic!("a key that is not there")
    };
    let said = error.to_string();
    assert!(said.starts_with("cannot read ") && said.contains("private.key: "), "{said}");
    let jwt = json!({ "name": "jwt", "jwt": { "client_id": "client", "client_secret": CLIENT_SECRET,
        "meta_scopes": ["ent_user_sdk"], "technical_account_id": "B@techacct.adobe.com" } });
    fs::write(&path, project(&jwt).to_string()).unwrap();
    assert!(Migration::of_file(&path, None).is_ok());
    assert!(Credentials::from_file(&path).is_err(), "everything else needs the key");
}

#[test]
fn the_new_file_is_read_as_oauth_server_to_server_with_the_same_client_and_secret() {
    let folder = folder(&own(&json!({})));
    let migration = migration(&folder).unwrap();
    assert!(migration.holds_secret() && !migration.has_both_sides());
    let path = folder.path().join("new.json");
    migration.save(&path).unwrap();
    let credentials = Credentials::from_file(&path).unwrap();
    assert!(credentials.warnings().is_empty());
    assert_eq!(*credentials.environment(), ims_claims::Environment::stage());
    let expected = migration.server_to_server().unwrap();
    // They differ only in the file that they were read from.
    let shown = format!("{credentials:?}").replace(&format!("{:?}", [&path]), "[]");
    assert_eq!(shown, format!("{expected:?}"));
    let credential = server_to_server(&credentials).unwrap();
    assert_eq!(credential.client_id.as_str(), "client");
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(credential.org_id.as_ref().unwrap().as_str(), "A@AdobeOrg");
    let expected = "openid, AdobeID, user_management_sdk, read_organizations, additional_info.job_function, \
                    additional_info.projectedProductContext, additional_info.roles";
    assert_eq!(joined(&credential.scopes), expected);
}

#[test]
fn no_file_is_overwritten_and_only_the_owner_can_read_the_new_one() {
    let folder = folder(&own(&json!({})));
    let migration = migration(&folder).unwrap();
    let taken = migration.save(folder.path().join("credentials.json")).unwrap_err();
    assert!(matches!(taken, MigrationError::Unwritable(_)), "{taken:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("new.json");
        migration.save(&path).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_secret_outside_of_the_file_stays_there() {
    // The path of a command is made absolute, its words stay as they are, and a name alone is searched in `PATH`.
    let command = json!(["./print", "./secret"]);
    let command = if cfg!(unix) { command } else { json!(["cmd", "/c", "echo", "x"]) };
    let list = json!([{ "file": "client.secret" }, { "command": command }]);
    let echo = if cfg!(windows) { json!(["cmd", "/c", "echo", "x"]) } else { json!(["echo", "x"]) };
    for (reference, is_absolute) in [
        (json!({ "client_secret": null, "client_secret_file": "client.secret" }), true),
        (json!({ "client_secret": null, "client_secret_env": "CARGO_PKG_NAME" }), false),
        (json!({ "client_secret": null, "client_secret_command": echo }), false),
        (json!({ "client_secret": null, "client_secret_command": command }), cfg!(unix)),
        (json!({ "client_secret": null, "client_secrets": [list[0]] }), true),
        (json!({ "client_secret": null, "client_secrets": [list[1]] }), cfg!(unix)),
    ] {
        let folder = folder(&own(&reference));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let program = folder.path().join("print");
            fs::write(&program, "#!/bin/sh\necho $1\n").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let migration = migration(&folder).unwrap();
        assert!(!migration.holds_secret(), "{reference}");
        let text = migration.text().unwrap();
        let text = text.expose_secret();
        assert!(!text.contains(CLIENT_SECRET), "{text}");
        // As JSON has it, where a backslash is two.
        let folder_in_json = json!(folder.path()).to_string();
        assert_eq!(text.contains(folder_in_json.trim_matches('"')), is_absolute, "{text}");
        assert_eq!(
            text.contains("\"./secret\""),
            reference.to_string().contains("./secret"),
            "{text}"
        );
        // From another folder, too.
        let other = TempDir::new().unwrap();
        let path = other.path().join("new.json");
        migration.save(&path).unwrap();
        Credentials::from_file(&path).unwrap();
    }
}

#[test]
fn several_secrets_are_all_kept() {
    let folder = folder(&own(&json!({
        "client_secret": null, "client_secrets": [CLIENT_SECRET, { "file": "client.secret" }],
    })));
    let migration = migration(&folder).unwrap();
    assert!(migration.holds_secret());
    let text: Value = serde_json::from_str(migration.text().unwrap().expose_secret()).unwrap();
    assert_eq!(text["client_secrets"], json!([CLIENT_SECRET, CLIENT_SECRET]));
    // A list of one is one.
    let folder =
        self::folder(&own(&json!({ "client_secret": null, "client_secrets": [CLIENT_SECRET] })));
    let text = self::migration(&folder).unwrap().text().unwrap();
    let text: Value = serde_json::from_str(text.expose_secret()).unwrap();
    assert_eq!((&text["client_secret"], text.get("client_secrets")), (&json!(CLIENT_SECRET), None));
}

#[test]
fn a_metascope_without_known_scopes_is_named_and_its_scopes_can_be_given() {
    let folder = folder(&own(&json!({ "metascopes": ["ent_places_sdk"] })));
    let migration = migration(&folder).unwrap();
    let error = migration.text().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no public source says which scopes replace the metascope ent_places_sdk"
    );
    let unknown = Change::UnknownScopes("ent_places_sdk".parse().unwrap());
    assert!(migration.changes().contains(&unknown));
    let given = migration.with_scopes(vec!["places".parse().unwrap()]);
    let text: Value = serde_json::from_str(given.text().unwrap().expose_secret()).unwrap();
    assert_eq!(text["scopes"], json!(["places"]));
}

#[test]
fn scopes_for_a_part_of_the_metascopes_are_not_credentials() {
    let metascopes = json!({ "metascopes": ["ent_user_sdk", "ent_places_sdk"] });
    let folder = folder(&own(&metascopes));
    let migration = migration(&folder).unwrap();
    for error in [migration.text().unwrap_err(), migration.server_to_server().unwrap_err()] {
        let MigrationError::UnknownScopes { metascopes, .. } = &error else { panic!("{error}") };
        assert_eq!(metascopes, &["ent_places_sdk".parse().unwrap()]);
        let hint = error.hint().unwrap();
        assert!(hint.ends_with("known: openid, AdobeID, user_management_sdk"), "{hint}");
    }
    let path = folder.path().join("new.json");
    assert!(migration.save(&path).is_err() && !path.exists());
    let given = migration.with_scopes(vec!["openid".parse().unwrap(), "places".parse().unwrap()]);
    given.save(&path).unwrap();
}

#[test]
fn the_credentials_of_both_kinds_in_a_file_can_be_checked_and_compared() {
    let folder = folder(&both_sides("client"));
    let migration = migration(&folder).unwrap();
    assert!(migration.has_both_sides());
    assert!(matches!(migration.service_account().credential(), Credential::ServiceAccount(_)));
    let after = migration.server_to_server().unwrap();
    let credential = server_to_server(&after).unwrap();
    assert_eq!(joined(&credential.scopes), "openid, extra");
    assert_eq!(credential.client_secrets.iter().count(), 2);
    let changes = migration.changes();
    for scope in ["AdobeID", "user_management_sdk"] {
        assert!(
            changes.contains(&Change::NotInFile(scope.parse().unwrap())),
            "{scope}: {changes:?}"
        );
    }
    assert!(!changes.contains(&Change::OtherClient));
    let other = self::migration(&self::folder(&both_sides("other"))).unwrap();
    assert!(other.changes().contains(&Change::OtherClient));
}

#[test]
fn the_changes_are_described_in_whole_sentences_without_a_secret() {
    let folder = folder(&own(&json!({ "metascopes": ["ent_user_sdk", "ent_places_sdk"] })));
    let changes: Vec<_> =
        migration(&folder).unwrap().changes().iter().map(ToString::to_string).collect();
    let said = [
        "the token comes from POST /ims/token/v3",
        "expires_in of the answer is in seconds",
        "the metascope ent_user_sdk becomes the scopes openid, AdobeID, user_management_sdk (known from adobe-apiplatform/",
        "the metascope ent_places_sdk has no scopes that are publicly known",
        "the client id, the client secret and the technical account stay",
        "the private key and its certificate are no longer needed",
    ];
    assert_eq!(changes.len(), said.len(), "{changes:?}");
    for (change, said) in changes.iter().zip(said) {
        assert!(change.starts_with(said), "{change}");
    }
    let shown = format!("{:?}", migration(&folder).unwrap());
    assert!(!shown.contains("canary") && !shown.contains("PRIVATE KEY"), "{shown}");
}

#[test]
fn what_is_not_a_service_account_of_the_developer_console_is_refused_with_the_reason() {
    let oauth = own(&json!({
        "metascopes": null, "scopes": ["openid"], "private_key_file": null, "technical_account_id": null,
    }));
    let aem = json!({ "integration": {
        "imsEndpoint": "ims-na1.adobelogin.com", "metascopes": "ent_aem_cloud_api",
        "technicalAccount": { "clientId": "cm-p1-e1", "clientSecret": CLIENT_SECRET },
        "email": "a@techacct.adobe.com", "id": "b@techacct.adobe.com", "org": "A@AdobeOrg",
        "privateKey": ims_testkit::keys::FIRST,
    }});
    #[rustfmt::skip]
    let table = [
        (oauth,                         "these credentials are OAuth Server-to-Server already"),
        (json!({ "api_key": "key" }),   "these are not credentials of a service account with a certificate"),
        (aem,                           "a technical account of AEM as a Cloud Service is not converted"),
    ];
    for (contents, said) in table {
        assert_eq!(migration(&folder(&contents)).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_table_is_in_order_and_holds_metascopes_and_scopes() {
    assert!(KNOWN.is_sorted_by_key(|known| known.metascope));
    for known in KNOWN {
        assert!(known.metascope.parse::<Metascope>().is_ok(), "{}", known.metascope);
        assert!(!known.scopes.is_empty() && !known.source.is_empty(), "{}", known.metascope);
        assert!(
            known.scopes.iter().all(|scope| scope.parse::<Scope>().is_ok()),
            "{}",
            known.metascope
        );
    }
}

#[test]
fn each_error_has_a_name_and_says_what_to_do() {
    use MigrationError as E;
    let unwritable =
        FileError::io(Path::new("x"), "write", std::io::ErrorKind::AlreadyExists.into());
    let write_hint = unwritable.hint();
    let unknown = |known| E::UnknownScopes { metascopes: vec![Metascope::ENT_USER_SDK], known };
    #[rustfmt::skip]
    let table = [
        (E::Credentials(CredentialsError::NotText), "file_malformed",      "save the file as text in UTF-8"),
        (E::AlreadyDone,                            "already_migrated",    "nothing needs to be done"),
        (E::NoServiceAccount,                       "no_service_account",  "give the file of the JWT credential"),
        (E::Aem,                                    "aem_not_converted",   "add an OAuth Server-to-Server credential"),
        (unknown(vec![]),                           "scopes_unknown",      "look up the scopes"),
        (unknown(vec!["openid".parse().unwrap()]),  "scopes_unknown",      "look them up in Adobe's Developer Console, and give them together with those that are known: openid"),
        (E::Unwritable(unwritable),                 "file_not_used",       write_hint.as_str()),
    ];
    for (error, reason, to_do) in table {
        assert_eq!(error.reason_name(), reason, "{error}");
        assert!(error.hint().unwrap().starts_with(to_do), "{error:?}");
        assert!(!error.is_transient(), "{error}");
    }
}
