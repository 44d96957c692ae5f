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
use ims_sign::{PublicKey, pem::PemError};
use x509_parser::{
    asn1_rs::{Any, FromDer},
    certificate::X509Certificate,
    certification_request::X509CertificationRequest,
    extensions::{ParsedExtension, X509Extension},
};

use crate::naming::dotted;

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
    let (der, _) = bytes.split_at(bytes.len() - rest.len());
    if der.len() > LONGEST_CERTIFICATE {
        return Err("it is longer than 256 KiB");
    }
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| STRUCTURE)?;
    let [content, algorithm, _] = members(der)?[..] else { return Err(STRUCTURE) };
    let members_of_content = members(content)?;
    let [_, algorithm_in_content, _, dates, _, key, ..] = without_version(&members_of_content)
    else {
        return Err(STRUCTURE);
    };
    if algorithm != *algorithm_in_content {
        return Err("it names two different signature algorithms");
    }
    if !members(dates)?.into_iter().all(is_date) {
        return Err("a date is not to the second and in UTC");
    }
    expect_key(key)?;
    expect_extensions(certificate.extensions())?;
    Ok(certificate)
}

/// Reads a request, which is all of `der`.
pub(crate) fn request(der: &[u8]) -> Result<X509CertificationRequest<'_>, Damage> {
    let (_, request) = X509CertificationRequest::from_der(der).map_err(|_| STRUCTURE)?;
    let [content, _, _] = members(der)?[..] else { return Err(STRUCTURE) };
    let [_, _, key, _] = members(content)?[..] else { return Err(STRUCTURE) };
    expect_key(key)?;
    Ok(request)
}

/// Whether the signature of a certificate or a request, RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2, is by `public_key`.
pub(crate) fn is_signed_by(public_key: &PublicKey, der: &[u8]) -> bool {
    let Ok(whole) = members(der) else { return false };
    let [content, algorithm, signature] = whole[..] else { return false };
    // RFC 4055 §5: the parameters are NULL, or for old makers absent.
    let ([0x30, 13, 0x06, 9, oid @ .., 0x05, 0] | [0x30, 11, 0x06, 9, oid @ ..]) = algorithm else {
        return false;
    };
    let [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last] = oid else { return false };
    let parameters = match last {
        5 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        11 => &RSA_PKCS1_2048_8192_SHA256,
        12 => &RSA_PKCS1_2048_8192_SHA384,
        13 => &RSA_PKCS1_2048_8192_SHA512,
        _ => return false,
    };
    // A bit string of whole octets.
    let Ok((_, bits)) = Any::from_der(signature) else { return false };
    let ([0x03, ..], [0, signature @ ..]) = (signature, bits.data) else { return false };
    UnparsedPublicKey::new(parameters, public_key.pkcs1_der()).verify(content, signature).is_ok()
}

/// The members of a sequence, each as its DER. x509-parser looks at the number of a tag alone, and not at its class.
fn members(sequence: &[u8]) -> Result<Vec<&[u8]>, Damage> {
    let (after, whole) = Any::from_der(sequence).map_err(|_| STRUCTURE)?;
    if !after.is_empty() || sequence.first() != Some(&0x30) {
        return Err(STRUCTURE);
    }
    let mut members = Vec::new();
    let mut rest = whole.data;
    while !rest.is_empty() {
        let (after, _) = Any::from_der(rest).map_err(|_| STRUCTURE)?;
        let (member, _) = rest.split_at(rest.len() - after.len());
        members.push(member);
        // No structure that is looked at here has as many.
        if members.len() > MOST_MEMBERS {
            return Err(STRUCTURE);
        }
        rest = after;
    }
    Ok(members)
}

/// The members of a `TBSCertificate` from the serial number on; version 1 has no member for the version.
fn without_version<'a, 'b>(members: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
    let ([[0xa0, ..], members @ ..] | members) = members;
    members
}

/// Whether a date has the one form of RFC 5280 §4.1.2.5: to the second, and in UTC.
fn is_date(date: &[u8]) -> bool {
    match date {
        [0x17, 13, digits @ .., b'Z'] | [0x18, 15, digits @ .., b'Z'] => {
            digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Refuses a `SubjectPublicKeyInfo` with more than its two members.
fn expect_key(key: &[u8]) -> Result<(), Damage> {
    if members(key)?.len() == 2 { Ok(()) } else { Err(STRUCTURE) }
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

const STRUCTURE: Damage = "its structure is broken";

/// With a larger one x509-parser may need more than 100 MiB. The longest that is known has a tenth of it.
const LONGEST_CERTIFICATE: usize = 256 * 1024;

/// A `TBSCertificate` has ten at most.
const MOST_MEMBERS: usize = 16;

#[cfg(test)]
mod tests;
