//! Each form is read into the right values.

use serde_json::{Value, json};

use super::*;

#[track_caller]
fn assert_is_the_account(credential: &ServiceAccountCredential) {
    assert_eq!(credential.account.org_id().as_str(), "C74F69D7594880280@AdobeOrg");
    assert_eq!(
        credential.account.technical_account_id().as_str(),
        "6657031C5C095BB40A4@techacct.adobe.com"
    );
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(public_key(&credential.signing_keys.first().signing_key), first_public_key());
}

#[test]
fn our_own_form_is_read() {
    let folder = Folder::with_key();
    let credentials = folder.read(&own().to_string()).unwrap();
    assert_eq!(credentials.form(), Form::Own);
    assert_eq!(*credentials.environment(), Environment::stage());
    assert_eq!(credentials.client_id().as_str(), "a64f5f10849a410a97ffdac8ae1");
    assert_eq!(credentials.org_id().unwrap().as_str(), "C74F69D7594880280@AdobeOrg");
    assert!(credentials.warnings().is_empty());
    let credential = service_account(credentials);
    assert_is_the_account(&credential);
    assert_eq!(texts(credential.account.metascopes()), ["ent_dataservices_sdk", "ent_user_sdk"]);
    assert_eq!(
        credential.signing_keys.first().certificate.as_deref(),
        Some(ims_testkit::certificates::FIRST.as_bytes())
    );
    assert!(!credential.sends_jti);
    assert!(folder.service_account(&own_with(json!({ "jti": true }))).sends_jti);
}

#[test]
fn our_own_form_is_read_as_toml_and_says_the_same() {
    let toml = format!(
        r#"
        client_id = "a64f5f10849a410a97ffdac8ae1"
        client_secret = "{CLIENT_SECRET}"
        org_id = "C74F69D7594880280@AdobeOrg"
        technical_account_id = "6657031C5C095BB40A4@techacct.adobe.com"
        metascopes = ["ent_dataservices_sdk", "ent_user_sdk"]
        private_key_file = "private.key"
        certificate_file = "certificate_pub.crt"
        ims_url = "https://ims-na1-stg1.adobelogin.com"
        "#
    );
    let folder = Folder::with_key();
    let read = |text: &str| format!("{:?}", folder.read(text).unwrap());
    assert_eq!(read(&toml), read(&own().to_string()));
    assert_is_the_account(&folder.service_account(&toml));
}

#[test]
fn scopes_in_place_of_metascopes_need_neither_key_nor_account() {
    let text = own_with(json!({
        "metascopes": null, "scopes": ["openid", "AdobeID"], "private_key_file": null,
        "certificate_file": null, "technical_account_id": null,
    }));
    let credential = Folder::with_key().server_to_server(&text);
    assert_eq!(credential.client_id.as_str(), "a64f5f10849a410a97ffdac8ae1");
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
    assert_eq!(credential.org_id.unwrap().as_str(), "C74F69D7594880280@AdobeOrg");
}

#[test]
fn secrets_may_be_in_separate_files() {
    let text = own_with(json!({
        "client_secret": null, "client_secret_file": "client.secret",
        "private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase",
    }));
    assert_is_the_account(&Folder::with_key().service_account(&text));
}

#[test]
fn a_key_in_a_hardware_module_is_named_by_its_uri() {
    let folder = Folder::with_key();
    let text = own_with(json!({ "private_key_file": null, "signer": "pkcs11:token=ims" }));
    match &folder.service_account(&text).signing_keys.first().signing_key {
        SigningKey::Pkcs11 { uri, folder: begins_at } => {
            assert_eq!(secrecy::ExposeSecret::expose_secret(uri), "pkcs11:token=ims");
            assert_eq!(begins_at, folder.0.path());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn aem_service_credentials_are_read() {
    let folder = Folder::with_key();
    let credentials = folder.read(&aem().to_string()).unwrap();
    assert_eq!(credentials.form(), Form::AemService);
    assert_eq!(*credentials.environment(), Environment::production());
    let credential = service_account(credentials);
    assert_is_the_account(&credential);
    assert_eq!(credential.account.client_id().as_str(), "cm-p12345-e67890-integration-0");
    assert_eq!(texts(credential.account.metascopes()), ["ent_aem_cloud_api", "ent_cloudmgr_sdk"]);
    let certificate = credential.signing_keys.first().certificate.as_ref().unwrap();
    assert!(certificate.starts_with(b"-----BEGIN CERTIFICATE-----\r\n"));
}

#[test]
fn aem_credentials_for_oauth_server_to_server_are_read() {
    let text = json!({
        "ok": true,
        "integration": {
            "imsEndpoint": "ims-na1-stg1.adobelogin.com",
            "scopes": ["read_pc.dma_aem_ams", "openid"],
            "technicalAccount": { "clientId": "cm-p1-e1", "clientSecret": CLIENT_SECRET },
            "email": "another@techacct.adobe.com", "id": "6657031C5C095BB40A4@techacct.adobe.com",
            "org": "C74F69D7594880280@AdobeOrg", "secretId": "1", "revoked": false,
        },
        "statusCode": 200,
    });
    let credentials = Folder::with_key().read(&text.to_string()).unwrap();
    assert_eq!(credentials.form(), Form::AemService);
    assert_eq!(*credentials.environment(), Environment::stage());
    let credential = server_to_server(credentials);
    assert_eq!(texts(&credential.scopes), ["read_pc.dma_aem_ams", "openid"]);
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(credential.org_id.unwrap().as_str(), "C74F69D7594880280@AdobeOrg");
}

#[test]
fn a_console_project_is_read_with_the_key_next_to_it() {
    let folder = Folder::with_key();
    let project = console(
        &json!([{ "id": "1", "name": "jwt", "integration_type": "service", "jwt": console_jwt() }]),
    );
    // A workspace alone is what is inside of the project, without its name.
    for text in [project.to_string(), project["project"].to_string()] {
        let credentials = folder.read(&text).unwrap();
        assert_eq!(credentials.form(), Form::ConsoleProject);
        let credential = service_account(credentials);
        assert_is_the_account(&credential);
        assert_eq!(texts(credential.account.metascopes()), ["ent_dataservices_sdk"]);
        assert!(credential.signing_keys.first().certificate.is_some());
    }
}

#[test]
fn a_console_project_with_oauth_server_to_server_needs_no_key_even_while_it_migrates() {
    let alone = json!([
        { "id": "1", "name": "key", "integration_type": "apikey", "api_key": { "client_id": "c" } },
        { "id": "2", "name": "oauth", "integration_type": "oauth_server_to_server",
          "oauth_server_to_server": console_oauth() },
    ]);
    let migrating = json!([
        { "id": "2", "name": "both", "integration_type": "oauth_server_to_server_migrate",
          "jwt": console_jwt(), "oauth_server_to_server": console_oauth() },
    ]);
    for credentials in [alone, migrating] {
        let folder = Folder(TempDir::new().unwrap());
        let credential = folder.server_to_server(&console(&credentials).to_string());
        assert_eq!(credential.client_id.as_str(), "b64f5f10849a410a97ffdac8ae1");
        assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
        assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
        assert_eq!(credential.org_id.unwrap().as_str(), "C74F69D7594880280@AdobeOrg");
    }
}

#[test]
fn an_aio_context_is_read_alone_and_in_its_configuration() {
    let folder = Folder::with_key();
    let only = json!({ "ims": { "contexts": { "one": aio() } } });
    let current = json!({ "ims": {
        "contexts": { "other": { "client_id": "x" }, "one": aio() }, "config": { "current": "one" },
    }});
    let mut alone = aio();
    alone["oauth_enabled"] = json!(null);
    for text in [alone, only, current] {
        let credentials = folder.read(&text.to_string()).unwrap();
        assert_eq!(credentials.form(), Form::AioContext);
        assert_eq!(*credentials.environment(), Environment::production());
        assert_is_the_account(&service_account(credentials));
    }
}

#[test]
fn the_private_key_of_an_aio_context_is_itself_its_lines_or_a_path() {
    let folder = Folder::with_key();
    let key = ims_testkit::keys::FIRST;
    let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let with = |private_key: Value| {
        let mut context = aio();
        context["private_key"] = private_key;
        context.to_string()
    };
    for private_key in [
        json!(key),
        json!(key.lines().collect::<Vec<_>>()),
        json!(key.replace('\n', "\\n")),
        json!(base64),
        json!("private.key"),
        json!(folder.0.path().join("private.key")),
    ] {
        assert_is_the_account(&folder.service_account(&with(private_key)));
    }
    let mut context = aio();
    context["private_key"] = json!("encrypted.key");
    context["passphrase"] = json!(ims_testkit::PASSPHRASE);
    assert_is_the_account(&folder.service_account(&context.to_string()));
}

#[test]
fn an_aio_context_for_oauth_server_to_server_is_read() {
    let mut context = console_oauth();
    context["ims_org_id"] = json!("C74F69D7594880280@AdobeOrg");
    let credential = Folder::with_key().server_to_server(&context.to_string());
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
}

#[test]
fn env_of_an_aio_context_is_prod_or_stage() {
    let folder = Folder::with_key();
    let with = |env: &str| {
        let mut context = aio();
        context["env"] = json!(env);
        context.to_string()
    };
    let environment = |env| folder.read(&with(env)).unwrap().environment().clone();
    assert_eq!(environment("prod"), Environment::production());
    assert_eq!(environment("stage"), Environment::stage());
    assert_eq!(folder.refusal(&with("canary")), "env is not \"prod\" or \"stage\"");
}

#[test]
fn environment_variables_are_read() {
    let folder = Folder::with_key();
    let path = |name: &str| folder.0.path().join(name).display().to_string();
    let account = vec![
        ("IMS_CLIENT_ID", "a64f5f10849a410a97ffdac8ae1".to_owned()),
        ("IMS_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("IMS_ORG_ID", "C74F69D7594880280@AdobeOrg".to_owned()),
        ("IMS_TECHNICAL_ACCOUNT_ID", "6657031C5C095BB40A4@techacct.adobe.com".to_owned()),
        ("IMS_METASCOPES", "ent_dataservices_sdk, ent_user_sdk".to_owned()),
    ];
    let key = vec![("IMS_PRIVATE_KEY", ims_testkit::keys::FIRST.to_owned())];
    let file = vec![
        ("IMS_PRIVATE_KEY_FILE", path("encrypted.key")),
        ("IMS_PRIVATE_KEY_PASSPHRASE", ims_testkit::PASSPHRASE.to_owned()),
        ("IMS_CERTIFICATE_FILE", path("certificate_pub.crt")),
        ("IMS_URL", "https://ims-na1-stg1.adobelogin.com".to_owned()),
    ];
    for (signing, environment, has_certificate) in
        [(key, Environment::production(), false), (file, Environment::stage(), true)]
    {
        let credentials = from_variables(&[account.clone(), signing].concat()).unwrap();
        assert_eq!(credentials.form(), Form::EnvironmentVariables);
        assert_eq!(*credentials.environment(), environment);
        let credential = service_account(credentials);
        assert_is_the_account(&credential);
        assert_eq!(credential.account.metascopes().len(), 2);
        assert_eq!(credential.signing_keys.first().certificate.is_some(), has_certificate);
    }
}

#[test]
fn environment_variables_with_scopes_are_oauth_server_to_server() {
    let variables = [
        ("IMS_CLIENT_ID", "client".to_owned()),
        ("IMS_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("IMS_SCOPES", "openid AdobeID".to_owned()),
    ];
    match from_variables(&variables).unwrap().credential() {
        Credential::ServerToServer(credential) => {
            assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
            assert!(credential.org_id.is_none());
        }
        _ => panic!("another kind of credential"),
    }
}

#[test]
fn a_missing_environment_variable_is_named() {
    let mut variables = vec![
        ("IMS_CLIENT_ID", "client"),
        ("IMS_ORG_ID", "A@AdobeOrg"),
        ("IMS_TECHNICAL_ACCOUNT_ID", "B@techacct.adobe.com"),
        ("IMS_METASCOPES", "ent_user_sdk"),
        ("IMS_CLIENT_SECRET", "secret"),
        ("IMS_PRIVATE_KEY", "key"),
    ];
    while variables.len() > 1
        && let Some((name, _)) = variables.pop()
    {
        let given: Vec<_> =
            variables.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let said = from_variables(&given).unwrap_err().to_string();
        let name = if name == "IMS_PRIVATE_KEY" { "IMS_PRIVATE_KEY_FILE" } else { name };
        assert_eq!(said, format!("{name} is missing"));
    }
    let said = from_variables(&[]).unwrap_err().to_string();
    assert_eq!(said, "no credentials in the environment variables");
}
