//! Reading the certificates and judging how long each still lasts.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use ims::{
    Credential, Credentials,
    cert::{CertError, Certificate, CertificateFile, ValidityState},
    claims::NumericDate,
};

use super::{
    progress,
    targets::{Origin, Target, Targets, Unreadable, is_certificate_by_name},
};
use crate::{
    commands::cert::inspect::{days_left, state},
    failure::with_causes,
};

/// What there is to say, the certificate that ends first before the others.
pub(super) struct Findings {
    pub(super) certificates: Vec<Checked>,
    pub(super) unreadable: Vec<Unreadable>,
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

/// By what a certificate is judged.
#[derive(Clone, Copy)]
struct Judge {
    now: NumericDate,
    within: Duration,
}

/// Reads the files on as many threads as there are cores.
pub(super) fn read_all(targets: Targets, now: NumericDate, within: Duration) -> Findings {
    let Targets { files, unreadable, .. } = targets;
    let mut findings = Findings { certificates: Vec::new(), unreadable };
    let (judge, next, bar) =
        (Judge { now, within }, AtomicUsize::new(0), progress::bar(files.len()));
    let read = || {
        let take = || files.get(next.fetch_add(1, Ordering::Relaxed));
        let take = || take().inspect(|_| bar.inc(1));
        std::iter::from_fn(take).map(|target| judge.read(target)).collect::<Vec<_>>()
    };
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(files.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
        for worker in workers {
            for result in worker.join().expect("reading a certificate does not panic") {
                findings.add(result);
            }
        }
    });
    bar.finish_and_clear();
    findings.sort();
    findings
}

type Read = Result<Vec<Checked>, Unreadable>;

impl Findings {
    fn add(&mut self, result: Read) {
        match result {
            Ok(certificates) => self.certificates.extend(certificates),
            Err(reason) => self.unreadable.push(reason),
        }
    }

    /// Whatever is twice in one file, in a chain put together carelessly, is said once.
    fn sort(&mut self) {
        fn order(it: &Checked) -> (NumericDate, &Path, &str) {
            (it.not_after, &it.file, &it.sha256_fingerprint)
        }
        self.certificates.sort_by(|a, b| order(a).cmp(&order(b)));
        self.certificates.dedup_by(|a, b| order(a) == order(b));
        self.unreadable.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

impl Judge {
    fn read(self, target: &Target) -> Read {
        let unreadable = |reason| Unreadable { file: target.path.clone(), reason };
        let contents = fs::read(&target.path).map_err(|error| unreadable(error.to_string()))?;
        let file = match CertificateFile::read(&contents) {
            Err(error @ CertError::NoCertificate { .. }) => match of_credentials(target) {
                Some(contents) => CertificateFile::read(&contents),
                None if is_of_another_kind(target) => return Ok(Vec::new()),
                None => Err(error),
            },
            read => read,
        };
        let file = file.map_err(|error| unreadable(with_causes(&error)))?;
        let certificates = file.certificates().iter();
        Ok(certificates.map(|certificate| self.check(target, certificate)).collect())
    }

    fn check(self, target: &Target, certificate: &Certificate) -> Checked {
        let (now, validity) = (self.now, certificate.validity());
        let whole = validity.not_after().since(validity.not_before()).as_secs_f64().max(1.0);
        let remaining = validity.not_after().since(now.max(validity.not_before()));
        let is_valid = matches!(validity.state(now), ValidityState::Valid { .. });
        Checked {
            file: target.path.clone(),
            subject: certificate.subject().to_string(),
            sha256_fingerprint: certificate.sha256_fingerprint().to_string(),
            not_after: validity.not_after(),
            days_left: days_left(validity.not_after(), now),
            share_left: remaining.as_secs_f64() / whole,
            state: state(validity.state(now)),
            is_fine: is_valid && !certificate.needs_renewal(now, self.within),
        }
    }
}

/// The certificate that credentials name, if this is a file of credentials.
fn of_credentials(target: &Target) -> Option<Vec<u8>> {
    match Credentials::from_file(&target.path).ok()?.credential() {
        Credential::ServiceAccount(credential) => credential.signing_keys.first().certificate.clone(),
        _ => None,
    }
}

/// A key or a configuration beside the certificates is nothing to complain about.
fn is_of_another_kind(target: &Target) -> bool {
    target.origin == Origin::Found && !is_certificate_by_name(&target.path)
}
