//! Scenario files: integrations, switches and faults written down, as TOML or JSON.

pub(crate) mod members;

use std::{
    ffi::OsStr,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use ims_claims::Environment;
use serde::{Deserialize, Serialize};

use self::members::{INTEGRATION, SCENARIO};
use crate::{
    certificate::{Certificate, CertificateError},
    fault::FaultRule,
    input::{self, Checked, InputError},
    integration::{self, Integration},
    user::User,
};

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
///     ## redirect_uri_patterns = ['https://.*\.example\.com/callback']
///     ## default_redirect_uri = "http://127.0.0.1:8000/callback"
///     ## allowed_origins = ["http://localhost:3000"]    # for pages (CORS), next to those of the redirect URIs
///     ## token_lifetime_seconds = 60
///     ## rotates_refresh_tokens = true
///     ## silent_sign_in = "login_required"              # or consent_required, interaction_required, granted
///     ## service_code = "p8e-permanent"                 # a permanent code, for service tokens
///     ## products = [{ service_code = "dma_media_library", fulfillable_data = { iid = "aid-1" } }]
///     requires_jti = true
///     ## exchange_jwt = false
///     ## migrated = true
///
///     [[users]]                                        # without any there is one user
///     id = "ABCDEF0123456789@AdobeID"
///     email = "ada@example.com"
///     first_name = "Ada"
///     last_name = "Lovelace"
///     account_type = "enterprise"                      # or individual, federated
///     country = "GB"
///     organizations = [{ id = "C74F69D7594880280@AdobeOrg", name = "Example" }]
///     roles = [{ organization = "C74F69D7594880280@AdobeOrg", role = "org_admin" }]
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
    pub(crate) users: Vec<User>,
    pub(crate) faults: Vec<FaultRule>,
    notes: Vec<String>,
}

/// A scenario that cannot be used. No error repeats a value of it, which may be secret.
///
/// ```
/// use ims_emulator::Scenario;
///
/// match Scenario::from_toml("answers_as_observed = 1") {
///     Ok(scenario) => println!("{} integrations", scenario.integrations().len()),
///     Err(error) => println!("{error}"), // the member, its line, and what is expected
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Give a file that can be read.
    #[error("cannot read {}", ims_files::shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Correct the member that the error names.
    #[error("{}{error}", in_file(path.as_deref()))]
    Invalid {
        /// The file, if it was one.
        path: Option<PathBuf>,
        /// What is wrong, and where.
        error: InputError,
    },
    /// Correct the file of certificates, or name another.
    #[error("{}: {source}", ims_files::shown(path))]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertificateError,
    },
}

fn in_file(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |path| format!("{}: ", ims_files::shown(path)))
}

impl Scenario {
    /// Reads a file: JSON or TOML as the end of its name says; if that says neither, JSON if its first character is a brace,
    /// else TOML. Files that it names are relative to its folder.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let octets = read(path)?;
        // A file that is not text is reported as neither TOML nor JSON, with the line.
        let text = String::from_utf8_lossy(&octets);
        let folder = path.parent().unwrap_or(Path::new(""));
        let checked = match path.extension().and_then(OsStr::to_str) {
            Some("json") => input::read_json(&text, &SCENARIO),
            Some("toml") => input::read_toml(&text, &SCENARIO),
            _ => input::read(&text, &SCENARIO),
        };
        Self::of(checked, Some(path), folder)
    }

    /// Reads TOML. Files that it names are relative to the current folder.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        Self::of(input::read_toml(text, &SCENARIO), None, Path::new(""))
    }

    /// Reads JSON. Files that it names are relative to the current folder.
    ///
    /// ```
    /// use ims_emulator::Scenario;
    ///
    /// let scenario = Scenario::from_json(r#"{ "integrations": [ { "client_id": "my-client", "org_id": "MY@AdobeOrg",
    ///     "technical_account_id": "MY@techacct.adobe.com", "client_secrets": ["my-secret"], "scopes": ["openid"] } ] }"#)?;
    /// assert_eq!(scenario.integrations().len(), 1);
    /// # Ok::<(), ims_emulator::ScenarioError>(())
    /// ```
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        Self::of(input::read_json(text, &SCENARIO), None, Path::new(""))
    }

    /// The JSON Schema (draft 2020-12) of scenarios, by which editors complete and check them.
    #[must_use]
    pub fn json_schema() -> String {
        let mut schema = SCENARIO.schema();
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = "A scenario of ims-emulator".into();
        format!("{schema:#}")
    }

    /// The integrations.
    #[must_use]
    pub fn integrations(&self) -> &[Integration] {
        &self.integrations
    }

    /// The names by which clients call the emulator.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The users.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// What was accepted but should be written in another way, such as a member under its former name.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    fn of(
        read: Result<Checked, InputError>,
        path: Option<&Path>,
        folder: &Path,
    ) -> Result<Self, ScenarioError> {
        let path = path.map(Path::to_owned);
        let Checked { value, notes } =
            read.map_err(|error| ScenarioError::Invalid { path, error })?;
        let file: ScenarioFile = of_checked(value);
        let mut integrations = Vec::with_capacity(file.integrations.len());
        for members in file.integrations {
            integrations.push(with_files(members, folder)?);
        }
        Ok(Self {
            environment: file.environment.and_then(|text| text.parse().ok()),
            answers_as_observed: file.answers_as_observed,
            takes_millisecond_exp: file.takes_millisecond_exp,
            clock_offset_seconds: file.clock_offset_seconds,
            hosts: file.hosts,
            integrations,
            users: file.users,
            faults: file.faults,
            notes,
        })
    }
}

/// Every member was checked, so the whole has the form of its type.
pub(crate) fn of_checked<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("the table of members checks what the type asks for")
}

/// The integration, with the certificates of the files that it names.
fn with_files(
    mut members: integration::Members,
    folder: &Path,
) -> Result<Integration, ScenarioError> {
    let files = std::mem::take(&mut members.certificate_files);
    let mut integration = Integration::from_members(members);
    for file in files {
        let path = folder.join(file);
        let certificates = Certificate::read_all(&read(&path)?)
            .map_err(|source| ScenarioError::Certificate { path, source })?;
        integration = integration.with_certificates(certificates);
    }
    Ok(integration)
}

/// No scenario or certificate is longer.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

fn read(path: &Path) -> Result<Vec<u8>, ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut contents = Vec::new();
    // A device such as /dev/zero has no end.
    file.take(MAX_BYTES + 1).read_to_end(&mut contents).map_err(unreadable)?;
    if contents.len() as u64 > MAX_BYTES {
        return Err(unreadable(io::Error::other(format!("it has more than {MAX_BYTES} bytes"))));
    }
    Ok(contents)
}

/// Reads one integration, as the API is given it.
pub(crate) fn integration_from_json(text: &str) -> Result<Integration, InputError> {
    let Checked { value, .. } = input::read_json(text, &INTEGRATION)?;
    let mut members: integration::Members = of_checked(value);
    if !members.certificate_files.is_empty() {
        // A client of the API must not be able to make the emulator read files.
        members.certificate_files.clear();
        return Err(InputError::not_here("certificate_files", "certificates, as PEM"));
    }
    Ok(Integration::from_members(members))
}

/// The integration with the members that `text` names, an object of JSON, in place of those that it had. `null` removes a
/// member (RFC 7396, JSON Merge Patch).
pub(crate) fn edited(integration: &Integration, text: &str) -> Result<Integration, InputError> {
    let changed = serde_json::from_str::<serde_json::Map<_, _>>(text);
    // A text that is not an object gets the error of `integration_from_json`.
    let Ok(changed) = changed else { return integration_from_json(text) };
    let mut members = serde_json::to_value(integration.members())
        .expect("structs of strings, numbers and lists are always JSON");
    if let Some(members) = members.as_object_mut() {
        for (name, value) in changed {
            if value.is_null() {
                members.remove(&name);
            } else {
                members.insert(name, value);
            }
        }
    }
    integration_from_json(&members.to_string())
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
    #[serde(default)]
    integrations: Vec<integration::Members>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    faults: Vec<FaultRule>,
}

/// The part of a scenario that is kept when the API or the page has changed it.
#[derive(Serialize)]
struct StateFile<'a> {
    integrations: Vec<&'a integration::Members>,
    users: &'a [User],
}

/// Writes integrations and users as a scenario in JSON, secrets included.
pub(crate) fn to_json<'a>(
    integrations: impl Iterator<Item = &'a Integration>,
    users: &[User],
) -> String {
    let integrations = integrations.map(Integration::members).collect();
    let file = StateFile { integrations, users };
    serde_json::to_string_pretty(&file)
        .expect("structs of strings, numbers and lists are always JSON")
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
    fn a_file_names_certificates_next_to_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("first.crt"), certificates::FIRST).unwrap();
        let path = folder.path().join("scenario.json");
        let integration = format!("{IDENTITY},\"certificate_files\":[\"first.crt\"]}}");
        fs::write(&path, format!(" {{\"integrations\":[{integration}]}}")).unwrap();
        let scenario = Scenario::read(&path).unwrap();
        assert_eq!(scenario.integrations()[0].certificates()[0].as_der(), certificates::FIRST_DER);
        let of_api = integration_from_json(&integration).unwrap_err();
        assert_eq!(of_api.member(), "certificate_files");
        let missing = Scenario::read(&folder.path().join("missing"));
        assert!(matches!(missing, Err(ScenarioError::Unreadable { .. })), "{missing:?}");
    }

    #[test]
    fn the_end_of_a_name_says_whether_a_file_is_json_or_toml() {
        let folder = tempfile::tempdir().unwrap();
        #[rustfmt::skip]
        let table = [
            ("list.json",      "[{\"client_id\": \"canary\"}]", "line 1: expected an object, got a list"),
            ("cut.json",       "[{",                            "line 1: this is not JSON"),
            ("empty.json",     "",                              "line 1: this is not JSON"),
            ("toml.json",      "[[integrations]]",              "line 1: this is not JSON"),
            ("json.toml",      "{\"integrations\": []}",        "line 1: this is not TOML"),
            ("json",           "{\"integration\": []}",         "line 1: unknown field `integration`"),
            ("toml",           "[[integration]]",               "line 1: unknown field `integration`"),
        ];
        for (name, text, said) in table {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let message = Scenario::read(&path).unwrap_err().to_string();
            let expected = format!("{}: {said}", path.display());
            assert!(message.starts_with(&expected), "{name}: {message}");
            assert!(!message.contains("canary"), "{name}: {message}");
        }
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
        let written = to_json(with_integration(&members).unwrap().integrations().iter(), &[]);
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
    fn an_error_says_which_member_and_where_and_repeats_nothing() {
        let key = serde_json::to_string(keys::FIRST).unwrap();
        let identity = "[[integrations]]\nclient_id = \"c\"\norg_id = \"A@AdobeOrg\"\ntechnical_account_id = \"B@techacct.adobe.com\"\n";
        #[rustfmt::skip]
        let table = [
            ("x = 1".to_owned(), 1, "", "unknown field `x`"),
            ("[[integration]]".to_owned(), 1, "", "did you mean `integrations`?"),
            ("\n\nx x".to_owned(), 3, "", "this is not TOML"),
            ("\n[[integrations]]\nclient_id = \"c\"\n".to_owned(), 2, "integrations[0].org_id", "an Organization ID, …@AdobeOrg"),
            ("[[integrations]]\norg_id = \"foo\"".to_owned(), 1, "integrations[0].client_id", "is missing"),
            (format!("{identity}client_secrets = \"canary\"\n"), 5, "integrations[0].client_secrets", "a list, each a text"),
            (format!("{identity}client_secret = \"canary\"\n"), 5, "integrations[0]", "did you mean `client_secrets`?"),
            (format!("{identity}certificates = [{key}]"), 5, "integrations[0].certificates[0]", "a private key instead of a certificate"),
            (format!("{identity}metascopes = [\"a b\"]"), 5, "integrations[0].metascopes[0]", "a metascope"),
            ("environment = \"x\"".to_owned(), 1, "environment", "a base URL"),
            ("[[faults]]\nfault = \"nope\"".to_owned(), 2, "faults[0].fault", "one of too_many_requests"),
            ("[[faults]]\nfault = \"delay\"".to_owned(), 1, "faults[0].delay_ms", "since fault is delay"),
            ("[[users]]\nid = \"x\"\nemail = \"a@b\"".to_owned(), 2, "users[0].id", "a user id"),
        ];
        for (text, line, member, said) in table {
            let error = Scenario::from_toml(&text).unwrap_err();
            let message = error.to_string();
            let ScenarioError::Invalid { error, .. } = error else { panic!("{error:?}") };
            assert_eq!((error.line(), error.member()), (line, member), "{text}: {message}");
            assert!(message.contains(said), "{text}: {message}");
            assert!(!format!("{message} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_scenario_of_the_first_version_is_read_with_a_note() {
        let scenario = Scenario::from_json(&format!("{{\"bindings\":[{IDENTITY}}}]}}")).unwrap();
        assert_eq!(scenario.integrations().len(), 1);
        assert_eq!(scenario.notes(), ["line 1: `bindings` is called `integrations` now"]);
    }

    /// The names of an object's properties in the schema at `path`.
    fn properties(schema: &serde_json::Value, path: &str) -> Vec<String> {
        let object = schema.pointer(path).unwrap()["properties"].as_object().unwrap();
        object.keys().cloned().collect()
    }

    #[test]
    fn the_schema_has_the_members_that_are_written_and_no_others() {
        let schema: serde_json::Value = serde_json::from_str(&Scenario::json_schema()).unwrap();
        let user = User::new("A@AdobeID").with_email("a@b.example");
        let integration = with_integration(
            r#","service_code":"c","client_metascopes":[],"default_redirect_uri":"a:b",
            "console_org_id":"1","credential_id":"2""#,
        )
        .unwrap();
        let written = to_json(integration.integrations().iter(), &[user]);
        let written: serde_json::Value = serde_json::from_str(&written).unwrap();
        for (name, not_written) in [("integrations", &["certificate_files"][..]), ("users", &[])] {
            let mut known = properties(&schema, &format!("/properties/{name}/items"));
            known.retain(|member| !not_written.contains(&member.as_str()));
            let mut members: Vec<String> =
                written[name][0].as_object().unwrap().keys().cloned().collect();
            known.sort_unstable();
            members.sort_unstable();
            assert_eq!(members, known, "{name}");
        }
        assert_eq!(schema["properties"]["faults"]["items"]["required"][0], "fault");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[\\[integrations\\]\\]\n|client_id = \"c\"\n|[a-z]+ = |\\PC){0,20}") {
            let _ = Scenario::from_toml(&text);
            let _ = Scenario::from_json(&text);
        }
    }
}
