//! The attributes of which the names of certificates are made, and what each may hold.

use x509_parser::asn1_rs::{Any, Class, Tag, ToDer};

use crate::error::CertError;

/// An attribute of a name, such as `CN=name`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Attribute {
    /// Its object identifier, as numbers with dots between them.
    pub(crate) oid: String,
    pub(crate) value: Value,
}

impl Attribute {
    /// The attribute called `name`, with `value` in the encoding that OpenSSL gives it.
    pub(super) fn new(name: &str, value: &str) -> Result<Self, CertError> {
        let Some(kind) = KINDS.iter().find(|kind| kind.is_called(name)) else {
            return Err(CertError::SubjectAttribute { name: name.to_owned() });
        };
        if !kind.allows(value) {
            return Err(CertError::SubjectValue { name: kind.short_name, rule: kind.rule() });
        }
        let value = Value::Text { encoding: kind.encoding(), text: value.to_owned() };
        Ok(Self { oid: kind.oid.to_owned(), value })
    }

    /// What it is called in print: its short name, or its object identifier.
    pub(super) fn name(&self) -> &str {
        let kind = KINDS.iter().find(|kind| kind.oid == self.oid);
        kind.map_or(&self.oid, |kind| kind.short_name)
    }

    /// Whether a new certificate can have it: the encodings are those that rcgen writes.
    pub(super) fn is_writable(&self) -> bool {
        let Value::Text { encoding, text } = &self.value else { return false };
        let is_value = match encoding {
            Encoding::Utf8 => true,
            Encoding::Printable => text.bytes().all(is_printable),
            Encoding::Ia5 => text.is_ascii(),
            Encoding::Teletex => text.bytes().all(|b| (0x20..0x7f).contains(&b)),
            Encoding::Bmp => text.chars().all(|c| c <= '\u{ffff}'),
            Encoding::Visible | Encoding::Numeric | Encoding::Universal => false,
        };
        is_value && self.oid.split('.').all(|number| number.parse::<u64>().is_ok())
    }
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Text {
        encoding: Encoding,
        text: String,
    },
    /// Of a type that holds no text, as its DER.
    Other {
        der: Vec<u8>,
    },
}

/// The string types of ASN.1 (X.680 §41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    Utf8,
    Printable,
    Ia5,
    Visible,
    Numeric,
    Teletex,
    Bmp,
    Universal,
}

impl Value {
    /// `None` for what OpenSSL, `GnuTLS` and `PyCA` all refuse: a number or a date for a name, and text that is not in its
    /// encoding.
    pub(super) fn read(value: &Any<'_>) -> Option<Self> {
        let octets = value.data;
        let encoding = match value.tag() {
            _ if value.class() != Class::Universal => return None,
            Tag::Utf8String => Encoding::Utf8,
            Tag::PrintableString => Encoding::Printable,
            Tag::Ia5String => Encoding::Ia5,
            Tag::VisibleString => Encoding::Visible,
            Tag::NumericString => Encoding::Numeric,
            Tag::TeletexString => Encoding::Teletex,
            Tag::BmpString => Encoding::Bmp,
            Tag::UniversalString => Encoding::Universal,
            Tag::BitString | Tag::Sequence | Tag::GeneralString | Tag::EmbeddedPdv => {
                return Some(Self::Other { der: value.to_der_vec().ok()? });
            }
            _ => return None,
        };
        let text = match encoding {
            // Whoever writes T.61 today means Latin-1, and OpenSSL reads it so.
            Encoding::Teletex => octets.iter().copied().map(char::from).collect(),
            Encoding::Bmp => utf_16(octets)?,
            Encoding::Universal => utf_32(octets)?,
            _ => String::from_utf8(octets.to_vec()).ok()?,
        };
        Some(Self::Text { encoding, text })
    }
}

fn utf_16(octets: &[u8]) -> Option<String> {
    let (units, []) = octets.as_chunks() else { return None };
    let units = units.iter().copied().map(u16::from_be_bytes);
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

fn utf_32(octets: &[u8]) -> Option<String> {
    let (units, []) = octets.as_chunks() else { return None };
    units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect()
}

struct Kind {
    oid: &'static str,
    short_name: &'static str,
    long_name: &'static str,
    rule: Rule,
}

enum Rule {
    /// Two letters, a country of ISO 3166.
    Country,
    /// At most so many characters.
    Text(usize),
    /// At most so many of the characters of a `PrintableString`.
    Printable(usize),
    /// At most so many ASCII characters.
    Ascii(usize),
}

impl Kind {
    fn is_called(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.short_name) || name.eq_ignore_ascii_case(self.long_name)
    }

    fn encoding(&self) -> Encoding {
        match self.rule {
            Rule::Country | Rule::Printable(_) => Encoding::Printable,
            Rule::Text(_) => Encoding::Utf8,
            Rule::Ascii(_) => Encoding::Ia5,
        }
    }

    fn allows(&self, value: &str) -> bool {
        if value.chars().any(char::is_control) {
            return false;
        }
        let length = value.chars().count();
        match self.rule {
            Rule::Country => length == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()),
            Rule::Text(most) => (1..=most).contains(&length),
            Rule::Printable(most) => {
                (1..=most).contains(&length) && value.bytes().all(is_printable)
            }
            Rule::Ascii(most) => (1..=most).contains(&length) && value.is_ascii(),
        }
    }

    fn rule(&self) -> String {
        match self.rule {
            Rule::Country => "two letters, such as US".to_owned(),
            Rule::Text(most) => {
                format!("1 to {most} characters, none of them a control character")
            }
            Rule::Printable(most) => {
                format!("1 to {most} letters, digits, spaces or characters of '()+,-./:=?")
            }
            Rule::Ascii(most) => {
                format!("1 to {most} ASCII characters, none of them a control character")
            }
        }
    }
}

/// X.680 §41.4, Table 10.
fn is_printable(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b)
}

/// The upper bounds are those of RFC 5280, Appendix A.1; for `UID` that of RFC 4524 §2.
const KINDS: [Kind; 13] = [
    kind("2.5.4.3", "CN", "commonName", Rule::Text(64)),
    kind("2.5.4.6", "C", "countryName", Rule::Country),
    kind("2.5.4.8", "ST", "stateOrProvinceName", Rule::Text(128)),
    kind("2.5.4.7", "L", "localityName", Rule::Text(128)),
    kind("2.5.4.9", "STREET", "streetAddress", Rule::Text(128)),
    kind("2.5.4.10", "O", "organizationName", Rule::Text(64)),
    kind("2.5.4.11", "OU", "organizationalUnitName", Rule::Text(64)),
    kind("1.2.840.113549.1.9.1", "emailAddress", "emailAddress", Rule::Ascii(255)),
    kind("0.9.2342.19200300.100.1.25", "DC", "domainComponent", Rule::Ascii(63)),
    kind("0.9.2342.19200300.100.1.1", "UID", "userId", Rule::Text(256)),
    kind("2.5.4.5", "serialNumber", "serialNumber", Rule::Printable(64)),
    kind("2.5.4.4", "SN", "surname", Rule::Text(64)),
    kind("2.5.4.42", "GN", "givenName", Rule::Text(64)),
];

const fn kind(
    oid: &'static str,
    short_name: &'static str,
    long_name: &'static str,
    rule: Rule,
) -> Kind {
    Kind { oid, short_name, long_name, rule }
}
