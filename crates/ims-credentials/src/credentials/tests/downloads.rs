//! The files that the Developer Console, App Builder, Commerce and the actions for CI give their users.

use serde_json::json;

use super::*;

const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
const ACCOUNT: &str = "6657031C5C095BB40A4@techacct.adobe.com";

fn download() -> Value {
    json!({
        "CLIENT_SECRETS": [CLIENT_SECRET], "ORG_ID": ORG_ID, "CLIENT_ID": CLIENT_ID, "SCOPES": ["openid", "AdobeID"],
        "TECHNICAL_ACCOUNT_ID": ACCOUNT, "TECHNICAL_ACCOUNT_EMAIL": "a@techacct.adobe.com",
    })
}

fn jwt_download(changes: &Value) -> Value {
    let mut members = json!({
        "CLIENT_SECRET": CLIENT_SECRET, "ORG_ID": ORG_ID, "API_KEY": CLIENT_ID, "TECHNICAL_ACCOUNT_ID": ACCOUNT,
        "TECHNICAL_ACCOUNT_EMAIL": "a@techacct.adobe.com", "PUBLIC_KEYS_WITH_EXPIRY": { "84a0": "08/27/2027" },
        "META_SCOPES": ["ent_dataservices_sdk"],
    });
    for (name, value) in changes.as_object().unwrap() {
        members[name] = value.clone();
    }
    members
}

fn postman(values: &[(&str, Value)]) -> Value {
    let values =
        values.iter().map(|(key, value)| json!({ "key": key, "value": value, "enabled": true }));
    json!({ "name": "Project", "values": values.collect::<Vec<_>>() })
}

#[test]
fn every_download_of_an_oauth_credential_is_the_same_credential() {
    let folder = Folder::with_key();
    let members = json!({
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "org_id": ORG_ID, "scopes": ["openid", "AdobeID"],
    });
    let camel = json!({
        "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "orgId": ORG_ID, "scopes": ["openid", "AdobeID"],
    });
    let environment = postman(&[
        ("CLIENT_SECRET", json!(CLIENT_SECRET)),
        ("API_KEY", json!(CLIENT_ID)),
        ("SCOPES", json!(["openid", "AdobeID"])),
        ("ACCESS_TOKEN", json!("")),
        ("IMS", json!("ims-na1.adobelogin.com")),
        ("IMS_ORG", json!(ORG_ID)),
    ]);
    #[rustfmt::skip]
    let table = [
        (download(),                                       Form::ConsoleDownload),
        (environment,                                      Form::PostmanEnvironment),
        (json!({ "__ims_oauth_s2s": members }),            Form::ActionInput),
        (json!({ "__ims_oauth_s2s": camel, "LOG_LEVEL": "info" }), Form::ActionInput),
        (json!({ "__ims_oauth_s2s": members.to_string() }), Form::ActionInput),
    ];
    for (value, form) in table {
        let credentials = folder.read(&value.to_string()).unwrap();
        assert_eq!(credentials.form(), form, "{value}");
        assert_is_the_client(credentials);
    }
}

#[track_caller]
fn assert_is_the_client(credentials: Credentials) {
    assert_eq!(*credentials.environment(), Environment::production());
    let credential = server_to_server(credentials);
    assert_eq!(credential.client_id.as_str(), CLIENT_ID);
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(credential.org_id.unwrap().as_str(), ORG_ID);
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
}

#[test]
fn the_variables_of_commerce_and_of_the_action_for_ci_are_read() {
    let list = r#"["openid", "AdobeID"]"#;
    let one = [("IMS_ORG_ID", "x".to_owned())];
    #[rustfmt::skip]
    let table: [(&[(&str, &str)], Form); 3] = [
        (&[("OAUTH_CLIENT_ID", CLIENT_ID), ("OAUTH_CLIENT_SECRET", CLIENT_SECRET), ("OAUTH_ORG_ID", ORG_ID),
           ("OAUTH_TECHNICAL_ACCOUNT_ID", ACCOUNT), ("OAUTH_SCOPES", list)],                     Form::CommerceStarterKit),
        (&[("AIO_COMMERCE_AUTH_IMS_CLIENT_ID", CLIENT_ID), ("AIO_COMMERCE_AUTH_IMS_CLIENT_SECRETS", "[\"canary-client-secret\"]"),
           ("AIO_COMMERCE_AUTH_IMS_ORG_ID", ORG_ID), ("AIO_COMMERCE_AUTH_IMS_SCOPES", list),
           ("AIO_COMMERCE_AUTH_IMS_ENVIRONMENT", "prod")],                                       Form::CommerceSdk),
        (&[("CLIENTID", CLIENT_ID), ("CLIENTSECRET", CLIENT_SECRET), ("IMSORGID", ORG_ID),
           ("TECHNICALACCOUNTID", ACCOUNT), ("SCOPES", "openid,AdobeID")],                       Form::AppsAction),
    ];
    for (variables, form) in table {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain(one.clone())
            .collect();
        let credentials = from_variables(&variables).unwrap();
        assert_eq!(credentials.form(), form);
        assert_is_the_client(credentials);
    }
    let commerce_at = |environment: &str| {
        let members = table[1].0.iter();
        let mut variables: Vec<_> =
            members.map(|(name, value)| (*name, (*value).to_owned())).collect();
        variables.last_mut().unwrap().1 = environment.to_owned();
        from_variables(&variables).map(|credentials| credentials.environment().clone())
    };
    assert_eq!(commerce_at("stage").unwrap(), Environment::stage());
    assert_eq!(commerce_at("").unwrap(), Environment::production());
    let said = "AIO_COMMERCE_AUTH_IMS_ENVIRONMENT is not \"prod\" or \"stage\"";
    assert_eq!(commerce_at("canary").unwrap_err().to_string(), said);
    // Names that other services use as well are not read as Adobe's.
    for name in ["OAUTH_CLIENT_ID", "CLIENTID"] {
        let error = from_variables(&[(name, "other".to_owned())]).unwrap_err();
        assert!(matches!(error, CredentialsError::NoVariables), "{error:?}");
    }
}

#[test]
fn the_key_of_a_downloaded_service_account_is_next_to_it_in_it_or_at_a_path() {
    let folder = Folder::with_key();
    folder.write("other.key", ims_testkit::keys::FIRST, 0o600);
    for changes in [
        json!({}),
        json!({ "PRIVATE_Key": "other.key" }),
        json!({ "PRIVATE_KEY": ims_testkit::keys::FIRST }),
        // With the scopes that it is to have after its migration.
        json!({ "SCOPES": ["openid", "AdobeID"] }),
    ] {
        let credential = folder.service_account(&jwt_download(&changes).to_string());
        assert_eq!(credential.account.client_id().as_str(), CLIENT_ID);
        assert_eq!(credential.account.technical_account_id().as_str(), ACCOUNT);
        let key = &credential.signing_keys.first().signing_key;
        assert_eq!(public_key(key), first_public_key());
    }
    let text = jwt_download(&json!({ "META_SCOPES": null })).to_string();
    let error = folder.read(&text).unwrap_err();
    assert_eq!(chain(&error).rsplit(": ").next(), Some("META_SCOPES is missing"));
    assert!(error.hint().unwrap().contains("META_SCOPES"));
}

#[test]
fn the_integration_file_of_asset_compute_is_not_read_as_one_of_aem() {
    let text = json!({
        "metascopes": ["event_receiver_api"],
        "technicalAccount": {
            "id": ACCOUNT, "org": ORG_ID, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET,
            "privateKey": ims_testkit::keys::FIRST,
        },
    });
    let credentials = Folder::with_key().read(&text.to_string()).unwrap();
    assert_eq!(credentials.form(), Form::AssetCompute);
    let credential = service_account(credentials);
    assert_eq!(credential.account.org_id().as_str(), ORG_ID);
    assert_eq!(texts(credential.account.metascopes()), ["event_receiver_api"]);
}

#[cfg(feature = "formats")]
#[test]
fn the_admin_console_as_a_source_of_the_user_sync_tool_is_not_read_as_aem() {
    let folder = Folder::with_key();
    let oauth = format!(
        "authentication_method: oauth\nintegration:\n  org_id: {ORG_ID}\n  client_id: {CLIENT_ID}\n  client_secret: {CLIENT_SECRET}\n"
    );
    let jwt = format!(
        "integration:\n  org_id: {ORG_ID}\n  api_key: {CLIENT_ID}\n  client_secret: {CLIENT_SECRET}\n  \
         tech_acct: {ACCOUNT}\n  priv_key_path: private.key\n"
    );
    let inside = format!(
        "integration:\n  authentication_method: oauth\n  org_id: {ORG_ID}\n  client_id: {CLIENT_ID}\n  client_secret: {CLIENT_SECRET}\n"
    );
    for (text, is_jwt) in [(oauth, false), (inside, false), (jwt, true)] {
        let path = folder.write("connector-adobe-console.yml", &text, 0o600);
        let credentials = Credentials::from_file(path).unwrap();
        assert_eq!(credentials.form(), Form::UserSync);
        let is_account = matches!(credentials.credential(), Credential::ServiceAccount(_));
        assert_eq!(is_account, is_jwt);
    }
}

#[test]
fn a_download_with_a_redirect_uri_is_for_people_and_one_with_a_key_alone_is_an_api_key() {
    let folder = Folder::with_key();
    let web = json!({
        "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "ORG_ID": ORG_ID, "SCOPES": ["openid"],
        "DEFAULT_REDIRECT_URI": "https://127.0.0.1:8443/", "REDIRECT_URI_PATTERNS": ["https://127\\.0\\.0\\.1:8443/.*"],
    });
    let credentials = folder.read(&web.to_string()).unwrap();
    assert_eq!(credentials.form(), Form::ConsoleDownload);
    assert_eq!(credentials.redirect_uri(), Some("https://127.0.0.1:8443/"));
    let Credential::User(credential) = credentials.credential() else { panic!("{credentials:?}") };
    assert_eq!(credential.client_secrets.as_ref().unwrap().first().expose_secret(), CLIENT_SECRET);
    assert_eq!(texts(&credential.scopes), ["openid"]);

    let single_page =
        json!({ "CLIENT_ID": CLIENT_ID, "DEFAULT_REDIRECT_URI": "https://localhost:3000/" });
    let credentials = folder.read(&single_page.to_string()).unwrap();
    let Credential::User(credential) = credentials.credential() else { panic!("{credentials:?}") };
    assert!(credential.client_secrets.is_none() && credential.org_id.is_none());

    for key in [
        json!({ "API_KEY": CLIENT_ID }),
        json!({ "API_KEY": CLIENT_ID, "ORG_ID": ORG_ID, "ALLOWED_DOMAINS": ["localhost"] }),
    ] {
        let credentials = folder.read(&key.to_string()).unwrap();
        assert!(matches!(credentials.credential(), Credential::ApiKey(_)), "{credentials:?}");
        assert_eq!(credentials.client_id().as_str(), CLIENT_ID);
    }
    // Credentials without their secret are incomplete; they are not an API key.
    let incomplete = json!({ "API_KEY": CLIENT_ID, "ORG_ID": ORG_ID, "SCOPES": ["openid"] });
    assert!(folder.read(&incomplete.to_string()).is_err());
}
