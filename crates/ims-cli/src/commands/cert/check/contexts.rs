//! The certificates of credentials that have a name.

use std::path::PathBuf;

use ims::{Contexts, cert::CertificateFile};

use super::{
    certificates::{Findings, Judge, of_credentials, said},
    targets::Unreadable,
};
use crate::{
    failure::{Failure, with_causes},
    storage,
};

/// Adds the certificates of all contexts that have one.
pub(super) fn read_all(judge: Judge, findings: &mut Findings) -> Result<(), Failure> {
    let contexts = storage::contexts()?;
    for name in contexts.names() {
        add(&contexts, name, judge, findings);
    }
    Ok(())
}

/// Adds the certificates of these contexts, which have to have one.
pub(super) fn read(names: &[String], judge: Judge, findings: &mut Findings) -> Result<(), Failure> {
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

fn add(contexts: &Contexts, name: &str, judge: Judge, findings: &mut Findings) {
    match of_context(contexts, name) {
        Ok(files) => {
            for file in files {
                findings.certificates.extend(judge.check(&place(name), file));
            }
        }
        Err(reason) => findings.unreadable.push(Unreadable { file: place(name), reason }),
    }
}

/// The certificates that the credentials of a context name, or why they cannot be read.
fn of_context(contexts: &Contexts, name: &str) -> Result<Vec<CertificateFile>, String> {
    let credentials = contexts.credentials(name).map_err(|error| with_causes(&error))?;
    let mut files = Vec::new();
    for contents in of_credentials(&credentials) {
        files.push(CertificateFile::from_bytes(&contents).map_err(|error| said(&error))?);
    }
    Ok(files)
}

/// The name that is shown where a file's name would be.
fn place(name: &str) -> PathBuf {
    format!("context {name}").into()
}
