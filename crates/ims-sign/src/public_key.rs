//! RSA public keys: read from every format, and compared.

use std::fmt;

use der::{
    Decode, Encode, Reader, SliceReader,
    asn1::{AnyRef, ContextSpecific, UintRef},
};
use spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};

use crate::{error::KeyError, file_kind::FileKind, pem};

/// An RSA public key of 2048 to 8192 bits, as the DER of its `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
///
/// Two are equal when modulus and exponent are.
///
/// ```no_run
/// use ims_sign::PublicKey;
///
/// let certificate = PublicKey::from_bytes(&std::fs::read("certificate_pub.crt")?)?;
/// println!("an RSA key of {} bits", certificate.modulus_bits());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    /// Where in `spki` the `RSAPublicKey` begins; it goes to the end.
    pkcs1_start: usize,
    modulus_bits: usize,
}

impl PublicKey {
    /// Takes a DER `SubjectPublicKeyInfo`.
    ///
    /// ```
    /// use ims_sign::PublicKey;
    ///
    /// // A key management service shows its public key as the DER of a `SubjectPublicKeyInfo`.
    /// fn public_key(answer: &[u8]) -> Result<PublicKey, ims_sign::KeyError> {
    ///     PublicKey::from_spki_der(answer)
    /// }
    /// assert!(public_key(b"no key").is_err());
    /// ```
    ///
    /// # Errors
    /// [`KeyError::NotRsa`], [`KeyError::PssOnly`], [`KeyError::Size`] and [`KeyError::Malformed`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki(&SubjectPublicKeyInfoRef::from_der(der).map_err(|_| MALFORMED)?)
    }

    /// Takes a DER `RSAPublicKey` (RFC 8017 §A.1.1).
    ///
    /// ```
    /// use ims_sign::PublicKey;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ims_sign::{PemSigner, Signer};
    /// # let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
    /// # let key = signer.public_key();
    /// assert_eq!(&PublicKey::from_pkcs1_der(key.pkcs1_der())?, key);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KeyError::Size`] and [`KeyError::Malformed`].
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = pkcs1::RsaPublicKey::from_der(der).map_err(|_| MALFORMED)?;
        Self::from_rsa(&key)
    }

    /// Makes a key of modulus and public exponent, each big-endian, as a JWK (RFC 7518 §6.3.1) or a PKCS#11 object has
    /// them. Leading zeros are ignored.
    ///
    /// ```
    /// use ims_sign::PublicKey;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ims_sign::{PemSigner, Signer};
    /// # let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
    /// # let key = signer.public_key();
    /// let (modulus, exponent) = key.components(); // `n` and `e` of a JWK
    /// assert_eq!(&PublicKey::from_components(&modulus, &exponent)?, key);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KeyError::Size`] and [`KeyError::Malformed`].
    pub fn from_components(modulus: &[u8], public_exponent: &[u8]) -> Result<Self, KeyError> {
        Self::from_rsa(&pkcs1::RsaPublicKey {
            modulus: UintRef::new(modulus).map_err(|_| MALFORMED)?,
            public_exponent: UintRef::new(public_exponent).map_err(|_| MALFORMED)?,
        })
    }

    /// Reads the key of a DER certificate (RFC 5280 §4.1). The certificate's dates and signature are not checked.
    ///
    /// ```
    /// use ims_sign::PublicKey;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let pem = ims_testkit::certificates::FIRST.as_bytes();
    /// # let blocks = ims_sign::pem::blocks(pem)?;
    /// # let der = blocks[0].der();
    /// let key = PublicKey::from_certificate_der(der)?;
    /// assert_eq!(key.modulus_bits(), 2048);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`PublicKey::from_spki_der`].
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = KeyError::Malformed { reason: "the certificate is damaged" };
        let spki = certificate_spki(der).map_err(|_| malformed)?;
        Self::from_spki(&spki)
    }

    /// Reads the first public key or certificate in a file's contents: PEM in every form that
    /// [`pem::blocks`] reads, DER, or DER in base64.
    ///
    /// # Errors
    /// [`KeyError::NoPublicKey`] if the file holds neither, and those of [`PublicKey::from_spki_der`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, KeyError> {
        for block in pem::blocks(file)? {
            match block.label() {
                "PUBLIC KEY" => return Self::from_spki_der(block.der()),
                "RSA PUBLIC KEY" => return Self::from_pkcs1_der(block.der()),
                _ if block.is_certificate() => return Self::from_certificate_der(block.der()),
                _ => {}
            }
        }
        if let Some(der) = pem::bare_der(file) {
            return Self::from_bare_der(&der);
        }
        Err(KeyError::NoPublicKey { found: FileKind::of(file) })
    }

    fn from_bare_der(der: &[u8]) -> Result<Self, KeyError> {
        match FileKind::of(der) {
            FileKind::PublicKey => match Self::from_spki_der(der) {
                Err(MALFORMED) => Self::from_pkcs1_der(der),
                read => read,
            },
            // A damaged file cannot be distinguished from a file of another kind, so the reader of certificates says what
            // is wrong with it.
            FileKind::Certificate | FileKind::OtherDer => Self::from_certificate_der(der),
            found => Err(KeyError::NoPublicKey { found }),
        }
    }

    /// The `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The `RSAPublicKey`, DER.
    #[must_use]
    pub fn pkcs1_der(&self) -> &[u8] {
        &self.spki[self.pkcs1_start..]
    }

    /// The length of the modulus in bits.
    #[must_use]
    pub fn modulus_bits(&self) -> usize {
        self.modulus_bits
    }

    /// Modulus and public exponent, each big-endian and without zeros in front.
    #[must_use]
    pub fn components(&self) -> (Vec<u8>, Vec<u8>) {
        let key = self.rsa();
        (key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec())
    }

    fn rsa(&self) -> pkcs1::RsaPublicKeyRef<'_> {
        pkcs1::RsaPublicKeyRef::from_der(self.pkcs1_der())
            .expect("a PublicKey holds the DER that was made of it")
    }

    fn from_spki(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, KeyError> {
        expect_rsa(spki.algorithm.oid)?;
        Self::from_pkcs1_der(spki.subject_public_key.as_bytes().ok_or(MALFORMED)?)
    }

    fn from_rsa(key: &pkcs1::RsaPublicKey<UintRef<'_>>) -> Result<Self, KeyError> {
        let modulus_bits = bit_length(key.modulus.as_bytes());
        expect_size(modulus_bits)?;
        let pkcs1 = key.to_der().map_err(|_| MALFORMED)?;
        // The library that verifies decides which keys are valid: an odd modulus, an odd exponent within bounds.
        aws_lc_rs::rsa::PublicKey::from_der(&pkcs1).map_err(|_| MALFORMED)?;
        let spki = SubjectPublicKeyInfoOwned {
            algorithm: pkcs1::ALGORITHM_ID.into(),
            subject_public_key: der::asn1::BitString::from_bytes(&pkcs1).map_err(|_| MALFORMED)?,
        };
        let spki = spki.to_der().map_err(|_| MALFORMED)?;
        Ok(Self { pkcs1_start: spki.len() - pkcs1.len(), spki, modulus_bits })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey(RSA {})", self.modulus_bits)
    }
}

/// Accepts `rsaEncryption`, and refuses every other algorithm with a reason.
pub(crate) fn expect_rsa(algorithm: spki::ObjectIdentifier) -> Result<(), KeyError> {
    match algorithm.to_string().as_str() {
        "1.2.840.113549.1.1.1" => Ok(()),
        "1.2.840.113549.1.1.10" => Err(KeyError::PssOnly),
        "1.2.840.10045.2.1" => Err(KeyError::NotRsa { found: "an elliptic curve key".into() }),
        "1.3.101.112" | "1.3.101.113" => {
            Err(KeyError::NotRsa { found: "an Edwards curve key".into() })
        }
        "1.2.840.10040.4.1" => Err(KeyError::NotRsa { found: "a DSA key".into() }),
        oid => Err(KeyError::NotRsa { found: format!("a key of the algorithm {oid}") }),
    }
}

/// Accepts the sizes that aws-lc can sign with and that Adobe's documents use.
pub(crate) fn expect_size(bits: usize) -> Result<(), KeyError> {
    if (2048..=8192).contains(&bits) { Ok(()) } else { Err(KeyError::Size { bits }) }
}

/// The bits of a big-endian number that does not begin with a zero byte.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// Walks to the `subjectPublicKeyInfo`, the member after version, serial number, signature algorithm, issuer, validity
/// and subject.
fn certificate_spki(der: &[u8]) -> der::Result<SubjectPublicKeyInfoRef<'_>> {
    let certificate = AnyRef::from_der(der)?;
    let mut reader = SliceReader::new(certificate.value())?;
    let to_be_signed = AnyRef::decode(&mut reader)?;
    let mut reader = SliceReader::new(to_be_signed.value())?;
    ContextSpecific::<u8>::decode_explicit(&mut reader, der::TagNumber(0))?;
    for _ in 0..5 {
        AnyRef::decode(&mut reader)?;
    }
    reader.decode()
}

const MALFORMED: KeyError = KeyError::Malformed { reason: "the public key is damaged" };

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::{certificates, keys};

    #[test]
    fn every_writing_of_one_key_reads_as_the_same_key() {
        let key = PublicKey::from_bytes(keys::FIRST_PUBLIC.as_bytes()).unwrap();
        assert_eq!(key.modulus_bits(), 2048);
        for file in [
            keys::FIRST_PUBLIC_PKCS1.as_bytes(),
            certificates::FIRST.as_bytes(),
            certificates::FIRST_DER,
            key.spki_der(),
            key.pkcs1_der(),
        ] {
            assert_eq!(PublicKey::from_bytes(file).as_ref(), Ok(&key));
        }
        assert_ne!(PublicKey::from_bytes(certificates::SECOND.as_bytes()), Ok(key));
    }

    #[test]
    fn what_is_not_an_rsa_key_is_refused_with_the_reason() {
        let found = "an elliptic curve key".to_owned();
        #[rustfmt::skip]
        let table: [(&[u8], KeyError); 5] = [
            (certificates::EC.as_bytes(),      KeyError::NotRsa { found }),
            (keys::FIRST.as_bytes(),           KeyError::NoPublicKey { found: FileKind::PrivateKey }),
            (b"",                              KeyError::NoPublicKey { found: FileKind::Empty }),
            (b"hello",                         KeyError::NoPublicKey { found: FileKind::Other }),
            (&certificates::FIRST_DER[..200],  KeyError::Malformed { reason: "the certificate is damaged" }),
        ];
        for (file, error) in table {
            assert_eq!(PublicKey::from_bytes(file), Err(error));
        }
    }

    #[test]
    fn a_modulus_of_another_size_or_an_even_one_is_refused() {
        let (odd, exponent) = (|length: usize| vec![0xff_u8; length], [1, 0, 1]);
        let mut shorter = odd(256);
        shorter[0] = 0x7f;
        for (modulus, bits) in [(odd(128), 1024), (shorter, 2047), (odd(1025), 8200)] {
            let refused = PublicKey::from_components(&modulus, &exponent);
            assert_eq!(refused, Err(KeyError::Size { bits }));
        }
        let mut even = odd(256);
        even[255] = 0xfe;
        assert_eq!(PublicKey::from_components(&even, &exponent), Err(MALFORMED));
        let key = PublicKey::from_components(&odd(256), &exponent).unwrap();
        assert_eq!(key.components(), (odd(256), exponent.to_vec()));
        assert_eq!(PublicKey::from_components(&[], &exponent), Err(KeyError::Size { bits: 0 }));
    }
}
