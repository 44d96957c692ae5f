//! What `ims cert check` found, for a person, for a program and for Prometheus.

use std::{fmt::Write as _, path::Path};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::check::{Checked, Unreadable};
use crate::{failure::Failure, output, when};

#[derive(Serialize)]
struct Report<'a> {
    certificates: Vec<CertificateData<'a>>,
    unreadable: Vec<UnreadableData<'a>>,
}

#[derive(Serialize)]
struct CertificateData<'a> {
    file: &'a Path,
    subject: &'a str,
    sha256_fingerprint: &'a str,
    not_after: String,
    days_left: i64,
    state: &'static str,
    fine: bool,
}

#[derive(Serialize)]
struct UnreadableData<'a> {
    file: &'a Path,
    reason: &'a str,
}

impl<'a> CertificateData<'a> {
    fn new(certificate: &'a Checked) -> Self {
        Self {
            file: &certificate.file,
            subject: &certificate.subject,
            sha256_fingerprint: &certificate.sha256_fingerprint,
            not_after: when::rfc3339(certificate.not_after),
            days_left: certificate.days_left,
            state: certificate.state,
            fine: certificate.is_fine,
        }
    }
}

/// One line of JSON.
pub(super) fn json(checked: &[Checked], unreadable: &[Unreadable]) -> Result<(), Failure> {
    output::json(&Report {
        certificates: checked.iter().map(CertificateData::new).collect(),
        unreadable: unreadable
            .iter()
            .map(|unread| UnreadableData { file: &unread.file, reason: &unread.reason })
            .collect(),
    })
}

/// A table, soonest end first, with a bar for what is left of each certificate's life.
pub(super) fn table(checked: &[Checked], unreadable: &[Unreadable]) -> Result<(), Failure> {
    let mut text = String::new();
    for certificate in checked {
        let style = style(certificate);
        let Checked { days_left, file, subject, .. } = certificate;
        let (bar, date) = (bar(certificate.share_left), when::rfc3339(certificate.not_after));
        let file = file.display();
        let state = match certificate.state {
            "valid" => String::new(),
            state => format!("  {state}"),
        };
        writeln!(
            text,
            "{style}{days_left:>6} days {bar}{style:#}  {date}  {file}  {subject}{state}"
        )
        .expect("a String takes all that is written");
    }
    output::write(&text)?;
    for Unreadable { file, reason } in unreadable {
        output::note("unreadable", &format!("{}: {reason}", file.display()));
    }
    Ok(())
}

fn style(certificate: &Checked) -> Style {
    let color = match (certificate.state, certificate.is_fine) {
        ("valid", true) => AnsiColor::Green,
        ("valid", false) => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    color.on_default()
}

/// Ten places, of which one at least is filled while anything is left.
fn bar(share: f64) -> String {
    let filled = (0..PLACES).filter(|place| share * f64::from(PLACES) > f64::from(*place)).count();
    format!("{:░<1$}", "█".repeat(filled), PLACES as usize)
}

const PLACES: u8 = 10;

/// The text format of Prometheus, version 0.0.4.
pub(super) fn prometheus(checked: &[Checked], unreadable: &[Unreadable]) -> Result<(), Failure> {
    let mut text = String::from(
        "# HELP ims_certificate_not_after_timestamp_seconds The last second in which the certificate is valid.\n\
         # TYPE ims_certificate_not_after_timestamp_seconds gauge\n",
    );
    for certificate in checked {
        writeln!(
            text,
            "ims_certificate_not_after_timestamp_seconds{{file=\"{}\",subject=\"{}\",sha256=\"{}\"}} {}",
            label(&certificate.file.display().to_string()),
            label(&certificate.subject),
            certificate.sha256_fingerprint,
            certificate.not_after.as_seconds(),
        )
        .expect("a String takes all that is written");
    }
    text.push_str(
        "# HELP ims_certificate_unreadable A file in which no certificate could be read.\n\
         # TYPE ims_certificate_unreadable gauge\n",
    );
    for unread in unreadable {
        let file = label(&unread.file.display().to_string());
        writeln!(text, "ims_certificate_unreadable{{file=\"{file}\"}} 1")
            .expect("a String takes all that is written");
    }
    output::write(&text)
}

fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
