//! The new key and its certificate, in their own folder next to the credentials.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ims::{
    KeyPair, SigningKey,
    cert::{Certificate, CertificateFile, DistinguishedName, GeneratedKey, KeySize},
    sign::{Passphrase, PemSigner},
};
use secrecy::SecretString;

use crate::{
    commands::{
        block_on,
        cert::{
            failed,
            new_files::{draft, put},
            validity,
        },
    },
    failure::Failure,
    files,
};
use ims_files::{Existing, Readers};

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
                Failure::person(format!("{} cannot be made", folder.display())).because(error)
            })?;
        }
        if !self.key.exists() {
            let key = GeneratedKey::generate(KeySize::Rsa2048).map_err(|error| failed(&error))?;
            let pem = match passphrase {
                Some(passphrase) => key.to_encrypted_pem(passphrase).map_err(|e| failed(&e))?,
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
                Certificate::self_signed(subject, validity, &signer).await.map_err(|e| failed(&e))
            })?;
            let new = draft(&self.certificate, Readers::Everyone, &certificate.to_pem())?;
            put(vec![new], Existing::Keep)?;
        }
        Ok(())
    }

    /// Reads the certificate.
    pub(super) fn read_certificate(&self) -> Result<Certificate, Failure> {
        let file = CertificateFile::from_bytes(&files::read(&self.certificate)?);
        let file = file.map_err(|error| failed(&error))?;
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
