//! `ims cert check`: which certificates end soon.

use std::{
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use clap::Args;
use ims::{
    Credential, Credentials,
    cert::{CertError, CertificateFile, ValidityState},
    claims::NumericDate,
};

use super::{
    check_report,
    inspect::{days_left, state},
};
use crate::{
    failure::{Failure, with_causes},
    output::Answer,
    when,
};

/// Tells when certificates end, soonest first. Exit code 0 if all are valid for long enough, 1 if one ends within the
/// time or is not valid now, 4 if a file cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims cert check /etc/ims --within 30d")]
pub(crate) struct Arguments {
    /// Files of certificates, credentials with a certificate, or folders of them
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,

    /// How long they have to be valid from now on
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    within: Duration,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,

    /// Print the text format of Prometheus
    #[arg(long, conflicts_with = "json")]
    prometheus: bool,
}

/// What is to say of one certificate.
pub(super) struct Checked {
    pub(super) file: PathBuf,
    pub(super) subject: String,
    pub(super) sha256_fingerprint: String,
    pub(super) not_after: NumericDate,
    pub(super) days_left: i64,
    /// What is left of the time between its first second and its last, from 0 to 1.
    pub(super) share_left: f64,
    pub(super) state: &'static str,
    pub(super) is_fine: bool,
}

/// A file that could not be read, and why.
pub(super) struct Unreadable {
    pub(super) file: PathBuf,
    pub(super) reason: String,
}

/// A file that is to be read.
struct Target {
    path: PathBuf,
    origin: Origin,
}

/// Who named a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The caller, who expects a certificate in it.
    Named,
    /// A folder, in which other files lie too.
    Found,
}

type Read = Result<Vec<Checked>, Unreadable>;

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let now = when::now();
    let mut targets = Vec::new();
    let mut unreadable = Vec::new();
    for path in &arguments.paths {
        if let Err(error) = expand(path, Origin::Named, &mut targets) {
            unreadable.push(Unreadable { file: path.clone(), reason: error.to_string() });
        }
    }
    let mut checked = Vec::new();
    for result in read_all(&targets, now, arguments.within) {
        match result {
            Ok(certificates) => checked.extend(certificates),
            Err(reason) => unreadable.push(reason),
        }
    }
    checked.sort_by(|a, b| (a.not_after, &a.file).cmp(&(b.not_after, &b.file)));
    if arguments.json {
        check_report::json(&checked, &unreadable)?;
    } else if arguments.prometheus {
        check_report::prometheus(&checked, &unreadable)?;
    } else {
        check_report::table(&checked, &unreadable)?;
    }
    match unreadable.len() {
        0 if checked.iter().all(|certificate| certificate.is_fine) => Ok(Answer::Yes),
        0 => Ok(Answer::No),
        count => Err(Failure::person(format!("{count} of the files cannot be read"))),
    }
}

/// Adds the file, or what lies in the folder, at any depth.
fn expand(path: &Path, origin: Origin, targets: &mut Vec<Target>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        if origin == Origin::Named || has_known_ending(path) {
            targets.push(Target { path: path.to_owned(), origin });
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // A link to a folder may lead in a circle.
        if !(entry.file_type()?.is_symlink() && entry.path().is_dir()) {
            expand(&entry.path(), Origin::Found, targets)?;
        }
    }
    Ok(())
}

fn has_known_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["pem", "crt", "cer", "der", "json", "toml"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// Reads the files on as many threads as there are cores.
fn read_all(targets: &[Target], now: NumericDate, within: Duration) -> Vec<Read> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = targets.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let read = |targets: &[Target]| -> Vec<Read> {
            targets.iter().map(|target| target.read(now, within)).collect()
        };
        let workers: Vec<_> =
            targets.chunks(share).map(|share| scope.spawn(move || read(share))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("reading a certificate does not panic"))
            .collect()
    })
}

impl Target {
    fn read(&self, now: NumericDate, within: Duration) -> Read {
        let unreadable = |reason| Unreadable { file: self.path.clone(), reason };
        let contents = fs::read(&self.path).map_err(|error| unreadable(error.to_string()))?;
        let file = match CertificateFile::read(&contents) {
            Err(CertError::NoCertificate { .. }) if self.origin == Origin::Found => {
                match self.certificate_of_credentials() {
                    Some(contents) => CertificateFile::read(&contents),
                    None => return Ok(Vec::new()),
                }
            }
            Err(error @ CertError::NoCertificate { .. }) => match self.certificate_of_credentials()
            {
                Some(contents) => CertificateFile::read(&contents),
                None => Err(error),
            },
            read => read,
        };
        let file = file.map_err(|error| unreadable(with_causes(&error)))?;
        Ok(file
            .certificates()
            .iter()
            .map(|certificate| self.check(certificate, now, within))
            .collect())
    }

    fn check(
        &self,
        certificate: &ims::cert::Certificate,
        now: NumericDate,
        within: Duration,
    ) -> Checked {
        let validity = certificate.validity();
        let whole = validity.not_after().since(validity.not_before()).as_secs_f64().max(1.0);
        let remaining = validity.not_after().since(now.max(validity.not_before()));
        let is_valid = matches!(validity.state(now), ValidityState::Valid { .. });
        Checked {
            file: self.path.clone(),
            subject: certificate.subject().to_string(),
            sha256_fingerprint: certificate.sha256_fingerprint().to_string(),
            not_after: validity.not_after(),
            days_left: days_left(validity.not_after(), now),
            share_left: remaining.as_secs_f64() / whole,
            state: state(validity.state(now)),
            is_fine: is_valid && !certificate.needs_renewal(now, within),
        }
    }

    /// The certificate that credentials name, if this is a file of credentials.
    fn certificate_of_credentials(&self) -> Option<Vec<u8>> {
        match Credentials::from_file(&self.path).ok()?.credential() {
            Credential::ServiceAccount(credential) => credential.certificate.clone(),
            _ => None,
        }
    }
}
