//! The steps of a rotation. Each looks first whether it is done already, so that a run that was killed is gone on with.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use ims::{
    Client, Credential, Credentials, Form, KeyPair, ServiceAccountCredential, SigningKey,
    TokenError,
    cert::{Certificate, CertificateFile, DistinguishedName},
    claims::{Environment, NumericDate},
    exchange::ExchangeError,
    sign::{Passphrase, Signer},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    own_file::{KeyEntry, OwnFile},
    pair::NewPair,
    state::{self, State},
};
use crate::{failure::Failure, output, when};

/// A rotation that is under way.
pub(super) struct Rotation {
    path: PathBuf,
    url: Option<Environment>,
    state: State,
}

#[derive(Serialize)]
struct Data<'a> {
    private_key_file: PathBuf,
    certificate_file: PathBuf,
    sha1_fingerprint: String,
    not_after: String,
    old_sha1_fingerprint: Option<&'a str>,
    switched_at: String,
    old_may_be_deleted_after: String,
}

/// Where it stands.
impl Rotation {
    pub(super) fn resume(path: &Path, url: Option<Environment>) -> Result<Self, Failure> {
        let path = real_path(path)?;
        let state = State::load(&path)?.ok_or_else(|| {
            Failure::person(format!("no rotation of {} is under way", path.display()))
                .hint("begin one: ims cert rotate -c FILE")
        })?;
        Ok(Self { path, url, state })
    }

    pub(super) fn resume_or_begin(path: &Path, url: Option<Environment>) -> Result<Self, Failure> {
        let path = real_path(path)?;
        let state = match State::load(&path)? {
            Some(state) => state,
            None => begin(&path)?,
        };
        Ok(Self { path, url, state })
    }

    fn new_pair(&self) -> NewPair {
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
        let old = old_pair(&read(&self.path)?.1, &self.new_pair());
        let subject = old.as_ref().and_then(certificate_of).map(|it| it.subject());
        let subject = subject.unwrap_or_else(default_subject);
        let passphrase = old.as_ref().and_then(passphrase_of);
        self.new_pair().make(&subject, days, passphrase.as_ref())
    }

    /// Names the new pair beside the old, for processes that are started while both may be the right one.
    pub(super) fn add_pair(&self) -> Result<(), Failure> {
        if read(&self.path)?.0.form() != Form::Own {
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

    /// Puts the new pair first. Other forms are changed by whoever knows them.
    pub(super) fn switch(&mut self) -> Result<(), Failure> {
        let (credentials, credential) = read(&self.path)?;
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
            self.state.switched_at = Some(when::now().as_seconds());
            self.state.save(&self.path)?;
        }
        Ok(())
    }

    /// Takes the old pair out of the credentials. Its files stay.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let (credentials, credential) = read(&self.path)?;
        if self.state.switched_at.is_none() || !is_first(&credential, &self.new_pair()) {
            return Err(Failure::person("the credentials do not have the new key first")
                .hint("go on with the rotation: ims cert rotate -c FILE"));
        }
        if credentials.form() == Form::Own {
            let file = OwnFile::read(&self.path)?;
            if let [new, _] = file.keys.as_slice() {
                let keys = [new.clone()];
                file.write_keys(&keys)?;
            }
        }
        State::remove(&self.path)?;
        let path = self.path.display();
        output::note("done", &format!("{path} names the new key alone"));
        let old = self.old_certificate();
        output::note(
            "next",
            &format!(
                "delete {old} in the console, if it is still there, and its private key wherever it lies"
            ),
        );
        Ok(())
    }
}

/// What IMS is asked.
impl Rotation {
    /// Asks until IMS takes the new key, or `limit` is over.
    pub(super) async fn wait(&self, limit: Duration) -> Result<(), Failure> {
        let spinner = spinner(limit);
        let (until, mut pause) = (Instant::now() + limit, FIRST_PAUSE);
        let answer = loop {
            match self.ask_by_new_pair().await {
                Err(Refused::NotYet(_)) if Instant::now() + pause <= until => {
                    spinner.tick();
                    sleep(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                answer => break answer,
            }
        };
        spinner.finish_and_clear();
        match answer {
            Ok(()) => Ok(()),
            Err(Refused::NotYet(failure)) => Err(failure.hint(format!(
                "once it is uploaded, run the same command again; {} knows where it stands",
                state::path(&self.path).display()
            ))),
            Err(Refused::Other(failure)) => Err(failure),
        }
    }

    async fn ask_by_new_pair(&self) -> Result<(), Refused> {
        let (credentials, credential) = read(&self.path).map_err(Refused::Other)?;
        let old = old_pair(&credential, &self.new_pair());
        let passphrase = old.as_ref().and_then(passphrase_of);
        let pair = self.new_pair().read(passphrase).map_err(Refused::Other)?;
        self.ask(&credentials, credential, pair).await
    }

    /// Asks by the key that is first in the credentials now.
    pub(super) async fn verify(&self) -> Result<(), Failure> {
        let (credentials, credential) = read(&self.path)?;
        let pair = credential.signing_keys.first().clone();
        match self.ask(&credentials, credential, pair).await {
            Ok(()) => Ok(()),
            Err(Refused::NotYet(failure) | Refused::Other(failure)) => Err(failure
                .about("IMS took the new key, and now does not take it from the credentials")),
        }
    }

    async fn ask(
        &self,
        credentials: &Credentials,
        credential: ServiceAccountCredential,
        pair: KeyPair,
    ) -> Result<(), Refused> {
        let environment = self.url.as_ref().unwrap_or(credentials.environment()).clone();
        let credential = ServiceAccountCredential { signing_keys: pair.into(), ..credential };
        let credentials = Credentials::new(environment, Credential::ServiceAccount(credential));
        let client = Client::new(&credentials).map_err(|error| Refused::Other(error.into()))?;
        client.access_token().await.map(drop).map_err(Refused::from)
    }
}

/// Why there is no token by the new key.
enum Refused {
    /// Its certificate is not known yet, or IMS is not there.
    NotYet(Failure),
    /// Something is wrong that waiting does not heal.
    Other(Failure),
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        let mut causes = std::iter::successors(Some(&error as &dyn Error), |&it| it.source());
        let refusal = causes.find_map(<dyn Error>::downcast_ref::<ExchangeError>);
        let refusal = refusal.and_then(ExchangeError::refusal);
        // What IMS says of a key whose certificate it does not hold, by its documents and by what was observed.
        let is_unmatched = refusal.is_some_and(|refusal| {
            matches!(
                (refusal.status(), refusal.code()),
                (400, Some("invalid_signature" | "invalid_token"))
            )
        });
        if is_unmatched {
            Self::NotYet(Failure::later("IMS does not take the new key yet"))
        } else if error.is_transient() {
            Self::NotYet(error.into())
        } else {
            Self::Other(error.into())
        }
    }
}

/// What a person is told.
impl Rotation {
    pub(super) fn tell_what_to_upload(&self) -> Result<(), Failure> {
        if self.state.switched_at.is_some() {
            return Ok(());
        }
        let pair = self.new_pair();
        let (path, certificate) = (pair.certificate.display(), pair.read_certificate()?);
        let fingerprint = certificate.sha1_fingerprint();
        output::note("upload", &format!("{path} to the integration, beside the old certificate"));
        output::note(
            "where",
            "Adobe Developer Console: the project's service account (JWT), its public keys",
        );
        output::note("shown", &format!("there by its SHA-1 fingerprint, {fingerprint}"));
        Ok(())
    }

    pub(super) fn tell_what_remains(&self, as_json: bool) -> Result<(), Failure> {
        let (pair, switched_at) = (self.new_pair(), self.state.switched_at.unwrap_or_default());
        let switched_at = NumericDate::from_seconds(switched_at);
        let (certificate, ended) = (pair.read_certificate()?, switched_at.plus(TOKEN_LIFETIME));
        let (since, ended) = (when::rfc3339(switched_at), when::rfc3339(ended));
        let old = self.old_certificate();
        if as_json {
            output::json(&Data {
                private_key_file: pair.key,
                certificate_file: pair.certificate,
                sha1_fingerprint: certificate.sha1_fingerprint().to_string(),
                not_after: when::rfc3339(certificate.validity().not_after()),
                old_sha1_fingerprint: self.state.old_sha1_fingerprint.as_deref(),
                switched_at: since,
                old_may_be_deleted_after: ended,
            })?;
        } else {
            let path = self.path.display();
            output::line(&format!("IMS takes the new key, and {path} has it first since {since}"))?;
            output::note(
                "next",
                "restart every process that was started before: it may know the old key alone",
            );
            output::note(
                "then",
                &format!(
                    "after {ended}, when the last token of the old key has ended, delete {old} in the console"
                ),
            );
            output::note(
                "last",
                "take the old key out of the credentials: ims cert rotate -c FILE --finish",
            );
        }
        Ok(())
    }

    fn old_certificate(&self) -> String {
        match &self.state.old_sha1_fingerprint {
            Some(fingerprint) => format!("the old certificate (SHA-1 {fingerprint})"),
            None => "the old certificate".to_owned(),
        }
    }

    fn to_change_by_hand(&self) -> Failure {
        let NewPair { key, certificate } = self.new_pair();
        let (key, certificate) = (key.display(), certificate.display());
        Failure::person(
            "IMS takes the new key, but the credentials are of a form that is not changed here",
        )
        .hint(format!("put the key of {key} in the place of the old one"))
        .hint(format!("and, where the form has one, the certificate of {certificate}"))
        .hint("then run the same command again: it verifies what it finds")
    }
}

/// Remembers that a rotation has begun, before anything is made.
fn begin(path: &Path) -> Result<State, Failure> {
    let (_, credential) = read(path)?;
    if credential.signing_keys.second().is_some() {
        return Err(two_keys(path));
    }
    let old = credential.signing_keys.first();
    if let SigningKey::Pkcs11 { .. } = old.signing_key {
        return Err(Failure::person("the key is in a hardware security module")
            .hint("make a new key there: ims hsm generate URI")
            .hint("and its certificate: ims cert new --signer URI --out DIR")
            .hint("name both in the list keys of the credentials, the old one first until IMS takes the new one"));
    }
    let state = State {
        folder: free_folder(path),
        old_sha1_fingerprint: certificate_of(old).map(|it| it.sha1_fingerprint().to_string()),
        switched_at: None,
    };
    state.save(path)?;
    Ok(state)
}

/// A name that says when the key was made.
fn free_folder(path: &Path) -> String {
    let date = when::rfc3339(when::now());
    let name = format!("keys-{}", date.split('T').next().unwrap_or_default());
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !path.with_file_name(name).exists()).unwrap_or(name)
}

/// The file itself, since to replace a link to it would leave it as it is.
fn real_path(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| {
        Failure::person(format!("{} cannot be read", path.display())).because(error)
    })
}

fn read(path: &Path) -> Result<(Credentials, ServiceAccountCredential), Failure> {
    let credentials = Credentials::from_file(path)?;
    if credentials.form() == Form::AemService {
        return Err(Failure::person("the keys of AEM as a Cloud Service are made by its Developer Console")
            .hint("choose Add certificate there, and download the new service credentials")
            .hint("ask for a token with them: ims doctor -c NEW; it may take ten minutes until they are taken")
            .hint("put them in the place of the old ones, restart what uses them, and revoke the old certificate there"));
    }
    match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            let credential = credential.clone();
            Ok((credentials, credential))
        }
        _ => Err(Failure::person("these credentials have no certificate")),
    }
}

/// The pair that is replaced: the one that is not in the new folder.
fn old_pair(credential: &ServiceAccountCredential, new: &NewPair) -> Option<KeyPair> {
    let new = new.read_certificate().ok();
    let is_old = |pair: &&KeyPair| new.is_none() || certificate_of(pair) != new;
    credential.signing_keys.iter().find(is_old).cloned()
}

fn is_first(credential: &ServiceAccountCredential, new: &NewPair) -> bool {
    let first = credential.signing_keys.first().signing_key.signer();
    let new = new.read_certificate().ok().and_then(|certificate| certificate.public_key().ok());
    first.is_ok_and(|signer| new.is_some_and(|new| *signer.public_key() == new))
}

fn certificate_of(pair: &KeyPair) -> Option<Certificate> {
    let file = CertificateFile::read(pair.certificate.as_ref()?).ok()?;
    file.certificates().first().cloned()
}

fn passphrase_of(pair: &KeyPair) -> Option<Passphrase> {
    match &pair.signing_key {
        SigningKey::File { passphrase, .. } => passphrase.clone(),
        _ => None,
    }
}

fn default_subject() -> DistinguishedName {
    "/CN=ims".parse().expect("the default of ims cert new is a name")
}

fn two_keys(path: &Path) -> Failure {
    Failure::person(format!("{} names two keys already", path.display()))
        .hint("take out the one that is no longer used, and begin again")
}

/// Something that moves while a person waits.
fn spinner(limit: Duration) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{spinner} waiting until IMS takes the new key, {elapsed} of {msg}",
    );
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    spinner.set_style(style.expect("the template is a constant that indicatif takes"));
    spinner.set_message(humantime::format_duration(limit).to_string());
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

const KEY_FILE: &str = "private_key_file";

/// Between two questions whether IMS takes the new key.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// As long as IMS's access tokens last.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);
