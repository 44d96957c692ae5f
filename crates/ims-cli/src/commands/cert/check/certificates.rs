//! Reading the certificates and judging how long each still lasts.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::File,
    io::Read,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use ims::{
    Credential, Credentials,
    cert::{CertError, Certificate, CertificateFile, ValidityState},
    certificates_of_signing_key,
    claims::NumericDate,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::targets::{Origin, Target, Targets, Unreadable, is_certificate_by_name};
use crate::{
    certificate_data::{days_left, state},
    failure::with_causes,
};

/// What there is to say, the certificate that ends first before the others.
#[derive(Default)]
pub(crate) struct Findings {
    pub(super) certificates: Vec<Checked>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// What is to say of one certificate.
pub(super) struct Checked {
    pub(super) file: PathBuf,
    pub(super) certificate: Certificate,
    pub(super) days_left: i64,
    /// What is left of the time between its first second and its last, from 0 to 1.
    pub(super) share_left: f64,
    pub(super) state: &'static str,
    pub(super) is_fine: bool,
}

/// By what a certificate is judged.
#[derive(Clone, Copy)]
pub(super) struct Judge {
    pub(super) now: NumericDate,
    pub(super) within: Duration,
}

impl Findings {
    fn add(&mut self, others: Self) {
        self.certificates.extend(others.certificates);
        self.unreadable.extend(others.unreadable);
    }

    /// Reports what was named if there was no certificate at all: someone who watches an empty folder should not be told that
    /// all certificates are fine.
    pub(super) fn miss_certificates(&mut self, paths: &[OsString]) {
        if self.certificates.is_empty() && self.unreadable.is_empty() {
            let reason = "there is no certificate here".to_owned();
            for path in paths {
                self.unreadable.push(Unreadable { file: path.into(), reason: reason.clone() });
            }
        }
    }

    /// Whether every certificate is valid for long enough.
    pub(crate) fn are_fine(&self) -> bool {
        self.certificates.iter().all(|certificate| certificate.is_fine)
    }

    /// Sorts by the end, and keeps one of two equal certificates, wherever they are named.
    pub(crate) fn sort_by_certificate(&mut self) {
        self.sort();
        let mut seen = HashSet::new();
        self.certificates.retain(|it| seen.insert(it.certificate.der().to_vec()));
    }

    /// Sorts by the end, and keeps one of two equal certificates in a file, such as a careless chain.
    pub(super) fn sort(&mut self) {
        fn order(it: &Checked) -> (NumericDate, &Path, &[u8]) {
            (it.not_after(), &it.file, it.certificate.der())
        }
        self.certificates.sort_by(|a, b| order(a).cmp(&order(b)));
        self.certificates.dedup_by(|a, b| order(a) == order(b));
        self.unreadable.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

impl Checked {
    /// The last second of the certificate.
    pub(super) fn not_after(&self) -> NumericDate {
        self.certificate.validity().not_after()
    }
}

impl Judge {
    /// Reads the files on as many threads as there are cores.
    pub(super) fn read_all(self, targets: Targets) -> Findings {
        let Targets { files, unreadable, .. } = targets;
        let (next, bar) = (AtomicUsize::new(0), progress_bar(files.len()));
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(files.len());
        let mut findings = Findings { certificates: Vec::new(), unreadable };
        thread::scope(|scope| {
            let mut workers = Vec::new();
            for _ in 0..threads {
                workers.push(scope.spawn(|| self.read_some(&files, &next, &bar)));
            }
            for worker in workers {
                findings.add(worker.join().expect("reading a certificate does not panic"));
            }
        });
        bar.finish_and_clear();
        findings
    }

    /// Reads files until there is none that no other thread has taken.
    fn read_some(self, files: &[Target], next: &AtomicUsize, bar: &ProgressBar) -> Findings {
        let (mut findings, mut buffer) = (Findings::default(), Vec::new());
        while let Some(target) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(reason) = self.read(target, &mut buffer, &mut findings.certificates) {
                findings.unreadable.push(Unreadable { file: target.path.clone(), reason });
            }
            bar.inc(1);
        }
        findings
    }

    /// Adds what the file holds, or says why it cannot be read.
    fn read(
        self,
        target: &Target,
        buffer: &mut Vec<u8>,
        checked: &mut Vec<Checked>,
    ) -> Result<(), String> {
        buffer.clear();
        let file = File::open(&target.path);
        let length = file.and_then(|file| file.take(LONGEST_FILE).read_to_end(buffer));
        length.map_err(|error| error.to_string())?;
        let mut add = |file| checked.extend(self.check(&target.path, file));
        match CertificateFile::from_bytes(buffer) {
            Err(error @ CertError::NoCertificate { .. }) => {
                let credentials = Credentials::from_file(&target.path);
                let certificates = credentials.map(|it| of_credentials(&it)).unwrap_or_default();
                if certificates.is_empty() && !is_of_another_kind(target) {
                    return Err(said(&error));
                }
                for contents in certificates {
                    add(CertificateFile::from_bytes(&contents).map_err(|error| said(&error))?);
                }
            }
            read => add(read.map_err(|error| said(&error))?),
        }
        Ok(())
    }

    /// What is to say of the certificates that were found at `place`.
    pub(super) fn check(
        self,
        place: &Path,
        file: CertificateFile,
    ) -> impl Iterator<Item = Checked> {
        let certificates = file.into_certificates().into_iter();
        certificates.map(move |certificate| self.check_one(place, certificate))
    }

    fn check_one(self, place: &Path, certificate: Certificate) -> Checked {
        let (now, validity) = (self.now, certificate.validity());
        let whole = validity.not_after().since(validity.not_before()).as_secs_f64().max(1.0);
        let remaining = validity.not_after().since(now.max(validity.not_before()));
        let is_valid = matches!(validity.state(now), ValidityState::Valid { .. });
        Checked {
            file: place.to_owned(),
            days_left: days_left(validity.not_after(), now),
            share_left: remaining.as_secs_f64() / whole,
            state: state(validity.state(now)),
            is_fine: is_valid && !certificate.needs_renewal(now, self.within),
            certificate,
        }
    }
}

/// Why a certificate cannot be read, and what to do about it.
pub(super) fn said(error: &CertError) -> String {
    let text = with_causes(error);
    match error.conversion() {
        Some(command) => format!("{text}; convert it: {command}"),
        None => text,
    }
}

/// The certificates that credentials name, or that are in the PKCS#12 file of their key.
pub(super) fn of_credentials(credentials: &Credentials) -> Vec<Vec<u8>> {
    let Credential::ServiceAccount(credential) = credentials.credential() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for pair in credential.signing_keys.iter() {
        if let Some(certificate) = &pair.certificate {
            found.push(certificate.clone());
            continue;
        }
        // A fault of the key is reported where the key is used.
        let in_key = certificates_of_signing_key(&pair.signing_key).unwrap_or_default();
        found.extend(in_key.first().map(|certificate| certificate.der().to_vec()));
    }
    found
}

/// A key or a configuration next to the certificates is not an error.
fn is_of_another_kind(target: &Target) -> bool {
    target.origin == Origin::Found && !is_certificate_by_name(&target.path)
}

/// A bundle of all authorities of the world has a fiftieth of it.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;

/// A bar on standard error, if that is a terminal and there is something to wait for.
fn progress_bar(files: usize) -> ProgressBar {
    if files < WORTH_A_BAR {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} files, {eta} left");
    let style = style.expect("the template is a constant that indicatif takes");
    // A target that is no terminal shows nothing.
    let bar =
        ProgressBar::with_draw_target(u64::try_from(files).ok(), ProgressDrawTarget::stderr());
    bar.with_style(style)
}

/// Fewer are read before a person has seen that there is a bar.
const WORTH_A_BAR: usize = 2_000;
