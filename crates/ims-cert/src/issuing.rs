//! Making certificates and requests with rcgen, with the key in memory, in a hardware module or in a service.

use std::cell::RefCell;

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    rand,
};
use ims_claims::NumericDate;
use ims_sign::{PublicKey, Signer};
use rcgen::{
    CertificateParams, CustomExtension, DnType, DnValue, PKCS_RSA_SHA256, PublicKeyData, SigningKey,
};
use time::OffsetDateTime;
use x509_parser::asn1_rs::Tag;

use crate::{
    certificate::Certificate,
    distinguished_name::{DistinguishedName, Value},
    error::CertError,
    naming::dotted,
    reading::is_signed_by,
    request::CertificateRequest,
    validity::Validity,
};

impl Certificate {
    /// Makes the certificate that `openssl req -x509 -sha256` makes: version 3, a random positive serial number of 20
    /// bytes, key identifiers by SHA-1, `CA:TRUE` and critical, signed with `sha256WithRSAEncryption`.
    ///
    /// The key may be in memory, in a hardware module or in a service; the signer makes one signature, which is verified. To
    /// renew a certificate with the same key or with a new one, make another with the [`subject`](Self::subject) of the
    /// first.
    ///
    /// ```
    /// use ims_cert::{Certificate, Validity};
    /// use ims_claims::NumericDate;
    /// use ims_sign::Signer;
    ///
    /// async fn certificate(signer: &impl Signer, now: NumericDate) -> Result<String, Box<dyn std::error::Error>> {
    ///     let subject = "/CN=my-service".parse()?;
    ///     let certificate = Certificate::self_signed(&subject, Validity::from_days(now, 365)?, signer).await?;
    ///     Ok(certificate.to_pem()) // upload it
    /// }
    /// ```
    ///
    /// # Errors
    /// [`CertError::SubjectRepeats`] and [`CertError::SubjectUnwritable`] before the signer is used; [`CertError::Signing`]
    /// if it makes no signature, [`CertError::ForeignSignature`] if the signature does not match its public key;
    /// [`CertError::Randomness`].
    pub async fn self_signed(
        subject: &DistinguishedName,
        validity: Validity,
        signer: &impl Signer,
    ) -> Result<Self, CertError> {
        let mut params = params(subject)?;
        params.serial_number = Some(random_serial_number()?.to_vec().into());
        params.not_before = date_time(validity.not_before())?;
        params.not_after = date_time(validity.not_after())?;
        params.custom_extensions = extensions(signer.public_key()).into();
        let der = sign(signer, |key| Ok(params.self_signed(key)?.der().to_vec())).await?;
        Self::from_der(&der)
    }
}

impl CertificateRequest {
    /// Makes the request that `openssl req -new -sha256` makes, with the key in memory, in a hardware module or in a
    /// service.
    ///
    /// # Errors
    /// Those of [`Certificate::self_signed`], except for [`CertError::Randomness`].
    pub async fn new(subject: &DistinguishedName, signer: &impl Signer) -> Result<Self, CertError> {
        let params = params(subject)?;
        let der = sign(signer, |key| Ok(params.serialize_request(key)?.der().to_vec())).await?;
        Self::from_der(&der)
    }
}

/// Makes a certificate or a request twice, since rcgen does not wait for a signature: the first time for the bytes that are
/// to be signed, and the second time with the signature over them, which is verified.
async fn sign(
    signer: &impl Signer,
    make: impl Fn(&Bridge<'_>) -> Result<Vec<u8>, rcgen::Error>,
) -> Result<Vec<u8>, CertError> {
    let public_key = signer.public_key();
    let mut bridge = Bridge { public_key, signature: None, message: RefCell::default() };
    // This returns an error, because there is no signature yet.
    let _ = make(&bridge);
    let signature = signer.sign(&bridge.message.take()).await?;
    bridge.signature = Some(signature.as_bytes());
    let der = make(&bridge).map_err(|_| CertError::Unwritable)?;
    // A hardware module may show the public key of one object and sign with another. Without this check, the first sign of
    // it would be a refusal of IMS.
    if is_signed_by(public_key, &der) { Ok(der) } else { Err(CertError::ForeignSignature) }
}

/// The key for rcgen: it records the bytes to sign, or returns the signature over them.
struct Bridge<'a> {
    public_key: &'a PublicKey,
    signature: Option<&'a [u8]>,
    message: RefCell<Vec<u8>>,
}

impl PublicKeyData for Bridge<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public_key.pkcs1_der()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Bridge<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.message.replace(message.to_vec());
        self.signature.map(<[u8]>::to_vec).ok_or(rcgen::Error::RemoteKeyError)
    }
}

impl DistinguishedName {
    /// Checks that a new certificate or request can have this name.
    ///
    /// A name that is read from a certificate may be one that cannot be written here: one that has an attribute twice, such
    /// as two organizational units or the parts of a domain; one with several attributes in one part, joined by a plus
    /// sign; or one in an encoding that is no longer used.
    ///
    /// # Errors
    /// [`CertError::SubjectRepeats`] and [`CertError::SubjectUnwritable`].
    pub fn expect_writable(&self) -> Result<(), CertError> {
        params(self).map(drop)
    }
}

fn params(subject: &DistinguishedName) -> Result<CertificateParams, CertError> {
    let mut name = rcgen::DistinguishedName::new();
    for attribute in subject.single_attributes()? {
        let unwritable = || CertError::SubjectUnwritable { name: attribute.name() };
        let value = dn_value(&attribute.value).ok_or_else(unwritable)?;
        let numbers = dotted(&attribute.oid).split('.').map(str::parse).collect::<Result<_, _>>();
        name.push(DnType::CustomDnType(numbers.map_err(|_| unwritable())?), value);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    Ok(params)
}

/// The same value for rcgen, `None` if rcgen does not support the encoding.
fn dn_value(value: &Value) -> Option<DnValue> {
    let Value::Text { tag, text } = value else { return None };
    let text = text.as_str();
    Some(match Tag(*tag) {
        Tag::Utf8String => DnValue::Utf8String(text.to_owned()),
        Tag::PrintableString => DnValue::PrintableString(text.try_into().ok()?),
        Tag::Ia5String => DnValue::Ia5String(text.try_into().ok()?),
        Tag::TeletexString => DnValue::TeletexString(text.try_into().ok()?),
        Tag::BmpString => DnValue::BmpString(text.try_into().ok()?),
        _ => return None,
    })
}

/// The extensions that OpenSSL's `v3_ca` gives, in its order. rcgen's own hash the key by SHA-256 and are in another order.
fn extensions(public_key: &PublicKey) -> [CustomExtension; 3] {
    // RFC 5280 §4.2.1.2, method 1: the 20 octets of SHA-1.
    let key_identifier = digest(&SHA1_FOR_LEGACY_USE_ONLY, public_key.pkcs1_der());
    let key_identifier = key_identifier.as_ref();
    let subject = [&[0x04, 20], key_identifier].concat();
    let authority = [&[0x30, 22, 0x80, 20], key_identifier].concat();
    let ca_true = vec![0x30, 3, 0x01, 1, 0xff];
    let mut basic_constraints = CustomExtension::from_oid_content(&[2, 5, 29, 19], ca_true);
    basic_constraints.set_criticality(true);
    [
        CustomExtension::from_oid_content(&[2, 5, 29, 14], subject),
        CustomExtension::from_oid_content(&[2, 5, 29, 35], authority),
        basic_constraints,
    ]
}

fn date_time(date: NumericDate) -> Result<OffsetDateTime, CertError> {
    OffsetDateTime::from_unix_timestamp(date.as_secs()).map_err(|_| CertError::Validity)
}

/// As many bits as RFC 5280 §4.1.2.2 allows, of which the first is zero, so that the number is positive, and the second
/// one, so that it always has the same length.
fn random_serial_number() -> Result<[u8; 20], CertError> {
    let mut serial_number = [0; 20];
    rand::fill(&mut serial_number).map_err(|_| CertError::Randomness)?;
    serial_number[0] = serial_number[0] & 0x3f | 0x40;
    Ok(serial_number)
}

#[cfg(test)]
mod tests;
