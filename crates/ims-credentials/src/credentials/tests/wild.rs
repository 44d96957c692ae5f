//! One file of each form of Adobe's other tools, in exactly the shape that they have.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::*;

const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
const ACCOUNT: &str = "6657031C5C095BB40A4@techacct.adobe.com";
const SCOPES: &str = "openid,AdobeID,user_management_sdk";

/// The parts that every form has: the ids, the secret and the key.
#[track_caller]
fn assert_account(credentials: Credentials, form: Form, metascopes: &[&str]) {
    assert_eq!(credentials.form(), form);
    let credential = service_account(credentials);
    assert_eq!(credential.account.client_id().as_str(), CLIENT_ID);
    assert_eq!(credential.account.org_id().as_str(), ORG_ID);
    assert_eq!(credential.account.technical_account_id().as_str(), ACCOUNT);
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(texts(credential.account.metascopes()), metascopes);
    assert_eq!(public_key(&credential.signing_keys.first().signing_key), first_public_key());
}

#[track_caller]
fn assert_server_to_server(credentials: Credentials, form: Form, scopes: &[&str]) {
    assert_eq!(credentials.form(), form);
    let credential = server_to_server(credentials);
    assert_eq!(credential.client_id.as_str(), CLIENT_ID);
    assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET);
    assert_eq!(texts(&credential.scopes), scopes);
}

/// `text` with the words in angle brackets replaced by their values.
fn filled(text: &str) -> String {
    text.replace("<id>", CLIENT_ID)
        .replace("<org>", ORG_ID)
        .replace("<account>", ACCOUNT)
        .replace("<secret>", CLIENT_SECRET)
}

/// A file of this name with the contents `text`, in a folder with the keys.
#[track_caller]
fn read(name: &str, text: &str) -> Credentials {
    let folder = Folder::with_key();
    Credentials::from_file(folder.write(name, text, 0o600)).unwrap()
}

#[test]
fn the_hjson_of_aio_is_read_without_its_cached_tokens() {
    let key = ims_testkit::keys::FIRST.lines().map(|line| format!("\n          {line}"));
    let text = filled(
        "{
  // written by aio
  ims: {
    config: {
      current: my-context
    }
    contexts: {
      my-context: {
        client_id: <id>
        client_secret: <secret>
        technical_account_id: <account>
        meta_scopes: [
          ent_cloudmgr_sdk
        ]
        ims_org_id: <org>
        private_key: [LINES
        ]
        access_token: {
          token: canary-token
          expiry: 1800000000000
        }
      }
    }
  }
}",
    );
    let as_lines = text.replace("LINES", &key.collect::<String>());
    // The library of aio writes a string of several lines so.
    let as_text =
        text.replace("[LINES\n        ]", &format!("\n'''\n{}'''", ims_testkit::keys::FIRST));
    assert_account(read(".aio", &as_text), Form::AioContext, &["ent_cloudmgr_sdk"]);
    for name in [".aio", "aio", "config.hjson"] {
        assert_account(read(name, &as_lines), Form::AioContext, &["ent_cloudmgr_sdk"]);
    }
}

#[test]
fn a_context_of_aio_for_a_person_is_read() {
    let text = json!({ "ims": { "contexts": { "web": {
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": "https://localhost",
        "scope": "AdobeID openid", "refresh_token": { "token": "canary-token", "expiry": 1 },
    }}}});
    match read(".aio", &text.to_string()).credential() {
        Credential::User(user) => {
            assert_eq!(user.client_id.as_str(), CLIENT_ID);
            assert_eq!(texts(&user.scopes), ["AdobeID", "openid"]);
            assert!(user.client_secrets.is_some());
        }
        _ => panic!("another kind of credential"),
    }
}

/// A context of `aio` in environment variables, under the name `one`.
fn aio_variables(key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AIO_ims_contexts_one_client__id", CLIENT_ID.to_owned()),
        ("AIO_IMS_CONTEXTS_ONE_CLIENT__SECRET", CLIENT_SECRET.to_owned()),
        ("aio_ims_contexts_one_technical__account__id", ACCOUNT.to_owned()),
        ("AIO_ims_contexts_one_meta__scopes", r#"["ent_cloudmgr_sdk"]"#.to_owned()),
        ("AIO_ims_contexts_one_ims__org__id", ORG_ID.to_owned()),
        ("AIO_ims_contexts_one_private__key", key.to_owned()),
        ("AIO_runtime_namespace", "example".to_owned()),
    ]
}

#[test]
fn the_variables_of_aio_are_read_from_the_system_and_from_a_file() {
    let lines = json!(ims_testkit::keys::FIRST.lines().collect::<Vec<_>>()).to_string();
    for key in [ims_testkit::keys::FIRST, &ims_testkit::keys::FIRST.replace('\n', "\\n"), &lines] {
        let variables = aio_variables(key);
        let credentials = from_variables(&variables).unwrap();
        assert_account(credentials, Form::AioVariables, &["ent_cloudmgr_sdk"]);
        let lines = variables.iter().map(|(name, value)| format!("{name}='{value}'"));
        let file = lines.collect::<Vec<_>>().join("\n");
        for name in [".env", "variables"] {
            assert_account(read(name, &file), Form::AioVariables, &["ent_cloudmgr_sdk"]);
        }
    }
}

#[test]
fn one_of_several_contexts_in_variables_is_selected_or_current() {
    let mut variables = aio_variables(ims_testkit::keys::FIRST);
    variables.push(("AIO_ims_contexts_my__other_client__id", "other".to_owned()));
    variables.push(("AIO_ims_contexts_my__other_client__secrets", r#"["a","b"]"#.to_owned()));
    variables.push(("AIO_ims_contexts_my__other_scopes", r#"["openid"]"#.to_owned()));
    let several = from_variables(&variables).unwrap_err().to_string();
    assert_eq!(several, "2 usable credentials in one file: my_other, one");
    let selected = from_variables_selecting(&variables, Some("my_other")).unwrap();
    assert_eq!(server_to_server(selected).client_secrets.iter().count(), 2);
    variables.push(("AIO_IMS_CONFIG_CURRENT", "one".to_owned()));
    let current = from_variables(&variables).unwrap();
    assert_account(current, Form::AioVariables, &["ent_cloudmgr_sdk"]);
}

#[test]
fn aio_cli_env_says_which_ims_where_the_context_does_not() {
    let mut variables = aio_variables(ims_testkit::keys::FIRST);
    variables.push(("AIO_CLI_ENV", "stage".to_owned()));
    let environment =
        |variables: &[(&str, String)]| from_variables(variables).unwrap().environment().clone();
    assert_eq!(environment(&variables), Environment::stage());
    // Exactly this name comes before the same name in another case.
    let mut both = variables.clone();
    both[variables.len() - 1].1 = "prod".to_owned();
    both.push(("aio_cli_env", "stage".to_owned()));
    assert_eq!(environment(&both), Environment::production());
    variables.push(("AIO_ims_contexts_one_env", "prod".to_owned()));
    assert_eq!(environment(&variables), Environment::production());
}

#[test]
fn aio_config_file_names_a_file_where_no_variable_holds_credentials() {
    let folder = Folder::with_key();
    let path = folder.write(
        "elsewhere",
        &json!({ "ims": { "contexts": { "x": aio() } } }).to_string(),
        0o600,
    );
    let variables = [("AIO_CONFIG_FILE", path.display().to_string())];
    assert_account(from_variables(&variables).unwrap(), Form::AioContext, &["ent_cloudmgr_sdk"]);
}

#[test]
fn the_variables_that_aio_app_use_writes_are_read() {
    for scopes in [r#"["openid","AdobeID"]"#, "openid,AdobeID", "openid AdobeID", "openid, AdobeID"]
    {
        let text = filled(&format!(
            "# This file must not be committed to source control\nAIO_runtime_auth=canary-auth\n\
             IMS_OAUTH_S2S_CLIENT_ID=<id>\nIMS_OAUTH_S2S_CLIENT_SECRET=<secret>\n\
             IMS_OAUTH_S2S_ORG_ID=<org>\nIMS_OAUTH_S2S_SCOPES={scopes}\nSERVICE_API_KEY=key\n"
        ));
        let credentials = read(".env", &text);
        assert_eq!(credentials.org_id().unwrap().as_str(), ORG_ID);
        assert_server_to_server(credentials, Form::ServerToServerVariables, &["openid", "AdobeID"]);
    }
    let credentials = read(".env", "AIO_runtime_auth=canary-auth\nSERVICE_API_KEY=key\n");
    assert_eq!(credentials.form(), Form::ServiceApiKey);
    assert!(
        matches!(credentials.credential(), Credential::ApiKey(key) if key.client_id.as_str() == "key")
    );
}

#[test]
fn the_configuration_of_cloud_manager_is_read_for_jwt_and_for_oauth() {
    assert_account(
        read("config.json", &aio().to_string()),
        Form::CloudManager,
        &["ent_cloudmgr_sdk"],
    );
    let oauth = json!({
        "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET], "technical_account_id": ACCOUNT,
        "technical_account_email": "another@techacct.adobe.com", "ims_org_id": ORG_ID,
        "scopes": ["openid", "AdobeID"], "meta_scopes": ["ent_cloudmgr_sdk"], "oauth_enabled": true,
    });
    let credentials = read("config.json", &oauth.to_string());
    assert_server_to_server(credentials, Form::CloudManager, &["openid", "AdobeID"]);
}

const USER_SYNC: &str = "# connector-umapi.yml
authentication_method: METHOD
server:
  # host: usermanagement.adobe.io
enterprise:
  org_id: \"<org>\"
  client_id: \"<id>\"
  client_secret: \"<secret>\"
";

#[test]
fn the_configuration_of_the_user_sync_tool_is_read_for_jwt_and_for_oauth() {
    let oauth = filled(&USER_SYNC.replace("METHOD", "oauth"));
    let scopes: Vec<_> = SCOPES.split(',').collect();
    assert_server_to_server(read("connector-umapi.yml", &oauth), Form::UserSync, &scopes);
    let indented = ims_testkit::keys::FIRST.lines().map(|line| format!("\n    {line}"));
    let indented: String = indented.collect();
    for key in [
        "  tech_acct_id: <account>\n  priv_key_path: private.key\n".to_owned(),
        format!(
            "  tech_acct: <account>\n  priv_key_path: encrypted.key\n  priv_key_pass: {}\n",
            ims_testkit::PASSPHRASE
        ),
        format!("  tech_acct: <account>\n  priv_key_data: |{indented}\n"),
    ] {
        let text = filled(&format!("{}{key}", USER_SYNC.replace("METHOD", "jwt")));
        for name in ["connector-umapi.yml", "umapi"] {
            assert_account(read(name, &text), Form::UserSync, &["ent_user_sdk"]);
        }
    }
}

#[test]
fn the_older_words_and_the_host_of_the_user_sync_tool_are_read() {
    let text = filled(
        "server:\n  ims_host: ims-na1-stg1.adobelogin.com\n  ims_endpoint_jwt: /ims/exchange/jwt\nenterprise:\n  \
         org_id: <org>\n  api_key: <id>\n  client_secret: <secret>\n  tech_acct: <account>\n  priv_key_path: private.key\n",
    );
    let credentials = read("connector-umapi.yml", &text);
    assert_eq!(*credentials.environment(), Environment::stage());
    assert_account(credentials, Form::UserSync, &["ent_user_sdk"]);
}

#[test]
fn what_is_wrong_with_the_user_sync_tool_is_named() {
    let secure = |more: &str| filled(&format!("{}{more}", USER_SYNC.replace("METHOD", "oauth")));
    let both = secure("  secure_client_secret_key: canary\n");
    let folder = Folder::with_key();
    assert_eq!(
        folder.refusal(&both),
        "enterprise.client_secret and enterprise.secure_client_secret_key exclude each other"
    );
    let other = filled(&USER_SYNC.replace("METHOD", "canary"));
    assert_eq!(folder.refusal(&other), "authentication_method is not \"jwt\" or \"oauth\"");
    let jwt = filled(&USER_SYNC.replace("METHOD", "jwt"));
    assert_eq!(folder.refusal(&jwt), "enterprise.tech_acct_id is missing");
}

#[test]
fn the_sample_of_the_user_management_api_is_read() {
    let text = filled(
        "[server]\nhost = usermanagement.adobe.io\nendpoint = /v2/usermanagement\nims_host = ims-na1.adobelogin.com\n\
         ims_endpoint_jwt = /ims/exchange/jwt\n\n[enterprise]\ndomain = my domain\norg_id = <org>\napi_key = <id>\n\
         client_secret = <secret>\ntech_acct = <account>\npriv_key_filename = private.key\n",
    );
    assert_account(read("usermanagement.config", &text), Form::UserManagement, &["ent_user_sdk"]);
}

#[test]
fn the_credentials_of_pdf_services_are_read() {
    let with = |changes: Value| {
        let mut service_account = json!({
            "organization_id": ORG_ID, "account_id": ACCOUNT, "private_key_file": "private.key",
        });
        service_account.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let text = json!({
            "client_credentials": { "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET },
            "service_account_credentials": service_account,
        });
        read("pdfservices-api-credentials.json", &text.to_string())
    };
    assert_account(with(json!({})), Form::PdfServices, &["ent_documentcloud_sdk"]);
    let stage = with(json!({
        "claim": "https://ims-na1-stg1.adobelogin.com/s/ent_other_sdk",
        "ims_base_uri": "https://ims-na1-stg1.adobelogin.com",
    }));
    assert_eq!(*stage.environment(), Environment::stage());
    assert_account(stage, Form::PdfServices, &["ent_other_sdk"]);
}

#[test]
fn the_configurations_of_the_python_clients_are_read_in_any_case() {
    let jwt = json!({
        "org_id": ORG_ID, "client_id": CLIENT_ID, "tech_id": ACCOUNT, "secret": CLIENT_SECRET,
        "pathToKey": "private.key",
    });
    assert_account(
        read("config.json", &jwt.to_string()),
        Form::AnalyticsConfig,
        &["ent_analytics_bulk_ingest_sdk"],
    );
    let platform = json!({
        "ORG_ID": ORG_ID, "Api_Key": CLIENT_ID, "Tech_ID": ACCOUNT, "Client_Secret": CLIENT_SECRET,
        "pathtokey": "private.key", "sandbox-name": "prod", "environment": "stage",
    });
    let credentials = read("config.json", &platform.to_string());
    assert_eq!(*credentials.environment(), Environment::stage());
    assert_account(credentials, Form::AnalyticsConfig, &["ent_dataservices_sdk"]);
    let oauth = json!({
        "org_id": ORG_ID, "client_id": CLIENT_ID, "client_secrets": [CLIENT_SECRET],
        "scopes": "openid, AdobeID", "sandbox-name": "prod",
    });
    let credentials = read("config.json", &oauth.to_string());
    assert_server_to_server(credentials, Form::AnalyticsConfig, &["openid", "AdobeID"]);
    let code = json!({ "org_id": ORG_ID, "client_id": "x", "secret": "x", "auth_code": "canary" });
    assert_eq!(
        Folder::with_key().refusal(&code.to_string()),
        "auth_code is not a way to get tokens that is known here: use scopes"
    );
}

#[test]
fn the_samples_of_the_analytics_api_are_read() {
    let ini = filled(
        "[default]\n#API Key (Client ID)\napiKey=<id>\n#Technical account ID\ntechnicalAccountId=<account>\n\
         orgId=<org>\nsecret=<secret>\nmetascopes=ent_analytics_bulk_ingest_sdk\nkey_path=private.key\n\
         imsHost=ims-na1.adobelogin.com\nimsExchange=https://ims-na1.adobelogin.com/ims/exchange/jwt\n",
    );
    let properties = ini.split_once('\n').unwrap().1;
    let metascopes = &["ent_analytics_bulk_ingest_sdk"];
    for name in ["config.ini", "config"] {
        assert_account(read(name, &ini), Form::AnalyticsSample, metascopes);
    }
    for name in ["config.properties", "config"] {
        assert_account(read(name, properties), Form::AnalyticsSample, metascopes);
    }
}

#[test]
fn properties_and_variables_of_aio_lib_java_are_read() {
    let key = ims_testkit::keys::FIRST.lines().filter(|line| !line.starts_with('-'));
    let base64: Vec<_> = key.collect();
    let common = filled(
        "aio_ims_url=https://ims-na1.adobelogin.com\naio_ims_org_id=<org>\naio_api_key=<id>\n\
         aio_client_secret=<secret>\naio_consumer_org_id=1\naio_project_id=2\naio_workspace_id=3\naio_credential_id=4\n",
    );
    let jwt = filled(&format!(
        "{common}aio_technical_account_id=<account>\naio_meta_scopes=/s/ent_user_sdk,/s/event_receiver_api\n\
         aio_encoded_pkcs8={}\n",
        base64.concat()
    ));
    let folded = jwt.replace(&base64.concat(), &base64.join("\\\n  "));
    let metascopes = &["ent_user_sdk", "event_receiver_api"];
    for (name, text) in
        [("workspace.properties", &jwt), ("workspace.properties", &folded), (".env", &jwt)]
    {
        assert_account(read(name, text), Form::AioJava, metascopes);
    }
    // As java.util.Properties.store writes it.
    let stored =
        format!("#workspace\n#Sat Nov 21 06:26:20 UTC 2026\n{}", jwt.replace("https:", "https\\:"));
    for name in ["workspace.properties", "workspace"] {
        assert_account(read(name, &stored), Form::AioJava, metascopes);
    }
    let variables = jwt.lines().map(|line| line.split_once('=').unwrap());
    let variables: Vec<_> = variables.map(|(name, value)| (name, value.to_owned())).collect();
    assert_account(from_variables(&variables).unwrap(), Form::AioJava, metascopes);
    let oauth = format!("{common}aio_oauth_scopes=openid,AdobeID\n");
    let credentials = read("workspace.properties", &oauth);
    assert_server_to_server(credentials, Form::AioJava, &["openid", "AdobeID"]);
}

#[test]
fn the_options_of_jwt_auth_are_read() {
    let options = |key: &str| {
        json!({
            "clientId": CLIENT_ID, "technicalAccountId": ACCOUNT, "orgId": ORG_ID, "clientSecret": CLIENT_SECRET,
            "privateKey": key, "passphrase": ims_testkit::PASSPHRASE, "ims": "https://ims-na1-stg1.adobelogin.com",
            "metaScopes": ["https://ims-na1-stg1.adobelogin.com/s/ent_user_sdk", "ent_dataservices_sdk"],
        })
        .to_string()
    };
    for key in
        [ims_testkit::keys::FIRST_LEGACY_AES256, ims_testkit::keys::FIRST_PBES2_AES256_SHA256]
    {
        let credentials = read("options.json", &options(key));
        assert_eq!(*credentials.environment(), Environment::stage());
        assert_account(credentials, Form::JwtAuth, &["ent_user_sdk", "ent_dataservices_sdk"]);
    }
    // The key itself comes before a path.
    let mut both: Value = serde_json::from_str(&options(ims_testkit::keys::FIRST)).unwrap();
    both["privateKeyPath"] = json!("missing.key");
    let credentials = read("options.json", &both.to_string());
    assert_account(credentials, Form::JwtAuth, &["ent_user_sdk", "ent_dataservices_sdk"]);
}

#[test]
fn the_configuration_of_imscli_is_read_in_its_languages_and_from_variables() {
    let yaml = filled(
        "url: https://ims-na1-stg1.adobelogin.com\nclientID: <id>\nclientsecret: <secret>\norganization: <org>\n\
         account: <account>\nprivateKeyPath: private.key\nmetascopes:\n- ent_user_sdk\naccesstoken: canary-token\n",
    );
    let toml = filled(
        "clientid = '<id>'\nclientsecret = '<secret>'\norganization = '<org>'\naccount = '<account>'\n\
         privatekeypath = 'private.key'\nmetascopes = ['ent_user_sdk']\n",
    );
    assert_eq!(*read("imscli.yaml", &yaml).environment(), Environment::stage());
    for (name, text) in [("imscli.yaml", &yaml), ("imscli", &yaml), ("imscli.toml", &toml)] {
        assert_account(read(name, text), Form::Imscli, &["ent_user_sdk"]);
    }
    let scopes = filled("clientid: <id>\nclientsecret: <secret>\nscopes: [openid, AdobeID]\n");
    assert_server_to_server(read("imscli.yml", &scopes), Form::Imscli, &["openid", "AdobeID"]);
    // The file has the settings of all its commands.
    let both = format!("{yaml}scopes: [openid]\n");
    assert_account(read("imscli.yml", &both), Form::Imscli, &["ent_user_sdk"]);
    let folder = Folder::with_key();
    let variables = [
        ("IMS_CLIENTID", CLIENT_ID.to_owned()),
        ("IMS_CLIENTSECRET", CLIENT_SECRET.to_owned()),
        ("IMS_ORGANIZATION", ORG_ID.to_owned()),
        ("IMS_ACCOUNT", ACCOUNT.to_owned()),
        ("IMS_PRIVATEKEY", folder.0.path().join("private.key").display().to_string()),
        ("IMS_METASCOPES", "ent_user_sdk".to_owned()),
    ];
    assert_account(from_variables(&variables).unwrap(), Form::Imscli, &["ent_user_sdk"]);
}

#[test]
fn the_variables_of_reactor_uploader_are_read_for_each_of_its_environments() {
    let scopes = [
        "AdobeID",
        "openid",
        "read_organizations",
        "additional_info.job_function",
        "additional_info.projectedProductContext",
        "additional_info.roles",
    ];
    for (suffix, environment) in [
        ("", Environment::production()),
        ("_STAGE", Environment::stage()),
        ("_DEVELOPMENT", Environment::production()),
    ] {
        let text = filled(&format!(
            "export REACTOR_IO_INTEGRATION_CLIENT_ID{suffix}=<id>\n\
             export REACTOR_IO_INTEGRATION_CLIENT_SECRET{suffix}=<secret>\n"
        ));
        let credentials = read("reactor.env", &text);
        assert_eq!(*credentials.environment(), environment, "{suffix}");
        assert_server_to_server(credentials, Form::ReactorUploader, &scopes);
    }
}

/// An access token with these members, whose signature is not checked here.
fn token(payload: &Value) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RS256","x5u":"ims_na1-key-at-1.cer"}"#);
    format!("{header}.{}.{}", part(&payload.to_string()), part("signature"))
}

fn payload() -> Value {
    json!({
        "type": "access_token", "client_id": CLIENT_ID, "as": "ims-na1", "user_id": ACCOUNT,
        "created_at": "1550001138000", "expires_in": "86400000",
    })
}

#[test]
fn an_access_token_is_a_credential_with_the_end_that_it_says() {
    let token = token(&payload());
    for (name, text) in [
        (
            "local-development-token.json",
            format!(r#"{{"ok":true,"statusCode":200,"accessToken":"{token}"}}"#),
        ),
        (
            "of-ims.json",
            format!(r#"{{"token_type":"bearer","access_token":"{token}","expires_in":86399}}"#),
        ),
        ("of-ims-token.json", format!(r#"{{"access_token":"{token}","client_id":"{CLIENT_ID}"}}"#)),
        ("token.toml", format!("access_token = \"Bearer {token}\"\n")),
        ("token.env", format!("IMS_ACCESS_TOKEN={token}\nIMS_CLIENT_ID={CLIENT_ID}\n")),
        ("token.txt", format!("{token}\n")),
        ("token", format!("Authorization: Bearer {token}\r\n")),
        ("token.json", token.clone()),
    ] {
        let credentials = read(name, &text);
        assert_eq!(*credentials.environment(), Environment::production(), "{name}");
        assert!(!format!("{credentials:?}").contains(&token), "{name}");
        let Credential::Token(credential) = credentials.into_credential() else { panic!("{name}") };
        assert_eq!(credential.client_id.as_str(), CLIENT_ID, "{name}");
        assert_eq!(credential.token.expose_secret(), token, "{name}");
        assert_eq!(credential.token.expires_at().to_string(), "2019-02-13T19:52:18Z", "{name}");
    }
}

#[test]
fn an_access_token_may_come_with_its_organization_its_ims_and_the_client_that_it_does_not_name() {
    let mut payload = payload();
    payload["as"] = json!("ims-na1-stg1");
    let stage = token(&payload);
    let credentials = read("stage.json", &json!({ "accessToken": stage }).to_string());
    assert_eq!(*credentials.environment(), Environment::stage());

    payload.as_object_mut().unwrap().remove("client_id");
    let nameless = token(&payload);
    let text = json!({
        "access_token": nameless, "client_id": "other", "org_id": ORG_ID, "ims_url": "http://localhost:1",
    });
    let credentials = read("token.json", &text.to_string());
    assert_eq!(credentials.environment().base_url(), "http://localhost:1");
    assert_eq!(credentials.client_id().as_str(), "other");
    assert_eq!(credentials.org_id().map(OrgId::as_str), Some(ORG_ID));

    let folder = Folder::with_key();
    let refusal = folder.refusal(&json!({ "access_token": nameless }).to_string());
    assert_eq!(refusal, "client_id is missing");
}

#[test]
fn what_is_not_an_access_token_is_refused_and_not_repeated() {
    let folder = Folder::with_key();
    let mut refresh = payload();
    refresh["type"] = json!("refresh_token");
    let mut endless = payload();
    endless.as_object_mut().unwrap().remove("expires_in");
    let another = "access_token is not an access token but a token of another kind";
    let no_token =
        "access_token is not an access token of IMS, which is a JWT that says when it ends";
    for (text, said) in
        [(token(&refresh), another), (token(&endless), no_token), ("canary".into(), no_token)]
    {
        let refusal = folder.refusal(&json!({ "access_token": text }).to_string());
        assert_eq!(refusal, said);
    }
    // A token in place of a path is read and never shown.
    let token = token(&endless);
    let error = Credentials::from_file(&token).unwrap_err();
    assert!(!chain(&error).contains(&token), "{error}");
}

#[test]
fn a_secret_next_to_a_token_gets_new_tokens() {
    let token = token(&payload());
    let text = filled(&format!(
        "IMS_ACCESS_TOKEN={token}\nIMS_CLIENT_ID=<id>\nIMS_CLIENT_SECRET=<secret>\nIMS_SCOPES=openid\n"
    ));
    assert_server_to_server(read(".env", &text), Form::EnvironmentVariables, &["openid"]);
    let own = json!({
        "access_token": token, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scopes": ["openid"],
    });
    let refusal = Folder::with_key().refusal(&own.to_string());
    assert!(refusal.starts_with("unknown member access_token"), "{refusal}");
}

#[test]
fn every_encoding_of_a_key_is_accepted_in_every_form_with_a_key() {
    use ims_testkit::keys;

    let der: String = keys::FIRST.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(BASE64_STANDARD.decode(&der).is_ok());
    #[rustfmt::skip]
    let table = [
        ("PKCS#8",              json!(keys::FIRST)),
        ("PKCS#1",              json!(keys::FIRST_PKCS1)),
        ("encrypted PKCS#8",    json!(keys::FIRST_PBES2_AES256_SHA256)),
        ("legacy encryption",   json!(keys::FIRST_LEGACY_AES128)),
        ("base64 DER",          json!(der)),
        ("\\n on one line",     json!(keys::FIRST.replace('\n', "\\n"))),
        ("array of lines",      json!(keys::FIRST.lines().collect::<Vec<_>>())),
        ("CRLF",                json!(keys::FIRST.replace('\n', "\r\n"))),
    ];
    for (encoding, key) in table {
        let mut context = aio();
        context["private_key"] = key;
        context["passphrase"] = json!(ims_testkit::PASSPHRASE);
        let credential = service_account(read("config.json", &context.to_string()));
        let read = public_key(&credential.signing_keys.first().signing_key);
        assert_eq!(read, first_public_key(), "{encoding}");
    }
}
