//! Reading the files that credentials name.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use ims_files::{FileContents, can_be_path};
use zeroize::Zeroizing;

use crate::error::CredentialsError;

/// Nothing that is read here is longer; a key of 8192 bits has some 6 KiB.
pub(crate) const MAX_BYTES: u64 = 1024 * 1024;

/// Reads a file that others may be able to read.
///
/// If the path is a document by mistake, it is refused and not repeated. `NAME=value` may be a document, and it may also be
/// the name of a file.
pub(crate) fn read(path: &Path) -> Result<FileContents, CredentialsError> {
    let text = path.to_str().unwrap_or_default();
    if !can_be_path(text) {
        return Err(CredentialsError::NotPath);
    }
    match ims_files::read(path, MAX_BYTES) {
        Err(_) if text.contains('=') => Err(CredentialsError::NotPath),
        read => Ok(read?),
    }
}

/// Reads a file that contains only a secret, and refuses one that others can read.
///
/// A certificate in place of a secret is returned even if others can read it: it is public, and the caller that
/// expects a key reports what it is.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let contents = read(path)?;
    if !is_public(&contents.bytes) {
        contents.access.check_private()?;
    }
    Ok(Zeroizing::new(contents.bytes.into_vec()))
}

/// `given` as a path, or `None` if it is the document itself: it begins with a bracket, has several lines, is a key, or is
/// `NAME=value` or `name: value` and there is no file of that name.
pub(crate) fn path_of(given: &OsStr) -> Option<PathBuf> {
    let path = PathBuf::from(given);
    let Some(text) = given.to_str() else { return Some(path) };
    if !can_be_path(text) {
        return None;
    }
    let may_be_document = text.contains('=') || text.contains(": ");
    (!may_be_document || path.exists()).then_some(path)
}

/// Whether `text` has the form of a signed JWT (RFC 7515 §3.1) and so is not the path of a file.
pub(crate) fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    // The base64url of `{"`, with which the header begins. A shorter text may be the name of a file.
    parts.len() == 3
        && text.starts_with("eyJ")
        && text.len() >= SHORTEST_TOKEN
        && parts.iter().all(|part| is_base64url(part))
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Header and payload of a token of IMS have some hundred letters each.
const SHORTEST_TOKEN: usize = 60;

/// Whether these are certainly certificates or public keys and nothing else.
fn is_public(contents: &[u8]) -> bool {
    if let [0x30, rest @ ..] = contents {
        return is_der_certificate(rest) || is_der_bundle(rest);
    }
    let Ok(text) = std::str::from_utf8(contents) else { return false };
    if text.starts_with("ssh-") && text.trim().lines().count() == 1 {
        return true;
    }
    let blocks: Vec<&str> = text.split("-----BEGIN ").skip(1).collect();
    if blocks.is_empty() || text.contains("PRIVATE") {
        return false;
    }
    // Text around the blocks, such as `openssl x509 -text` writes, comes without secrets only if nothing else is there.
    blocks.iter().all(|block| PUBLIC_LABELS.iter().any(|label| block.starts_with(label)))
}

/// The PEM labels of public data (RFC 7468 §§5 to 8, 13; the last is OpenSSL's own). PKCS7 is a bundle of
/// certificates.
const PUBLIC_LABELS: [&str; 6] = [
    "CERTIFICATE-----",
    "CERTIFICATE REQUEST-----",
    "PUBLIC KEY-----",
    "X509 CRL-----",
    "PKCS7-----",
    "TRUSTED CERTIFICATE-----",
];

/// Whether a DER sequence begins as a certificate does: a sequence that begins with `[0]` or a number (RFC 5280 §4.1). A
/// private key begins with a number, an encrypted one with a sequence that begins with an object identifier.
fn is_der_certificate(after_tag: &[u8]) -> bool {
    let Some([0x30, inner @ ..]) = skip_length(after_tag) else { return false };
    matches!(skip_length(inner), Some([0xA0 | 0x02, ..]))
}

/// Whether a DER sequence is signed data of PKCS#7, in which certificates come (RFC 2315 §9.1).
fn is_der_bundle(after_tag: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
    skip_length(after_tag).is_some_and(|inner| inner.starts_with(SIGNED_DATA))
}

/// The content of a DER element, after its length (X.690 §8.1.3).
fn skip_length(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    let longer = if *first & 0x80 == 0 { 0 } else { usize::from(*first & 0x7F) };
    rest.get(longer..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_is_no_path() {
        let part = "A-_9".repeat(5);
        for (text, expected) in [
            (format!("eyJ{part}.{part}.{part}"), true),
            (format!("eyJ{}.{part}.{part}", &part[..15]), true),
            (format!("eyJ{}.{part}.{part}", &part[..14]), false),
            (format!("ayJ{part}.{part}.{part}"), false),
            (format!("eyJ{part}.{part}.{part}.{part}"), false),
            (format!("eyJ{part}{part}.{part}{part}"), false),
            (format!("eyJ{part}.{part}.{part}="), false),
            (format!("eyJ{part}/{part}.{part}.x"), false),
        ] {
            assert_eq!(is_jwt(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_given_is_a_document_or_the_path_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("a=b");
        std::fs::write(&there, "").unwrap();
        let there = there.to_str().unwrap();
        for (given, is_path) in [
            ("credentials.json", true),
            ("no/such/file", true),
            (there, true),
            ("no/such=file", false),
            ("name: value", false),
            ("name:value", true),
            ("{}", false),
            ("a\nb", false),
        ] {
            assert_eq!(path_of(OsStr::new(given)).is_some(), is_path, "{given}");
        }
    }

    #[test]
    fn only_what_is_certainly_public_needs_no_private_file() {
        for (contents, expected) in [
            (&b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"[..], true),
            (b"Bag Attributes\n-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", true),
            (b"-----BEGIN PUBLIC KEY-----\nMII", true),
            (b"-----BEGIN PKCS7-----\nMII", true),
            (b"ssh-rsa AAAAB3NzaC1yc2E me@here\n", true),
            (b"ssh-rsa AAAA\np8e-secret", false),
            (b"-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----", false),
            (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", false),
            (b"-----BEGIN RSA PRIVATE KEY-----", false),
            (b"p8e-secret", false),
            (b"", false),
            (b"-----BEGIN CERTIFICATE REQUEST-----\nMII", true),
            (b"-----BEGIN X509 CRL-----\nMII", true),
            (b"-----BEGIN TRUSTED CERTIFICATE-----\nMII", true),
            (b"-----BEGIN CERTIFICATE-----\n-----BEGIN SECRET-----", false),
            (b"-----BEGIN CERTIFICATE-----\nPRIVATE", false),
            (b"ssh-rsa AAAA\n\n", true),
            (b"p8e-ssh-rsa", false),
            (b"\xFF-----BEGIN CERTIFICATE-----", false),
            // A certificate of version 1 has a number first: SEQUENCE { SEQUENCE { INTEGER …
            (&[0x30, 0x82, 0x03, 0x00, 0x30, 0x82, 0x02, 0x00, 0x02, 0x03], true),
            (&[0x30, 0x7F, 0x30, 0x7F, 0xA0, 0x03], true),
            (&[0x30, 0x7F, 0x31, 0x7F, 0xA0, 0x03], false),
            // SEQUENCE { SEQUENCE { [0] …
            (&[0x30, 0x82, 0x03, 0x00, 0x30, 0x82, 0x02, 0x00, 0xA0, 0x03], true),
            // PrivateKeyInfo and RSAPrivateKey: SEQUENCE { INTEGER …
            (&[0x30, 0x82, 0x04, 0xBE, 0x02, 0x01, 0x00], false),
            // EncryptedPrivateKeyInfo: SEQUENCE { SEQUENCE { OBJECT IDENTIFIER …
            (&[0x30, 0x82, 0x05, 0x00, 0x30, 0x40, 0x06, 0x09], false),
            // ContentInfo: SEQUENCE { OBJECT IDENTIFIER signedData …, and that of PKCS#12 { INTEGER …
            (&[0x30, 0x80, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2, 0xA0], true),
            (&[0x30, 0x80, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 6, 0xA0], false),
            (&[0x30], false),
            (&[0x30, 0xFF, 0x30], false),
        ] {
            assert_eq!(is_public(contents), expected, "{}", String::from_utf8_lossy(contents));
        }
    }
}
