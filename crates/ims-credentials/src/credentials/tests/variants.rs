//! Files as people have them: not the sample of a tool's documents, but what the tool itself writes and takes as well.

use serde_json::json;

use super::*;

const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";

#[track_caller]
fn read(name: &str, text: &str) -> Credentials {
    Credentials::from_file(Folder::with_key().write(name, text, 0o600)).unwrap()
}

#[test]
fn the_aio_file_of_an_application_has_its_project_next_to_its_contexts() {
    let mut project = console(&json!([{ "id": "1", "name": "x", "integration_type": "service" }]));
    project["ims"] = json!({ "contexts": { "one": aio() } });
    let credentials = read(".aio", &project.to_string());
    assert_eq!(credentials.form(), Form::AioContext);
    assert_eq!(credentials.client_id().as_str(), CLIENT_ID);
}

#[test]
fn the_aio_file_may_be_yaml() {
    let text = format!(
        "ims:\n  contexts:\n    one:\n      client_id: {CLIENT_ID}\n      client_secrets: ['a', 'b']\n      scopes:\n        - openid\n"
    );
    let credentials = read(".aio", &text);
    assert_eq!(credentials.form(), Form::AioContext);
    assert_eq!(server_to_server(credentials).client_secrets.iter().count(), 2);
}

#[test]
fn the_error_for_an_aio_file_with_only_a_persons_tokens_says_what_is_missing() {
    let cli =
        json!({ "ims": { "contexts": { "cli": { "access_token": { "token": "canary" } } } } });
    let said = "ims.contexts holds only aio's own sign-in, which has no client id";
    assert_eq!(Folder::with_key().refusal(&cli.to_string()), said);
    let said = "ims.contexts is not an object with a context in it that has a client_id";
    let key_alone = [("AIO_ims_contexts_one_private__key", "canary".to_owned())];
    assert_eq!(from_variables(&key_alone).unwrap_err().to_string(), said);
}

#[test]
fn the_file_of_aio_may_say_which_ims_its_contexts_are_for() {
    let with = |env: &str, current: &str| {
        let ims = json!({ "contexts": { "one": aio() }, "config": { "current": current } });
        read(".aio", &json!({ "ims": ims, "cli": { "env": env } }).to_string())
    };
    #[rustfmt::skip]
    let table = [
        ("stage", Environment::stage()), ("Stage", Environment::stage()),
        ("prod", Environment::production()), ("other", Environment::production()),
    ];
    for (env, environment) in table {
        assert_eq!(*with(env, "one").environment(), environment, "{env}");
    }
    assert_eq!(with("prod", "").client_id().as_str(), CLIENT_ID, "an empty name is none");
    let variables = "AIO_CLI_ENV=stage\nAIO_ims_contexts_one_client__id=x\n\
                     AIO_ims_contexts_one_client__secret=y\nAIO_ims_contexts_one_scopes=openid\n";
    assert_eq!(*read(".env", variables).environment(), Environment::stage());
}

/// The redirect URI in the credentials in `text`.
#[track_caller]
fn redirect_uri(text: &Value) -> Option<String> {
    read("credentials", &text.to_string()).redirect_uri().map(str::to_owned)
}

#[test]
fn the_redirect_of_a_person_is_found_where_the_form_has_it() {
    let login = |members: Value| {
        let mut login = json!({ "client_id": "web", "client_secret": CLIENT_SECRET });
        login.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        login
    };
    let project = |login: Value| {
        console(
            &json!([{ "id": "1", "name": "web", "integration_type": "oauthweb", "oauth2": login }]),
        )
    };
    let context = |login: Value| json!({ "ims": { "contexts": { "web": login } } });
    let one = json!({ "redirect_uri": "https://a/b" });
    let list = json!({ "redirect_uri": ["https://a/b", "https://c"] });
    let patterns =
        json!({ "defaultRedirectUri": "https://a/b", "redirect_uri": ["https://a\\.b/.*"] });
    let value = |key: &str, value: &str| json!({ "key": key, "value": value });
    let values = [
        value("CLIENT_ID", "web"),
        value("CLIENT_SECRET", CLIENT_SECRET),
        value("REDIRECT_URI", "https://a/b"),
    ];
    let postman = json!({ "name": "Project", "values": values });
    let nested = json!({ "services": { "app": { "environment": {
        "ADOBE_CLIENT_ID": "web", "ADOBE_CLIENT_SECRET": CLIENT_SECRET, "ADOBE_REDIRECT_URI": "https://a/b",
    }}}});
    for text in [
        context(login(one)),
        context(login(list.clone())),
        project(login(list)),
        project(login(patterns)),
        postman,
        nested,
    ] {
        assert_eq!(redirect_uri(&text).as_deref(), Some("https://a/b"), "{text}");
    }
    assert_eq!(redirect_uri(&project(login(json!({})))), None);
    assert_eq!(redirect_uri(&project(login(json!({ "redirect_uri": [] })))), None);
    let wrong = context(login(json!({ "redirect_uri": [1] })));
    let said = "ims.contexts.web.redirect_uri is not a string or a list of strings";
    assert_eq!(Folder::with_key().refusal(&wrong.to_string()), said);
    let variables = [
        ("AIO_ims_contexts_web_client__id", "web".to_owned()),
        ("AIO_ims_contexts_web_redirect__uri", "https://a/b".to_owned()),
    ];
    assert_eq!(from_variables(&variables).unwrap().redirect_uri(), Some("https://a/b"));
}

#[test]
fn a_workspace_without_its_project_has_no_organization() {
    let mut project =
        console(&json!([{ "id": "1", "name": "x", "oauth_server_to_server": console_oauth() }]));
    let workspace = json!({ "workspace": project["project"]["workspace"].take() });
    let credentials = read("workspace.json", &workspace.to_string());
    assert_eq!((credentials.form(), credentials.org_id()), (Form::ConsoleProject, None));
}

#[test]
fn a_variable_may_hold_quotation_marks_that_are_escaped() {
    let text = format!(
        "IMS_OAUTH_S2S_CLIENT_ID=\"{CLIENT_ID}\"\nIMS_OAUTH_S2S_CLIENT_SECRET=\"a\\\"b\\\\c\\d\"\n\
         IMS_OAUTH_S2S_SCOPES=\"[\\\"openid\\\",\\\"AdobeID\\\"]\"\nLAST=x\n"
    );
    let credential = server_to_server(read(".env", &text));
    assert_eq!(credential.client_secrets.first().expose_secret(), "a\"b\\c\\d");
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
}

#[test]
fn the_support_environment_of_aepp_is_production() {
    let with = |environment: &str| {
        json!({ "org_id": "A@AdobeOrg", "client_id": "x", "secret": "y", "scopes": "openid",
                "environment": environment })
        .to_string()
    };
    assert_eq!(*read("config.json", &with("support")).environment(), Environment::production());
    let said = "environment is not \"prod\", \"support\" or \"stage\"";
    assert_eq!(Folder::with_key().refusal(&with("canary")), said);
}

#[test]
fn the_newer_credentials_of_pdf_services_are_server_to_server() {
    let text = json!({
        "client_credentials": { "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET },
        "service_principal_credentials": { "organization_id": "C74F69D7594880280@AdobeOrg" },
    });
    let credentials = read("pdfservices-api-credentials.json", &text.to_string());
    assert_eq!(credentials.form(), Form::PdfServices);
    let credential = server_to_server(credentials);
    assert_eq!(credential.client_id.as_str(), CLIENT_ID);
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID", "DCAPI"]);
}

#[test]
fn the_byte_order_mark_and_the_line_ends_of_windows_change_nothing() {
    let ini = "[default]\nAPIKEY = id\nsecret: s\norgId=A@AdobeOrg\ntechnicalAccountId=B@techacct.adobe.com\n\
               \timsHost=ims-na1-stg1.adobelogin.com\n";
    let ini = ini.replace('\t', "") + "metascopes=ent_user_sdk\nkey_path=private.key\n";
    for text in [ini.replace('\n', "\r\n"), format!("\u{feff}{ini}"), format!("; x\n# y\n\n{ini}")]
    {
        let credentials = read("config.ini", &text);
        assert_eq!(*credentials.environment(), Environment::stage(), "{text}");
        assert_eq!(credentials.client_id().as_str(), "id");
    }
}

#[test]
fn an_error_about_a_file_of_another_form_shows_no_line_of_a_key() {
    let key = format!("aio_apikey=x\naio_encoded_pkcs8={}\nshort==\n", ims_testkit::keys::FIRST);
    for name in ["workspace.properties", "private.key", "x"] {
        let folder = Folder::with_key();
        let error = Credentials::from_file(folder.write(name, &key, 0o600)).unwrap_err();
        let said = chain(&error);
        let lines = ims_testkit::keys::FIRST.lines().chain(["short"]);
        for line in lines.filter(|line| !line.starts_with('-')) {
            assert!(!said.contains(line.trim_end_matches('=')), "{name}: {said}");
        }
    }
}

#[test]
fn a_file_of_the_greatest_length_is_refused_in_time() {
    let long = |start: &str, again: &str| {
        let count = (1024 * 1024 - start.len()) / again.len();
        format!("{start}{}", again.repeat(count))
    };
    for text in [
        long("{a:[", "1,"),
        long("{a:[", "1 "),
        long("{a:", "//"),
        long("{a:", "x:"),
        long("A=\"", "\\\""),
        long("", "A=\"b\"\n"),
        long("", "a\\\n"),
        // As a property of Java, it has half a million steps.
        long("a", ".a"),
        long("[a]\n", "b\n "),
        long("[a]\nb=c\n", " d\n"),
    ] {
        let error = Folder::with_key().read(&text).unwrap_err();
        assert_ne!(error.reason_name(), "file_not_used", "{}: {error}", &text[..8]);
    }
}
