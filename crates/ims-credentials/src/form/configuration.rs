//! Credentials in the configuration of a program: each program has its own names, which differ in case, in `-` and `_`, and
//! in a prefix, and mean the same.
//!
//! Client secrets are sent to IMS, so variables that may belong to another service are not used. They are used if their
//! prefix is known or contains Adobe's name, or if an organization, a technical account or the beginning of the secret
//! shows that they are Adobe's. The same is true for a section. In the environment of a process, where variables may be for
//! another program, only known prefixes are used.
//!
//! Sources, all observed in public repositories in November 2026: AdobeDocs/pdfservices-node-sdk-samples (`PDF_SERVICES_…`);
//! the guides of Firefly Services (`FIREFLY_SERVICES_…`); adobe/aio-commerce-sdk before version 1 (`AIO_COMMERCE_IMS_…`);
//! Adobe's tutorials for Experience Platform (`AEP_…`) and AEM's `OpenAPI`s (`AEM_…`); knennigtri/aep-tag-tool, `README.md`
//! (`auth`); Adobe's tutorials for App Builder (`JWT_…`, and `OAUTHS2S_…` with `…_METASCOPES` for scopes); the tool that
//! migrates to Commerce as a Cloud Service (`ADOBE_IMS_META_SCOPES` for scopes); and configurations of Spring, .NET, Helm
//! and Python's `configparser`.

use ims_claims::Environment;
use serde_json::{Map, Value};

use self::section::{CLIENT_ID, Section, is_same_name};
use super::own_format;
use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
    },
};

mod section;

pub(super) use section::environment_at;

type Read = Result<(Environment, Credential), CredentialsError>;

/// The prefixes of environment variables, each with the scopes of its API, which are asked for if no variable names scopes.
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
    ("PDFSERVICES_", PDF_SERVICES),
    ("ADOBE_PDFSERVICES_", PDF_SERVICES),
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

pub(super) fn is_prefixed(fields: &Fields<'_>) -> bool {
    !prefixed(fields).is_empty()
}

/// Whether one of the sets with a known prefix has everything that a token needs. The variables of the system may be there
/// for another program.
pub(super) fn is_complete(fields: &Fields<'_>) -> bool {
    prefixed(fields).iter().any(|(_, section)| is_known(section) && section.is_complete())
}

pub(super) fn of_variables(fields: &Fields<'_>, at: &ReadContext<'_>) -> Read {
    selected(fields, at)?.read(at)
}

/// The redirect URI of a sign-in, from the variables that are used.
pub(super) fn redirect_uri_of_variables(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    selected(fields, at)?.redirect_uri()
}

/// The same for a section.
pub(super) fn redirect_uri_of_section(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    let sections = sections(fields);
    if sections.is_empty() {
        // Java's properties have the steps in their names.
        let nested = nested(fields);
        return at.select(self::sections(&nested.fields()?))?.redirect_uri();
    }
    at.select(sections)?.redirect_uri()
}

fn selected<'f>(
    fields: &Fields<'f>,
    at: &ReadContext<'_>,
) -> Result<Section<'f>, CredentialsError> {
    let mut sections = prefixed(fields);
    if at.selected.is_none() {
        // Sets that are not complete, or have an unknown prefix, are used only if there are no others.
        if sections.iter().any(|(_, section)| section.is_complete()) {
            sections.retain(|(_, section)| section.is_complete());
        }
        if sections.iter().any(|(_, section)| is_known(section)) {
            sections.retain(|(_, section)| is_known(section));
        }
    }
    at.select(sections)
}

/// The sets of variables, each with its prefix as its name.
fn prefixed<'f>(fields: &Fields<'f>) -> Vec<(String, Section<'f>)> {
    let mut sections: Vec<(String, Section<'f>)> = Vec::new();
    for (name, _) in fields.values() {
        let Some(prefix) = prefix_of(name) else { continue };
        let scopes = known(prefix).map_or(&[][..], |(_, scopes)| scopes);
        let section = Section { fields: fields.clone(), prefix: Some(prefix), scopes };
        let has_name = is_known(&section) && !prefix.is_empty() || has_name_of_adobe(prefix);
        let is_there = sections.iter().any(|(_, other)| other.prefix == Some(prefix));
        if !is_there && section.has_client() && (has_name || section.is_of_adobe()) {
            sections.push((prefix.trim_end_matches('_').to_owned(), section));
        }
    }
    sections
}

/// The part of a variable's name before that of the client id.
fn prefix_of(name: &str) -> Option<&str> {
    let after_each_step = name.match_indices('_').map(|(index, _)| index + 1);
    let mut starts = std::iter::once(0).chain(after_each_step);
    let start =
        starts.find(|start| CLIENT_ID.iter().any(|word| is_same_name(&name[*start..], word)))?;
    Some(&name[..start])
}

fn known(prefix: &str) -> Option<&'static (&'static str, &'static [&'static str])> {
    PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix))
}

fn is_known(section: &Section<'_>) -> bool {
    section.prefix.is_some_and(|prefix| known(prefix).is_some())
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

/// Puts `value` at the path `name`. It is left out if a part of the path is another value.
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
    if section.has_client() && (section.is_of_adobe() || has_name_of_adobe(&path)) {
        found.push((path, section));
    }
}

/// How deep a section may be.
const MOST_LEVELS: usize = 4;

/// Whether a part of the path, or of a prefix, begins with the name of one of Adobe's services.
fn has_name_of_adobe(path: &str) -> bool {
    path.split(['.', '_', '-']).any(|step| {
        let step = step.to_ascii_lowercase();
        ["ims", "aem", "aep", "aio"].contains(&&*step) || step.starts_with("adobe")
    })
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
    fn variables_without_a_sign_of_adobe_are_of_another_service() {
        #[rustfmt::skip]
        let table: [(&[Variable], bool, bool); 13] = [
            (&[("ADOBE_CLIENT_ID", "a"), ("ADOBE_CLIENT_SECRET", "b")],                                        true,  false),
            (&[("ADOBE_CLIENT_ID", "a"), ("ADOBE_CLIENT_SECRET", "b"), ("ADOBE_SCOPES", "c")],                 true,  true),
            (&[("FIREFLY_SERVICES_CLIENT_ID", "a"), ("FIREFLY_SERVICES_CLIENT_SECRET", "b")],                  true,  true),
            (&[("GOOGLE_CLIENT_ID", "a"), ("GOOGLE_CLIENT_SECRET", "b"), ("GOOGLE_SCOPES", "c")],              false, false),
            (&[("CLIENT_ID", "a"), ("CLIENT_SECRET", "b"), ("SCOPES", "c")],                                   false, false),
            (&[("CLIENT_ID", "a"), ("CLIENT_SECRET", "b"), ("SCOPES", "c"), ("ORG_ID", "D@AdobeOrg")],         true,  true),
            (&[("ADOBE_CLIENT_ID", "a"), ("CLIENT_SECRET", "b")],                                              false, false),
            (&[("OWN_CLIENT_ID", "a"), ("OWN_CLIENT_SECRET", "p8e-b"), ("OWN_SCOPES", "c")],                   true,  false),
            (&[("OWN_CLIENT_ID", "a"), ("OWN_CLIENT_SECRET", "b"), ("OWN_ORG_ID", "D@AdobeOrg")],              true,  false),
            (&[("OWN_CLIENT_ID", "a"), ("OWN_CLIENT_SECRET", "b"), ("OTHER_ORG_ID", "D@AdobeOrg")],            false, false),
            (&[("MY_ADOBE_CLIENT_ID", "a"), ("MY_ADOBE_CLIENT_SECRET", "b")],                                  true,  false),
            (&[("ETIMS_CLIENT_ID", "a"), ("ETIMS_CLIENT_SECRET", "b")],                                        false, false),
            (&[("adobe_client_id", "a"), ("adobe_client_secret", "b"), ("adobe_scopes", "c")],                 true,  true),
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
