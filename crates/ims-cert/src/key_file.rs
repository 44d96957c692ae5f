//! Files of private keys, with the certificates that may be in the same file.

use ims_sign::{Passphrase, PemSigner};

use crate::{certificate::Certificate, error::CertError};

/// A private key that signs, and the certificates of its file: those of PKCS#12, and none of any other form.
#[derive(Debug)]
pub struct KeyFile {
    signer: PemSigner,
    certificates: Vec<Certificate>,
}

impl KeyFile {
    /// Reads a private key in PEM or DER or, with the feature `pkcs12`, in PKCS#12. Without a given pass phrase, a PKCS#12 file
    /// may have the empty one, as Windows and key vaults write it.
    ///
    /// ```
    /// use ims_cert::{CertError, KeyFile};
    ///
    /// let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    /// let error = KeyFile::from_bytes(certificate, None).unwrap_err();
    /// assert!(matches!(error, CertError::Key(_)));
    /// assert_eq!(error.reason_name(), "another_kind_of_file");
    /// ```
    ///
    /// # Errors
    /// [`CertError::Key`] for a file without a usable private key, a pass phrase that is missing or wrong, and, without the
    /// feature `pkcs12`, for PKCS#12; with it, the errors of [`Pkcs12::from_bytes`](crate::Pkcs12::from_bytes).
    pub fn from_bytes(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, CertError> {
        #[cfg(feature = "pkcs12")]
        if ims_sign::FileKind::of(file) == ims_sign::FileKind::Pkcs12 {
            return Self::from_pkcs12(file, passphrase);
        }
        let signer = PemSigner::from_bytes(file, passphrase)?;
        Ok(Self { signer, certificates: Vec::new() })
    }

    #[cfg(feature = "pkcs12")]
    fn from_pkcs12(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, CertError> {
        use ims_sign::KeyError;

        use crate::pkcs12::Pkcs12;

        let empty = Passphrase::new(String::new());
        let file = match Pkcs12::from_bytes(file, passphrase.unwrap_or(&empty)) {
            Err(CertError::Key(KeyError::PassphraseWrong)) if passphrase.is_none() => {
                return Err(KeyError::PassphraseMissing.into());
            }
            read => read?,
        };
        let Some(private_key) = file.private_key() else {
            return Err(CertError::Pkcs12 { problem: "has no private key" });
        };
        let signer = PemSigner::from_bytes(private_key.expose_secret().as_bytes(), None)?;
        Ok(Self { signer, certificates: file.certificates().to_vec() })
    }

    /// The signer and the certificates, that of the key first.
    pub fn into_parts(self) -> (PemSigner, Vec<Certificate>) {
        (self.signer, self.certificates)
    }
}
