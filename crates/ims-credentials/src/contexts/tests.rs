//! Contexts as the command and people write them, each test in its own folder.

use std::error::Error;

use serde_json::json;
use tempfile::TempDir;

use std::fs;

use super::*;
use crate::Credential;

const CLIENT_SECRET: &str = "canary-client-secret";

/// A folder with `credentials.json`, of two kinds in one project.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let credential = |name: &str, client_id: &str| {
        json!({ "name": name, "oauth_server_to_server": {
            "client_id": client_id, "client_secrets": [CLIENT_SECRET], "scopes": ["openid"],
        }})
    };
    let project = json!({ "project": { "org": { "ims_org_id": "A@AdobeOrg" }, "workspace": { "details": {
        "credentials": [credential("first", "one"), credential("second", "two")],
    }}}});
    fs::write(folder.path().join("credentials.json"), project.to_string()).unwrap();
    folder
}

fn chain(error: &dyn Error) -> String {
    let sources = std::iter::successors(Some(error), |&error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[test]
fn a_renamed_context_keeps_all_its_members_and_stays_current() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("config.toml");
    let mut contexts = Contexts::load(&path).unwrap();
    let file = ContextFile::new("/a.json").with_metascopes(["ent_user_sdk".parse().unwrap()]);
    contexts.add("one", &file).unwrap();
    contexts.add("two", &ContextFile::new("/b.json")).unwrap();
    let before = contexts.show("one").unwrap();
    contexts.rename("one", "three").unwrap();
    contexts.save().unwrap();
    let contexts = Contexts::load(&path).unwrap();
    assert_eq!(contexts.current(), Some("three"));
    assert_eq!(contexts.names(), ["two", "three"]);
    assert_eq!(contexts.show("three").unwrap(), before);
    assert!(before.contains(&("metascopes".to_owned(), "[\"ent_user_sdk\"]".to_owned())));
    for (name, new_name, reason) in [
        ("one", "four", "context_unknown"),
        ("two", "three", "context_exists"),
        ("two", "a b", "context_name"),
    ] {
        let error = contexts.clone().rename(name, new_name).unwrap_err();
        assert_eq!(error.reason_name(), reason, "{name} {new_name}");
    }
}

#[test]
fn a_file_that_is_not_there_has_no_contexts() {
    let folder = TempDir::new().unwrap();
    let contexts = Contexts::load(folder.path().join("none/config.toml")).unwrap();
    assert!(contexts.names().is_empty() && contexts.current().is_none());
    let unknown = contexts.credentials("x").unwrap_err();
    assert_eq!(unknown.to_string(), "there is no such context; there is none");
    // What is there and cannot be read may have contexts.
    let error = Contexts::load(folder.path()).unwrap_err();
    assert!(matches!(error, ContextsError::File(_)), "{error:?}");
}

#[test]
fn a_context_that_was_added_is_read_again_and_the_secret_stays_in_its_file() {
    let folder = folder();
    let path = folder.path().join("config/ims/config.toml");
    let file = ContextFile::new(folder.path().join("credentials.json")).with_credential("second");
    let mut contexts = Contexts::load(&path).unwrap();
    contexts.add("first-one", &file).unwrap();
    contexts.add("stage", &file.with_environment(Environment::stage())).unwrap();
    contexts.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains(CLIENT_SECRET), "{text}");
    let contexts = Contexts::load(&path).unwrap();
    assert_eq!(contexts.names(), ["first-one", "stage"]);
    assert_eq!(contexts.current(), Some("first-one"));
    for (name, environment) in
        [("first-one", Environment::production()), ("stage", Environment::stage())]
    {
        let credentials = contexts.credentials(name).unwrap();
        assert_eq!(credentials.client_id().as_str(), "two");
        assert_eq!(*credentials.environment(), environment, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file_and_a_link_to_it_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = folder();
    let path = folder.path().join("new/config.toml");
    let mut contexts = Contexts::load(&path).unwrap();
    contexts.add("one", &ContextFile::new("credentials.json")).unwrap();
    contexts.save().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let link = folder.path().join("link.toml");
    symlink(&path, &link).unwrap();
    let mut contexts = Contexts::load(&link).unwrap();
    contexts.remove("one").unwrap();
    contexts.save().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(Contexts::load(&path).unwrap().names().is_empty());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn what_another_program_wrote_meanwhile_is_not_lost() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    let (mut first, mut second) = (Contexts::load(&path).unwrap(), Contexts::load(&path).unwrap());
    first.add("one", &ContextFile::new("credentials.json")).unwrap();
    second.add("two", &ContextFile::new("credentials.json")).unwrap();
    first.save().unwrap();
    let error = second.save().unwrap_err();
    assert_eq!(chain(&error), format!("{} has changed meanwhile", path.display()));
    assert_eq!(error.hint().as_deref(), Some("do it again"));
    first.add("three", &ContextFile::new("credentials.json")).unwrap();
    first.save().unwrap();
    assert_eq!(Contexts::load(&path).unwrap().names(), ["one", "three"]);
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    fs::write(&path, "# contexts\n").unwrap();
    let add = &|name: String| loop {
        let mut contexts = Contexts::load(&path).unwrap();
        contexts.add(&name, &ContextFile::new("credentials.json")).unwrap();
        match contexts.save() {
            Err(ContextsError::Changed { .. }) => {}
            saved => return saved.unwrap(),
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || (0..4).for_each(|n| add(format!("w{writer}-{n}"))));
        }
    });
    assert_eq!(Contexts::load(&path).unwrap().names().len(), 32);
}

const BY_HAND: &str = "# mine
current = \"old\" # for now

[contexts.old]
client_id = \"client\" # from the console
client_secret = \"canary-client-secret\"
scopes = [\"openid\"]

# kept
[contexts.other]
client_id = \"client\"
client_secret_env = \"CARGO_PKG_NAME\"
scopes = [\"openid\"]
";

#[test]
fn the_comments_of_a_person_stay() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    fs::write(&path, BY_HAND).unwrap();
    let mut contexts = Contexts::load(&path).unwrap();
    contexts.switch_to("other").unwrap();
    contexts.remove("old").unwrap();
    contexts.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for kept in ["# mine\n", "current = \"other\" # for now\n", "# kept\n[contexts.other]\n"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(!text.contains("[contexts.old]"), "{text}");
    contexts.remove("other").unwrap();
    assert_eq!(contexts.current(), None);
}

#[test]
fn a_context_is_credentials_in_our_format() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    fs::write(&path, BY_HAND).unwrap();
    let contexts = Contexts::load(&path).unwrap();
    match contexts.credentials("other").unwrap().credential() {
        Credential::ServerToServer(credential) => {
            assert_eq!(credential.client_secrets.first().expose_secret(), "ims-credentials");
        }
        _ => panic!("another kind of credential"),
    }
    // The mode of a new file depends on the umask, the warning on the mode.
    #[cfg(unix)]
    for (mode, warnings) in [(0o600, 0), (0o644, 1)] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(contexts.credentials("old").unwrap().warnings().len(), warnings, "{mode:o}");
        assert_eq!(contexts.credentials("other").unwrap().warnings().len(), 0, "{mode:o}");
    }
}

#[test]
fn what_is_shown_of_a_context_is_not_a_secret() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    fs::write(&path, BY_HAND).unwrap();
    let contexts = Contexts::load(&path).unwrap();
    let shown = contexts.show("old").unwrap();
    let shown: Vec<_> = shown.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let expected =
        [("client_id", "client"), ("client_secret", "(not shown)"), ("scopes", "[\"openid\"]")];
    assert_eq!(shown, expected);
    assert!(!format!("{contexts:?}").contains("canary"), "{contexts:?}");
}

#[test]
fn what_is_wrong_is_named_and_no_value_is_repeated() {
    let folder = folder();
    let path = folder.path().join("config.toml");
    #[rustfmt::skip]
    let table = [
        ("contexts = \"canary\"",                      "contexts is not a table"),
        ("[contexts.x\nclient_secret = \"canary\"",    "not TOML (line 1, column 12)"),
        ("[contexts]\nx = canary",                     "not TOML (line 2, column 5)"),
    ];
    for (text, said) in table {
        fs::write(&path, text).unwrap();
        let error = Contexts::load(&path).unwrap_err();
        assert!(chain(&error).ends_with(said), "{}", chain(&error));
        assert!(!format!("{error:?}{}", chain(&error)).contains("canary"), "{error:?}");
    }
    #[rustfmt::skip]
    let table = [
        ("x = \"canary\"",                                       "contexts.x is not a table"),
        ("[contexts.x]\nclient_secrte = \"canary\"",             "no known form of credentials (members: client_secrte)"),
        ("[contexts.x]\nclient_id = \"c\"\nscopes = [\"a\"]",    "contexts.x.client_secret is missing"),
        ("[contexts.x]\ncredentials_file = \"credentials.json\"\nclient_id = \"canary\"", "known are credentials_file, credential, ims_url, api_url, metascopes"),
        ("[contexts.x]\ncredentials_file = \"credentials.json\"", "2 usable credentials in one file: first, second"),
    ];
    for (text, said) in table {
        let text =
            if text.starts_with("x =") { format!("[contexts]\n{text}") } else { text.to_owned() };
        fs::write(&path, &text).unwrap();
        let error = Contexts::load(&path).unwrap().credentials("x").unwrap_err();
        assert!(chain(&error).ends_with(said), "{text}: {}", chain(&error));
        assert!(!format!("{error:?}{}", chain(&error)).contains("canary"), "{error:?}");
    }
}

#[test]
fn a_new_name_is_a_free_word_and_any_other_name_must_exist() {
    let folder = folder();
    let file = ContextFile::new("credentials.json");
    let mut contexts = Contexts::load(folder.path().join("config.toml")).unwrap();
    for name in ["", "a b", "a.b", "é", "a\n"] {
        assert!(matches!(contexts.add(name, &file), Err(ContextsError::Name)), "{name}");
    }
    contexts.add("one", &file).unwrap();
    assert!(matches!(contexts.add("one", &file), Err(ContextsError::Exists { .. })));
    let unknown = "there is no such context; there is one";
    assert_eq!(contexts.switch_to("canary").unwrap_err().to_string(), unknown);
    assert_eq!(contexts.remove("canary").unwrap_err().to_string(), unknown);
    assert_eq!(contexts.show("canary").unwrap_err().to_string(), unknown);
    assert_eq!(contexts.current(), Some("one"));
}

#[test]
fn credentials_know_every_file_that_they_were_read_from() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let own = json!({
        "client_id": "one", "client_secret_file": "secret", "org_id": "A@AdobeOrg", "technical_account_id": "T@techacct.adobe.com",
        "metascopes": ["ent_dataservices_sdk"], "private_key_file": "private.key", "certificate_file": "certificate.crt",
    });
    fs::write(path("own.json"), own.to_string()).unwrap();
    ims_files::create_new(&path("secret"), b"canary").unwrap();
    ims_files::create_new(&path("private.key"), ims_testkit::keys::FIRST.as_bytes()).unwrap();
    fs::write(path("certificate.crt"), ims_testkit::certificates::FIRST).unwrap();
    fs::write(path("config.toml"), "[contexts.a]\ncredentials_file = \"own.json\"\n").unwrap();

    let credentials = Contexts::load(path("config.toml")).unwrap().credentials("a").unwrap();
    let mut files = credentials.files().to_vec();
    files.sort();
    let names = ["certificate.crt", "config.toml", "own.json", "private.key", "secret"];
    assert_eq!(files, names.map(path));
    let text = credentials.with_environment(Environment::stage());
    assert_eq!(text.files().len(), names.len(), "another IMS changes no file");
    assert!(Credentials::from_json(r#"{ "api_key": "a" }"#).unwrap().files().is_empty());
}

#[test]
fn each_error_has_a_name_and_what_to_do_if_that_is_known() {
    use ContextsError as E;
    let access = "others can read it (mode 0644)".to_owned();
    let exposed = FileError::Exposed { path: "x".into(), access, is_folder: false };
    let denied = FileError::io(Path::new("x"), "read", std::io::ErrorKind::PermissionDenied.into());
    let remedy = exposed.remedy();
    assert!(remedy.is_some());
    let not_text = || CredentialsError::NotText;
    let utf8 = || Some("save the file as text in UTF-8".to_owned());
    let (path, name) = (PathBuf::from("x"), "one".to_owned());
    #[rustfmt::skip]
    let table = [
        (E::File(exposed),                                              "file_not_used",     remedy,                          false),
        (E::File(denied),                                               "file_not_used",     None,                            false),
        (E::Wrong { path: path.clone(), problem: not_text() },          "file_malformed",    utf8(),                          false),
        (E::Unusable { name: name.clone(), problem: not_text() },       "file_malformed",    utf8(),                          false),
        (E::Changed { path },                                           "contexts_changed",  Some("do it again".to_owned()),  true),
        (E::Unknown { names: "two".to_owned() },                        "context_unknown",   None,                            false),
        (E::Exists { name },                                            "context_exists",    None,                            false),
        (E::Name,                                                       "context_name",      None,                            false),
    ];
    for (error, reason, hint, is_transient) in table {
        assert_eq!((error.reason_name(), error.hint()), (reason, hint), "{error}");
        assert_eq!(error.is_transient(), is_transient, "{error}");
    }
}

#[test]
fn a_context_has_the_url_of_its_api() {
    let folder = TempDir::new().unwrap();
    let mut contexts = Contexts::load(folder.path().join("config.toml")).unwrap();
    let file = ContextFile::new("/a.json").with_api_url("https://platform.adobe.io");
    contexts.add("one", &file).unwrap();
    let shown = contexts.show("one").unwrap();
    let expected = ("api_url".to_owned(), "https://platform.adobe.io".to_owned());
    assert!(shown.contains(&expected), "{shown:?}");
}
