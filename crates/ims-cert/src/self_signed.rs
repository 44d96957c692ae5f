//! Making a certificate that is signed by the key it certifies, wherever that key is.

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    rand,
};
use der::asn1::{AnyRef, IntRef, ObjectIdentifier, OctetStringRef};
use ims_sign::Signer;

use crate::{
    CertError, Certificate, DistinguishedName, Validity, asn1_time,
    extension::{
        AUTHORITY_KEY_IDENTIFIER, AuthorityKeyIdentifier, BASIC_CONSTRAINTS, BasicConstraints,
        SUBJECT_KEY_IDENTIFIER,
    },
    signed::{SHA256_WITH_RSA, public_key_info, sign, to_der},
    x509::{Extension, Period, TbsCertificate},
};

impl Certificate {
    /// Makes the certificate that `openssl req -x509 -sha256` makes: version 3, a random positive serial number of 20
    /// bytes, key identifiers by SHA-1, `CA:TRUE` and critical, signed with `sha256WithRSAEncryption`.
    ///
    /// The key may be anywhere; the signer is asked for one signature. To renew a certificate with the same key or with
    /// a new one, make another with the [`subject`](Self::subject) of the first.
    ///
    /// # Errors
    /// [`CertError::Signing`] if the signer makes no signature, [`CertError::ForeignSignature`] if the signature is not
    /// by the public key that the signer shows, [`CertError::Randomness`].
    pub async fn self_signed(
        subject: &DistinguishedName,
        validity: Validity,
        signer: &impl Signer,
    ) -> Result<Self, CertError> {
        let serial_number = random_serial_number()?;
        let not_before = asn1_time::write(validity.not_before()).ok_or(CertError::Validity)?;
        let not_after = asn1_time::write(validity.not_after()).ok_or(CertError::Validity)?;
        let extensions = extensions(signer.public_key().pkcs1_der());
        let content = TbsCertificate {
            version: VERSION_3,
            serial_number: integer(&serial_number),
            signature: SHA256_WITH_RSA,
            issuer: subject.as_any(),
            validity: Period {
                not_before: AnyRef::from(&not_before),
                not_after: AnyRef::from(&not_after),
            },
            subject: subject.as_any(),
            subject_public_key_info: public_key_info(signer),
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions.iter().map(NewExtension::as_extension).collect()),
        };
        Ok(Self::from_parts(sign(&content, signer).await?, validity))
    }
}

/// An extension that owns its value.
struct NewExtension {
    id: ObjectIdentifier,
    critical: bool,
    value: Vec<u8>,
}

impl NewExtension {
    fn as_extension(&self) -> Extension<'_> {
        Extension { id: self.id, critical: self.critical, value: octets(&self.value) }
    }
}

/// The extensions that OpenSSL's `v3_ca` gives, in its order.
fn extensions(public_key: &[u8]) -> [NewExtension; 3] {
    // RFC 5280 §4.2.1.2, method 1.
    let key_identifier = digest(&SHA1_FOR_LEGACY_USE_ONLY, public_key);
    let key_identifier = octets(key_identifier.as_ref());
    [
        NewExtension {
            id: SUBJECT_KEY_IDENTIFIER,
            critical: false,
            value: to_der(&key_identifier),
        },
        NewExtension {
            id: AUTHORITY_KEY_IDENTIFIER,
            critical: false,
            value: to_der(&AuthorityKeyIdentifier { key_identifier }),
        },
        NewExtension {
            id: BASIC_CONSTRAINTS,
            critical: true,
            value: to_der(&BasicConstraints { ca: true, path_length: None }),
        },
    ]
}

fn octets(octets: &[u8]) -> &OctetStringRef {
    OctetStringRef::new(octets).expect("a few octets are not too many for a string")
}

fn integer(octets: &[u8]) -> IntRef<'_> {
    IntRef::new(octets).expect("a few octets are not too many for an integer")
}

/// As many bits as RFC 5280 §4.1.2.2 allows, of which the first is zero, so that the number is positive, and the second
/// one, so that it always has the same length.
fn random_serial_number() -> Result<[u8; 20], CertError> {
    let mut serial_number = [0; 20];
    rand::fill(&mut serial_number).map_err(|_| CertError::Randomness)?;
    serial_number[0] = serial_number[0] & 0x3f | 0x40;
    Ok(serial_number)
}

/// Versions are counted from zero.
const VERSION_3: u8 = 2;

#[cfg(test)]
mod tests;
