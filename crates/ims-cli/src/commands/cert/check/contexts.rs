//! The certificates of credentials that have a name.

use std::path::PathBuf;

use ims::{Contexts, cert::CertificateFile};

use super::{
    certificates::{Findings, Judge, of_credentials},
    targets::Unreadable,
};
use crate::{
    context_file,
    failure::{Failure, with_causes},
};

/// Adds the certificates of all contexts that have one.
pub(super) fn read_all(judge: Judge, findings: &mut Findings) -> Result<(), Failure> {
    let contexts = context_file::contexts()?;
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
    let contexts = context_file::contexts()?;
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
    let credentials = contexts.credentials(name).map_err(|error| with_causes(&error));
    let certificates = credentials.map(|credentials| of_credentials(&credentials));
    let read = |contents: Vec<u8>| {
        CertificateFile::from_bytes(&contents).map_err(|error| with_causes(&error))
    };
    let files = certificates.and_then(|it| it.into_iter().map(read).collect::<Result<Vec<_>, _>>());
    match files {
        Ok(files) => {
            let checked =
                files.iter().flat_map(|file| judge.check(&place(name), file).collect::<Vec<_>>());
            findings.certificates.extend(checked);
        }
        Err(reason) => findings.unreadable.push(Unreadable { file: place(name), reason }),
    }
}

/// What stands in the place of a file's name.
fn place(name: &str) -> PathBuf {
    format!("context {name}").into()
}
