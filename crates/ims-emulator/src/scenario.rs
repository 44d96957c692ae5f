//! Scenario files: integrations, switches and faults written down, as TOML or JSON.

mod integration_entry;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ims_claims::{ClientId, Environment, FormatError};
use serde::{Deserialize, Serialize};

use self::integration_entry::IntegrationEntry;
use crate::{certificate::CertificateError, fault::FaultRule, integration::Integration};

/// What an emulator is set up with, read from a file.
///
/// ```
/// # use ims_emulator::Scenario;
/// let scenario = Scenario::from_toml(r#"
///     environment = "https://ims-na1.adobelogin.com"   # which IMS it stands for
///     answers_as_observed = true                       # not as documented, where the two differ
///     takes_millisecond_exp = true
///     clock_offset_seconds = -60
///     hosts = ["ims-emulator"]                         # names that clients call it by, such as a container's
///
///     [[integrations]]
///     client_id = "a64f5f10849a410a97ffdac8ae1"
///     org_id = "C74F69D7594880280@AdobeOrg"
///     technical_account_id = "6657031C5C095BB40A4@techacct.adobe.com"
///     client_secrets = ["p8e-secret"]
///     metascopes = ["ent_dataservices_sdk"]
///     scopes = ["openid", "AdobeID"]
///     ## certificates = ["-----BEGIN CERTIFICATE-----…"]
///     ## certificate_files = ["certificate_pub.crt"]    # relative to the scenario's file
///     ## client_metascopes = ["ent_user_sdk"]           # what the client has of them, if not all
///     ## redirect_uris = ["http://127.0.0.1:8000/callback"]
///     ## token_lifetime_seconds = 60
///     ## rotates_refresh_tokens = true
///     ## silent_sign_in = "login_required"              # or consent_required, interaction_required, granted
///     ## service_code = "p8e-permanent"                 # a permanent code, for service tokens
///     ## products = [{ service_code = "dma_media_library", fulfillable_data = { iid = "aid-1" } }]
///     requires_jti = true
///     ## exchange_jwt = false
///     ## migrated = true
///
///     [[faults]]
///     fault = "too_many_requests"                      # or another, by Fault::name
///     retry_after_seconds = 2
///     endpoint = "exchange_jwt"
///     client_id = "a64f5f10849a410a97ffdac8ae1"
///     every = 3
///     times = 1
/// "#)?;
/// assert_eq!(scenario.integrations().len(), 1);
/// # Ok::<(), ims_emulator::ScenarioError>(())
/// ```
#[derive(Debug)]
pub struct Scenario {
    pub(crate) environment: Option<Environment>,
    pub(crate) answers_as_observed: bool,
    pub(crate) takes_millisecond_exp: bool,
    pub(crate) clock_offset_seconds: i64,
    pub(crate) hosts: Vec<String>,
    pub(crate) integrations: Vec<Integration>,
    pub(crate) faults: Vec<FaultRule>,
}

/// A scenario that cannot be used. No error repeats what stands in it, for that may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Give a file that can be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Correct the line: it is no TOML or JSON, names what there is not, or has a value of another type or form.
    #[error("line {line} of the scenario does not say what a scenario can")]
    Malformed {
        /// Which line, counted from 1.
        line: usize,
    },
    /// Correct the base URL of `environment`.
    #[error("environment")]
    Environment(#[source] FormatError),
    /// Correct a metascope of the integration.
    #[error("a metascope of {client_id}")]
    Metascope {
        /// The integration.
        client_id: ClientId,
        /// What is wrong with it.
        source: FormatError,
    },
    /// Correct a certificate of the integration.
    #[error("a certificate of {client_id}")]
    Certificate {
        /// The integration.
        client_id: ClientId,
        /// What is wrong with it.
        source: CertificateError,
    },
}

impl Scenario {
    /// Reads a file: JSON if its first character is a brace, else TOML. Files that it names are relative to its folder.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = String::from_utf8(read(path)?);
        let text = text.map_err(|_| ScenarioError::Malformed { line: 1 })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let file: ScenarioFile =
            if text.trim_start().starts_with('{') { json(&text)? } else { toml(&text)? };
        file.scenario(folder)
    }

    /// Reads TOML. Files that it names are relative to the current folder.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        toml(text)?.scenario(Path::new(""))
    }

    /// Reads JSON. Files that it names are relative to the current folder.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        json::<ScenarioFile>(text)?.scenario(Path::new(""))
    }

    /// The integrations.
    #[must_use]
    pub fn integrations(&self) -> &[Integration] {
        &self.integrations
    }
}

fn toml(text: &str) -> Result<ScenarioFile, ScenarioError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        ScenarioError::Malformed { line: before.matches('\n').count() + 1 }
    })
}

fn json<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, ScenarioError> {
    serde_json::from_str(text).map_err(|error| ScenarioError::Malformed { line: error.line() })
}

fn read(path: &Path) -> Result<Vec<u8>, ScenarioError> {
    fs::read(path).map_err(|source| ScenarioError::Unreadable { path: path.to_owned(), source })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioFile {
    environment: Option<String>,
    #[serde(default)]
    answers_as_observed: bool,
    #[serde(default)]
    takes_millisecond_exp: bool,
    #[serde(default)]
    clock_offset_seconds: i64,
    #[serde(default)]
    hosts: Vec<String>,
    /// Scenarios of the first version call them bindings.
    #[serde(default, alias = "bindings")]
    integrations: Vec<IntegrationEntry>,
    #[serde(default)]
    faults: Vec<FaultRule>,
}

impl ScenarioFile {
    fn scenario(self, folder: &Path) -> Result<Scenario, ScenarioError> {
        let environment = self.environment.map(|text| text.parse()).transpose();
        Ok(Scenario {
            environment: environment.map_err(ScenarioError::Environment)?,
            answers_as_observed: self.answers_as_observed,
            takes_millisecond_exp: self.takes_millisecond_exp,
            clock_offset_seconds: self.clock_offset_seconds,
            hosts: self.hosts,
            integrations: self
                .integrations
                .into_iter()
                .map(|entry| entry.integration(folder))
                .collect::<Result<_, _>>()?,
            faults: self.faults,
        })
    }
}

/// Reads one integration, as the admin API is given it.
pub(crate) fn integration_from_json(text: &str) -> Result<Integration, ScenarioError> {
    let entry: IntegrationEntry = json(text)?;
    if !entry.certificate_files.is_empty() {
        // Whoever can reach the API may not make the emulator read files.
        return Err(ScenarioError::Malformed { line: 1 });
    }
    entry.integration(Path::new(""))
}

/// Writes `integrations` as a scenario in JSON, secrets and all.
pub(crate) fn to_json<'a>(integrations: impl Iterator<Item = &'a Integration>) -> String {
    let integrations = integrations.map(IntegrationEntry::from).collect();
    let file = StateFile { integrations };
    serde_json::to_string_pretty(&file)
        .expect("structs of strings, numbers and lists are always JSON")
}

/// The part of a scenario that is written.
#[derive(Serialize)]
struct StateFile {
    integrations: Vec<IntegrationEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::{certificates, keys};
    use proptest::prelude::*;

    const IDENTITY: &str = r#"{"client_id":"client","org_id":"A@AdobeOrg","technical_account_id":"B@techacct.adobe.com""#;

    fn with_integration(members: &str) -> Result<Scenario, ScenarioError> {
        Scenario::from_json(&format!("{{\"integrations\":[{IDENTITY}{members}}}]}}"))
    }

    #[test]
    fn a_file_names_certificates_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("first.crt"), certificates::FIRST).unwrap();
        let path = folder.path().join("scenario.json");
        let integration = format!("{IDENTITY},\"certificate_files\":[\"first.crt\"]}}");
        fs::write(&path, format!(" {{\"integrations\":[{integration}]}}")).unwrap();
        let scenario = Scenario::read(&path).unwrap();
        assert_eq!(scenario.integrations()[0].certificates()[0].as_der(), certificates::FIRST_DER);
        assert!(matches!(
            integration_from_json(&integration),
            Err(ScenarioError::Malformed { .. })
        ));
        let missing = Scenario::read(&folder.path().join("missing"));
        assert!(matches!(missing, Err(ScenarioError::Unreadable { .. })), "{missing:?}");
    }

    #[test]
    fn what_is_written_of_an_integration_is_what_was_read() {
        let secret = r#","client_secrets":["a","b"],"service_code":"c","scopes":["openid"]"#;
        let certificate = serde_json::to_string(certificates::FIRST).unwrap();
        let certificate =
            format!(r#","certificates":[{certificate}],"metascopes":["ent_user_sdk"]"#);
        let switches = r#","requires_jti":true,"migrated":true,"exchange_jwt":false,"rotates_refresh_tokens":true"#;
        let user = r#","silent_sign_in":"consent_required","redirect_uris":["https://x.example/"]"#;
        let product = r#","products":[{"service_code":"p","fulfillable_data":{"iid":"1"}}]"#;
        let rest = r#","client_metascopes":[],"token_lifetime_seconds":7"#;
        let members = [secret, &certificate, switches, user, product, rest].concat();
        let written = to_json(with_integration(&members).unwrap().integrations().iter());
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        let given: serde_json::Value =
            serde_json::from_str(&format!("{IDENTITY}{members}}}")).unwrap();
        for (name, value) in
            given.as_object().unwrap().iter().filter(|(name, _)| *name != "certificates")
        {
            assert_eq!(&read["integrations"][0][name], value, "{name}");
        }
        let again = Scenario::from_json(&written).unwrap();
        assert_eq!(again.integrations()[0].certificates()[0].as_der(), certificates::FIRST_DER);
    }

    #[test]
    fn an_error_says_where_it_is_and_repeats_nothing() {
        let secret = "client_secrets = \"canary\"";
        for (text, line) in [
            ("x = 1".to_owned(), 1),
            ("\n\nx x".to_owned(), 3),
            (format!("\n[[integrations]]\nclient_id = \"c\"\n{secret}\n"), 4),
        ] {
            let error = Scenario::from_toml(&text).unwrap_err();
            assert!(
                matches!(error, ScenarioError::Malformed { line: l } if l == line),
                "{error:?} {text}"
            );
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
        let key = serde_json::to_string(keys::FIRST).unwrap();
        let error = with_integration(&format!(",\"certificates\":[{key}]")).unwrap_err();
        assert!(matches!(
            error,
            ScenarioError::Certificate { source: CertificateError::PrivateKey, .. }
        ));
        let error = with_integration(",\"metascopes\":[\"a b\"]").unwrap_err();
        assert!(matches!(error, ScenarioError::Metascope { .. }), "{error:?}");
        let error = Scenario::from_toml("environment = \"x\"").unwrap_err();
        assert!(matches!(error, ScenarioError::Environment(_)), "{error:?}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[\\[integrations\\]\\]\n|client_id = \"c\"\n|[a-z]+ = |\\PC){0,20}") {
            let _ = Scenario::from_toml(&text);
            let _ = Scenario::from_json(&text);
        }
    }
}
