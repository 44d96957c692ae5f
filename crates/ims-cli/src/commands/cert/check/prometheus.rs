//! What `ims cert check` found, for Prometheus: its text format, version 0.0.4.

use std::{fmt::Write as _, path::Path};

use super::certificates::Findings;
use crate::{
    commands::cert::new_files::{draft, put},
    failure::Failure,
};
use ims_files::{Existing, Readers};

/// Replaces the file at once, since the collector of text files may read it at any moment.
pub(super) fn write(path: &Path, findings: &Findings) -> Result<(), Failure> {
    put(vec![draft(path, Readers::Everyone, &text(findings))?], Existing::Replace)
}

pub(super) fn text(findings: &Findings) -> String {
    let mut text = String::from(
        "# HELP ims_certificate_not_after_timestamp_seconds The last second in which the certificate is valid.\n\
         # TYPE ims_certificate_not_after_timestamp_seconds gauge\n",
    );
    for checked in &findings.certificates {
        writeln!(
            text,
            "ims_certificate_not_after_timestamp_seconds{{file=\"{}\",subject=\"{}\",sha256=\"{}\"}} {}",
            label(&checked.file.display().to_string()),
            label(&checked.certificate.subject().to_string()),
            checked.certificate.sha256_fingerprint(),
            checked.not_after().as_secs(),
        )
        .expect("a String takes all that is written");
    }
    text.push_str(
        "# HELP ims_certificate_unreadable A file in which no certificate could be read.\n\
         # TYPE ims_certificate_unreadable gauge\n",
    );
    for unread in &findings.unreadable {
        let file = label(&unread.file.display().to_string());
        writeln!(text, "ims_certificate_unreadable{{file=\"{file}\"}} 1")
            .expect("a String takes all that is written");
    }
    text
}

fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
