//! What a rotation reports: what to upload, what to change and what remains.

use std::{path::PathBuf, time::Duration};

use ims::claims::NumericDate;
use serde::Serialize;

use super::{rotation::Rotation, state::NewPair};
use crate::{certificate_data::CertificateData, failure::Failure, output, when};

#[derive(Serialize)]
struct Data<'a> {
    private_key_file: PathBuf,
    certificate: CertificateData,
    old_sha1_fingerprint: Option<&'a str>,
    switched_at: String,
    old_may_be_deleted_after: String,
}

impl Rotation {
    pub(super) fn report_upload(&self) -> Result<(), Failure> {
        if self.state.switched_at.is_some() {
            return Ok(());
        }
        let pair = self.new_pair();
        let (path, certificate) = (ims_files::shown(&pair.certificate), pair.read_certificate()?);
        let fingerprint = certificate.sha1_fingerprint();
        output::note(
            "upload",
            &format!("{path} to the integration, in addition to the old certificate"),
        );
        output::note(
            "where",
            "Adobe Developer Console: the project's service account (JWT), its public keys; if it no longer accepts any: ims migrate",
        );
        output::note("shown", &format!("there by its SHA-1 fingerprint, {fingerprint}"));
        Ok(())
    }

    pub(super) fn report_rest(&self, as_json: bool) -> Result<(), Failure> {
        let (pair, switched_at) = (self.new_pair(), self.state.switched_at.unwrap_or_default());
        let switched_at = NumericDate::from_secs(switched_at);
        let (certificate, ended) = (pair.read_certificate()?, switched_at.plus(TOKEN_LIFETIME));
        let (since, ended) = (when::rfc3339(switched_at), when::rfc3339(ended));
        let old = self.old_certificate();
        if as_json {
            output::json(&Data {
                private_key_file: pair.key,
                certificate: CertificateData::new(&pair.certificate, &certificate, when::now()),
                old_sha1_fingerprint: self.state.old_sha1_fingerprint.as_deref(),
                switched_at: since,
                old_may_be_deleted_after: ended,
            })?;
        } else {
            let path = ims_files::shown(&self.path);
            output::line(&format!(
                "IMS accepts the new key, and it is the first in {path} since {since}"
            ))?;
            output::note(
                "next",
                "restart every process that was started before: it may only know the old key",
            );
            output::note(
                "then",
                &format!(
                    "after {ended}, when the last token of the old key has expired, delete {old} in the console"
                ),
            );
            output::note(
                "last",
                "remove the old key from the credentials: ims cert rotate -c FILE --finish",
            );
        }
        Ok(())
    }

    pub(super) fn old_certificate(&self) -> String {
        match &self.state.old_sha1_fingerprint {
            Some(fingerprint) => format!("the old certificate (SHA-1 {fingerprint})"),
            None => "the old certificate".to_owned(),
        }
    }

    pub(super) fn to_change_by_hand(&self) -> Failure {
        let NewPair { key, certificate } = self.new_pair();
        let (key, certificate) = (ims_files::shown(&key), ims_files::shown(&certificate));
        Failure::person("IMS accepts the new key, but this form of credentials is not changed here")
            .hint(format!("put the key of {key} in place of the old one"))
            .hint(format!("and, where the form has one, the certificate of {certificate}"))
            .hint("then run the same command again: it verifies what it finds")
    }
}

/// As long as IMS's access tokens last.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
