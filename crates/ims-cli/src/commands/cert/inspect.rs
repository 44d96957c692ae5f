//! `ims cert inspect`: what certificates say.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;
use ims::{
    cert::{Certificate, CertificateFile, Finding, Severity},
    claims::NumericDate,
};
use serde::Serialize;

use crate::{
    certificate_data::CertificateData,
    failure::Failure,
    files,
    output::{self, Answer},
    when,
};

/// Show certificates, and why Adobe would refuse them.
///
/// Shows every certificate of the files, PEM or DER, and why Adobe would refuse it.
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
struct Inspected {
    #[serde(flatten)]
    certificate: CertificateData,
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
            .map_err(|error| Failure::from(&error).about(&ims_files::shown(path)))?;
        let first = all.len();
        for certificate in file.certificates() {
            all.push(Inspected::new(path, certificate, now));
        }
        // A finding about the whole file is shown with its first certificate.
        all[first].findings.extend(file.findings().iter().map(FindingData::new));
    }
    if arguments.json {
        output::json(&all)?;
    } else {
        let texts: Vec<String> = all.iter().map(Inspected::text).collect();
        output::write(&texts.join("\n"))?;
    }
    Ok(Answer::Yes)
}

impl Inspected {
    fn new(file: &Path, certificate: &Certificate, now: NumericDate) -> Self {
        Self {
            certificate: CertificateData::new(file, certificate, now),
            findings: certificate.findings(now).iter().map(FindingData::new).collect(),
        }
    }

    fn text(&self) -> String {
        let data = &self.certificate;
        let issuer = if data.issuer == data.subject { "itself" } else { &data.issuer };
        let state = match data.state {
            "valid" => format!("valid, {} days left", data.days_left),
            state => state.to_owned(),
        };
        let key = data.key.text();
        let validity = format!("{} to {} ({state})", data.not_before, data.not_after);
        let rows = [
            ("file", &*data.file),
            ("subject", &data.subject),
            ("issuer", issuer),
            ("serial", &data.serial_number),
            ("valid", &validity),
            ("key", &key),
            ("signature", &data.signature_algorithm),
            ("SHA-1", &data.sha1_fingerprint),
            ("SHA-256", &data.sha256_fingerprint),
        ];
        let mut text = String::new();
        for (name, value) in rows {
            writeln!(text, "{name:<10} {value}").expect("writing to a String never fails");
        }
        for FindingData { severity, what, remedy } in &self.findings {
            writeln!(text, "{severity:<10} {what}: {remedy}")
                .expect("writing to a String never fails");
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
