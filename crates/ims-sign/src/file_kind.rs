//! What a file is, for everyone who expected a key or a certificate and got something else.
//!
//! One function recognizes private keys, public keys and certificates, so that every error names the same file in the same
//! words. Only the first elements are checked, which are different for each kind.

use std::fmt;

use der::{Decode, Reader, SliceReader, asn1::AnyRef};
use serde_json::Value;

use crate::pem::{self, Block, PemError};

/// What a file is: the kinds that people put where a key or a certificate belongs.
///
/// `Display` names it with its article, for a sentence such as "this is a certificate, not a private key".
///
/// ```
/// use ims_sign::FileKind;
///
/// let found = FileKind::of(b"PuTTY-User-Key-File-3: ssh-rsa\n");
/// assert_eq!(found.to_string(), "a PuTTY key");
/// assert_eq!(found.to_private_key(), Some("puttygen FILE -O private-openssh -o private.key"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// No bytes, or white space alone.
    Empty,
    /// More than [`pem::MAX_LENGTH`] bytes, which are not checked.
    TooLong,
    /// A private key that is not encrypted: PKCS#8 (RFC 5958) or PKCS#1 (RFC 8017 §A.1.2).
    PrivateKey,
    /// A private key that is encrypted, as PKCS#8 or inside PEM (RFC 1421).
    EncryptedPrivateKey,
    /// A private key for an elliptic curve (RFC 5915).
    EcPrivateKey,
    /// A DSA private key, in OpenSSL's own form.
    DsaPrivateKey,
    /// A public key (RFC 5280 §4.1.2.7) or its PKCS#1 form.
    PublicKey,
    /// An X.509 certificate (RFC 5280).
    Certificate,
    /// A certificate request (RFC 2986).
    CertificateRequest,
    /// A list of revoked certificates (RFC 5280 §5).
    RevocationList,
    /// PKCS#12 (RFC 7292): key and certificate in one, under a password. Often `.p12` or `.pfx`.
    Pkcs12,
    /// PKCS#7 (RFC 2315) in PEM: a bundle of certificates. Often `.p7b`.
    Pkcs7Pem,
    /// PKCS#7 (RFC 2315) in DER.
    Pkcs7Der,
    /// A private key in OpenSSH's own format.
    OpenSshPrivateKey,
    /// A public key as SSH has it: `ssh-rsa …`, or RFC 4716.
    SshPublicKey,
    /// A key of `PuTTY`, `.ppk`.
    Putty,
    /// A Java key store, JKS or JCEKS.
    JavaKeyStore,
    /// A key in JSON (RFC 7517).
    Jwk,
    /// Keys in JSON (RFC 7517 §5).
    JwkSet,
    /// JSON of another kind.
    Json,
    /// Text in UTF-16.
    Utf16,
    /// A web page.
    Html,
    /// XML of another kind.
    Xml,
    /// A PKCS#11 URI (RFC 7512).
    Pkcs11Uri,
    /// PEM with a block that has no end, or is not base64.
    DamagedPem,
    /// PEM of a kind that is not known here.
    OtherPem,
    /// DER of a kind that is not known here.
    OtherDer,
    /// None of these.
    Other,
}

impl FileKind {
    /// Tells what `file` is. PEM with several blocks is what its first block is.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        if file.len() > pem::MAX_LENGTH {
            return Self::TooLong;
        }
        if file.trim_ascii().is_empty() {
            return Self::Empty;
        }
        if is_utf16(file) {
            return Self::Utf16;
        }
        match pem::blocks(file) {
            Ok(blocks) => match blocks.first() {
                Some(first) => Self::of_block(first),
                None => Self::of_bare(file),
            },
            Err(PemError::TooLong) => Self::TooLong,
            Err(PemError::NoEnd | PemError::NotBase64) => Self::DamagedPem,
        }
    }

    /// The command that converts the file into a private key in PEM, if there is one; `FILE` is the file's name.
    #[must_use]
    pub const fn to_private_key(self) -> Option<&'static str> {
        match self {
            Self::Pkcs12 => Some("openssl pkcs12 -in FILE -nocerts -nodes -out private.key"),
            Self::OpenSshPrivateKey => Some("ssh-keygen -p -m PKCS8 -f FILE"),
            Self::Putty => Some("puttygen FILE -O private-openssh -o private.key"),
            Self::JavaKeyStore => Some(JAVA_TO_PKCS12),
            Self::Jwk => Some(JWK_TO_PEM),
            Self::Utf16 => Some("iconv -f UTF-16 -t UTF-8 FILE > private.key"),
            _ => None,
        }
    }

    /// The command that converts the file into a certificate in PEM, if there is one; `FILE` is the file's name.
    #[must_use]
    pub const fn to_certificate(self) -> Option<&'static str> {
        match self {
            Self::Pkcs12 => Some("openssl pkcs12 -in FILE -clcerts -nokeys -out certificate.pem"),
            Self::Pkcs7Pem => Some("openssl pkcs7 -in FILE -print_certs -out certificate.pem"),
            Self::Pkcs7Der => {
                Some("openssl pkcs7 -inform DER -in FILE -print_certs -out certificate.pem")
            }
            Self::JavaKeyStore => Some(JAVA_TO_PKCS12),
            Self::Utf16 => Some("iconv -f UTF-16 -t UTF-8 FILE > certificate.pem"),
            _ => None,
        }
    }

    fn of_block(block: &Block) -> Self {
        match block.label() {
            _ if block.is_certificate() => Self::Certificate,
            _ if block.is_legacy_encrypted() => Self::EncryptedPrivateKey,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::PublicKey,
            "OPENSSH PRIVATE KEY" => Self::OpenSshPrivateKey,
            "EC PRIVATE KEY" => Self::EcPrivateKey,
            "DSA PRIVATE KEY" => Self::DsaPrivateKey,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedPrivateKey,
            "X509 CRL" => Self::RevocationList,
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => Self::Pkcs7Pem,
            label if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
            _ => Self::OtherPem,
        }
    }

    /// Recognizes a file without PEM, in base64 or not.
    fn of_bare(file: &[u8]) -> Self {
        if let Some(kind) = Self::of_binary(file) {
            return kind;
        }
        if let Some(kind) = pem::decode(file).and_then(|decoded| Self::of_binary(&decoded)) {
            return kind;
        }
        Self::of_text(file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file).trim_ascii())
    }

    fn of_binary(file: &[u8]) -> Option<Self> {
        if file.starts_with(&JKS) || file.starts_with(&JCEKS) {
            return Some(Self::JavaKeyStore);
        }
        if pem::is_der(file) {
            return Some(kind_of_der(file).unwrap_or(Self::OtherDer));
        }
        None
    }

    fn of_text(text: &[u8]) -> Self {
        let begins_with = |prefix: &str| {
            let start = text.get(..prefix.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(prefix.as_bytes())
        };
        if begins_with("PuTTY-User-Key-File-") {
            return Self::Putty;
        }
        if ["ssh-", "ecdsa-sha2-", "---- BEGIN SSH2"].into_iter().any(begins_with) {
            return Self::SshPublicKey;
        }
        if begins_with("pkcs11:") {
            return Self::Pkcs11Uri;
        }
        if begins_with("<!doctype html") || begins_with("<html") {
            return Self::Html;
        }
        if begins_with("<") {
            return Self::Xml;
        }
        match serde_json::from_slice::<Value>(text) {
            Ok(Value::Object(members)) if members.contains_key("kty") => Self::Jwk,
            Ok(Value::Object(members)) if members.contains_key("keys") => Self::JwkSet,
            Ok(Value::Object(_) | Value::Array(_)) => Self::Json,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::TooLong => "a file of more than 1 MiB",
            Self::PrivateKey => "a private key",
            Self::EncryptedPrivateKey => "an encrypted private key",
            Self::EcPrivateKey => "an elliptic curve private key",
            Self::DsaPrivateKey => "a DSA private key",
            Self::PublicKey => "a public key",
            Self::Certificate => "a certificate",
            Self::CertificateRequest => "a certificate request",
            Self::RevocationList => "a certificate revocation list",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::Pkcs7Pem | Self::Pkcs7Der => "a PKCS#7 file",
            Self::OpenSshPrivateKey => "a private key in OpenSSH's own format",
            Self::SshPublicKey => "an SSH public key",
            Self::Putty => "a PuTTY key",
            Self::JavaKeyStore => "a Java key store",
            Self::Jwk => "a JSON Web Key",
            Self::JwkSet => "a JWK Set",
            Self::Json => "JSON",
            Self::Utf16 => "text in UTF-16",
            Self::Html => "a web page",
            Self::Xml => "XML",
            Self::Pkcs11Uri => "a PKCS#11 URI",
            Self::DamagedPem => "a damaged PEM file",
            Self::OtherPem => "PEM of another kind",
            Self::OtherDer => "DER of another kind",
            Self::Other => "a file of an unknown kind",
        })
    }
}

/// Whether it is UTF-16, by its byte order mark, or by the zero in each letter of ASCII.
fn is_utf16(file: &[u8]) -> bool {
    match file {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, letter, 0, _, ..] | [letter, 0, _, 0, ..] => letter.is_ascii_graphic(),
        _ => false,
    }
}

/// Recognizes `file`, which is one structure, by its first elements.
fn kind_of_der(file: &[u8]) -> Option<FileKind> {
    let whole = AnyRef::from_der(file).ok()?;
    let mut reader = SliceReader::new(whole.value()).ok()?;
    let first = AnyRef::decode(&mut reader).ok()?;
    let second = reader.peek_byte();
    let tag = whole.value().first()?;
    match (*tag, first.value()) {
        // A version: 0 and 1 in private keys (RFC 5208, RFC 8017, RFC 5915), 3 in PKCS#12 (RFC 7292).
        (INTEGER, [1]) if second == Some(OCTET_STRING) => Some(FileKind::EcPrivateKey),
        (INTEGER, [0 | 1]) => Some(FileKind::PrivateKey),
        (INTEGER, [3]) => Some(FileKind::Pkcs12),
        (INTEGER, _) => Some(FileKind::PublicKey),
        // The object identifier of PKCS#7's content (RFC 2315).
        (OBJECT_IDENTIFIER, _) => Some(FileKind::Pkcs7Der),
        // An algorithm, before a key or what it is encrypted to (RFC 5280, RFC 5208).
        (SEQUENCE, [OBJECT_IDENTIFIER, ..]) if second == Some(BIT_STRING) => {
            Some(FileKind::PublicKey)
        }
        (SEQUENCE, [OBJECT_IDENTIFIER, ..]) if second == Some(OCTET_STRING) => {
            Some(FileKind::EncryptedPrivateKey)
        }
        (SEQUENCE, signed) => kind_of_signed(signed),
        _ => None,
    }
}

/// Distinguishes structures that are signed: certificates, requests and revocation lists.
fn kind_of_signed(signed: &[u8]) -> Option<FileKind> {
    // Only certificates have a tagged version (RFC 5280 §4.1), and those of version 1 have none.
    if signed.first() == Some(&CONTEXT_0) {
        return Some(FileKind::Certificate);
    }
    let mut reader = SliceReader::new(signed).ok()?;
    let first = reader.peek_byte();
    if first == Some(INTEGER) {
        AnyRef::decode(&mut reader).ok()?;
    }
    let algorithm_or_subject = AnyRef::decode(&mut reader).ok()?;
    let has_algorithm = algorithm_or_subject.value().first() == Some(&OBJECT_IDENTIFIER);
    if !has_algorithm {
        // The subject of a request follows its version 0 (RFC 2986 §4.1).
        return (first == Some(INTEGER)).then_some(FileKind::CertificateRequest);
    }
    let _issuer = AnyRef::decode(&mut reader).ok()?;
    match reader.peek_byte() {
        Some(SEQUENCE) => Some(FileKind::Certificate),
        Some(UTC_TIME | GENERALIZED_TIME) => Some(FileKind::RevocationList),
        _ => None,
    }
}

/// OpenSSL reads no JWK. Node.js does, and everyone who has Adobe's command line has Node.js.
const JWK_TO_PEM: &str = "node -p 'crypto.createPrivateKey({ format: \"jwk\", key: JSON.parse(fs.readFileSync(process.argv[1])) }).export({ type: \"pkcs8\", format: \"pem\" })' FILE > private.key";

const JAVA_TO_PKCS12: &str =
    "keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12";

/// The magic numbers of Java's key stores.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const JCEKS: [u8; 4] = [0xce, 0xce, 0xce, 0xce];

// Tags of ASN.1 (X.690 §8.1.2).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

#[cfg(test)]
mod tests;
