//! The certificates of credentials that have a name.

use std::path::PathBuf;

use ims::{Contexts, cert::Certificate};

use super::{
    certificates::{Findings, Judge, Kept, add_certificates, of_credentials},
    targets::Unreadable,
};
use crate::{
    failure::{Failure, with_causes},
    storage,
};

/// Adds the certificates of all contexts that have one.
pub(super) fn read_all<K: Kept>(judge: Judge, findings: &mut Findings<K>) -> Result<(), Failure> {
    let contexts = storage::contexts()?;
    for name in contexts.names() {
        add(&contexts, name, judge, findings);
    }
    Ok(())
}

/// Adds the certificates of these contexts, which have to have one.
pub(super) fn read<K: Kept>(
    names: &[String],
    judge: Judge,
    findings: &mut Findings<K>,
) -> Result<(), Failure> {
    if names.is_empty() {
        return Ok(());
    }
    let contexts = storage::contexts()?;
    for name in names {
        let before = findings.certificates.len() + findings.unreadable.len();
        add(&contexts, name, judge, findings);
        if findings.certificates.len() + findings.unreadable.len() == before {
            let reason = "its credentials name no certificate".to_owned();
            findings.unreadable.push(Unreadable { file: place(name), reason });
        }
    }
    Ok(())
}

fn add<K: Kept>(contexts: &Contexts, name: &str, judge: Judge, findings: &mut Findings<K>) {
    match of_context(contexts, name) {
        Ok(certificates) => judge.check(&place(name), certificates, &mut findings.certificates),
        Err(reason) => findings.unreadable.push(Unreadable { file: place(name), reason }),
    }
}

/// The certificates that the credentials of a context name, or why they cannot be read.
fn of_context(contexts: &Contexts, name: &str) -> Result<Vec<Certificate>, String> {
    let credentials = contexts.credentials(name).map_err(|error| with_causes(&error))?;
    let mut certificates = Vec::new();
    add_certificates(&of_credentials(&credentials), &mut certificates)?;
    Ok(certificates)
}

/// The name that is shown where a file's name would be.
fn place(name: &str) -> PathBuf {
    format!("context {name}").into()
}
