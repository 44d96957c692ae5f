//! Credentials in the configuration of a program: each program has its own names, which differ in case, in `-` and `_`, and in
//! a prefix, and say the same.
//!
//! Client secrets are sent to IMS, so what may be of another service is not taken: a prefix is a known one, and a section has
//! an organization of Adobe in it or Adobe's name on it.
//!
//! Sources, all observed in public repositories in November 2026: AdobeDocs/pdfservices-node-sdk-samples (`PDF_SERVICES_…`);
//! the guides of Firefly Services (`FIREFLY_SERVICES_…`); adobe/aio-commerce-sdk before version 1 (`AIO_COMMERCE_IMS_…`);
//! Adobe's tutorials for Experience Platform (`AEP_…`) and AEM's `OpenAPI`s (`AEM_…`); knennigtri/aep-tag-tool, `README.md`
//! (`auth`); and configurations of Spring, .NET, Helm and Python's `configparser`.

use ims_claims::{Environment, ServiceAccount};
use ims_exchange::Scope;
use ims_files::can_be_path;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::own_format;
use crate::{
    credential::{Credential, ServerToServerCredential, ServiceAccountCredential},
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        vocabulary::key_pair,
    },
    signing_keys::KeyPair,
};

type Read = Result<(Environment, Credential), CredentialsError>;

/// What begins the names of environment variables, and what is asked for where none of them says: the scopes of the API that
/// has the prefix. An empty prefix needs an organization of Adobe.
const PREFIXES: &[(&str, &[&str])] = &[
    ("ADOBE_", &[]),
    ("ADOBE_IMS_", &[]),
    ("ADOBE_COMMERCE_IMS_", &[]),
    ("AIO_COMMERCE_IMS_", &[]),
    ("COMMERCE_IMS_", &[]),
    ("AEM_", &[]),
    ("AEM_AUTH_", &[]),
    ("AEP_", EXPERIENCE_PLATFORM),
    ("FIREFLY_", FIREFLY),
    ("FIREFLY_SERVICES_", FIREFLY),
    ("PDF_SERVICES_", PDF_SERVICES),
    ("ADOBE_PDF_SERVICES_", PDF_SERVICES),
    ("", &[]),
];

const EXPERIENCE_PLATFORM: &[&str] = &[
    "openid",
    "AdobeID",
    "read_organizations",
    "additional_info.projectedProductContext",
    "session",
];
const FIREFLY: &[&str] = &[
    "openid",
    "AdobeID",
    "session",
    "additional_info",
    "read_organizations",
    "firefly_api",
    "ff_apis",
];
const PDF_SERVICES: &[&str] = &["openid", "AdobeID", "DCAPI"];

/// The names of one part of a credential, without case, `-` and `_`.
type Part = &'static [&'static str];

const CLIENT_ID: Part = &["clientid", "apikey", "xapikey"];
const CLIENT_SECRET: Part = &["clientsecrets", "clientsecret", "secret"];
const ORG_ID: Part =
    &["orgid", "imsorgid", "imsorg", "imsimsorgid", "organizationid", "organization"];
const TECHNICAL_ACCOUNT_ID: Part =
    &["technicalaccountid", "techaccountid", "techacctid", "techacct", "techid", "accountid"];
const SCOPES: Part = &["scopes", "scope"];
const METASCOPES: Part = &["metascopes", "metascope"];
const PRIVATE_KEY: Part = &[
    "privatekey",
    "privatekeyfile",
    "privatekeypath",
    "privatekeyfilename",
    "privkeyfilename",
    "pathtokey",
    "keypath",
];
/// They end so: a prefix may be before them.
const IMS: Part =
    &["imsurl", "imshost", "imsendpoint", "imsbase", "imsbaseurl", "imsenv", "imsenvironment"];
/// What gets tokens in another way, in the name of a person.
const REFRESH_TOKEN: Part = &["refreshtoken"];

/// One object of a configuration, or the variables with one prefix.
struct Section<'f> {
    fields: Fields<'f>,
    /// For variables, what begins their names; they are in capitals.
    prefix: Option<&'static str>,
    /// What is asked for where nothing says.
    scopes: &'static [&'static str],
}

pub(super) fn is_prefixed(fields: &Fields<'_>) -> bool {
    prefixed(fields).iter().any(|(_, section)| section.is_known())
}

/// Whether one of the sets has everything that a token needs. The variables of the system may be there for another program.
pub(super) fn is_complete(fields: &Fields<'_>) -> bool {
    prefixed(fields).iter().any(|(_, section)| section.is_complete())
}

pub(super) fn of_variables(fields: &Fields<'_>, at: &ReadContext<'_>) -> Read {
    let mut sections = prefixed(fields);
    // Which are not complete matters only where none is.
    if sections.iter().any(|(_, section)| section.is_complete()) {
        sections.retain(|(_, section)| section.is_complete());
    }
    at.select(sections)?.read(at)
}

/// The sets of variables, each with its prefix as its name.
fn prefixed<'f>(fields: &Fields<'f>) -> Vec<(String, Section<'f>)> {
    let mut sections = Vec::new();
    for (prefix, scopes) in PREFIXES {
        let section = Section { fields: fields.clone(), prefix: Some(prefix), scopes };
        if section.is_known() && (!prefix.is_empty() || section.is_of_adobe()) {
            sections.push((prefix.trim_end_matches('_').to_owned(), section));
        }
    }
    sections
}

/// A configuration with a section that holds credentials, or one that is such a section and not in our own form.
pub(super) fn is_section(fields: &Fields<'_>) -> bool {
    !own_format::matches(fields) && !sections(fields).is_empty()
}

pub(super) fn of_section(fields: &Fields<'_>, at: &ReadContext<'_>) -> Read {
    at.select(sections(fields))?.read(at)
}

/// Java's properties of several steps: `adobe.ims.client-id`.
pub(super) fn is_properties(fields: &Fields<'_>) -> bool {
    let nested = nested(fields);
    let Ok(fields) = nested.fields() else { return false };
    sections(&fields).iter().any(|(path, _)| !path.is_empty())
}

pub(super) fn of_properties(fields: &Fields<'_>, at: &ReadContext<'_>) -> Read {
    of_section(&nested(fields).fields()?, at)
}

fn nested(fields: &Fields<'_>) -> Document {
    let mut whole = Map::new();
    for (name, value) in fields.values() {
        insert(&mut whole, name, value, MOST_LEVELS);
    }
    Document::new(whole.into())
}

/// Puts `value` where the steps of `name` lead. What another value is in the way of is left out.
fn insert(object: &mut Map<String, Value>, name: &str, value: &Value, levels: usize) {
    match name.split_once('.') {
        Some((step, rest)) if levels > 0 => {
            let inner = object.entry(step).or_insert_with(|| Map::new().into());
            if let Some(inner) = inner.as_object_mut() {
                insert(inner, rest, value, levels - 1);
            }
        }
        _ => {
            object.insert(name.to_owned(), value.clone());
        }
    }
}

fn sections<'f>(fields: &Fields<'f>) -> Vec<(String, Section<'f>)> {
    let mut found = Vec::new();
    look_for_sections(fields.clone(), String::new(), 0, &mut found);
    found
}

fn look_for_sections<'f>(
    fields: Fields<'f>,
    path: String,
    level: usize,
    found: &mut Vec<(String, Section<'f>)>,
) {
    if level < MOST_LEVELS {
        for (name, inner) in fields.members() {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            look_for_sections(inner, path, level + 1, found);
        }
    }
    let section = Section { fields, prefix: None, scopes: &[] };
    if section.is_known() && (section.is_of_adobe() || has_name_of_adobe(&path)) {
        found.push((path, section));
    }
}

/// How deep a section may be.
const MOST_LEVELS: usize = 4;

/// Whether a step of the path is, or begins with, the name of one of Adobe's services.
fn has_name_of_adobe(path: &str) -> bool {
    path.split('.').any(|step| {
        let step = step.to_ascii_lowercase();
        step == "ims" || step == "aem" || step == "aep" || step.starts_with("adobe")
    })
}

impl<'f> Section<'f> {
    /// There is a client with a secret.
    fn is_known(&self) -> bool {
        self.found(CLIENT_ID).is_some() && self.found(CLIENT_SECRET).is_some()
    }

    fn is_of_adobe(&self) -> bool {
        let organization = self.found(ORG_ID).and_then(|name| self.fields.value(name));
        let organization = organization.and_then(Value::as_str).unwrap_or_default();
        organization.trim().ends_with("@AdobeOrg")
    }

    fn is_service_account(&self) -> bool {
        self.found(METASCOPES).is_some() || self.found(PRIVATE_KEY).is_some()
    }

    fn is_complete(&self) -> bool {
        let has_scopes = self.found(SCOPES).is_some() || !self.scopes.is_empty();
        self.is_known()
            && self.found(REFRESH_TOKEN).is_none()
            && (has_scopes || self.is_service_account())
    }

    /// The name of this part as the configuration writes it.
    fn found(&self, part: Part) -> Option<&'f str> {
        for word in part {
            let mut names = self.fields.values().map(|(name, _)| name);
            let found = names.find(|name| {
                let own = self.own_name(name);
                own.is_some_and(|own| normalized(own) == *word) && self.fields.has(name)
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The name without the prefix of the variables; `None` for one that is not among them.
    fn own_name<'n>(&self, name: &'n str) -> Option<&'n str> {
        let Some(prefix) = self.prefix else { return Some(name) };
        let is_variable = !name.contains(|c: char| c.is_ascii_lowercase());
        name.strip_prefix(prefix).filter(|_| is_variable)
    }

    /// The name of this part, or the one to add: `missing` in the style of the others.
    fn name(&self, part: Part, missing: &str) -> String {
        match (self.found(part), self.prefix) {
            (Some(name), _) => name.to_owned(),
            (None, None) => missing.to_owned(),
            (None, Some(prefix)) => format!("{prefix}{}", missing.to_ascii_uppercase()),
        }
    }

    fn read(&self, at: &ReadContext<'_>) -> Read {
        let fields = &self.fields;
        if let Some(name) = self.found(REFRESH_TOKEN)
            && !self.is_complete()
            && self.found(SCOPES).is_none()
        {
            return Err(CredentialsError::OtherGrant {
                name: fields.path_of(name),
                what: "a person's refresh token",
            });
        }
        let credential = if self.is_service_account() {
            Credential::ServiceAccount(self.service_account(at)?)
        } else {
            Credential::ServerToServer(self.server_to_server()?)
        };
        Ok((self.environment()?, credential))
    }

    fn server_to_server(&self) -> Result<ServerToServerCredential, CredentialsError> {
        let fields = &self.fields;
        Ok(ServerToServerCredential {
            client_id: fields.required(&self.name(CLIENT_ID, "client_id"))?,
            client_secrets: fields.client_secrets(&self.name(CLIENT_SECRET, "client_secret"))?,
            scopes: self.asked_scopes()?,
            org_id: fields.optional(&self.name(ORG_ID, "org_id"))?,
        })
    }

    fn asked_scopes(&self) -> Result<Vec<Scope>, CredentialsError> {
        if self.found(SCOPES).is_none() && !self.scopes.is_empty() {
            return self.scopes.iter().map(|scope| self.fields.parse("scopes", scope)).collect();
        }
        self.fields.list(&self.name(SCOPES, "scopes"))
    }

    fn service_account(
        &self,
        at: &ReadContext<'_>,
    ) -> Result<ServiceAccountCredential, CredentialsError> {
        let fields = &self.fields;
        // Before OAuth Server-to-Server a scope was a metascope, and was called so.
        let part = if self.found(METASCOPES).is_some() { METASCOPES } else { SCOPES };
        let metascopes = match self.found(part) {
            Some(name) => name.to_owned(),
            None => self.name(METASCOPES, "metascopes"),
        };
        let account = ServiceAccount::new(
            fields.required(&self.name(CLIENT_ID, "client_id"))?,
            fields.required(&self.name(ORG_ID, "org_id"))?,
            fields.required(&self.name(TECHNICAL_ACCOUNT_ID, "technical_account_id"))?,
            fields.list(&metascopes)?,
        );
        Ok(ServiceAccountCredential {
            account: account.map_err(|problem| CredentialsError::Format {
                name: fields.path_of(&metascopes),
                problem,
            })?,
            client_secrets: fields.client_secrets(&self.name(CLIENT_SECRET, "client_secret"))?,
            signing_keys: self.key(at)?.into(),
            sends_jti: false,
        })
    }

    /// The key itself, or its path.
    fn key(&self, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
        let fields = &self.fields;
        let name = self.name(PRIVATE_KEY, "private_key");
        let text = fields.lines(&name)?;
        if can_be_path(&text) {
            let path = at.path(text.trim());
            let contents = at.read_private(&fields.path_of(&name), &path)?;
            return key_pair(&ims_files::shown(&path), contents, None);
        }
        key_pair(&fields.path_of(&name), Zeroizing::new(text.as_bytes().to_vec()), None)
    }

    /// The IMS of a URL, of an endpoint or of a host, or of `prod` or `stage`.
    fn environment(&self) -> Result<Environment, CredentialsError> {
        let mut names = self.fields.values().map(|(name, _)| name);
        let name = names.find(|name| {
            let whole = normalized(name);
            self.own_name(name).is_some() && IMS.iter().any(|word| whole.ends_with(word))
        });
        let Some(name) = name else { return Ok(Environment::production()) };
        environment_at(&self.fields, name)
    }
}

/// The IMS that the member `name` says in any way: its name, its host, its URL, or one of its endpoints.
pub(super) fn environment_at(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Environment, CredentialsError> {
    let Some(text) = fields.optional_text(name)? else { return Ok(Environment::production()) };
    match text.trim() {
        "" | "prod" | "production" => return Ok(Environment::production()),
        "stage" => return Ok(Environment::stage()),
        _ => {}
    }
    let base = text.split_once("/ims/").map_or(text, |(base, _)| base);
    if base.contains("://") {
        fields.parse(name, base)
    } else {
        fields.parse(name, &format!("https://{base}"))
    }
}

fn normalized(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '-' | '_'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_adobes_by_its_organization_or_its_name_alone() {
        #[rustfmt::skip]
        let table = [
            (r#"{"adobe":{"clientId":"a","clientSecret":"b","scopes":"c"}}"#,                     true),
            (r#"{"a":{"adobe-ims":{"client-id":"a","client-secret":"b"}}}"#,                      true),
            (r#"{"x":{"clientId":"a","clientSecret":"b","orgId":"C@AdobeOrg"}}"#,                 true),
            (r#"{"google":{"clientId":"a","clientSecret":"b","scopes":"c"}}"#,                    false),
            (r#"{"sims":{"clientId":"a","clientSecret":"b"}}"#,                                   false),
            (r#"{"google":{"clientId":"a","clientSecret":"b"},"adobe":{"orgId":"C@AdobeOrg"}}"#,  false),
            (r#"{"adobe":{"clientId":"a"},"clientSecret":"b"}"#,                                  false),
        ];
        for (text, expected) in table {
            let document = Document::new(serde_json::from_str(text).unwrap());
            assert_eq!(is_section(&document.fields().unwrap()), expected, "{text}");
        }
    }

    type Variable = (&'static str, &'static str);

    #[test]
    fn variables_without_a_known_prefix_are_of_another_service() {
        #[rustfmt::skip]
        let table: [(&[Variable], bool, bool); 7] = [
            (&[("ADOBE_CLIENT_ID", "a"), ("ADOBE_CLIENT_SECRET", "b")],                                        true,  false),
            (&[("ADOBE_CLIENT_ID", "a"), ("ADOBE_CLIENT_SECRET", "b"), ("ADOBE_SCOPES", "c")],                 true,  true),
            (&[("FIREFLY_SERVICES_CLIENT_ID", "a"), ("FIREFLY_SERVICES_CLIENT_SECRET", "b")],                  true,  true),
            (&[("GOOGLE_CLIENT_ID", "a"), ("GOOGLE_CLIENT_SECRET", "b"), ("GOOGLE_SCOPES", "c")],              false, false),
            (&[("CLIENT_ID", "a"), ("CLIENT_SECRET", "b"), ("SCOPES", "c")],                                   false, false),
            (&[("CLIENT_ID", "a"), ("CLIENT_SECRET", "b"), ("SCOPES", "c"), ("ORG_ID", "D@AdobeOrg")],         true,  true),
            (&[("ADOBE_CLIENT_ID", "a"), ("CLIENT_SECRET", "b")],                                              false, false),
        ];
        for (variables, known, complete) in table {
            let members =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
            let document: Document = members.collect();
            let fields = document.fields().unwrap();
            assert_eq!(
                (is_prefixed(&fields), is_complete(&fields)),
                (known, complete),
                "{variables:?}"
            );
        }
    }
}
