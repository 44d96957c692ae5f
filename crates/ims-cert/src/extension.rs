//! The extensions of version 3 that say what a certificate is for (RFC 5280 §4.2.1).

use std::{fmt, net::IpAddr};

use der::{
    Decode, Sequence, Tag, TagNumber, Tagged,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef},
};

use crate::{DistinguishedName, x509::Extension};

pub(crate) const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(crate) const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

/// `BasicConstraints` (RFC 5280 §4.2.1.9).
#[derive(Sequence)]
pub(crate) struct BasicConstraints {
    #[asn1(default = "Default::default")]
    pub(crate) ca: bool,
    #[asn1(optional = "true")]
    pub(crate) path_length: Option<u32>,
}

/// `AuthorityKeyIdentifier` (RFC 5280 §4.2.1.1), with the one member that a self-signed certificate needs.
#[derive(Sequence)]
pub(crate) struct AuthorityKeyIdentifier<'a> {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    pub(crate) key_identifier: &'a OctetStringRef,
}

/// The value of the extension `id`, `None` if it is absent or damaged.
pub(crate) fn read<'a, T: Decode<'a>>(
    extensions: &[Extension<'a>],
    id: ObjectIdentifier,
) -> Option<T> {
    let extension = extensions.iter().find(|extension| extension.id == id)?;
    T::from_der(extension.value.as_bytes()).ok()
}

/// `KeyUsage` (RFC 5280 §4.2.1.3), in the words of `openssl x509 -text`.
pub(crate) fn key_usages(extensions: &[Extension<'_>]) -> Vec<&'static str> {
    const NAMES: [&str; 9] = [
        "Digital Signature",
        "Non Repudiation",
        "Key Encipherment",
        "Data Encipherment",
        "Key Agreement",
        "Certificate Sign",
        "CRL Sign",
        "Encipher Only",
        "Decipher Only",
    ];
    let Some(bits) = read::<BitStringRef<'_>>(extensions, KEY_USAGE) else { return Vec::new() };
    NAMES.into_iter().zip(bits.bits()).filter(|(_, bit)| *bit).map(|(name, _)| name).collect()
}

/// `ExtKeyUsageSyntax` (RFC 5280 §4.2.1.12), in the words of `openssl x509 -text`.
pub(crate) fn extended_key_usages(extensions: &[Extension<'_>]) -> Vec<String> {
    let name = |oid: &ObjectIdentifier| match oid.to_string().as_str() {
        "1.3.6.1.5.5.7.3.1" => "TLS Web Server Authentication".to_owned(),
        "1.3.6.1.5.5.7.3.2" => "TLS Web Client Authentication".to_owned(),
        "1.3.6.1.5.5.7.3.3" => "Code Signing".to_owned(),
        "1.3.6.1.5.5.7.3.4" => "E-mail Protection".to_owned(),
        "1.3.6.1.5.5.7.3.8" => "Time Stamping".to_owned(),
        "1.3.6.1.5.5.7.3.9" => "OCSP Signing".to_owned(),
        "2.5.29.37.0" => "Any Extended Key Usage".to_owned(),
        oid => oid.to_owned(),
    };
    let usages: Option<Vec<ObjectIdentifier>> = read(extensions, EXTENDED_KEY_USAGE);
    usages.iter().flatten().map(name).collect()
}

/// `SubjectAltName` (RFC 5280 §4.2.1.6).
pub(crate) fn alternative_names(extensions: &[Extension<'_>]) -> Vec<AlternativeName> {
    let names: Option<Vec<AnyRef<'_>>> = read(extensions, SUBJECT_ALT_NAME);
    names.into_iter().flatten().map(AlternativeName::read).collect()
}

/// One of the other names of a certificate's subject. It prints as `openssl x509 -text` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// An e-mail address.
    Email(String),
    /// A host name.
    Dns(String),
    /// A URI, such as `http://example.org/webid#me`, which the certificates of AEM's service credentials carry.
    Uri(String),
    /// A distinguished name.
    Directory(DistinguishedName),
    /// An address of IP version 4 or 6.
    Ip(IpAddr),
    /// A name of another kind, or a damaged one.
    Other,
}

impl AlternativeName {
    fn read(name: AnyRef<'_>) -> Self {
        let Tag::ContextSpecific { number: TagNumber(number), .. } = name.tag() else {
            return Self::Other;
        };
        let text = String::from_utf8(name.value().to_vec()).ok().filter(|text| text.is_ascii());
        let read = match number {
            1 => text.map(Self::Email),
            2 => text.map(Self::Dns),
            4 => AnyRef::from_der(name.value())
                .and_then(DistinguishedName::read)
                .ok()
                .map(Self::Directory),
            6 => text.map(Self::Uri),
            7 => ip_address(name.value()).map(Self::Ip),
            _ => None,
        };
        read.unwrap_or(Self::Other)
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(text) => write!(f, "email:{}", text.escape_debug()),
            Self::Dns(text) => write!(f, "DNS:{}", text.escape_debug()),
            Self::Uri(text) => write!(f, "URI:{}", text.escape_debug()),
            Self::Directory(name) => write!(f, "DirName:{name}"),
            Self::Ip(address) => write!(f, "IP Address:{address}"),
            Self::Other => f.write_str("othername"),
        }
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let version_4 = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    version_4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))
}
