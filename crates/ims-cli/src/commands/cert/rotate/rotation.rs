//! The steps of a rotation. Each first checks whether it is done already, so that the next run continues one that was killed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ims::{
    Credential, Credentials, Form, KeyPair, ServiceAccountCredential, SigningKey,
    cert::{Certificate, CertificateFile, DistinguishedName},
    claims::Environment,
    open_signing_key,
    sign::{Passphrase, Signer},
};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    own_file::{KeyEntry, OwnFile},
    state::{NewPair, State},
};
use crate::{failure::Failure, integration::CredentialsFile, output, when};

/// A rotation that is in progress.
pub(super) struct Rotation {
    pub(super) path: PathBuf,
    /// Which credentials of the file to use.
    credential: Option<String>,
    /// The IMS that is asked, if it is not that of the credentials.
    pub(super) environment: Option<Environment>,
    pub(super) state: State,
}

/// Its state.
impl Rotation {
    pub(super) fn resume(file: CredentialsFile) -> Result<Self, Failure> {
        let path = real_path(&file.path)?;
        match State::load(&path)? {
            Some(state) if state.finished_at.is_none() => Ok(Self::new(path, file, state)),
            _ => Err(Failure::person(format!(
                "no rotation of {} has begun",
                ims_files::shown(&path)
            ))
            .hint("begin one: ims cert rotate -c FILE")),
        }
    }

    /// Continues with the rotation that is in progress, or begins one.
    pub(super) fn resume_or_begin(
        file: CredentialsFile,
        subject: Option<&DistinguishedName>,
    ) -> Result<Self, Failure> {
        let path = real_path(&file.path)?;
        let state = match State::load(&path)? {
            Some(state) if state.finished_at.is_none() => state,
            _ => begin(&path, file.credential.as_deref(), subject)?,
        };
        Ok(Self::new(path, file, state))
    }

    fn new(path: PathBuf, file: CredentialsFile, state: State) -> Self {
        let CredentialsFile { credential, environment, .. } = file;
        Self { path, credential, environment, state }
    }

    /// Reads the credentials as they are now.
    pub(super) fn read(&self) -> Result<(Credentials, ServiceAccountCredential), Failure> {
        read(&self.path, self.credential.as_deref())
    }

    pub(super) fn new_pair(&self) -> NewPair {
        NewPair::within(&self.path.with_file_name(&self.state.folder))
    }

    /// The members of the new key, as the credentials name it.
    fn new_entry(&self, old: &KeyEntry) -> KeyEntry {
        let NewPair { key, certificate } = NewPair::within(Path::new(&self.state.folder));
        let text = |path: PathBuf| Value::from(path.to_string_lossy());
        let passphrase = old.iter().filter(|(name, _)| name.starts_with("private_key_passphrase"));
        let mut entry: KeyEntry =
            passphrase.map(|(name, value)| (name.clone(), value.clone())).collect();
        entry.insert(KEY_FILE.to_owned(), text(key));
        entry.insert("certificate_file".to_owned(), text(certificate));
        entry
    }

    fn is_new(&self, entry: &KeyEntry) -> bool {
        entry.get(KEY_FILE) == self.new_entry(entry).get(KEY_FILE)
    }
}

/// What is done, in this order.
impl Rotation {
    /// Makes the key and the certificate, which names the same subject as the old one.
    pub(super) fn make_pair(&self, days: u32) -> Result<(), Failure> {
        let old = old_pair(&self.read()?.1, &self.new_pair());
        let certificate = old.as_ref().and_then(certificate_of);
        let subject = match &self.state.subject {
            Some(subject) => subject.parse().map_err(|error| Failure::from(&error))?,
            None => subject_of(certificate.as_ref()),
        };
        let passphrase = old.as_ref().and_then(passphrase_of);
        self.new_pair().make(&subject, days, passphrase.as_ref())
    }

    /// Adds the new pair after the old one, for processes that start while IMS may accept either of them.
    pub(super) fn add_pair(&self) -> Result<(), Failure> {
        if self.read()?.0.form() != Form::Own {
            return Ok(());
        }
        let file = OwnFile::read(&self.path)?;
        let keys = file.keys.clone();
        match keys.as_slice() {
            keys if keys.iter().any(|entry| self.is_new(entry)) => Ok(()),
            [old] => file.write_keys(&[old.clone(), self.new_entry(old)]),
            _ => Err(two_keys(&self.path)),
        }
    }

    /// Puts the new pair first. Other forms have to be changed by hand.
    pub(super) fn switch(&mut self) -> Result<(), Failure> {
        let (credentials, credential) = self.read()?;
        if credentials.form() == Form::Own {
            let file = OwnFile::read(&self.path)?;
            if let [old, new] = file.keys.as_slice()
                && self.is_new(new)
            {
                let keys = [new.clone(), old.clone()];
                file.write_keys(&keys)?;
            }
        } else if !is_first(&credential, &self.new_pair()) {
            return Err(self.to_change_by_hand());
        }
        if self.state.switched_at.is_none() {
            self.state.switched_at = Some(when::now().as_secs());
            self.state.save(&self.path)?;
        }
        Ok(())
    }

    /// Removes the old pair from the credentials. Its files stay.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let (credentials, credential) = self.read()?;
        if self.state.switched_at.is_none() || !is_first(&credential, &self.new_pair()) {
            return Err(Failure::person("the credentials do not have the new key first")
                .hint("continue the rotation: ims cert rotate -c FILE"));
        }
        if credentials.form() == Form::Own {
            let file = OwnFile::read(&self.path)?;
            if let [new, _] = file.keys.as_slice() {
                let keys = [new.clone()];
                file.write_keys(&keys)?;
            }
        }
        self.state.finished_at = Some(when::now().as_secs());
        self.state.save(&self.path)?;
        let path = ims_files::shown(&self.path);
        output::note("done", &format!("{path} names the new key alone"));
        let old = self.old_certificate();
        output::note(
            "next",
            &format!(
                "delete {old} in the console, if it is still there, and its private key wherever it is"
            ),
        );
        Ok(())
    }
}

/// Remembers that a rotation has begun, before anything is made.
fn begin(
    path: &Path,
    credential: Option<&str>,
    subject: Option<&DistinguishedName>,
) -> Result<State, Failure> {
    let (_, credential) = read(path, credential)?;
    if credential.signing_keys.second().is_some() {
        return Err(two_keys(path));
    }
    let old = credential.signing_keys.first();
    if let SigningKey::Pkcs11 { .. } = old.signing_key {
        return Err(Failure::person("the key is in a hardware security module")
            .hint("make a new key there: ims hsm generate URI")
            .hint("and its certificate: ims cert new --signer URI --out DIR")
            .hint("name both in the list keys of the credentials, the old one first until IMS accepts the new one"));
    }
    let certificate = certificate_of(old);
    if subject.is_none() {
        subject_of(certificate.as_ref()).expect_writable().map_err(|error| {
            Failure::from(&error)
                .about("the subject of the old certificate cannot be used again")
                .hint("give another one: --subject '/C=US/O=Example/CN=my-integration'; Adobe does not look at it")
        })?;
    }
    let state = State {
        folder: free_folder(path),
        old_sha1_fingerprint: certificate.map(|it| it.sha1_fingerprint()),
        switched_at: None,
        subject: subject.map(ToString::to_string),
        finished_at: None,
    };
    state.save(path)?;
    Ok(state)
}

/// A name with the time at which the key was made.
fn free_folder(path: &Path) -> String {
    let date = when::rfc3339(when::now());
    let name = format!("keys-{}", date.split('T').next().unwrap_or_default());
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !path.with_file_name(name).exists()).unwrap_or(name)
}

/// The file itself, since to replace a link to it would leave it as it is.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| {
        Failure::person(format!("{} cannot be read", ims_files::shown(path))).because(error)
    })
}

/// Reads the credentials of this name in the file, if there are several, else the only ones.
pub(super) fn read(
    path: &Path,
    name: Option<&str>,
) -> Result<(Credentials, ServiceAccountCredential), Failure> {
    let credentials = match name {
        Some(name) => Credentials::from_file_selecting(path, name)?,
        None => Credentials::from_file(path)?,
    };
    if credentials.form() == Form::AemService {
        return Err(Failure::person("the keys of AEM as a Cloud Service are made by its Developer Console")
            .hint("choose Add certificate there, and download the new service credentials")
            .hint("ask for a token with them: ims doctor -c NEW; it may take ten minutes until they are accepted")
            .hint("put them in place of the old ones, restart what uses them, and revoke the old certificate there"));
    }
    match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            let credential = credential.clone();
            Ok((credentials, credential))
        }
        _ => Err(Failure::person("these credentials have no certificate")
            .hint("to replace the client secret of OAuth Server-to-Server: ims secret rotate")),
    }
}

/// The pair that is replaced: the one that is not in the new folder.
pub(super) fn old_pair(credential: &ServiceAccountCredential, new: &NewPair) -> Option<KeyPair> {
    let new = new.read_certificate().ok();
    let mut pairs = credential.signing_keys.iter();
    pairs.find(|pair| new.is_none() || certificate_of(pair) != new).cloned()
}

fn is_first(credential: &ServiceAccountCredential, new: &NewPair) -> bool {
    let first = open_signing_key(&credential.signing_keys.first().signing_key);
    let new = new.read_certificate().ok().and_then(|certificate| certificate.public_key().ok());
    first.is_ok_and(|signer| new.is_some_and(|new| *signer.public_key() == new))
}

pub(super) fn certificate_of(pair: &KeyPair) -> Option<Certificate> {
    let file = CertificateFile::from_bytes(pair.certificate.as_ref()?).ok()?;
    // An authority's certificate may come before that of the key.
    match open_signing_key(&pair.signing_key) {
        Ok(signer) => Some(file.certificate_for(signer.public_key()).clone()),
        Err(_) => file.certificates().first().cloned(),
    }
}

pub(super) fn passphrase_of(pair: &KeyPair) -> Option<Passphrase> {
    match &pair.signing_key {
        SigningKey::File { passphrase, .. } => {
            let passphrase = passphrase.as_ref()?;
            Some(Passphrase::new(passphrase.expose_secret().to_owned()))
        }
        _ => None,
    }
}

/// The subject of the old certificate; without one, the default of `ims cert new`.
fn subject_of(certificate: Option<&Certificate>) -> DistinguishedName {
    match certificate {
        Some(certificate) => certificate.subject().clone(),
        None => "/CN=ims".parse().expect("the default of ims cert new is a name"),
    }
}

fn two_keys(path: &Path) -> Failure {
    Failure::person(format!("{} names two keys already", ims_files::shown(path)))
        .hint("remove the one that is no longer used, and begin again")
}

const KEY_FILE: &str = "private_key_file";
