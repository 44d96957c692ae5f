//! Reading certificates and requests with x509-parser, and refusing damaged ones that it accepts.
//!
//! x509-parser reads the members of a structure one after the other and ignores everything after the last. OpenSSL,
//! `GnuTLS` and `PyCA` refuse such files, and a verdict about bytes that were not checked could be wrong. How the four
//! compare on public files is in docs/decisions/0015-certificates-by-rcgen-and-x509-parser.md.

use std::collections::BTreeSet;

use ims_sign::{PublicKey, pem::PemError};
use x509_parser::{
    asn1_rs::{Any, BitString, FromDer},
    certificate::X509Certificate,
    certification_request::X509CertificationRequest,
    extensions::{ParsedExtension, X509Extension},
    verify::verify_signature,
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

use crate::naming::is_identifier;

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
    let [content, algorithm, _] = sequence(der)?[..] else { return Err(STRUCTURE) };
    let content = sequence(content)?;
    // Version 1 has no member for the version.
    let ([[0xa0, ..], content @ ..] | content) = content.as_slice();
    let [_, algorithm_in_content, _, dates, _, key, ..] = content else { return Err(STRUCTURE) };
    if algorithm != *algorithm_in_content {
        return Err("it names two different signature algorithms");
    }
    if !sequence(dates)?.into_iter().all(is_date) {
        return Err("a date is not to the second and in UTC");
    }
    expect_key(key)?;
    expect_extensions(certificate.extensions())?;
    Ok(certificate)
}

/// Reads a request, which is all of `der`.
pub(crate) fn request(der: &[u8]) -> Result<X509CertificationRequest<'_>, Damage> {
    let (_, request) = X509CertificationRequest::from_der(der).map_err(|_| STRUCTURE)?;
    let [content, _, _] = sequence(der)?[..] else { return Err(STRUCTURE) };
    let [_, _, key, _] = sequence(content)?[..] else { return Err(STRUCTURE) };
    expect_key(key)?;
    Ok(request)
}

/// Whether the signature of a certificate or a request is by `public_key`.
pub(crate) fn is_signed_by(public_key: &PublicKey, der: &[u8]) -> bool {
    // x509-parser ignores the class of the signature's tag and bits that are not used, both of which anyone could change.
    let whole = sequence(der).unwrap_or_default();
    let [content, algorithm, signature @ [0x03, ..]] = whole[..] else { return false };
    let Ok((_, key)) = SubjectPublicKeyInfo::from_der(public_key.spki_der()) else { return false };
    let Ok((_, algorithm)) = AlgorithmIdentifier::from_der(algorithm) else { return false };
    let Ok((_, signature)) = BitString::from_der(signature) else { return false };
    signature.unused_bits == 0 && verify_signature(&key, &algorithm, &signature, content).is_ok()
}

/// The members of a sequence, each as its DER.
fn sequence(der: &[u8]) -> Result<Vec<&[u8]>, Damage> {
    members(der, SEQUENCE).ok_or(STRUCTURE)
}

/// The members of what `der` is, if its tag is `tag`: x509-parser looks at the number of a tag alone, and not at its class.
pub(crate) fn members(der: &[u8], tag: u8) -> Option<Vec<&[u8]>> {
    let (header, length) = first_element(der)?;
    if length != der.len() || der.first() != Some(&tag) {
        return None;
    }
    // As many as the content of a certificate has.
    let mut members = Vec::with_capacity(8);
    let mut rest = &der[header..];
    while !rest.is_empty() {
        let (_, length) = first_element(rest)?;
        let (member, after) = rest.split_at(length);
        members.push(member);
        rest = after;
    }
    Some(members)
}

/// The length of the tag and length octets of the element that `der` begins with, and that of the whole element.
///
/// The usual forms, with one octet for the tag and up to three for the length, are read here: a certificate has dozens of them, and
/// `Any` takes five times as long.
fn first_element(der: &[u8]) -> Option<(usize, usize)> {
    let usual = match *der {
        // An end-of-contents octet, or a tag of several octets.
        [0, ..] => None,
        [tag, ..] if tag & 0x1f == 0x1f => None,
        [_, length @ (..=0x7f), ..] => Some((2, usize::from(length))),
        [_, 0x81, length @ (0x80..), ..] => Some((3, usize::from(length))),
        [_, 0x82, high @ (1..), low, ..] => Some((4, usize::from(u16::from_be_bytes([high, low])))),
        _ => None,
    };
    if let Some((header, content)) = usual
        && header + content <= der.len()
    {
        return Some((header, header + content));
    }
    let (after, element) = Any::from_der(der).ok()?;
    let length = der.len() - after.len();
    Some((length - element.data.len(), length))
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
    if sequence(key)?.len() == 2 { Ok(()) } else { Err(STRUCTURE) }
}

/// Refuses extensions of a known kind that cannot be read, and those that are there twice (RFC 5280 §4.2): readers would
/// use different ones.
fn expect_extensions(extensions: &[X509Extension<'_>]) -> Result<(), Damage> {
    // A few extensions are compared faster than hashed.
    let mut seen = BTreeSet::new();
    for extension in extensions {
        if !is_identifier(&extension.oid) {
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

/// The tags of `SEQUENCE` and `SET` (X.690 §8.9 and §8.11).
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

const STRUCTURE: Damage = "its structure is broken";

/// For a larger one, x509-parser may need more than 100 MiB. The longest known one has a tenth of this size.
const LONGEST_CERTIFICATE: usize = 256 * 1024;

#[cfg(test)]
mod tests;
