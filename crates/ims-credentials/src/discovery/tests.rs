//! The order of the sources, and the text about them.

use std::fs;

use tempfile::TempDir;

use super::*;

const DOCUMENT: &str = r#"{"client_id":"document","client_secret":"canary","scopes":["openid"]}"#;

/// A folder with `credentials.json` of the client `file` and contexts of which `one` is the current one.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = DOCUMENT.replace("document", "file");
    let private = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    };
    private("credentials.json", &file);
    let context = |name: &str| {
        format!(
            "[contexts.{name}]\nclient_id = \"{name}\"\nclient_secret = \"canary\"\nscopes = [\"openid\"]\n"
        )
    };
    let contexts = format!("current = \"one\"\n{}{}", context("one"), context("two"));
    private("config.toml", &contexts);
    folder
}

fn variables(folder: &TempDir, set: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let folder = folder.path().display().to_string();
    let value = |text: &str| OsString::from(text.replace("FOLDER", &folder));
    set.iter().map(|(name, text)| (OsString::from(*name), value(text))).collect()
}

type Variables<'a> = &'a [(&'a str, &'a str)];

const CLIENT: [(&str, &str); 3] =
    [("IMS_CLIENT_ID", "variables"), ("IMS_CLIENT_SECRET", "canary"), ("IMS_SCOPES", "openid")];

#[test]
fn the_first_source_that_exists_is_used_and_the_others_are_named() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("config.toml"));
    let given = discovery.clone().with_given(folder.path().join("credentials.json"));
    let document = discovery.clone().with_given(DOCUMENT);
    let context = discovery.clone().with_context("two");
    let file = [("IMS_CREDENTIALS", "FOLDER/credentials.json")];
    let inline = [("IMS_CREDENTIALS", DOCUMENT)];
    let named = [("IMS_CONTEXT", "two")];
    let all = [file[0], named[0], CLIENT[0], CLIENT[1], CLIENT[2]];
    #[rustfmt::skip]
    let table: [(&Discovery, Variables, &str, usize); 10] = [
        // discovery, variables, client id that is found, sources that it shadows
        (&discovery, &[],                              "one",       0),
        (&discovery, &CLIENT,                          "variables", 1),
        (&discovery, &named,                           "two",       1),
        (&discovery, &file,                            "file",      1),
        (&discovery, &inline,                          "document",  1),
        (&discovery, &all,                             "file",      3),
        (&discovery, &[("IMS_CREDENTIALS", "")],       "one",       0),
        (&context,   &all,                             "two",       4),
        (&given,     &all,                             "file",      4),
        (&document,  &all,                             "document",  4),
    ];
    for (discovery, set, client_id, shadowed) in table {
        let found = discovery.find_in(variables(&folder, set)).unwrap().unwrap();
        assert_eq!(found.credentials.client_id().as_str(), client_id, "{set:?}");
        assert_eq!(found.shadowed.len(), shadowed, "{set:?}: {:?}", found.shadowed);
        let first = discovery.sources_in(&variables(&folder, set), 1).unwrap();
        assert_eq!((first.len(), &first[0]), (1, &found.source), "{set:?}");
        let shown = format!("{discovery:?} {found:?} {}", found.source);
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_source_that_cannot_be_read_is_an_error() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("config.toml"));
    for set in [
        [("IMS_CREDENTIALS", "FOLDER/missing.json")],
        [("IMS_CREDENTIALS", "{\"client_id\":\"canary\"")],
        [("IMS_CREDENTIALS", "client_secret=canary")],
        [("IMS_CONTEXT", "missing")],
        [("IMS_CLIENT_ID", "client")],
    ] {
        let error = discovery.find_in(variables(&folder, &set)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let without = Discovery::new().with_contexts_file(folder.path().join("missing.toml"));
    assert!(without.find_in(Vec::new()).unwrap().is_none());
}

#[test]
fn a_source_says_where_the_credentials_are() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file("config.toml");
    let found = discovery.sources_in(&variables(&folder, &CLIENT), usize::MAX).unwrap();
    assert_eq!(found[0].to_string(), "environment variables (from the environment)");
    let context = ContextName { name: "one".to_owned(), file: "config.toml".into() };
    let source = Source::CurrentContext(context);
    assert_eq!(source.to_string(), "the current context one of config.toml");
    let source = Source::CredentialsVariable(None);
    assert_eq!(source.to_string(), "the document in IMS_CREDENTIALS");
}

#[test]
fn credentials_are_found_by_the_process_itself_and_selected_by_their_name() {
    let folder = folder();
    let credential = |name: &str| {
        format!(
            r#"{{"name":"{name}","oauth_server_to_server":{{"client_id":"{name}","client_secrets":["p8e-a"],"scopes":["openid"]}}}}"#
        )
    };
    let credentials = [credential("first"), credential("second")].join(",");
    let project = format!(
        r#"{{"project":{{"org":{{"ims_org_id":"A@AdobeOrg"}},"workspace":{{"details":{{"credentials":[{credentials}]}}}}}}}}"#
    );
    let discovery =
        Discovery::new().with_contexts_file(folder.path().join("config.toml")).with_given(project);
    // What is given comes first, whatever the variables of this process are.
    assert_eq!(discovery.sources().unwrap()[0], Source::Document);
    assert_eq!(discovery.find().unwrap_err().reason_name(), "credential_not_selected");
    for name in ["first", "second"] {
        let discovery = discovery.clone().with_credential(name);
        let found = discovery.find().unwrap().unwrap();
        assert_eq!(found.credentials.client_id().as_str(), name);
        assert_eq!(found.source, Source::Document);
        let alone = discovery.find_credentials().unwrap().unwrap();
        assert_eq!(alone.client_id().as_str(), name);
    }
}

#[test]
fn contexts_that_cannot_be_read_matter_only_if_nothing_comes_before_them() {
    let folder = folder();
    fs::write(folder.path().join("broken.toml"), "current = ").unwrap();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("broken.toml"));
    let error = discovery.sources_in(&[], usize::MAX).unwrap_err();
    assert!(matches!(error, DiscoveryError::Contexts(_)), "{error}");
    assert_eq!(error.reason_name(), "file_malformed");
    let before = discovery.sources_in(&variables(&folder, &CLIENT), usize::MAX).unwrap();
    assert_eq!(before.len(), 1, "{before:?}");
}

#[test]
fn an_error_has_the_name_and_the_hint_of_what_is_behind_it() {
    let changed = || ContextsError::Changed { path: "config.toml".into() };
    #[rustfmt::skip]
    let table = [
        (DiscoveryError::Credentials(CredentialsError::NotText), "file_malformed",   "save the file as text in UTF-8", false),
        (DiscoveryError::Contexts(changed()),                    "contexts_changed", "do it again",                    true),
        (DiscoveryError::NoFolder,                               "no_credentials",   "set HOME",                       false),
        (DiscoveryError::NotFound,                               "no_credentials",   "set IMS_CREDENTIALS to a file",  false),
    ];
    for (error, reason, to_do, is_transient) in table {
        assert_eq!(error.reason_name(), reason);
        assert!(error.hint().unwrap().starts_with(to_do), "{error:?}");
        assert_eq!(error.is_transient(), is_transient, "{error}");
    }
}

#[test]
fn a_context_that_is_named_and_current_is_one_source() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("config.toml"));
    let named =
        |name| discovery.clone().with_context(name).sources_in(&[], usize::MAX).unwrap().len();
    assert_eq!((named("one"), named("two")), (1, 2));
    let by_variable = |name| {
        let variables = variables(&folder, &[("IMS_CONTEXT", name)]);
        discovery.sources_in(&variables, usize::MAX).unwrap().len()
    };
    assert_eq!((by_variable("one"), by_variable("two")), (1, 2));
}

#[test]
fn the_variable_of_aio_that_names_a_file_is_a_source_if_it_is_not_empty() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("missing.toml"));
    let sources = |set| discovery.sources_in(&variables(&folder, set), usize::MAX).unwrap();
    assert_eq!(sources(&[("AIO_CONFIG_FILE", "aio.json")]), [Source::Variables(None)]);
    assert_eq!(sources(&[("AIO_CONFIG_FILE", "")]), []);
    assert_eq!(sources(&[("OTHER", "x")]), []);
    assert_eq!(sources(&CLIENT), [Source::Variables(Some(Form::EnvironmentVariables))]);
}

#[cfg(unix)]
#[test]
fn the_contexts_are_in_the_folder_for_configurations_which_a_relative_path_does_not_change() {
    const EXPECTED: &str = "IMS_TEST_CONTEXTS_FILE";
    if let Some(expected) = std::env::var_os(EXPECTED) {
        assert_eq!(contexts_file(), Some(expected.into()));
        return;
    }
    for (configurations, expected) in [
        ("/configurations", "/configurations/ims/config.toml"),
        ("relative", "/elsewhere/.config/ims/config.toml"),
        ("", "/elsewhere/.config/ims/config.toml"),
    ] {
        let name = "discovery::tests::\
                    the_contexts_are_in_the_folder_for_configurations_which_a_relative_path_does_not_change";
        let variables =
            [("XDG_CONFIG_HOME", configurations), ("HOME", "/elsewhere"), (EXPECTED, expected)];
        ims_testkit::run_test_with(name, &variables);
    }
}

#[test]
fn as_many_sources_are_looked_for_as_are_asked_for() {
    let folder = folder();
    let discovery = Discovery::new().with_contexts_file(folder.path().join("config.toml"));
    let given = discovery.with_given(DOCUMENT).with_context("two");
    let variables = variables(
        &folder,
        &[("IMS_CREDENTIALS", DOCUMENT), ("IMS_CONTEXT", "two"), CLIENT[0], CLIENT[1], CLIENT[2]],
    );
    let all = given.sources_in(&variables, usize::MAX).unwrap();
    assert_eq!(all.len(), 6, "{all:?}");
    for most in 1..=all.len() {
        assert_eq!(given.sources_in(&variables, most).unwrap(), all[..most]);
    }
}
