//! A value that cannot be right is refused by name, and white space around a value is removed.

use serde_json::json;

use super::*;

const SWAPPED: &str = "client_id looks like a client secret, not like a client id";

#[test]
fn a_secret_that_cannot_be_right_is_refused_with_its_member() {
    let folder = Folder::with_key();
    folder.write("blank", " \n", 0o600);
    let s2s = |secret: Value| {
        json!({ "client_id": "client", "client_secret": secret, "scopes": ["openid"] }).to_string()
    };
    let list = |secrets: Value| {
        json!({ "client_id": "client", "client_secrets": secrets, "scopes": ["openid"] })
            .to_string()
    };
    let mut aem = aem();
    aem["integration"]["technicalAccount"]["clientSecret"] = json!("");
    let blank = json!({ "client_id": "c", "client_secret_file": "blank", "scopes": ["openid"] });
    let swapped = json!({ "client_id": "p8e-x", "client_secret": "c", "scopes": ["openid"] });
    let passphrase =
        json!({ "private_key_file": "encrypted.key", "private_key_passphrase_file": "blank" });
    #[rustfmt::skip]
    let table = [
        (own_with(passphrase),                "private_key_passphrase_file is empty"),
        (s2s(json!("")),                      "client_secret is empty"),
        (s2s(json!("  ")),                    "client_secret is empty"),
        (s2s(json!("p8e-x\n")),               "client_secret ends with a line break"),
        (s2s(json!("p8e-x\u{a0}")),           "client_secret contains a no-break space"),
        (s2s(json!("\"p8e-x\"")),             "client_secret is in quotation marks that are part of it"),
        (s2s(json!("A@AdobeOrg")),            "client_secret is the id of an organization or a technical account"),
        (s2s(json!(12_345_678)),              "client_secret is a number or true or false, not a string"),
        (list(json!(["p8e-x", ""])),          "client_secrets[1] is empty"),
        (list(json!([{ "file": "blank" }])),  "client_secrets[0] is empty"),
        (list(json!([12])),                   "client_secrets[0] is a number or true or false, not a string"),
        (blank.to_string(),                   "client_secret_file is empty"),
        (swapped.to_string(),                 SWAPPED),
        (aem.to_string(),                     "integration.technicalAccount.clientSecret is empty"),
        (own_with(json!({ "private_key_file": null, "private_key": "x" })), "unknown member private_key, did you mean private_key_file?"),
    ];
    for (text, said) in table {
        assert_eq!(folder.refusal(&text), said, "{text}");
    }
}

#[test]
fn white_space_around_an_identifier_is_removed() {
    let credential = Folder::with_key().server_to_server(
        &json!({
            "client_id": " client\n", "client_secret": "p8e-x", "scopes": [" openid ", "AdobeID"],
            "org_id": "A@AdobeOrg\u{a0}",
        })
        .to_string(),
    );
    assert_eq!(credential.client_id.as_str(), "client");
    assert_eq!(credential.org_id.unwrap().as_str(), "A@AdobeOrg");
    assert_eq!(texts(&credential.scopes), ["openid", "AdobeID"]);
}

#[test]
fn a_variable_that_cannot_be_right_is_refused_with_its_name() {
    let set = |name: &'static str, value: &str| {
        let mut variables = vec![
            ("IMS_CLIENT_ID", "client".to_owned()),
            ("IMS_CLIENT_SECRET", "p8e-x".to_owned()),
            ("IMS_ORG_ID", "A@AdobeOrg".to_owned()),
            ("IMS_TECHNICAL_ACCOUNT_ID", "B@techacct.adobe.com".to_owned()),
            ("IMS_METASCOPES", "ent_user_sdk".to_owned()),
            ("IMS_PRIVATE_KEY", ims_testkit::keys::FIRST.to_owned()),
        ];
        variables.retain(|(other, _)| *other != name);
        variables.push((name, value.to_owned()));
        from_variables(&variables)
    };
    let encoded =
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, ims_testkit::keys::FIRST);
    assert!(set("IMS_PRIVATE_KEY", &encoded).is_ok());
    #[rustfmt::skip]
    let table = [
        ("IMS_CLIENT_SECRET", "p8e-x\n",             "IMS_CLIENT_SECRET ends with a line break"),
        ("IMS_CLIENT_SECRET", " ",                   "IMS_CLIENT_SECRET is empty"),
        ("IMS_CLIENT_ID",     "p8e-x",               SWAPPED),
        ("IMS_PRIVATE_KEY",   "/run/private.key",    "IMS_PRIVATE_KEY is too short for a private key"),
    ];
    for (name, value, said) in table {
        assert_eq!(set(name, value).unwrap_err().to_string(), said, "{name}");
    }
}

#[test]
fn two_different_keys_in_one_file_are_refused_with_the_file() {
    let folder = Folder::with_key();
    let both = format!("{}{}", ims_testkit::keys::FIRST, ims_testkit::keys::SECOND);
    let path = folder.write("both.key", &both, 0o600);
    let said = folder.refusal(&own_with(json!({ "private_key_file": "both.key" })));
    assert_eq!(said, format!("{} holds two different private keys", path.display()));
}

#[test]
fn a_document_in_place_of_a_path_is_never_repeated() {
    let document = r#"{"client_id":"canary","client_secret":"canary","scopes":["openid"]}"#;
    let key = ims_testkit::keys::FIRST;
    for text in [
        document,
        "[\"canary\"]",
        "client_secret=canary",
        "a: canary\nb: canary",
        key,
        "<a>canary</a>",
    ] {
        let error = Credentials::from_file(text).unwrap_err();
        assert!(matches!(error, CredentialsError::NotPath), "{error:?}");
        assert!(error.hint().is_some(), "{error:?}");
    }
    for text in
        ["[\"canary\"]", "client_secret=canary", "client_secret: canary", key, "<a>canary</a>"]
    {
        let variables = [("AIO_CONFIG_FILE", text.to_owned())];
        let error = from_variables(&variables).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(
            said.starts_with("the document in AIO_CONFIG_FILE: ") && !said.contains("canary"),
            "{said}"
        );
    }
    let variables = [("AIO_CONFIG_FILE", document.to_owned())];
    assert_eq!(from_variables(&variables).unwrap().client_id().as_str(), "canary");
}

#[test]
fn credentials_are_read_from_memory() {
    let document = r#"{"client_id":"client","client_secret":"p8e-x","scopes":["openid"]}"#;
    let from_str: Credentials = document.parse().unwrap();
    let toml: Credentials =
        "client_id = \"client\"\nclient_secret = \"p8e-x\"\nscopes = [\"openid\"]".parse().unwrap();
    let from_json = Credentials::from_json(document).unwrap();
    let from_reader = Credentials::from_reader(document.as_bytes()).unwrap();
    for credentials in [from_str, toml, from_json, from_reader] {
        assert_eq!(credentials.client_id().as_str(), "client");
        assert_eq!(credentials.form(), Form::Own);
    }
    let error = Credentials::from_reader(&b"\xff"[..]).unwrap_err();
    assert!(matches!(error, CredentialsError::NotText), "{error:?}");
    let error = Credentials::from_json("client_id = 1").unwrap_err();
    assert!(matches!(error, CredentialsError::Syntax { .. }), "{error:?}");
}

#[test]
fn the_word_external_names_a_signer_of_the_program() {
    let text = own_with(json!({ "private_key_file": null, "signer": "external" }));
    let account = Folder::with_key().service_account(&text);
    let key = &account.signing_keys.first().signing_key;
    assert!(matches!(key, SigningKey::External), "{key:?}");
}

#[test]
fn a_text_that_is_not_credentials_has_the_remedy_of_its_kind() {
    #[rustfmt::skip]
    let table = [
        ("",                                                   "an empty text",  "the redirection that should have written"),
        (" \n",                                                "an empty text",  "the redirection that should have written"),
        ("<html>",                                             "a web page",     "name a file of credentials"),
        (ims_testkit::keys::FIRST,                             "a private key",  "name a file of credentials"),
    ];
    for (text, kind, remedy) in table {
        let error = text.parse::<Credentials>().unwrap_err();
        assert!(chain(&error).contains(kind), "{kind}: {}", chain(&error));
        assert!(error.hint().unwrap().contains(remedy), "{kind}: {:?}", error.hint());
    }
}

#[cfg(all(feature = "toml", not(feature = "formats")))]
#[test]
fn a_language_that_is_not_built_in_is_named_and_a_mistake_in_json_is_reported_as_json() {
    #[rustfmt::skip]
    let table = [
        ("{\"client_id\": \"x\",",             "not JSON (line 1, column 18)",                         "correct the file at this place"),
        ("{client_id: x}",                      "Hjson needs the feature \"formats\", which this program was built without", "build the program with the feature \"formats\" of the crate ims"),
        ("IMS_CLIENT_ID=x\nIMS_SCOPES=openid\n", "lines of NAME=value needs the feature \"formats\", which this program was built without", "build the program with the feature \"formats\" of the crate ims"),
    ];
    for (text, said, hint) in table {
        let error = text.parse::<Credentials>().unwrap_err();
        assert_eq!(
            (error.to_string(), error.hint()),
            (said.to_owned(), Some(hint.to_owned())),
            "{text}"
        );
    }
}
