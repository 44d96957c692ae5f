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
