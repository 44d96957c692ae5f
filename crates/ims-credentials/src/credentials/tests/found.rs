//! Files of public repositories, guides and tutorials, with other values: each works, or is refused with what to do.

use super::*;

const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";

/// `text` with the words in angle brackets replaced by their values.
fn filled(text: &str) -> String {
    let key = base64::prelude::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        ims_testkit::keys::FIRST,
    );
    text.replace("<id>", CLIENT_ID)
        .replace("<secret>", "p8e-secret")
        .replace("<org>", "C74F69D7594880280@AdobeOrg")
        .replace("<account>", "6657031C5C095BB40A4@techacct.adobe.com")
        .replace("<base64>", &key)
}

#[track_caller]
fn read(name: &str, text: &str) -> Result<Credentials, CredentialsError> {
    Credentials::from_file(Folder::with_key().write(name, &filled(text), 0o600))
}

#[test]
fn oauth_server_to_server_is_read_from_what_programs_and_guides_have() {
    #[rustfmt::skip]
    let table = [
        // A tutorial of App Builder, which calls scopes metascopes.
        (".env",         "OAUTHS2S_CLIENT_ID=<id>\nOAUTHS2S_CLIENT_SECRET=<secret>\nOAUTHS2S_CECREDENTIALS_METASCOPES=AdobeID,openid\n", Form::PrefixedVariables),
        // The tool that migrates to Commerce as a Cloud Service.
        (".env",         "TARGET_ORG_ID=<org>\nADOBE_IMS_CLIENT_ID=<id>\nADOBE_IMS_CLIENT_SECRET=<secret>\nADOBE_IMS_META_SCOPES=AdobeID,openid\n", Form::PrefixedVariables),
        // Commerce starter kits: one element with a list that belongs in several.
        (".env",         "OAUTH_CLIENT_ID=<id>\nOAUTH_CLIENT_SECRETS=[\"<secret>\"]\nOAUTH_IMS_ORG_ID=<org>\nOAUTH_SCOPES=[\"AdobeID, openid\"]\n", Form::CommerceStarterKit),
        // Tests of @adobe/reactor-sdk.
        (".env",         "RSDK_ADOBE_CLIENT_ID=<id>\nRSDK_ADOBE_CLIENT_SECRET=<secret>\nRSDK_ADOBE_SCOPES=AdobeID,openid\nRSDK_ADOBE_ORG_ID=<org>\n", Form::PrefixedVariables),
        ("env.ps1",      "$env:ADOBE_CLIENT_ID = \"<id>\"\r\n$Env:ADOBE_CLIENT_SECRET = '<secret>'\r\n$env:ADOBE_SCOPES = \"AdobeID,openid\"\r\n", Form::PrefixedVariables),
        ("env.cmd",      "@echo off\r\nrem Adobe\r\nset ADOBE_CLIENT_ID=<id>\r\nset \"ADOBE_CLIENT_SECRET=<secret>\"\r\nSET ADOBE_SCOPES=AdobeID,openid\r\n", Form::PrefixedVariables),
        ("x.tfvars",     "adobe_client_id = \"<id>\"\nadobe_client_secret = \"<secret>\"\nadobe_scopes = \"AdobeID,openid\"\n", Form::PrefixedVariables),
        // The format of a secret store.
        ("secret.json",  r#"{"ADOBE_CLIENT_ID":"<id>","ADOBE_CLIENT_SECRET":"<secret>","ADOBE_SCOPES":"AdobeID,openid"}"#, Form::PrefixedVariables),
        ("params.json",  r#"{"OAUTH_CLIENT_ID":"<id>","OAUTH_CLIENT_SECRET":"<secret>","OAUTH_ORG_ID":"<org>","OAUTH_SCOPES":"AdobeID,openid"}"#, Form::CommerceStarterKit),
        ("compose.yml",  "services:\n  app:\n    environment:\n      - ADOBE_CLIENT_ID=<id>\n      - ADOBE_CLIENT_SECRET=<secret>\n      - ADOBE_SCOPES=AdobeID,openid\n", Form::NestedVariables),
        ("compose.yml",  "services:\n  app:\n    environment:\n      ADOBE_CLIENT_ID: <id>\n      ADOBE_CLIENT_SECRET: <secret>\n      ADOBE_SCOPES: AdobeID,openid\n", Form::NestedVariables),
        ("mcp.json",     r#"{"mcpServers":{"x":{"command":"node","env":{"IMS_CLIENT_ID":"<id>","IMS_CLIENT_SECRET":"<secret>","IMS_SCOPES":"AdobeID,openid"}}}}"#, Form::NestedVariables),
        ("secrets.toml", "[adobe]\nclient_id = \"<id>\"\nclient_secret = \"<secret>\"\nscopes = \"AdobeID,openid\"\n", Form::Section),
        ("x.json",       r#"{"clientId":"<id>","clientSecret":"<secret>","technicalAccountId":"<account>","orgId":"<org>","scopes":["AdobeID","openid"]}"#, Form::Imscli),
    ];
    for (name, text, form) in table {
        let credentials = read(name, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(credentials.form(), form, "{text}");
        let credential = server_to_server(credentials);
        assert_eq!(credential.client_id.as_str(), CLIENT_ID, "{text}");
        assert_eq!(credential.client_secrets.first().expose_secret(), "p8e-secret", "{text}");
        assert_eq!(texts(&credential.scopes), ["AdobeID", "openid"], "{text}");
    }
}

#[test]
fn a_service_account_is_read_from_what_programs_and_guides_have() {
    #[rustfmt::skip]
    let table = [
        // A tutorial of App Builder.
        (".env",            "JWT_CLIENT_ID=<id>\nJWT_CLIENT_SECRET=<secret>\nJWT_TECHNICAL_ACCOUNT_ID=<account>\nJWT_IMS_ORG=<org>\nJWT_METASCOPES=https://ims-na1.adobelogin.com/s/ent_user_sdk\nJWT_PRIVATE_KEY=<base64>\n"),
        // A lab of Adobe's, with the metascope that it leaves to the code.
        (".env",            "AEM_TECHNICAL_ACCOUNT_ORG=<org>\nAEM_TECHNICAL_ACCOUNT_ID=<account>\nAEM_TECHNICAL_ACCOUNT_CLIENT_ID=<id>\nAEM_TECHNICAL_ACCOUNT_CLIENT_SECRET=<secret>\nAEM_TECHNICAL_ACCOUNT_PRIVATE_KEY=private.key\nAEM_TECHNICAL_ACCOUNT_METASCOPES=ent_user_sdk\n"),
        ("connection.json", r#"{"clientId":"<id>","clientSecret":"<secret>","technicalAccountId":"<account>","orgId":"<org>","privateKeyPath":"private.key","metaScopes":["ent_user_sdk"]}"#),
    ];
    for (name, text) in table {
        let credentials = read(name, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let credential = service_account(credentials);
        assert_eq!(texts(credential.account.metascopes()), ["ent_user_sdk"], "{text}");
        let key = &credential.signing_keys.first().signing_key;
        assert_eq!(public_key(key), first_public_key(), "{text}");
    }
}

#[test]
fn metascopes_may_be_given_for_every_form_that_leaves_them_out() {
    let given = ["ent_user_sdk".parse().unwrap()];
    let account = "CLIENT_ID=<id>\nX_CLIENT_SECRET=<secret>\nX_ORG_ID=<org>\nX_TECHNICAL_ACCOUNT_ID=<account>\nX_PRIVATE_KEY=private.key\n";
    for (name, text) in [
        (".env", format!("X_{account}")),
        (".env", "CLIENTID=<id>\nCLIENTSECRET=<secret>\nIMSORGID=<org>\nTECHNICALACCOUNTID=<account>\nKEY=<base64>\n".to_owned()),
        ("x.json", r#"{"clientId":"<id>","clientSecret":"<secret>","technicalAccountId":"<account>","orgId":"<org>","privateKeyPath":"private.key"}"#.to_owned()),
    ] {
        let folder = Folder::with_key();
        let path = folder.write(name, &filled(&text), 0o600);
        let error = Credentials::from_file(&path).unwrap_err();
        assert!(error.to_string().ends_with("copes is missing") || error.to_string().ends_with("SCOPES is missing"), "{error}");
        let credentials = Credentials::from_file_with_metascopes(&path, &given).unwrap();
        assert_eq!(texts(service_account(credentials).account.metascopes()), ["ent_user_sdk"]);
    }
}

#[test]
fn what_cannot_be_used_says_what_to_do() {
    #[rustfmt::skip]
    let table = [
        (".env",           "IMS_CLIENT_ID=<id>\nIMS_CLIENT_SECRET=<secret>\n",                               "IMS_SCOPES is missing", "OAuth Server-to-Server needs IMS_CLIENT_ID"),
        (".env",           "CUSTOM_MODELS_CLIENT_ID=<id>\nCUSTOM_MODELS_CLIENT_SECRET=<secret>\n",           "CUSTOM_MODELS_SCOPES is missing", "add CUSTOM_MODELS_SCOPES with the scopes"),
        (".env",           "OWN_CLIENT_ID=<id>\nOWN_CLIENT_SECRET=x\n",                                      "no known form of credentials (members: OWN_CLIENT_ID, OWN_CLIENT_SECRET)", "add OWN_ORG_ID=…@AdobeOrg"),
        (".env",           "REACT_APP_CLIENT_ID=<id>\nREACT_APP_SCOPES=openid\n",                            "no known form of credentials (members: REACT_APP_CLIENT_ID, REACT_APP_SCOPES)", "a client without a secret"),
        (".env",           "OAUTH_CLIENT_ID=your_client_id\nOAUTH_ORG_ID=your_org_id\n",                     "OAUTH_CLIENT_ID is a placeholder, not a value", "write the value itself"),
        ("workflow.yml",   "jobs:\n  a:\n    env:\n      CLIENTID: ${{ secrets.CLIENTID }}\n      IMSORGID: ${{ secrets.IMSORGID }}\n", "jobs.a.env.CLIENTID is a placeholder, not a value", "write the value itself"),
        ("app.config.yaml", "application:\n  runtimeManifest:\n    packages:\n      app:\n        actions:\n          sync:\n            inputs:\n              OAUTH_CLIENT_ID: $OAUTH_CLIENT_ID\n              OAUTH_ORG_ID: $OAUTH_ORG_ID\n", "application.runtimeManifest.packages.app.actions.sync.inputs.OAUTH_CLIENT_ID is a placeholder, not a value", "write the value itself"),
        ("settings.py",    "ADOBE = {\"CLIENT_ID\": \"<id>\",\n \"CLIENT_SECRET\": \"<secret>\"}\n",           "this is the source of a program, not credentials", "copy the values"),
        ("env.php",        "<?php\nreturn ['client_id' => '<id>'];\n",                                       "this is the source of a program, not credentials", "copy the values"),
        ("credential.json", r#"{"technicalAccountName":"X@TECHACCT.ADOBE.COM","credential":"canary","technicalAccountId":"4F"}"#, "this is a password of Query Service, not credentials", "clients of PostgreSQL"),
        ("creds.json",     "{\"client_id\": \"<id>\",\n \"scopes\": [\"openid\",",                             "not JSON (line 2, column 21)", "correct the file at this place"),
        ("creds",          "{\"client_id\": \"<id>\",\n \"scopes\": [\"openid\",",                             "not JSON (line 2, column 21)", "correct the file at this place"),
        // A shell would read other values from these.
        ("env.ps1",        "$env:ADOBE_CLIENT_ID = \"$id\"\n",                                               "not lines of NAME=value (line 1, column 1)", "correct the file at this place"),
        ("env.cmd",        "set ADOBE_CLIENT_SECRET=%SECRET%x\n",                                            "not lines of NAME=value (line 1, column 1)", "correct the file at this place"),
    ];
    for (name, text, said, hint) in table {
        let error = read(name, text).expect_err(text);
        assert_eq!(chain(&error).split_once("cannot be used: ").unwrap().1, said, "{text}");
        assert!(error.hint().unwrap().contains(hint), "{text}: {:?}", error.hint());
    }
}

#[test]
fn the_client_of_a_sign_in_is_recognised_by_its_redirect_uri() {
    #[rustfmt::skip]
    let table = [
        (".env",              "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_REDIRECT_URI=https://localhost:8443/\nADOBE_SCOPES=openid,offline_access\n"),
        (".env",              "FRAMEIO_CLIENT_ID=<id>\nFRAMEIO_CLIENT_SECRET=<secret>\nFRAMEIO_REDIRECT_URI=https://localhost:8443/\nFRAMEIO_REFRESH_TOKEN=canary\nFRAMEIO_SCOPES=openid,offline_access\n"),
        ("x.properties",      "adobe.ims.client-id=<id>\nadobe.ims.client-secret=<secret>\nadobe.ims.redirect-uri=https://localhost:8443/\nadobe.ims.scopes=openid,offline_access\n"),
        ("appsettings.json",  r#"{"Adobe":{"ClientId":"<id>","ClientSecret":"<secret>","RedirectUri":"https://localhost:8443/","Scopes":"openid,offline_access"}}"#),
    ];
    for (name, text) in table {
        let credentials = read(name, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(credentials.redirect_uri(), Some("https://localhost:8443/"), "{text}");
        let Credential::User(credential) = credentials.credential() else { panic!("{text}") };
        assert_eq!(texts(&credential.scopes), ["openid", "offline_access"], "{text}");
        assert!(credential.client_secrets.is_some(), "{text}");
    }
    // With an organization it is a credential of a service.
    let text = "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_ORG_ID=<org>\nADOBE_REDIRECT_URI=https://x\nADOBE_SCOPES=openid\n";
    server_to_server(read(".env", text).unwrap());
}

#[test]
fn the_url_of_a_token_endpoint_selects_the_ims() {
    let text = "ADOBE_IMS_CLIENT_ID=<id>\nADOBE_IMS_CLIENT_SECRET=<secret>\nADOBE_IMS_SCOPES=openid\n\
                ADOBE_IMS_TOKEN_URL=https://ims-na1-stg1.adobelogin.com/ims/token/v3\n";
    assert_eq!(*read(".env", text).unwrap().environment(), Environment::stage());
}

#[test]
fn an_unknown_prefix_counts_only_in_a_file() {
    let variables = [
        ("OWN_CLIENT_ID", CLIENT_ID.to_owned()),
        ("OWN_CLIENT_SECRET", "p8e-secret".to_owned()),
        ("OWN_SCOPES", "openid".to_owned()),
    ];
    assert!(matches!(from_variables(&variables), Err(CredentialsError::NoVariables)));
    let text = "OWN_CLIENT_ID=<id>\nOWN_CLIENT_SECRET=<secret>\nOWN_SCOPES=openid\n";
    assert_eq!(read(".env", text).unwrap().client_id().as_str(), CLIENT_ID);
    // A known prefix comes first, and the other can be selected.
    let both = format!("{text}ADOBE_CLIENT_ID=known\nADOBE_CLIENT_SECRET=x\nADOBE_SCOPES=openid\n");
    assert_eq!(read(".env", &both).unwrap().client_id().as_str(), "known");
    let folder = Folder::with_key();
    let path = folder.write(".env", &filled(&both), 0o600);
    let selected = Credentials::from_file_selecting(path, "OWN").unwrap();
    assert_eq!(selected.client_id().as_str(), CLIENT_ID);
}
