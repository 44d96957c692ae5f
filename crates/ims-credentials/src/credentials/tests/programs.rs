//! Files and variables of other programs, each with its own names for the same values.

use serde_json::json;

use super::*;

const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
const ACCOUNT: &str = "6657031C5C095BB40A4@techacct.adobe.com";

/// `text` with the words in angle brackets replaced by their values.
fn filled(text: &str) -> String {
    text.replace("<id>", CLIENT_ID)
        .replace("<org>", ORG_ID)
        .replace("<account>", ACCOUNT)
        .replace("<secret>", CLIENT_SECRET)
        .replace("<key>", &ims_testkit::keys::FIRST.replace('\n', "\\n"))
}

#[track_caller]
fn read(name: &str, text: &str) -> Result<Credentials, CredentialsError> {
    Credentials::from_file(Folder::with_key().write(name, &filled(text), 0o600))
}

#[test]
fn oauth_server_to_server_is_read_whatever_the_names_are() {
    const FIREFLY: &str =
        "openid,AdobeID,session,additional_info,read_organizations,firefly_api,ff_apis";
    #[rustfmt::skip]
    let table = [
        ("tag-tool.yml",     "---\nCLIENT_ID: <id>\nCLIENT_SECRET: <secret>\nORG_ID: <org>\nSCOPES: [openid, AdobeID]\n---\n", Form::ConsoleDownload, "openid,AdobeID"),
        ("tag-tool.yml",     "---\nauth:\n  CLIENT_ID: <id>\n  CLIENT_SECRET: <secret>\n  ORG_ID: <org>\n  SCOPES: [openid, AdobeID]\nimport:\n  ./property.json\n", Form::Section, "openid,AdobeID"),
        ("auth.json",        r#"{"clientId":"<id>","clientSecrets":["<secret>"],"technicalAccountId":"<account>","imsOrgId":"<org>","environment":"prod","scopes":["openid","AdobeID"]}"#, Form::CommerceSdk, "openid,AdobeID"),
        ("analytics.env",    "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_ORG_ID=<org>\nADOBE_SCOPES=openid,AdobeID\nADOBE_SANDBOX_NAME=prod\n", Form::PrefixedVariables, "openid,AdobeID"),
        ("firefly.env",      "FIREFLY_SERVICES_CLIENT_ID=<id>\nFIREFLY_SERVICES_CLIENT_SECRET=<secret>\n", Form::PrefixedVariables, FIREFLY),
        ("pdf.env",          "PDF_SERVICES_CLIENT_ID=<id>\nPDF_SERVICES_CLIENT_SECRET=<secret>\n", Form::PrefixedVariables, "openid,AdobeID,DCAPI"),
        ("pdf.json",         r#"{"client_credentials":{"client_id":"<id>","client_secret":"<secret>"},"service_principal_credentials":{"organization_id":"<org>"}}"#, Form::PdfServices, "openid,AdobeID,DCAPI"),
        ("checkout.env",     "AIO_COMMERCE_IMS_CLIENT_ID=<id>\nAIO_COMMERCE_IMS_CLIENT_SECRETS=[\"<secret>\"]\nAIO_COMMERCE_IMS_IMS_ORG_ID=<org>\nAIO_COMMERCE_IMS_ENV=prod\nAIO_COMMERCE_IMS_SCOPES='[\"openid\",\"AdobeID\"]'\n", Form::PrefixedVariables, "openid,AdobeID"),
        ("shipping.env",     "COMMERCE_IMS_CLIENT_ID=<id>\nCOMMERCE_IMS_CLIENT_SECRET=<secret>\nCOMMERCE_IMS_ORG_ID=<org>\nCOMMERCE_IMS_SCOPES=openid, AdobeID\n", Form::PrefixedVariables, "openid,AdobeID"),
        ("kit.env",          "OAUTH_CLIENT_ID=<id>\nOAUTH_CLIENT_SECRETS='[\"<secret>\"]'\nOAUTH_IMS_ORG_ID=<org>\nOAUTH_SCOPES=openid, AdobeID\nOAUTH_HOST=https://ims-na1.adobelogin.com\n", Form::CommerceStarterKit, "openid,AdobeID"),
        ("aep.env",          "AEP_CLIENT_ID=<id>\nAEP_CLIENT_SECRET=<secret>\nAEP_ORG_ID=<org>\nAEP_TECHNICAL_ACCOUNT_ID=<account>\nAEP_SANDBOX_NAME=prod\n", Form::PrefixedVariables, "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session"),
        ("aem.env",          "AEM_CLIENT_ID=<id>\nAEM_CLIENT_SECRET=<secret>\nAEM_SCOPES=openid,AdobeID\nAEM_BASE_URL=https://author-p1-e2.adobeaemcloud.com\n", Form::PrefixedVariables, "openid,AdobeID"),
        ("plain.env",        "CLIENT_ID=<id>\nCLIENT_SECRET=<secret>\nIMS_ORG=<org>\nTECHNICAL_ACCOUNT_ID=<account>\nSCOPES=openid,AdobeID\nIMS_ENDPOINT=https://ims-na1.adobelogin.com/ims/token/v2\n", Form::PrefixedVariables, "openid,AdobeID"),
        ("postbuster.json",  r#"{"CLIENT_SECRET":"<secret>","API_KEY":"<id>","ACCESS_TOKEN":"","SCOPES":["openid","AdobeID"],"IMS":"ims-na1.adobelogin.com","IMS_ORG":"<org>","SANDBOX_NAME":""}"#, Form::ConsoleDownload, "openid,AdobeID"),
        ("appsettings.json", r#"{"AdobeIms":{"ClientId":"<id>","ClientSecret":"<secret>","OrgId":"<org>","Scopes":"openid,AdobeID"},"Logging":{"LogLevel":{"Default":"Information"}}}"#, Form::Section, "openid,AdobeID"),
        ("application.yml",  "spring:\n  application:\n    name: x\nadobe:\n  ims:\n    client-id: <id>\n    client-secret: <secret>\n    scopes: openid,AdobeID\n", Form::Section, "openid,AdobeID"),
        ("application.properties", "server.port=8080\nadobe.ims.client-id=<id>\nadobe.ims.client-secret=<secret>\nadobe.ims.scopes=openid,AdobeID\n", Form::Section, "openid,AdobeID"),
        ("values.yaml",      "replicaCount: 1\nims:\n  clientId: <id>\n  clientSecret: <secret>\n  scopes: openid,AdobeID\n", Form::Section, "openid,AdobeID"),
        ("terraform.tfvars", "client_id = \"<id>\"\nclient_secret = \"<secret>\"\norg_id = \"<org>\"\nscopes = [\"openid\", \"AdobeID\"]\n", Form::Own, "openid,AdobeID"),
    ];
    for (name, text, form, scopes) in table {
        let credentials = read(name, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(credentials.form(), form, "{name}");
        assert_eq!(*credentials.environment(), Environment::production(), "{name}");
        let credential = server_to_server(credentials);
        assert_eq!(credential.client_id.as_str(), CLIENT_ID, "{name}");
        assert_eq!(credential.client_secrets.first().expose_secret(), CLIENT_SECRET, "{name}");
        assert_eq!(texts(&credential.scopes).join(","), scopes, "{name}");
    }
}

#[test]
fn a_service_account_is_read_whatever_the_names_are() {
    #[rustfmt::skip]
    let table = [
        ("marketplace.env", "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_ORGANIZATION_ID=<org>\nADOBE_TECHNICAL_ACCOUNT_ID=<account>\nADOBE_PRIVATE_KEY=\"<key>\"\nADOBE_METASCOPES=ent_user_sdk\n", Form::PrefixedVariables),
        ("path.env",        "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_ORG_ID=<org>\nADOBE_TECHNICAL_ACCOUNT_ID=<account>\nADOBE_PRIVATE_KEY_PATH=private.key\nADOBE_METASCOPES=ent_user_sdk\n", Form::PrefixedVariables),
        ("agency.env",      "AEM_AUTH_CLIENT_ID=<id>\nAEM_AUTH_CLIENT_SECRET=<secret>\nAEM_AUTH_PRIVATE_KEY=\"<key>\"\nAEM_AUTH_ORG_ID=<org>\nAEM_AUTH_TECHNICAL_ACCOUNT_ID=<account>\nAEM_AUTH_SCOPES=ent_user_sdk\nAEM_AUTH_TYPE=jwt\n", Form::PrefixedVariables),
        ("profile.ini",     "[default]\nprivate_key = private.key\nims_base = https://ims-na1.adobelogin.com\nims_org = <org>\naccount_id = <account>\napi_key = <id>\nclient_secret = <secret>\nscopes = ent_user_sdk\n", Form::Section),
        ("acs.cfg.json",    r#"{"endpoint":"https://ims-na1.adobelogin.com/ims/exchange/jwt","loginEndpoint":"https://ims-na1.adobelogin.com/c/","privateKey":"<key>","clientId":"<id>","clientSecret":"<secret>","amcOrgId":"<org>","techAccountId":"<account>","adobeLoginClaimKey":["https://ims-na1.adobelogin.com/s/ent_user_sdk"]}"#, Form::AcsCommons),
        ("own.json",        r#"{"client_id":"<id>","client_secret":"<secret>","org_id":"<org>","technical_account_id":"<account>","metascopes":["ent_user_sdk"],"private_key":"<key>"}"#, Form::Own),
    ];
    for (name, text, form) in table {
        let credentials = read(name, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(credentials.form(), form, "{name}");
        let credential = service_account(credentials);
        assert_eq!(credential.account.client_id().as_str(), CLIENT_ID, "{name}");
        assert_eq!(credential.account.org_id().as_str(), ORG_ID, "{name}");
        assert_eq!(credential.account.technical_account_id().as_str(), ACCOUNT, "{name}");
        assert_eq!(texts(credential.account.metascopes()), ["ent_user_sdk"], "{name}");
        let key = &credential.signing_keys.first().signing_key;
        assert_eq!(public_key(key), first_public_key(), "{name}");
    }
    let workspace = "Enterprise:\n    api_key: <id>\n    org_id: <org>\n    tech_acct: <account>\n    client_secret: <secret>\n    \
                     priv_key_filename: private.key\nPlatform:\n    platform_gateway: https://platform.adobe.io\n";
    let credential = service_account(read("config.yaml", workspace).unwrap());
    assert_eq!(texts(credential.account.metascopes()), ["ent_dataservices_sdk"]);
}

#[test]
fn incomplete_credentials_and_those_of_another_grant_are_named() {
    #[rustfmt::skip]
    let table = [
        ("short.env",    "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\n",                          "ADOBE_SCOPES is missing"),
        ("lower.env",    "adobe_client_id=<id>\nadobe_client_secret=<secret>\n",                          "adobe_scopes is missing"),
        ("frame.env",    "ADOBE_CLIENT_ID=<id>\nADOBE_CLIENT_SECRET=<secret>\nADOBE_REFRESH_TOKEN=canary\n", "ADOBE_REFRESH_TOKEN is a person's refresh token, and no other value here gets tokens"),
        ("code.env",     "IMS_HOST=h\nIMS_CLIENT_ID=<id>\nIMS_CLIENT_CODE=canary\nIMS_CLIENT_SECRET=<secret>\n", "IMS_CLIENT_CODE is the permanent code of a service, and no other value here gets tokens"),
        ("secret.yaml",  "apiVersion: v1\nkind: Secret\nstringData:\n  IMS_CLIENT_ID: <id>\n",              "this is a manifest of Kubernetes, not credentials"),
        ("config.ini",   "[APICREDENTIALS]\nclient_secret=<secret>\nxapikey=<id>\norg_id=<org>\ntechnical_account_id=<account>\nprivate_key=private.key\n", "APICREDENTIALS.metascopes is missing"),
        ("two.env",      "AEP_CLIENT_ID=<id>\nAEP_CLIENT_SECRET=<secret>\nPDF_SERVICES_CLIENT_ID=<id>\nPDF_SERVICES_CLIENT_SECRET=<secret>\n", "2 usable credentials in one file: AEP, PDF_SERVICES"),
        ("google.env",   "GOOGLE_CLIENT_ID=a\nGOOGLE_CLIENT_SECRET=b\n",                                  "no known form of credentials (members: GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET)"),
        ("two-keys.json", r#"{"client_id":"<id>","client_secret":"<secret>","org_id":"<org>","technical_account_id":"<account>","metascopes":["ent_user_sdk"],"private_key":"<key>","private_key_file":"private.key"}"#, "private_key_file and private_key exclude each other"),
    ];
    for (name, text, said) in table {
        let error = read(name, text).expect_err(name);
        assert_eq!(chain(&error).split_once("cannot be used: ").unwrap().1, said, "{name}");
        assert!(error.hint().is_some(), "{name}");
    }
    let folder = Folder::with_key();
    let two = "AEP_CLIENT_ID=<id>\nAEP_CLIENT_SECRET=<secret>\nPDF_SERVICES_CLIENT_ID=other\nPDF_SERVICES_CLIENT_SECRET=<secret>\n";
    let path = folder.write("two.env", &filled(two), 0o600);
    let selected = Credentials::from_file_selecting(path, "PDF_SERVICES").unwrap();
    assert_eq!(selected.client_id().as_str(), "other");
}

#[test]
fn incomplete_variables_of_another_program_hide_no_other_credentials() {
    let set = |variables: &[(&str, &str)]| {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        from_variables(&variables)
    };
    let incomplete = [("ADOBE_CLIENT_ID", CLIENT_ID), ("ADOBE_CLIENT_SECRET", CLIENT_SECRET)];
    assert!(matches!(set(&incomplete), Err(CredentialsError::NoVariables)));
    let [id, secret] = incomplete;
    let complete =
        set(&[id, secret, ("ADOBE_SCOPES", "openid"), ("ADOBE_IMS_ENV", "stage")]).unwrap();
    assert_eq!(complete.form(), Form::PrefixedVariables);
    assert_eq!(*complete.environment(), Environment::stage());
    // A form with its own names comes first.
    let both = set(&[
        id,
        secret,
        ("ADOBE_SCOPES", "openid"),
        ("IMS_CLIENT_ID", "own"),
        ("IMS_CLIENT_SECRET", CLIENT_SECRET),
        ("IMS_SCOPES", "openid"),
    ]);
    assert_eq!(both.unwrap().client_id().as_str(), "own");
}

#[test]
fn metascopes_may_be_given_for_a_download_that_leaves_them_out() {
    let folder = Folder::with_key();
    let download = json!({
        "CLIENT_SECRET": CLIENT_SECRET, "ORG_ID": ORG_ID, "API_KEY": CLIENT_ID, "TECHNICAL_ACCOUNT_ID": ACCOUNT,
        "PUBLIC_KEYS_WITH_EXPIRY": {},
    });
    let path = folder.write("jwt.json", &download.to_string(), 0o600);
    let error = Credentials::from_file(&path).unwrap_err();
    assert!(error.hint().unwrap().contains("ent_user_sdk for User Management"), "{error:?}");
    let given = ["ent_user_sdk".parse().unwrap()];
    let credentials = Credentials::from_file_with_metascopes(&path, &given).unwrap();
    assert_eq!(texts(service_account(credentials).account.metascopes()), ["ent_user_sdk"]);
    // They also replace those of the file.
    let own = folder.write("own.json", &own_with(json!({})), 0o600);
    let credentials = Credentials::from_file_with_metascopes(own, &given).unwrap();
    assert_eq!(texts(service_account(credentials).account.metascopes()), ["ent_user_sdk"]);
}
