//! Which of several credentials are used.

use serde_json::json;

use super::*;

fn read(folder: &Folder, contents: &str, name: &str) -> Result<Credentials, CredentialsError> {
    Credentials::from_file_selecting(folder.write("credentials", contents, 0o600), name)
}

/// A project with a credential of each kind; two have the same name.
fn project() -> String {
    let web = json!({ "client_id": "web", "client_secret": CLIENT_SECRET, "redirect_uri": ["https://x"] });
    console(&json!([
        { "id": "1", "name": "same", "integration_type": "service", "jwt": console_jwt() },
        { "id": "2", "name": "same", "integration_type": "oauth_server_to_server",
          "oauth_server_to_server": console_oauth() },
        { "id": "3", "name": "key", "integration_type": "apikey", "apikey": { "client_id": "key" } },
        { "id": "4", "name": "older key", "integration_type": "apikey", "oauth2": { "client_id": "older" } },
        { "id": "5", "name": "web", "integration_type": "oauthweb", "oauth2": web },
        { "id": "6", "name": "page", "integration_type": "oauthsinglepageapp",
          "oauthsinglepageapp": { "client_id": "page" } },
    ]))
    .to_string()
}

#[test]
fn a_credential_of_a_project_is_selected_by_its_name_or_id() {
    let folder = Folder::with_key();
    #[rustfmt::skip]
    let table = [
        ("1",         "ServiceAccount(", "a64f5f10849a410a97ffdac8ae1"),
        ("2",         "ServerToServer(", "b64f5f10849a410a97ffdac8ae1"),
        ("key",       "ApiKey(",         "key"),
        ("3",         "ApiKey(",         "key"),
        ("older key", "ApiKey(",         "older"),
        ("web",       "User(",           "web"),
        ("page",      "User(",           "page"),
    ];
    for (name, kind, client_id) in table {
        let credentials = read(&folder, &project(), name).unwrap();
        let shown = format!("{:?}", credentials.credential());
        assert!(shown.starts_with(kind), "{name}: {shown}");
        assert_eq!(credentials.client_id().as_str(), client_id, "{name}");
    }
}

#[test]
fn several_credentials_are_refused_with_the_names_for_selection() {
    let folder = Folder::with_key();
    let several = folder.read(&project()).unwrap_err();
    assert!(chain(&several).ends_with("2 usable credentials in one file: 1, 2"), "{several:?}");
    assert_eq!(several.hint().unwrap(), "select one of them by its name");
    let ambiguous = read(&folder, &project(), "same").unwrap_err();
    let said =
        "no credential of the name that was selected; there is 1, 2, key, older key, web, page";
    assert!(chain(&ambiguous).ends_with(said), "{ambiguous:?}");
    let none = read(&folder, &console(&json!([])).to_string(), "x").unwrap_err();
    assert!(
        chain(&none).ends_with("credentials is not a list with a credential in it"),
        "{none:?}"
    );
}

#[test]
fn a_project_without_a_credential_for_servers_gives_the_one_that_it_has() {
    let folder = Folder::with_key();
    let web = json!([{ "id": "1", "name": "web", "integration_type": "oauthnativeapp",
        "oauthnativeapp": { "client_id": "web" } }]);
    let credentials = folder.read(&console(&web).to_string()).unwrap();
    assert_eq!(credentials.org_id().unwrap().as_str(), "C74F69D7594880280@AdobeOrg");
    assert!(
        matches!(credentials.credential(), Credential::User(user) if user.client_secrets.is_none())
    );
}

#[test]
fn variables_in_a_configuration_are_selected_by_their_path() {
    let folder = Folder::with_key();
    let service = json!({
        "IMS_CLIENT_ID": "one", "IMS_CLIENT_SECRET": CLIENT_SECRET, "IMS_SCOPES": "openid",
    });
    let sign_in = json!({
        "ADOBE_CLIENT_ID": "two", "ADOBE_CLIENT_SECRET": CLIENT_SECRET, "ADOBE_REDIRECT_URI": "https://a/b",
    });
    let text = json!({ "mcpServers": { "a": { "env": service }, "b": { "env": sign_in } } });
    let text = text.to_string();
    let several = folder.read(&text).unwrap_err();
    let names = "mcpServers.a.env, mcpServers.b.env";
    assert!(chain(&several).ends_with(names), "{several:?}");
    for (name, client_id, redirect_uri) in
        [("mcpServers.a.env", "one", None), ("mcpServers.b.env", "two", Some("https://a/b"))]
    {
        let selected = read(&folder, &text, name).unwrap();
        assert_eq!(selected.client_id().as_str(), client_id);
        assert_eq!(selected.redirect_uri(), redirect_uri, "{name}");
    }
}

#[test]
fn a_name_selects_nothing_in_a_form_without_names() {
    let folder = Folder::with_key();
    for text in [own(), aem(), aio()] {
        let error = read(&folder, &text.to_string(), "canary").unwrap_err();
        let said = "no credential of the name that was selected; there is none that has one";
        assert!(chain(&error).ends_with(said), "{error:?}");
    }
}

#[test]
fn a_context_of_aio_is_selected_over_the_current_one() {
    let folder = Folder::with_key();
    let mut other = aio();
    other["client_id"] = json!("other");
    let text = json!({ "ims": {
        "contexts": { "one": aio(), "other": other, "cli": { "access_token": { "token": "canary" } } },
        "config": { "current": "one" },
    }})
    .to_string();
    let client_id = |name| read(&folder, &text, name).unwrap().client_id().to_string();
    assert_eq!(folder.read(&text).unwrap().client_id().as_str(), "a64f5f10849a410a97ffdac8ae1");
    assert_eq!(client_id("one"), "a64f5f10849a410a97ffdac8ae1");
    assert_eq!(client_id("other"), "other");
    let error = read(&folder, &text, "cli").unwrap_err();
    assert!(chain(&error).ends_with("there is one, other"), "{error:?}");
}
