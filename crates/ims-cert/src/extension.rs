//! The extensions of version 3 that say what a certificate is for (RFC 5280 §4.2.1).

use std::{fmt, net::IpAddr};

use x509_parser::{
    asn1_rs::{FromDer, Oid},
    extensions::{GeneralName, ParsedExtension, X509Extension},
};

use crate::{distinguished_name::DistinguishedName, oid};

/// What the extensions of one certificate say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) is_authority: bool,
    pub(crate) key_usages: Vec<&'static str>,
    pub(crate) extended_key_usages: Vec<String>,
    pub(crate) alternative_names: Vec<AlternativeName>,
}

impl Extensions {
    pub(crate) fn read(extensions: &[X509Extension<'_>]) -> Self {
        let mut read = Self::default();
        for extension in extensions {
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(constraints) => {
                    read.is_authority = constraints.ca;
                }
                ParsedExtension::KeyUsage(usage) => read.key_usages = key_usages(usage.flags),
                ParsedExtension::ExtendedKeyUsage(_) => {
                    read.extended_key_usages = extended_key_usages(extension.value);
                }
                ParsedExtension::SubjectAlternativeName(names) => {
                    let names = names.general_names.iter();
                    read.alternative_names = names.map(AlternativeName::read).collect();
                }
                _ => {}
            }
        }
        read
    }
}

/// `KeyUsage` (RFC 5280 §4.2.1.3), in the words of `openssl x509 -text`.
fn key_usages(flags: u16) -> Vec<&'static str> {
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
    let named = NAMES.into_iter().enumerate();
    named.filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| name).collect()
}

/// `ExtKeyUsageSyntax` (RFC 5280 §4.2.1.12), in the words of `openssl x509 -text` and in the certificate's order, which
/// x509-parser does not keep.
fn extended_key_usages(value: &[u8]) -> Vec<String> {
    let Ok((_, usages)) = <Vec<Oid<'_>>>::from_der(value) else { return Vec::new() };
    let mut names = Vec::with_capacity(usages.len());
    for usage in usages {
        let oid = oid::dotted(usage.as_bytes()).unwrap_or_default();
        let name = match oid.as_str() {
            "1.3.6.1.5.5.7.3.1" => "TLS Web Server Authentication",
            "1.3.6.1.5.5.7.3.2" => "TLS Web Client Authentication",
            "1.3.6.1.5.5.7.3.3" => "Code Signing",
            "1.3.6.1.5.5.7.3.4" => "E-mail Protection",
            "1.3.6.1.5.5.7.3.8" => "Time Stamping",
            "1.3.6.1.5.5.7.3.9" => "OCSP Signing",
            "2.5.29.37.0" => "Any Extended Key Usage",
            other => other,
        };
        names.push(name.to_owned());
    }
    names
}

/// One of the other names of a certificate's subject. It prints as `openssl x509 -text` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// An e-mail address.
    Email(String),
    /// A host name.
    Dns(String),
    /// A URI, such as `http://example.org/webid#me`, which the certificates of AEM's service credentials have.
    Uri(String),
    /// A distinguished name.
    Directory(DistinguishedName),
    /// An address of IP version 4 or 6.
    Ip(IpAddr),
    /// A name of another kind, or a damaged one.
    Other,
}

impl AlternativeName {
    fn read(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::RFC822Name(text) if text.is_ascii() => Self::Email((*text).to_owned()),
            GeneralName::DNSName(text) if text.is_ascii() => Self::Dns((*text).to_owned()),
            GeneralName::URI(text) if text.is_ascii() => Self::Uri((*text).to_owned()),
            GeneralName::DirectoryName(name) => {
                DistinguishedName::read(name).map_or(Self::Other, Self::Directory)
            }
            GeneralName::IPAddress(octets) => ip_address(octets).map_or(Self::Other, Self::Ip),
            _ => Self::Other,
        }
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
    if let Ok(version_4) = <[u8; 4]>::try_from(octets) {
        return Some(version_4.into());
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}
