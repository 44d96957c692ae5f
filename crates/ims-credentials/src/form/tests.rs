//! The table of forms in `docs/credentials.md`, with a sample of each, is made from the table here, and each sample is read.
//! So no form is without a row, no sample is out of date, and the number of forms in the READMEs is that of the table.
//!
//! `IMS_BLESS=1 cargo test -p ims-credentials --all-features the_page` writes the page.

use std::{fmt::Write as _, fs};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Map;
use tempfile::TempDir;

use self::table::{Documented, FORMS, ID, Kind, OWN};
use super::{Form, RULES};
use crate::{
    credential::Credential, credentials::Credentials, language::Language, reading::fields::Document,
};

mod table;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/credentials.md");
const BEGIN_TABLE: &str = "<!-- The forms, made from the code. -->\n";
const END_TABLE: &str = "<!-- The end of the forms. -->\n";
const BEGIN_SAMPLES: &str = "<!-- The samples, made from the code. -->\n";
const END_SAMPLES: &str = "<!-- The end of the samples. -->\n";

#[test]
fn the_page_has_every_form_as_the_table_has_it() {
    // A package that is published has no documents.
    let Ok(page) = fs::read_to_string(PAGE) else { return };
    let (before, rest) = page.split_once(BEGIN_TABLE).unwrap();
    let (shown_table, rest) = rest.split_once(END_TABLE).unwrap();
    let (between, rest) = rest.split_once(BEGIN_SAMPLES).unwrap();
    let (shown_samples, after) = rest.split_once(END_SAMPLES).unwrap();
    let (table, samples) = (table(), samples());
    if option_env!("IMS_BLESS").is_some() {
        let page = format!(
            "{before}{BEGIN_TABLE}{table}{END_TABLE}{between}{BEGIN_SAMPLES}{samples}{END_SAMPLES}{after}"
        );
        fs::write(PAGE, page).unwrap();
        return;
    }
    assert!(shown_table == table && shown_samples == samples, "write the page with IMS_BLESS=1");
}

#[test]
fn every_text_with_the_number_of_forms_has_that_of_the_table() {
    let said = format!("{} other forms", FORMS.len());
    for page in ["README.md", "docs/credentials.md", "crates/ims/README.md"] {
        let path = format!("{}/../../{page}", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = fs::read_to_string(path) else { return };
        assert!(text.contains(&said), "{page} does not say: {said}");
    }
}

#[test]
fn each_rule_has_a_row_by_the_member_that_it_recognises() {
    let mut forms: Vec<&Documented> = FORMS.iter().collect();
    forms.extend(OWN);
    for rule in RULES {
        let member = format!("`{}`", rule.member);
        let is_there =
            forms.iter().any(|it| it.form == rule.form && it.recognized.contains(&member));
        assert!(is_there, "{member} of {:?} is in no row", rule.form);
    }
}

/// Members with a value each; a dot leads into an object.
fn members(names: &str) -> Document {
    let mut whole = Map::new();
    for name in names.split_whitespace() {
        let Some((outer, inner)) = name.split_once('.') else {
            whole.insert(name.to_owned(), "x".into());
            continue;
        };
        let object = whole.entry(outer).or_insert_with(|| Map::new().into());
        object.as_object_mut().unwrap().insert(inner.to_owned(), "x".into());
    }
    Document::new(whole.into())
}

#[test]
fn the_members_decide_which_form_it_is_and_some_of_them_alone_are_another_or_none() {
    for &(language, names, form) in MEMBERS {
        let found = Form::of(&members(names).fields().unwrap(), language);
        assert_eq!(found.ok(), form, "{language:?} {names}");
    }
}

#[rustfmt::skip]
const MEMBERS: &[(Language, &str, Option<Form>)] = {
    use Language::{Dotenv, Hjson, Ini, Json, Yaml};
    &[
        (Json,   "integration.org_id integration.client_id",                 Some(Form::UserSync)),
        (Json,   "integration.org_id integration.api_key",                   Some(Form::UserSync)),
        (Json,   "integration.org_id",                                       Some(Form::AemService)),
        (Json,   "integration.client_id",                                    Some(Form::AemService)),
        (Json,   "technicalAccount.clientId",                                Some(Form::AssetCompute)),
        (Json,   "technicalAccount.id",                                      None),
        (Json,   "project",                                                  Some(Form::ConsoleProject)),
        (Json,   "workspace",                                                Some(Form::ConsoleProject)),
        (Json,   "project ims.contexts",                                     Some(Form::AioContext)),
        (Json,   "project ims.config",                                       None),
        (Json,   "CLIENT_ID CLIENT_SECRET ORG_ID",                           Some(Form::ConsoleDownload)),
        (Json,   "API_KEY CLIENT_SECRETS IMS_ORG",                           Some(Form::ConsoleDownload)),
        (Json,   "CLIENT_SECRET ORG_ID",                                     None),
        (Json,   "CLIENT_ID ORG_ID",                                         None),
        (Json,   "CLIENT_ID CLIENT_SECRET",                                  None),
        (Json,   "CLIENT_ID DEFAULT_REDIRECT_URI",                           Some(Form::ConsoleDownload)),
        (Json,   "DEFAULT_REDIRECT_URI",                                     None),
        (Json,   "API_KEY",                                                  Some(Form::ConsoleDownload)),
        (Json,   "CLIENT_ID",                                                None),
        (Json,   "API_KEY CLIENT_SECRET",                                    None),
        (Json,   "API_KEY SCOPES",                                           None),
        (Json,   "API_KEY PRIVATE_KEY",                                      None),
        (Json,   "API_KEY TECHNICAL_ACCOUNT_ID",                             None),
        (Json,   "API_KEY PUBLIC_KEYS_WITH_EXPIRY",                          None),
        (Json,   "__ims_oauth_s2s",                                          Some(Form::ActionInput)),
        (Ini,    "enterprise.org_id",                                        Some(Form::UserManagement)),
        (Json,   "enterprise.org_id",                                        Some(Form::UserSync)),
        (Json,   "client_credentials.client_id",                             Some(Form::PdfServices)),
        (Yaml,   "Enterprise.org_id Platform.x",                             Some(Form::DataScience)),
        (Yaml,   "Enterprise.org_id",                                        None),
        (Yaml,   "Platform.x",                                               None),
        (Json,   "Enterprise.org_id Platform.x",                             None),
        (Json,   "amcOrgId clientId",                                        Some(Form::AcsCommons)),
        (Json,   "amcOrgId",                                                 None),
        (Json,   "clientId imsOrgId",                                        Some(Form::CommerceSdk)),
        (Json,   "imsOrgId",                                                 None),
        (Json,   "clientId technicalAccountId",                              Some(Form::JwtAuth)),
        (Hjson,  "clientId technicalAccountId scopes",                       None),
        (Json,   "clientId technicalAccountId scopes",                       Some(Form::Imscli)),
        (Hjson,  "clientId",                                                 None),
        (Json,   "clientId technicalAccountId scopes privateKey",            Some(Form::JwtAuth)),
        (Json,   "clientId technicalAccountId scopes privateKeyPath",        Some(Form::JwtAuth)),
        (Json,   "technicalAccountId",                                       None),
        (Json,   "ims_org_id",                                               Some(Form::AioContext)),
        (Json,   "ims_org_id oauth_enabled",                                 Some(Form::CloudManager)),
        (Json,   "oauth_enabled",                                            None),
        (Json,   "ims.contexts",                                             Some(Form::AioContext)),
        (Json,   "ims.other",                                                None),
        (Json,   "org_id pathToKey",                                         Some(Form::AnalyticsConfig)),
        (Json,   "ORG_ID tech_id",                                           Some(Form::AnalyticsConfig)),
        (Json,   "org_id",                                                   None),
        (Json,   "pathToKey",                                                None),
        (Ini,    "default.apiKey default.technicalAccountId",                Some(Form::AnalyticsSample)),
        (Ini,    "apiKey technicalAccountId",                                Some(Form::AnalyticsSample)),
        (Ini,    "default.apiKey",                                           None),
        (Ini,    "default.technicalAccountId",                               None),
        (Ini,    "other.apiKey other.technicalAccountId",                    None),
        (Json,   "clientID",                                                 Some(Form::Imscli)),
        (Dotenv, "IMS_ACCESS_TOKEN",                                         Some(Form::AccessTokenVariables)),
        (Dotenv, "IMS_ACCESS_TOKEN IMS_CLIENT_ID",                           Some(Form::AccessTokenVariables)),
        (Dotenv, "IMS_ACCESS_TOKEN IMS_CLIENT_ID IMS_CLIENT_SECRET",         Some(Form::EnvironmentVariables)),
        (Dotenv, "IMS_ACCESS_TOKEN IMS_CLIENT_ID IMS_PRIVATE_KEY",           Some(Form::EnvironmentVariables)),
        (Dotenv, "IMS_ACCESS_TOKEN IMS_CLIENT_ID IMS_PRIVATE_KEY_FILE",      Some(Form::EnvironmentVariables)),
        (Dotenv, "IMS_OAUTH_S2S_CLIENT_ID",                                  Some(Form::ServerToServerVariables)),
        (Dotenv, "AIO_IMS_CONTEXTS_A_CLIENT__ID",                            Some(Form::AioVariables)),
        (Dotenv, "aio_ims_contexts_a_client__id",                            Some(Form::AioVariables)),
        (Dotenv, "AIO_IMS_CONTEXTS_A_ACCESS__TOKEN_TOKEN",                   None),
        (Dotenv, "AIO_IMS_CONTEXTS_CLI_ACCESS__TOKEN_TOKEN",                 Some(Form::AccessTokenVariables)),
        (Dotenv, "AIO_COMMERCE_AUTH_IMS_CLIENT_ID",                          Some(Form::CommerceSdk)),
        (Dotenv, "OAUTH_CLIENT_ID OAUTH_ORG_ID",                             Some(Form::CommerceStarterKit)),
        (Dotenv, "OAUTH_CLIENT_ID OAUTH_IMS_ORG_ID",                         Some(Form::CommerceStarterKit)),
        (Dotenv, "OAUTH_CLIENT_ID",                                          None),
        (Dotenv, "OAUTH_ORG_ID",                                             None),
        (Dotenv, "CLIENTID IMSORGID",                                        Some(Form::AppsAction)),
        (Dotenv, "CLIENTID",                                                 None),
        (Dotenv, "IMSORGID",                                                 None),
        (Dotenv, "REACTOR_IO_INTEGRATION_CLIENT_ID",                         Some(Form::ReactorUploader)),
        (Dotenv, "aio_api_key",                                              Some(Form::AioJava)),
        (Dotenv, "IMS_CLIENTID",                                             Some(Form::Imscli)),
        (Dotenv, "SERVICE_API_KEY",                                          Some(Form::ServiceApiKey)),
        (Json,   "accessToken",                                              Some(Form::AccessToken)),
        (Json,   "access_token client_id",                                   Some(Form::AccessToken)),
        (Json,   "access_token client_id client_secret",                     Some(Form::Own)),
        (Json,   "access_token client_id private_key_file",                  Some(Form::Own)),
        (Json,   "client_id",                                                Some(Form::Own)),
        (Json,   "api_key",                                                  Some(Form::Own)),
        (Json,   "client_secret",                                            None),
        (Json,   "env.IMS_CLIENT_ID env.other",                              None),
        // One variable alone may be there by chance.
        (Json,   "env.IMS_CLIENT_ID env.IMS_CLIENT_SECRET",                  Some(Form::NestedVariables)),
        (Json,   "env.IMS_CLIENT_ID",                                        None),
        (Json,   "apiVersion env.IMS_CLIENT_ID env.IMS_CLIENT_SECRET",       Some(Form::NestedVariables)),
        (Json,   "kind env.IMS_CLIENT_ID env.IMS_CLIENT_SECRET",             Some(Form::NestedVariables)),
        (Json,   "apiVersion kind env.IMS_CLIENT_ID env.IMS_CLIENT_SECRET",  None),
    ]
};

#[test]
fn credentials_in_a_configuration_are_found_as_deep_as_known_programs_have_them() {
    let within = |levels: usize, inner: &str| {
        format!("{}{inner}{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
    };
    let variables = r#"{"IMS_CLIENT_ID":"x","IMS_CLIENT_SECRET":"x"}"#;
    let section = r#"{"adobe":{"clientId":"x","clientSecret":"x"}}"#;
    #[rustfmt::skip]
    let table = [
        (within(1, variables),   Some(Form::NestedVariables)),
        (within(9, variables),   Some(Form::NestedVariables)),
        (within(10, variables),  None),
        (within(0, section),     Some(Form::Section)),
        (within(3, section),     Some(Form::Section)),
        (within(4, section),     None),
    ];
    for (text, form) in table {
        let document = Document::new(serde_json::from_str(&text).unwrap());
        let found = Form::of(&document.fields().unwrap(), Language::Json);
        assert_eq!(found.ok(), form, "{text}");
    }
}

#[test]
fn what_has_no_form_is_called_what_it_is_or_its_names_are_listed() {
    let longest = "x".repeat(60);
    let too_long = "x".repeat(61);
    let unknown = |names: &str| format!("no known form of credentials (members: {names})");
    #[rustfmt::skip]
    let table = [
        ("apiVersion kind",                  "this is a manifest of Kubernetes, not credentials".to_owned()),
        ("credential technicalAccountName",  "this is a password of Query Service, not credentials".to_owned()),
        ("kind",                             unknown("kind")),
        ("credential",                       unknown("credential")),
        ("technicalAccountName",             unknown("technicalAccountName")),
        ("$c",                               unknown("$c")),
        ("a-b",                              unknown("a-b")),
        ("a_5",                              unknown("a_5")),
        ("MIIE+x= a/b \u{e4}",               unknown("none")),
        (longest.as_str(),                   unknown(&longest)),
        (too_long.as_str(),                  unknown("none")),
    ];
    for (names, said) in table {
        let error = Form::of(&members(names).fields().unwrap(), Language::Json).unwrap_err();
        assert_eq!(error.to_string(), said, "{names}");
    }
    let hjson = Form::of(&members("client_id").fields().unwrap(), Language::Hjson).unwrap_err();
    let said = "credentials of the form of ims are written in JSON or TOML, not in Hjson";
    assert_eq!(hjson.to_string(), said);
}

#[cfg(feature = "formats")]
#[test]
fn each_sample_is_read_as_what_its_row_says() {
    for documented in FORMS.iter().chain(OWN) {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .unwrap();
            path
        };
        write("private.key", ims_testkit::keys::FIRST);
        write("client.secret", "p8e-secret");
        write("certificate_pub.crt", ims_testkit::certificates::FIRST);
        let path = write(documented.file, &completed(documented.sample));
        let credentials = Credentials::from_file(path);
        let credentials =
            credentials.unwrap_or_else(|error| panic!("{}: {error}", documented.title));
        let kind = match credentials.credential() {
            Credential::ServerToServer(_) => Kind::ServerToServer,
            Credential::ServiceAccount(_) => Kind::ServiceAccount,
            Credential::User(_) => Kind::Person,
            Credential::ApiKey(_) => Kind::ApiKey,
            Credential::Token(_) => Kind::Token,
        };
        let expected = (documented.form, documented.kind);
        assert_eq!((credentials.form(), kind), expected, "{}", documented.title);
    }
}

/// The sample with a whole key and a whole token in place of the three dots.
fn completed(sample: &str) -> String {
    let body: Vec<&str> =
        ims_testkit::keys::FIRST.lines().filter(|line| !line.starts_with('-')).collect();
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let payload = format!(
        r#"{{"type":"access_token","client_id":"{ID}","created_at":"1550001138000","expires_in":"86400000"}}"#
    );
    let token = format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&payload), part("signature"));
    sample
        .replace("\\n…\\n", &format!("\\n{}\\n", body.join("\\n")))
        .replace("MIIE…", &body.concat())
        .replace("eyJ…", &token)
}

fn table() -> String {
    let mut text = "| form | language | recognised by | result |\n|---|---|---|---|\n".to_owned();
    for it in FORMS {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            it.title, it.languages, it.recognized, it.result
        );
    }
    text
}

fn samples() -> String {
    let mut text = String::new();
    for it in FORMS {
        let language = match it.file.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "json" => "json",
            "yml" | "yaml" => "yaml",
            "ini" | "config" => "ini",
            _ => "text",
        };
        let _ = write!(text, "\n### {}\n\n```{language}\n{}\n```\n", heading(it.title), it.sample);
    }
    text
}

/// A heading without the marks of a table.
fn heading(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
