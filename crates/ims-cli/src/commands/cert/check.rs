//! `ims cert check`: which certificates expire soon.

mod certificates;
mod contexts;
mod cores;
mod report;
mod targets;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use ims::{Credentials, cert::CertificateFile};

use crate::{
    failure::Failure,
    output::{self, Answer},
    when,
};

pub(crate) use certificates::Findings;
use certificates::{Judge, Kept};
pub(crate) use report::CheckedData;

/// Show which certificates expire soon.
///
/// Shows when certificates expire, the first one first. Exit code 0 if all are valid for long enough, 1 if one expires
/// within the time or is not valid now, 4 if a file cannot be read or there is no certificate to check.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ims cert check /etc/ims --within 30d\n  \
    ims cert check '/srv/**/*.crt' --prometheus /var/lib/node_exporter/textfile/ims.prom\n\
    Recipes for cron, systemd, Prometheus and GitHub Actions: docs/monitoring.md")]
pub(crate) struct Arguments {
    /// Files of certificates, credentials with a certificate, folders of them, or quoted patterns: * and ? match characters
    /// in a name, ** matches folders at any depth
    #[arg(value_name = "FILE|DIR|PATTERN", required_unless_present_any = ["contexts", "all_contexts"])]
    paths: Vec<OsString>,

    /// The certificate of the credentials that have this name: see ims context
    #[arg(long = "context", value_name = "NAME")]
    contexts: Vec<String>,

    /// The certificates of all credentials that have a name
    #[arg(long, conflicts_with = "contexts")]
    all_contexts: bool,

    /// How long they must be valid from now on
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    within: Duration,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,

    /// Write the text format of Prometheus to this file, which is replaced at once; - for standard output, instead of the
    /// table
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let metrics = arguments.prometheus.as_deref();
    let is_printed = metrics.is_some_and(|path| path.as_os_str() == "-");
    if is_printed && arguments.json {
        return Err(Failure::usage("--json and --prometheus - both use standard output"));
    }
    if !arguments.json && metrics.is_none() {
        let findings: Findings<()> = read(arguments)?;
        report::table(&findings)?;
        return answer(&findings);
    }
    let findings: Findings = read(arguments)?;
    if is_printed {
        output::write(&report::prometheus(&findings))?;
    } else if arguments.json {
        report::json(&findings)?;
    } else {
        report::table(&findings)?;
    }
    if let Some(path) = metrics.filter(|_| !is_printed) {
        report::write_prometheus(path, &findings)?;
    }
    answer(&findings)
}

/// Reads the certificates of all named files and contexts.
fn read<K: Kept>(arguments: &Arguments) -> Result<Findings<K>, Failure> {
    let judge = Judge { now: when::now(), within: arguments.within };
    let mut findings = judge.read_all(&arguments.paths);
    if arguments.all_contexts {
        contexts::read_all(judge, &mut findings)?;
    }
    contexts::read(&arguments.contexts, judge, &mut findings)?;
    findings.miss_certificates(&arguments.paths);
    findings.sort();
    Ok(findings)
}

fn answer<K>(findings: &Findings<K>) -> Result<Answer, Failure> {
    match findings.unreadable.len() {
        0 if findings.certificates.is_empty() => {
            Err(Failure::person("there is no certificate to check: no context has one")
                .hint("name a certificate as certificate_file in the credentials of a context"))
        }
        0 if findings.certificates.iter().all(|certificate| certificate.is_fine) => Ok(Answer::Yes),
        0 => Ok(Answer::No),
        1 => Err(Failure::person("one of the files cannot be read").hint(UNREADABLE)),
        count => {
            Err(Failure::person(format!("{count} of the files cannot be read")).hint(UNREADABLE))
        }
    }
}

const UNREADABLE: &str =
    "name files and folders with certificates; what is wrong with a file is said above";

/// The certificates of all credentials that have a name, for other commands with this table.
pub(crate) fn of_all_contexts(within: Duration) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    contexts::read_all(Judge { now: when::now(), within }, &mut findings)?;
    Ok(findings)
}

/// Adds the certificates of these credentials, which are found at `place`.
pub(crate) fn add_credentials(
    credentials: &Credentials,
    place: &str,
    within: Duration,
    findings: &mut Findings,
) {
    let judge = Judge { now: when::now(), within };
    for contents in certificates::of_credentials(credentials) {
        if let Ok(file) = CertificateFile::from_bytes(&contents) {
            let certificates = file.into_certificates();
            judge.check(Path::new(place), certificates, &mut findings.certificates);
        }
    }
}
