//! No error, warning or `Debug` of credentials shows a secret or a value.

use serde_json::{Value, json};

use super::*;

/// Everything of `error` that a person or a log could show.
fn shown(error: &dyn Error) -> String {
    let shown: Vec<_> = sources(error).map(|error| format!("{error} {error:?}")).collect();
    shown.join("\n")
}

/// One of each form that is JSON.
fn forms() -> Vec<Value> {
    let migrating =
        json!([{ "name": "n", "jwt": console_jwt(), "oauth_server_to_server": console_oauth() }]);
    let hardware = json!({
        "private_key_file": null, "signer": "pkcs11:token=t?pin-value=canary-pin&module-path=/nonexistent",
    });
    let several = json!({
        "client_secret": null, "client_secrets": [CLIENT_SECRET, { "file": "client.secret" }],
        "private_key_file": null, "certificate_file": null,
        "keys": [{ "private_key_file": "encrypted.key", "private_key_passphrase_file": "passphrase" }],
    });
    let own_with = |changes| serde_json::from_str(&own_with(changes)).unwrap();
    let web = json!({
        "client_id": "web", "client_secret": CLIENT_SECRET, "redirect_uri": ["https://example.com"],
        "defaultRedirectUri": "https://example.com",
    });
    let common = json!({
        "org_id": "C74F69D7594880280@AdobeOrg", "client_id": "a64f5f10849a410a97ffdac8ae1",
        "tech_id": "6657031C5C095BB40A4@techacct.adobe.com", "secret": CLIENT_SECRET,
        "pathToKey": "private.key", "environment": "prod", "sandbox-name": "prod",
    });
    vec![
        own(),
        own_with(hardware),
        own_with(several),
        own_with(json!({ "client_secret": null, "client_secret_command": echo(CLIENT_SECRET) })),
        json!({ "user": true, "client_id": "web", "client_secret": CLIENT_SECRET, "scopes": ["openid"] }),
        json!({ "api_key": "key", "org_id": "A@AdobeOrg" }),
        aem(),
        console(&json!([{ "name": "n", "jwt": console_jwt() }])),
        console(&migrating),
        console(&json!([{ "name": "n", "integration_type": "oauthweb", "oauth2": web }])),
        aio(),
        json!({ "ims": { "contexts": { "one": aio() } } }),
        json!({ "ims": { "contexts": { "one": web } } }),
        json!({
            "client_credentials": { "client_id": "client", "client_secret": CLIENT_SECRET },
            "service_account_credentials": {
                "organization_id": "A@AdobeOrg", "account_id": "B@techacct.adobe.com",
                "private_key_file": "private.key", "claim": "ent_user_sdk",
                "ims_base_uri": "https://ims-na1.adobelogin.com",
            },
        }),
        common,
        json!({
            "clientId": "client", "technicalAccountId": "B@techacct.adobe.com", "orgId": "A@AdobeOrg",
            "clientSecret": CLIENT_SECRET, "privateKey": ims_testkit::keys::FIRST, "passphrase": "canary",
            "metaScopes": ["ent_user_sdk"], "ims": "https://ims-na1.adobelogin.com",
        }),
    ]
}

/// The JSON pointers of everything below `value`, without `value` itself.
fn pointers(value: &Value) -> Vec<String> {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(values) => {
            values.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(name, value): (String, &Value)| {
        let nested = pointers(value).into_iter().map(|pointer| format!("/{name}{pointer}"));
        std::iter::once(format!("/{name}")).chain(nested).collect::<Vec<_>>()
    };
    members.into_iter().flat_map(below).collect()
}

#[test]
fn debug_shows_no_secret_of_any_form() {
    let folder = Folder::with_key();
    for form in forms() {
        let credentials = folder.read(&form.to_string()).unwrap();
        let shown = format!("{credentials:?} {:?}", credentials.credential());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!shown.contains("PRIVATE KEY"), "{shown}");
        let has_secret = !matches!(credentials.credential(), Credential::ApiKey(_));
        assert_eq!(shown.contains("ClientSecret(..)"), has_secret, "{shown}");
    }
}

#[test]
fn no_error_repeats_a_value_of_the_wrong_type_or_form() {
    let folder = Folder::with_key();
    let mut errors = 0;
    for form in forms() {
        for pointer in pointers(&form) {
            // A path is shown on purpose: without it no one could know which file is meant.
            let is_path = ["_file", "/file", "/private_key", "/pathToKey"];
            let is_path = is_path.iter().any(|path| pointer.ends_with(path));
            for wrong in
                [json!("canary \u{7} canary"), json!([["canary"]]), json!({ "x": "canary" })]
            {
                let mut changed = form.clone();
                *changed.pointer_mut(&pointer).unwrap() = wrong.clone();
                let Err(error) = folder.read(&changed.to_string()) else { continue };
                let shown = shown(&error);
                assert!(
                    is_path && wrong.is_string() || !shown.contains("canary"),
                    "{pointer}: {shown}"
                );
                errors += 1;
            }
        }
    }
    assert!(errors > 100, "{errors} errors are too few to have tried anything");
}

#[test]
fn a_key_in_place_of_its_path_is_not_repeated() {
    let folder = Folder::with_key();
    let key = ims_testkit::keys::FIRST;
    let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for name in ["private_key_file", "certificate_file"] {
        for misplaced in [key.to_owned(), key.replace('\n', "\\n"), base64.clone()] {
            let error = folder.read(&own_with(json!({ name: misplaced }))).unwrap_err();
            assert!(!shown(&error).contains(&base64[100..140]), "{error:?}");
            assert_eq!(chain(&error).rsplit(": ").next(), Some(&*format!("{name} is not a path")));
        }
    }
}

#[cfg(unix)]
#[test]
fn no_warning_repeats_a_value() {
    let folder = Folder::with_key();
    let warnings = |form: &Value| {
        let path = folder.write("credentials", &form.to_string(), 0o644);
        Credentials::from_file(path).unwrap().warnings().to_vec()
    };
    let warnings: Vec<String> = forms().iter().flat_map(warnings).collect();
    assert!(warnings.len() > 10, "{warnings:?}");
    assert!(!format!("{warnings:?}").contains("canary"), "{warnings:?}");
}

/// The forms that are lines: no value but paths may ever be shown.
#[cfg(feature = "formats")]
mod lines {
    use super::*;

    const FILES: [(&str, &str); 9] = [
        (
            "umapi.yml",
            "authentication_method: jwt\nserver:\n  ims_host: ims-na1.adobelogin.com\nenterprise:\n  org_id: A@AdobeOrg\n  \
             client_id: client\n  client_secret: canary-secret\n  tech_acct: B@techacct.adobe.com\n  \
             priv_key_data: canary-key\n  priv_key_pass: canary-pass\n",
        ),
        (
            "usermanagement.config",
            "[server]\nims_host = ims-na1.adobelogin.com\n[enterprise]\ndomain = canary\norg_id = A@AdobeOrg\n\
             api_key = client\nclient_secret = canary-secret\ntech_acct = B@techacct.adobe.com\n\
             priv_key_data = canary-key\n",
        ),
        (
            "config.ini",
            "[default]\napiKey = client\ntechnicalAccountId = B@techacct.adobe.com\norgId = A@AdobeOrg\n\
             secret = canary-secret\nmetascopes = ent_user_sdk\nkey_path = private.key\n",
        ),
        (
            "workspace.properties",
            "aio_ims_url=https://ims-na1.adobelogin.com\naio_ims_org_id=A@AdobeOrg\naio_api_key=client\n\
             aio_client_secret=canary-secret\naio_technical_account_id=B@techacct.adobe.com\n\
             aio_meta_scopes=/s/ent_user_sdk\naio_encoded_pkcs8=canary-key\n",
        ),
        (
            "imscli.yaml",
            "url: https://ims-na1.adobelogin.com\nclientid: client\nclientsecret: canary-secret\n\
             organization: A@AdobeOrg\nscopes: [openid]\nrefreshtoken: canary-token\n",
        ),
        (
            ".env",
            "IMS_OAUTH_S2S_CLIENT_ID=client\nIMS_OAUTH_S2S_CLIENT_SECRET='canary-secret'\n\
             IMS_OAUTH_S2S_ORG_ID=A@AdobeOrg\nIMS_OAUTH_S2S_SCOPES=[\"openid\"]\n",
        ),
        (
            "aio.env",
            "AIO_ims_contexts_one_client__id=client\nAIO_ims_contexts_one_client__secrets=[\"canary-secret\"]\n\
             AIO_ims_contexts_one_ims__org__id=A@AdobeOrg\nAIO_ims_contexts_one_scopes=[\"openid\"]\n\
             AIO_ims_contexts_one_env=prod\n",
        ),
        (
            "reactor.env",
            "REACTOR_IO_INTEGRATION_CLIENT_ID=client\nREACTOR_IO_INTEGRATION_CLIENT_SECRET=\"canary-secret\"\n\
             REACTOR_IO_INTEGRATION_ACCESS_TOKEN=canary-token\n",
        ),
        (
            ".aio",
            "{\n  ims: {\n    contexts: {\n      one: {\n        client_id: client\n        client_secret: canary-secret\n\
             scopes: [\"openid\"]\n        ims_org_id: A@AdobeOrg\n        access_token: {\n token: canary\n }\n      }\n    }\n  \
             }\n}\n",
        ),
    ];

    #[track_caller]
    fn assert_untold(folder: &Folder, name: &str, text: &str) -> bool {
        let read = Credentials::from_file(folder.write(name, text, 0o644));
        let shown = match &read {
            Ok(credentials) => format!("{credentials:?} {:?}", credentials.warnings()),
            Err(error) => shown(error),
        };
        assert!(!shown.contains("canary"), "{name}: {text}: {shown}");
        read.is_err()
    }

    #[test]
    fn an_error_repeats_nothing_of_a_file_that_ends_too_early() {
        let folder = Folder::with_key();
        for (name, text) in FILES {
            assert!(!assert_untold(&folder, name, text), "{name} is right when it is whole");
            let refused = (0..text.len()).filter(|end| assert_untold(&folder, name, &text[..*end]));
            assert!(refused.count() > 30, "{name}");
        }
    }

    #[test]
    fn an_error_repeats_nothing_of_a_value_that_is_wrong() {
        let folder = Folder::with_key();
        let mut refused = 0;
        for (name, text) in FILES {
            for (index, line) in text.lines().enumerate() {
                let Some(end) = line.find(['=', ':']) else { continue };
                // A path is shown on purpose.
                if line.starts_with("key_path") {
                    continue;
                }
                for wrong in
                    ["canary \u{7} canary", "[canary, [canary]]", "{canary: \"canary", "\"canary"]
                {
                    let changed = format!("{} {wrong}", &line[..=end]);
                    let lines = text.lines().enumerate();
                    let lines = lines.map(|(at, line)| if at == index { &changed } else { line });
                    let text = lines.collect::<Vec<&str>>().join("\n");
                    refused += usize::from(assert_untold(&folder, name, &text));
                }
            }
        }
        assert!(refused > 100, "{refused} refusals are too few to have tried anything");
    }
}
