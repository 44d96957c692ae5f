//! Whether a rotation is due: a certificate that is valid for long is not replaced by accident, or twice.

use std::time::Duration;

use ims::claims::NumericDate;
use serde::Serialize;

use super::{
    rotation::{certificate_of, read, real_path},
    state::State,
};
use crate::{
    certificate_data::CertificateData, failure::Failure, integration::CredentialsFile, output, when,
};

/// Why a rotation does not begin.
pub(super) struct NotDue {
    certificate: CertificateData,
    /// When the last rotation was finished.
    finished_at: Option<NumericDate>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    due: bool,
    certificate: &'a CertificateData,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

impl NotDue {
    /// Checks whether a new rotation would be too early: the certificate is valid for longer than `within`, or without such
    /// a limit, the last rotation has been finished and its certificate does not end soon. A rotation that is in progress is
    /// never too early.
    pub(super) fn find(
        file: &CredentialsFile,
        within: Option<Duration>,
    ) -> Result<Option<Self>, Failure> {
        let path = real_path(&file.path)?;
        let last = State::load(&path)?;
        let finished_at = last.as_ref().and_then(|state| state.finished_at);
        if last.is_some() && finished_at.is_none() {
            return Ok(None);
        }
        if within.is_none() && finished_at.is_none() {
            return Ok(None);
        }
        let (_, credential) = read(&path, file.credential.as_deref())?;
        let Some(certificate) = certificate_of(credential.signing_keys.first()) else {
            if within.is_none() {
                return Ok(None);
            }
            return Err(Failure::person(
                "the credentials name no certificate, so its expiry is not known",
            )
            .hint("name it as certificate_file, or leave out --within"));
        };
        if certificate.needs_renewal(when::now(), within.unwrap_or(SOON)) {
            return Ok(None);
        }
        let certificate = CertificateData::new(&path, &certificate, when::now());
        Ok(Some(Self { certificate, finished_at: finished_at.map(NumericDate::from_secs) }))
    }

    pub(super) fn tell(&self, as_json: bool) -> Result<(), Failure> {
        let (certificate, not_after) = (&self.certificate, &self.certificate.not_after);
        let finished_at = self.finished_at.map(when::rfc3339);
        if as_json {
            return output::json(&Data { due: false, certificate, finished_at });
        }
        let Some(finished_at) = finished_at else {
            return output::line(&format!("not due: the certificate is valid until {not_after}"));
        };
        output::line(&format!(
            "not due: the last rotation was finished at {finished_at}, and the certificate is valid until {not_after}"
        ))?;
        output::note("note", "to begin another one: ims cert rotate -c FILE --again");
        Ok(())
    }
}

/// How long before the end of a certificate Adobe begins to send mails.
const SOON: Duration = Duration::from_hours(30 * 24);
