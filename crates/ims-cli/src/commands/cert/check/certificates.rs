//! Reading the certificates, and how long each is still valid.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::File,
    io::Read,
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use ims::{
    Credential, Credentials,
    cert::{CertError, Certificate, CertificateFile},
    certificates_of_signing_key,
    claims::NumericDate,
};

use super::{
    cores,
    targets::{Origin, Target, Targets, Unreadable, is_certificate_by_name},
};
use crate::{
    certificate_data::{days_left, state},
    failure::with_causes,
    waiting,
};

/// What there is to say, sorted by their expiry.
pub(crate) struct Findings<K = Certificate> {
    pub(super) certificates: Vec<Checked<K>>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// What the command says about one certificate.
pub(super) struct Checked<K> {
    /// The file or the context, as it is shown.
    pub(super) place: String,
    pub(super) subject: String,
    /// The last second of the certificate.
    pub(super) not_after: NumericDate,
    pub(super) days_left: i64,
    /// The remaining part of its validity period, from 0 to 1.
    pub(super) share_left: f64,
    pub(super) state: &'static str,
    pub(super) is_fine: bool,
    pub(super) kept: K,
}

/// What is kept in memory with the row of a certificate: the whole certificate or, for a table of thousands of files, nothing.
pub(crate) trait Kept: Send {
    fn of(certificate: Certificate) -> Self;
}

impl Kept for Certificate {
    fn of(certificate: Certificate) -> Self {
        certificate
    }
}

impl Kept for () {
    fn of(_: Certificate) -> Self {}
}

/// What a certificate is compared with.
#[derive(Clone, Copy)]
pub(super) struct Judge {
    pub(super) now: NumericDate,
    pub(super) within: Duration,
}

impl<K> Default for Findings<K> {
    fn default() -> Self {
        Self { certificates: Vec::new(), unreadable: Vec::new() }
    }
}

impl<K> Findings<K> {
    fn add(&mut self, others: Self) {
        self.certificates.extend(others.certificates);
        self.unreadable.extend(others.unreadable);
    }

    /// Reports a named place without any certificate: for an empty folder, the command must not say that all certificates
    /// are fine.
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

    /// Sorts by the end.
    pub(super) fn sort(&mut self) {
        fn order<K>(it: &Checked<K>) -> (NumericDate, &str, &str) {
            (it.not_after, &it.place, &it.subject)
        }
        self.certificates.sort_by(|a, b| order(a).cmp(&order(b)));
        self.unreadable.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

impl Findings {
    /// Sorts by the end, and keeps one of two equal certificates, wherever they are named.
    pub(crate) fn sort_by_certificate(&mut self) {
        self.sort();
        let mut seen = HashSet::new();
        self.certificates.retain(|it| seen.insert(it.kept.der().to_vec()));
    }
}

impl Judge {
    /// Finds and reads the files on as many threads as there are cores, of which this is one.
    pub(super) fn read_all<K: Kept>(self, paths: &[OsString]) -> Findings<K> {
        let files = OnceLock::<Vec<Target>>::new();
        let (next, done) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let core = cores::current();
        let mut findings = Findings::default();
        thread::scope(|scope| {
            let mut workers = Vec::new();
            for _ in 1..threads(paths) {
                let worker = thread::Builder::new().spawn_scoped(scope, || {
                    cores::leave(core);
                    self.read_some(files.wait(), &next, &done)
                });
                // Without it, the others have more to do.
                workers.extend(worker);
            }
            // Lets them move to their cores before the first file is found.
            thread::yield_now();
            let Targets { files: found, unreadable, .. } = Targets::named(paths);
            let found = files.get_or_init(|| found);
            let _waiting = waiting::on_many("files", &done, found.len());
            findings = self.read_some(found, &next, &done);
            findings.unreadable.extend(unreadable);
            for worker in workers {
                findings.add(worker.join().expect("reading a certificate does not panic"));
            }
        });
        findings
    }

    /// Reads files until there is none that no other thread has taken. Each thread sorts what it has found, because sorted
    /// parts are merged in a fraction of the time.
    fn read_some<K: Kept>(
        self,
        files: &[Target],
        next: &AtomicUsize,
        done: &AtomicUsize,
    ) -> Findings<K> {
        let (mut findings, mut buffer) = (Findings::default(), Vec::new());
        while let Some(target) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(reason) = self.read(target, &mut buffer, &mut findings.certificates) {
                findings.unreadable.push(Unreadable { file: target.path.clone(), reason });
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        findings.sort();
        findings
    }

    /// Adds what the file holds, or says why it cannot be read.
    fn read<K: Kept>(
        self,
        target: &Target,
        buffer: &mut Vec<u8>,
        checked: &mut Vec<Checked<K>>,
    ) -> Result<(), String> {
        buffer.clear();
        let file = File::open(&target.path);
        let length = file.and_then(|file| file.take(LONGEST_FILE).read_to_end(buffer));
        length.map_err(|error| ims_files::without_number(&error.to_string()))?;
        let mut certificates = Vec::new();
        let read = match CertificateFile::from_bytes(buffer) {
            Err(error @ CertError::NoCertificate { .. }) => {
                let credentials = Credentials::from_file(&target.path);
                let files = credentials.map(|it| of_credentials(&it)).unwrap_or_default();
                if files.is_empty() && !is_of_another_kind(target) {
                    return Err(said(&error));
                }
                add_certificates(&files, &mut certificates)
            }
            Err(error) => return Err(said(&error)),
            Ok(file) => {
                certificates = file.into_certificates();
                Ok(())
            }
        };
        self.check(&target.path, certificates, checked);
        read
    }

    /// Adds what the command says about the certificates at `place`. Of two equal ones, as in some chains, one is kept.
    pub(super) fn check<K: Kept>(
        self,
        place: &Path,
        mut certificates: Vec<Certificate>,
        checked: &mut Vec<Checked<K>>,
    ) {
        if certificates.len() > 1 {
            let mut seen = HashSet::new();
            certificates.retain(|certificate| seen.insert(certificate.der().to_vec()));
        }
        for certificate in certificates {
            checked.push(self.check_one(place, certificate));
        }
    }

    fn check_one<K: Kept>(self, place: &Path, certificate: Certificate) -> Checked<K> {
        let (now, validity) = (self.now, certificate.validity());
        let whole = validity.not_after().since(validity.not_before()).as_secs_f64().max(1.0);
        let remaining = validity.not_after().since(now.max(validity.not_before()));
        let is_valid = validity.contains(now);
        Checked {
            place: ims_files::shown(place),
            subject: certificate.subject().to_string(),
            not_after: validity.not_after(),
            days_left: days_left(validity.not_after(), now),
            share_left: remaining.as_secs_f64() / whole,
            state: state(validity.state(now)),
            is_fine: is_valid && !certificate.needs_renewal(now, self.within),
            kept: K::of(certificate),
        }
    }
}

/// How many threads read what is in these places.
fn threads(paths: &[OsString]) -> usize {
    match paths {
        [] => 1,
        [path] if Path::new(path).is_file() => 1,
        _ => thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS),
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

/// Adds the certificates of the contents of these files, up to the first that cannot be read.
pub(super) fn add_certificates(
    files: &[Vec<u8>],
    certificates: &mut Vec<Certificate>,
) -> Result<(), String> {
    for contents in files {
        let file = CertificateFile::from_bytes(contents).map_err(|error| said(&error))?;
        certificates.extend(file.into_certificates());
    }
    Ok(())
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

/// With more, to start them takes longer than they save in a folder of a thousand files.
const MOST_THREADS: usize = 8;

/// The bundle of all public authorities is 50 times smaller.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;
