//! `ims cert inspect`: what certificates say.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use ims::{
    cert::{Certificate, CertificateFile, Finding, Severity, ValidityState},
    claims::NumericDate,
};
use serde::Serialize;

use crate::{
    failure::Failure,
    files,
    output::{self, Answer},
    when,
};

/// Show what certificates say, and what Adobe would refuse about them.
///
/// Shows every certificate of the files, PEM or DER, and what Adobe would refuse about it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The files, - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Print one line of JSON: a list of certificates
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    file: &'a Path,
    subject: String,
    issuer: String,
    serial_number: String,
    not_before: String,
    not_after: String,
    state: &'static str,
    days_left: i64,
    key: String,
    signature_algorithm: String,
    sha1_fingerprint: String,
    sha256_fingerprint: String,
    findings: Vec<FindingData>,
}

#[derive(Serialize)]
struct FindingData {
    severity: &'static str,
    what: String,
    remedy: &'static str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let now = when::now();
    let mut all = Vec::new();
    for path in &arguments.files {
        let file = CertificateFile::from_bytes(&files::read(path)?)
            .map_err(|error| Failure::from(&error).about(&path.display().to_string()))?;
        let first = all.len();
        all.extend(file.certificates().iter().map(|certificate| Data::new(path, certificate, now)));
        // What is to say about the file, and not about one of its certificates, is said at the first.
        all[first].findings.extend(file.findings().iter().map(FindingData::new));
    }
    if arguments.json {
        output::json(&all)?;
    } else {
        let texts: Vec<String> = all.iter().map(Data::text).collect();
        output::write(&texts.join("\n"))?;
    }
    Ok(Answer::Yes)
}

impl<'a> Data<'a> {
    fn new(file: &'a Path, certificate: &Certificate, now: NumericDate) -> Self {
        let validity = certificate.validity();
        Self {
            file,
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial_number: certificate.serial_number().to_owned(),
            not_before: when::rfc3339(validity.not_before()),
            not_after: when::rfc3339(validity.not_after()),
            state: state(validity.state(now)),
            days_left: days_left(validity.not_after(), now),
            key: certificate.key_algorithm().to_owned(),
            signature_algorithm: certificate.signature_algorithm().to_owned(),
            sha1_fingerprint: certificate.sha1_fingerprint(),
            sha256_fingerprint: certificate.sha256_fingerprint(),
            findings: certificate.findings(now).iter().map(FindingData::new).collect(),
        }
    }

    fn text(&self) -> String {
        let issuer = if self.issuer == self.subject { "itself" } else { &self.issuer };
        let state = match self.state {
            "valid" => format!("valid, {} days left", self.days_left),
            state => state.to_owned(),
        };
        let rows = [
            ("file", self.file.display().to_string()),
            ("subject", self.subject.clone()),
            ("issuer", issuer.to_owned()),
            ("serial", self.serial_number.clone()),
            ("valid", format!("{} to {} ({state})", self.not_before, self.not_after)),
            ("key", self.key.clone()),
            ("signature", self.signature_algorithm.clone()),
            ("SHA-1", self.sha1_fingerprint.clone()),
            ("SHA-256", self.sha256_fingerprint.clone()),
        ];
        let mut text = String::new();
        for (name, value) in rows {
            writeln!(text, "{name:<10} {value}").expect("a String takes all that is written");
        }
        for FindingData { severity, what, remedy } in &self.findings {
            writeln!(text, "{severity:<10} {what}: {remedy}")
                .expect("a String takes all that is written");
        }
        text
    }
}

impl FindingData {
    fn new(finding: &Finding) -> Self {
        let severity = match finding.severity() {
            Severity::Advice => "advice",
            Severity::Problem => "problem",
        };
        Self { severity, what: finding.to_string(), remedy: finding.remedy() }
    }
}

/// The word for it.
pub(super) fn state(state: ValidityState) -> &'static str {
    match state {
        ValidityState::NotYetValid { .. } => "not yet valid",
        ValidityState::Valid { .. } => "valid",
        ValidityState::Expired { .. } => "expired",
    }
}

/// Whole days until `end`, rounded down, and so below zero from the first second after it.
pub(super) fn days_left(end: NumericDate, now: NumericDate) -> i64 {
    end.as_secs().saturating_sub(now.as_secs()).div_euclid(86_400)
}
