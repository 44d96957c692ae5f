//! The signature around a certificate or a request: made by any signer, wherever its key is, and verified.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
};
use der::{
    Decode, Encode,
    asn1::{AnyRef, BitStringRef},
};
use ims_sign::{PublicKey, Signer};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};

use crate::{CertError, x509::Signed};

/// How everything made here is signed, `sha256WithRSAEncryption` (RFC 4055 §5).
pub(crate) const SHA256_WITH_RSA: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef {
    oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    parameters: Some(AnyRef::NULL),
};

impl Signed<'_> {
    /// Whether this signature, RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, is by `public_key`.
    pub(crate) fn is_by(&self, public_key: &PublicKey) -> bool {
        // RFC 4055 §5: NULL, or for old makers nothing.
        let is_plain = self.algorithm.parameters.is_none_or(AnyRef::is_null);
        let Some(parameters) = rsa_parameters(self.algorithm.oid).filter(|_| is_plain) else {
            return false;
        };
        let Some(signature) = self.signature.as_bytes() else { return false };
        // What was read as DER is written as the same bytes.
        let content = to_der(&self.content);
        UnparsedPublicKey::new(parameters, public_key.pkcs1_der())
            .verify(&content, signature)
            .is_ok()
    }
}

/// Signs `content` and puts the two together, as DER.
pub(crate) async fn sign(
    content: &impl Encode,
    signer: &impl Signer,
) -> Result<Vec<u8>, CertError> {
    let content = to_der(content);
    let signature = signer.sign(&content).await?;
    let whole = Signed {
        content: AnyRef::from_der(&content).expect("was written as DER right before"),
        algorithm: SHA256_WITH_RSA,
        signature: BitStringRef::from_bytes(signature.as_bytes())
            .map_err(|_| CertError::ForeignSignature)?,
    };
    // A hardware module may show the public key of one object and sign with another. Nothing would say so until IMS
    // does not know the signature.
    if whole.is_by(signer.public_key()) {
        Ok(to_der(&whole))
    } else {
        Err(CertError::ForeignSignature)
    }
}

/// The `SubjectPublicKeyInfo` that a signer's certificate or request is about.
pub(crate) fn public_key_info(signer: &impl Signer) -> AnyRef<'_> {
    AnyRef::from_der(signer.public_key().spki_der()).expect("a PublicKey is DER")
}

/// The DER of what is made here.
pub(crate) fn to_der(value: &impl Encode) -> Vec<u8> {
    value.to_der().expect(
        "names, keys and dates of bounded length are far from the 4 GiB that DER ends at here",
    )
}

/// PEM as OpenSSL writes it: lines of 64 characters, each with a line feed.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der)
        .expect("the label is one of PEM's and the DER short")
}

fn rsa_parameters(algorithm: ObjectIdentifier) -> Option<&'static RsaParameters> {
    match algorithm.to_string().as_str() {
        "1.2.840.113549.1.1.5" => Some(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        "1.2.840.113549.1.1.11" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "1.2.840.113549.1.1.12" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.13" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}
