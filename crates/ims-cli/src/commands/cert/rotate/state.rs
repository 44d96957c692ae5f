//! The files of a rotation: the new key and its certificate, in a folder next to the credentials, and what the next run of
//! the command has to know. The files themselves say how far the rotation has come.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use ims::{
    KeyPair, SigningKey,
    cert::{Certificate, CertificateFile, DistinguishedName, GeneratedKey, KeySize},
    sign::{Passphrase, PemSigner},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{
    commands::cert::new::validity,
    failure::Failure,
    files::{self, draft, put},
    process::block_on,
};
use ims_files::{Existing, Readers};

/// A state has some 200 bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A rotation that is in progress, or the last one. There is no secret in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The folder of the new key and certificate, next to the credentials.
    pub(super) folder: String,
    /// The fingerprint of the certificate that is replaced, which the console shows, if it is known.
    pub(super) old_sha1_fingerprint: Option<String>,
    /// When the new key became the first in the credentials, in Unix time.
    pub(super) switched_at: Option<i64>,
    /// The subject of the new certificate, if it is not that of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    /// When the old key was removed from the credentials, in Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finished_at: Option<i64>,
}

/// Where the state of the rotation of `credentials` is.
pub(super) fn path(credentials: &Path) -> PathBuf {
    let mut name = credentials.file_name().map(OsString::from).unwrap_or_default();
    name.push(".rotation.json");
    credentials.with_file_name(name)
}

impl State {
    pub(super) fn load(credentials: &Path) -> Result<Option<Self>, Failure> {
        let path = path(credentials);
        let contents = match ims_files::read(&path, MAX_BYTES) {
            Ok(contents) => contents.bytes,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&contents).map(Some).map_err(|error| {
            Failure::person(format!("{} is not the state of a rotation", ims_files::shown(&path)))
                .because(error)
        })
    }

    pub(super) fn save(&self, credentials: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are always JSON");
        let file = draft(&path(credentials), Readers::Everyone, &format!("{text}\n"))?;
        put(vec![file], Existing::Replace)
    }
}

/// Where the pair is.
pub(super) struct NewPair {
    pub(super) key: PathBuf,
    pub(super) certificate: PathBuf,
}

impl NewPair {
    pub(super) fn within(folder: &Path) -> Self {
        Self { key: folder.join("private.key"), certificate: folder.join("certificate_pub.crt") }
    }

    /// Makes what is not there yet. A key that is there gets its certificate.
    pub(super) fn make(
        &self,
        subject: &DistinguishedName,
        days: u32,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), Failure> {
        if let Some(folder) = self.key.parent() {
            fs::create_dir_all(folder).map_err(|error| {
                Failure::person(format!("{} cannot be made", ims_files::shown(folder)))
                    .because(error)
            })?;
        }
        if !self.key.exists() {
            let key =
                GeneratedKey::generate(KeySize::Rsa2048).map_err(|error| Failure::from(&error))?;
            let pem = match passphrase {
                Some(passphrase) => {
                    key.to_encrypted_pem(passphrase).map_err(|e| Failure::from(&e))?
                }
                None => key.to_pem(),
            };
            let new = draft(&self.key, Readers::Owner, pem.expose_secret())?;
            put(vec![new], Existing::Keep)?;
        }
        if !self.certificate.exists() {
            let validity = validity(days)?;
            let signer = PemSigner::from_bytes(&files::read(&self.key)?, passphrase)
                .map_err(|error| Failure::from(ims::Error::from(error)))?;
            let certificate = block_on(async {
                Certificate::self_signed(subject, validity, &signer)
                    .await
                    .map_err(|e| Failure::from(&e))
            })?;
            let new = draft(&self.certificate, Readers::Everyone, &certificate.to_pem())?;
            put(vec![new], Existing::Keep)?;
        }
        Ok(())
    }

    /// Reads the certificate.
    pub(super) fn read_certificate(&self) -> Result<Certificate, Failure> {
        let file = CertificateFile::from_bytes(&files::read(&self.certificate)?);
        let file = file.map_err(|error| Failure::from(&error))?;
        Ok(file.certificates()[0].clone())
    }

    /// Reads both, to sign with them.
    pub(super) fn read(&self, passphrase: Option<Passphrase>) -> Result<KeyPair, Failure> {
        let passphrase = passphrase.map(|text| SecretString::from(text.expose_secret()));
        let contents = files::read(&self.key)?.to_vec().into();
        Ok(KeyPair {
            signing_key: SigningKey::File { contents, passphrase },
            certificate: Some(files::read(&self.certificate)?.to_vec()),
        })
    }
}
