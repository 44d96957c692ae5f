//! Credentials files of each form, as users have them, each test in its own folder.

use std::{error::Error, fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::{ServerToServerCredential, ServiceAccountCredential, SigningKey};

mod canaries;
mod downloads;
mod files;
mod forms;
#[cfg(feature = "formats")]
mod found;
#[cfg(feature = "formats")]
mod programs;
mod references;
mod selection;
mod strict;
#[cfg(feature = "formats")]
mod variants;
#[cfg(feature = "formats")]
mod wild;

const CLIENT_SECRET: &str = "canary-client-secret";

/// A folder that is removed at the end of the test.
struct Folder(TempDir);

impl Folder {
    /// A folder with `private.key`, `encrypted.key` and its `passphrase`, `certificate_pub.crt` and `client.secret`.
    fn with_key() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("private.key", ims_testkit::keys::FIRST, 0o600);
        folder.write("encrypted.key", ims_testkit::keys::FIRST_PBES2_AES256_SHA256, 0o600);
        folder.write("passphrase", &format!("{}\r\n", ims_testkit::PASSPHRASE), 0o600);
        folder.write("certificate_pub.crt", ims_testkit::certificates::FIRST, 0o644);
        folder.write("client.secret", &format!("{CLIENT_SECRET}\n"), 0o600);
        folder
    }

    fn write(&self, name: &str, contents: &str, mode: u32) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, contents).unwrap();
        set_mode(&path, mode);
        path
    }

    /// Reads credentials in this folder.
    fn read(&self, contents: &str) -> Result<Credentials, CredentialsError> {
        Credentials::from_file(self.write("credentials", contents, 0o600))
    }

    #[track_caller]
    fn service_account(&self, contents: &str) -> ServiceAccountCredential {
        service_account(self.read(contents).unwrap())
    }

    #[track_caller]
    fn server_to_server(&self, contents: &str) -> ServerToServerCredential {
        server_to_server(self.read(contents).unwrap())
    }

    /// The error for credentials that cannot be used, with the sources after the name of the file.
    #[track_caller]
    fn refusal(&self, contents: &str) -> String {
        chain(&self.read(contents).unwrap_err()).split_once(": ").unwrap().1.to_owned()
    }
}

/// A command that prints `text`.
fn echo(text: &str) -> Value {
    // On Windows it is a word of the shell, and no program.
    let words = if cfg!(windows) { vec!["cmd", "/c", "echo", text] } else { vec!["echo", text] };
    words.into()
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) {}

#[track_caller]
fn service_account(credentials: Credentials) -> ServiceAccountCredential {
    match credentials.credential {
        Credential::ServiceAccount(credential) => credential,
        _ => panic!("another kind of credential"),
    }
}

#[track_caller]
fn server_to_server(credentials: Credentials) -> ServerToServerCredential {
    match credentials.credential {
        Credential::ServerToServer(credential) => credential,
        _ => panic!("another kind of credential"),
    }
}

/// Reads variables as they come from the system.
fn from_variables(variables: &[(&str, String)]) -> Result<Credentials, CredentialsError> {
    from_variables_selecting(variables, None)
}

fn from_variables_selecting(
    variables: &[(&str, String)],
    name: Option<&str>,
) -> Result<Credentials, CredentialsError> {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Credentials::of_variables(variables, name)
}

/// The public key, which shows that the private one was read and can sign.
#[track_caller]
fn public_key(signing_key: &SigningKey) -> Vec<u8> {
    use ims_sign::{Passphrase, PemSigner, Signer};
    use secrecy::ExposeSecret;

    let SigningKey::File { contents, passphrase } = signing_key else { panic!("{signing_key:?}") };
    let passphrase = passphrase.as_ref();
    let passphrase = passphrase.map(|text| Passphrase::new(text.expose_secret().to_owned()));
    let signer = PemSigner::from_bytes(contents.expose_secret(), passphrase.as_ref()).unwrap();
    signer.public_key().spki_der().to_vec()
}

/// The public key that belongs to `private.key`.
fn first_public_key() -> Vec<u8> {
    let file = ims_testkit::keys::FIRST_PUBLIC.as_bytes();
    ims_sign::PublicKey::from_bytes(file).unwrap().spki_der().to_vec()
}

fn sources(error: &dyn Error) -> impl Iterator<Item = &dyn Error> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn chain(error: &dyn Error) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// Our own form for a service account, as a value that a test can change.
fn own() -> Value {
    serde_json::json!({
        "client_id": "a64f5f10849a410a97ffdac8ae1",
        "client_secret": CLIENT_SECRET,
        "org_id": "C74F69D7594880280@AdobeOrg",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "metascopes": ["ent_dataservices_sdk", "ent_user_sdk"],
        "private_key_file": "private.key",
        "certificate_file": "certificate_pub.crt",
        "ims_url": "https://ims-na1-stg1.adobelogin.com",
    })
}

/// Our own form with `changes` applied to it; `null` removes a member.
fn own_with(changes: Value) -> String {
    let (mut members, Value::Object(changes)) = (own(), changes) else {
        panic!("changes are an object")
    };
    for (name, value) in changes {
        members[name] = value;
    }
    members.to_string()
}

/// AEM service credentials, the key as PKCS#1 with the line ends of Windows.
fn aem() -> Value {
    serde_json::json!({
        "ok": true,
        "integration": {
            "imsEndpoint": "ims-na1.adobelogin.com",
            "metascopes": "ent_aem_cloud_api,ent_cloudmgr_sdk",
            "technicalAccount": {
                "clientId": "cm-p12345-e67890-integration-0",
                "clientSecret": CLIENT_SECRET,
            },
            "email": "another@techacct.adobe.com",
            "id": "6657031C5C095BB40A4@techacct.adobe.com",
            "org": "C74F69D7594880280@AdobeOrg",
            "privateKey": ims_testkit::keys::FIRST_PKCS1.replace('\n', "\r\n"),
            "publicKey": ims_testkit::certificates::FIRST.replace('\n', "\r\n"),
            "certificateExpirationDate": "2027-11-21T02:16:08.000Z",
        },
        "statusCode": 200,
    })
}

/// The `jwt` of a credential in a project of Adobe's Developer Console.
fn console_jwt() -> Value {
    serde_json::json!({
        "client_id": "a64f5f10849a410a97ffdac8ae1",
        "client_secret": CLIENT_SECRET,
        "technical_account_email": "another@techacct.adobe.com",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "meta_scopes": ["ent_dataservices_sdk"],
    })
}

/// The `oauth_server_to_server` of a credential in a project of Adobe's Developer Console.
fn console_oauth() -> Value {
    serde_json::json!({
        "client_id": "b64f5f10849a410a97ffdac8ae1",
        "client_secrets": [CLIENT_SECRET, "canary-older-secret"],
        "technical_account_email": "another@techacct.adobe.com",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "scopes": ["openid", "AdobeID"],
    })
}

/// A project of Adobe's Developer Console with these credentials.
fn console(credentials: &Value) -> Value {
    serde_json::json!({ "project": {
        "id": "4566206088344", "name": "123Project", "title": "Project",
        "org": { "id": "25591412", "name": "Example", "ims_org_id": "C74F69D7594880280@AdobeOrg" },
        "workspace": {
            "id": "4566206088345", "name": "Production",
            "action_url": "https://example.adobeioruntime.net", "app_url": "https://example.adobeio-static.net",
            "details": {
                "credentials": credentials,
                "services": [{ "code": "AdobeIOManagementAPISDK", "name": "I/O Management API" }],
                "runtime": { "namespaces": [{ "name": "example", "auth": "canary-auth" }] },
            },
        },
    }})
}

/// A context of `aio` for a service account.
fn aio() -> Value {
    serde_json::json!({
        "client_id": "a64f5f10849a410a97ffdac8ae1",
        "client_secret": CLIENT_SECRET,
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "meta_scopes": ["ent_cloudmgr_sdk"],
        "ims_org_id": "C74F69D7594880280@AdobeOrg",
        "private_key": ims_testkit::keys::FIRST,
        "oauth_enabled": false,
        "access_token": { "token": "canary-token", "expiry": 1_800_000_000_000_i64 },
    })
}

/// Gives the file to another user and group; `false` if this user may not.
#[cfg(unix)]
#[track_caller]
fn give(path: &Path, owner: u32, group: u32) -> bool {
    match std::os::unix::fs::chown(path, Some(owner), Some(group)) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => false,
        Err(error) => panic!("{error}"),
    }
}
