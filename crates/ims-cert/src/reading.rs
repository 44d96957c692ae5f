//! Reading certificates and requests by x509-parser, and refusing what it lets pass.
//!
//! x509-parser takes the members of a structure one after the other and passes over whatever follows the last. OpenSSL,
//! `GnuTLS` and `PyCA` refuse such files, and a verdict about bytes that were not looked at would be a guess. How the four
//! compare on public files is in docs/decisions/0015-certificates-by-rcgen-and-x509-parser.md.

use std::collections::HashSet;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use ims_claims::NumericDate;
use ims_sign::{PublicKey, pem::PemError};
use x509_parser::{
    asn1_rs::{Any, BitString, FromDer, Tag},
    certificate::X509Certificate,
    certification_request::X509CertificationRequest,
    extensions::{ParsedExtension, X509Extension},
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

use crate::{naming::dotted, validity::Validity};

/// Why something is neither a certificate nor a request, in words that follow "is damaged".
pub(crate) type Damage = &'static str;

pub(crate) fn damage(error: PemError) -> Damage {
    match error {
        PemError::NoEnd => "a PEM block has no END line",
        PemError::NotBase64 => "a PEM block is not base64",
        _ => "it is longer than 1 MiB",
    }
}

/// Reads the certificate that `bytes` begins with.
pub(crate) fn certificate(bytes: &[u8]) -> Result<X509Certificate<'_>, Damage> {
    let (rest, _) = Any::from_der(bytes).map_err(|_| STRUCTURE)?;
    if bytes.len() - rest.len() > LONGEST_CERTIFICATE {
        return Err("it is longer than 256 KiB");
    }
    let (_, certificate) = X509Certificate::from_der(bytes).map_err(|_| STRUCTURE)?;
    let signature = certificate.signature_value.data.as_ref();
    if !is_whole(certificate.tbs_certificate.as_ref()) || !ends(certificate.as_raw(), signature) {
        return Err(TRAILING);
    }
    if certificate.signature_algorithm != certificate.tbs_certificate.signature {
        return Err("it names two different signature algorithms");
    }
    expect_key(certificate.public_key())?;
    expect_extensions(certificate.extensions())?;
    Ok(certificate)
}

/// Reads a request, which is all of `bytes`.
pub(crate) fn request(bytes: &[u8]) -> Result<X509CertificationRequest<'_>, Damage> {
    let (rest, request) = X509CertificationRequest::from_der(bytes).map_err(|_| STRUCTURE)?;
    let info = &request.certification_request_info;
    let signature = request.signature_value.data.as_ref();
    if !rest.is_empty() || !is_whole(info.raw) || !ends(bytes, signature) {
        return Err(TRAILING);
    }
    expect_key(&info.subject_pki)?;
    Ok(request)
}

/// When a certificate may be used. The two dates have the one form of RFC 5280 §4.1.2.5: to the second, and in UTC.
pub(crate) fn validity(certificate: &X509Certificate<'_>) -> Result<Validity, Damage> {
    let dates = dates(certificate.tbs_certificate.as_ref()).ok_or(STRUCTURE)?;
    if !dates.iter().all(is_date) {
        return Err("a date is not to the second and in UTC");
    }
    let validity = certificate.validity();
    let [not_before, not_after] = [&validity.not_before, &validity.not_after]
        .map(|date| NumericDate::from_secs(date.timestamp()));
    Ok(Validity::read(not_before, not_after))
}

/// Whether `signature` over `signed`, RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, is by `public_key`.
pub(crate) fn is_signed_by(
    public_key: &PublicKey,
    signed: &[u8],
    algorithm: &AlgorithmIdentifier<'_>,
    signature: &BitString<'_>,
) -> bool {
    let parameters = match dotted(algorithm.algorithm.as_bytes()).as_deref() {
        Some("1.2.840.113549.1.1.5") => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Some("1.2.840.113549.1.1.11") => &RSA_PKCS1_2048_8192_SHA256,
        Some("1.2.840.113549.1.1.12") => &RSA_PKCS1_2048_8192_SHA384,
        Some("1.2.840.113549.1.1.13") => &RSA_PKCS1_2048_8192_SHA512,
        _ => return false,
    };
    // RFC 4055 §5: the parameters are NULL, or for old makers absent.
    let has_parameters = match &algorithm.parameters {
        Some(null) => null.tag() != Tag::Null || !null.data.is_empty(),
        None => false,
    };
    if has_parameters || signature.unused_bits != 0 {
        return false;
    }
    UnparsedPublicKey::new(parameters, public_key.pkcs1_der())
        .verify(signed, &signature.data)
        .is_ok()
}

/// The two dates of a `TBSCertificate` as they are written.
fn dates(content: &[u8]) -> Option<[Any<'_>; 2]> {
    let (_, content) = Any::from_der(content).ok()?;
    let (mut rest, first) = Any::from_der(content.data).ok()?;
    // The version is left out in version 1. Serial number, algorithm and issuer follow, of which the first is read by now
    // if there is no version.
    let before = if first.tag() == Tag(0) { 3 } else { 2 };
    for _ in 0..before {
        (rest, _) = Any::from_der(rest).ok()?;
    }
    let (_, validity) = Any::from_der(rest).ok()?;
    let (rest, not_before) = Any::from_der(validity.data).ok()?;
    let (rest, not_after) = Any::from_der(rest).ok()?;
    rest.is_empty().then_some([not_before, not_after])
}

fn is_date(date: &Any<'_>) -> bool {
    let length = match date.tag() {
        Tag::UtcTime => 12,
        Tag::GeneralizedTime => 14,
        _ => return false,
    };
    match date.data {
        [digits @ .., b'Z'] => digits.len() == length && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn expect_key(key: &SubjectPublicKeyInfo<'_>) -> Result<(), Damage> {
    if is_whole(key.raw) { Ok(()) } else { Err(TRAILING) }
}

/// Refuses extensions that are not understood although their kind is known, and those that are there twice (RFC 5280
/// §4.2): each reader would take another one.
fn expect_extensions(extensions: &[X509Extension<'_>]) -> Result<(), Damage> {
    let mut seen = HashSet::new();
    for extension in extensions {
        if dotted(extension.oid.as_bytes()).is_none() {
            return Err("an extension has no identifier");
        }
        if !seen.insert(extension.oid.as_bytes()) {
            return Err("an extension is there twice");
        }
        if let ParsedExtension::ParseError { .. } = extension.parsed_extension() {
            return Err("an extension cannot be read");
        }
    }
    Ok(())
}

/// Whether `raw`, which x509-parser cuts off behind the last member it knows, is a structure to its end.
pub(crate) fn is_whole(raw: &[u8]) -> bool {
    Any::from_der(raw).is_ok_and(|(rest, _)| rest.is_empty())
}

/// Whether `part` of `whole` is its end.
fn ends(whole: &[u8], part: &[u8]) -> bool {
    whole.as_ptr_range().end == part.as_ptr_range().end
}

const STRUCTURE: Damage = "its structure is broken";
const TRAILING: Damage = "something follows its last member";

/// With a larger one x509-parser may need more than 100 MiB. The longest that is known has a tenth of it.
const LONGEST_CERTIFICATE: usize = 256 * 1024;

#[cfg(test)]
mod tests;
