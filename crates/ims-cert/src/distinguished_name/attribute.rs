//! The attributes of which the names of certificates are made, and what each may hold.

use x509_parser::asn1_rs::{Any, Class, Tag, ToDer};

use crate::{error::CertError, naming::hexadecimal};

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
        let value = Value::Text { tag: kind.tag.0, text: value.to_owned() };
        Ok(Self { oid: kind.oid.to_owned(), value })
    }

    /// What it is called in print: its short name, or its object identifier.
    pub(crate) fn name(&self) -> &str {
        let kind = KINDS.iter().find(|kind| kind.oid == self.oid);
        kind.map_or(&self.oid, |kind| kind.short_name)
    }
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Text {
        /// The number of the string type (X.680 §8.4).
        tag: u32,
        text: String,
    },
    /// Of a type that holds no text, as its DER (RFC 4514 §2.4).
    Other { hexadecimal: String },
}

impl Value {
    /// `None` for what OpenSSL, `GnuTLS` and `PyCA` all refuse: a number or a date for a name, and text that is not in its
    /// encoding.
    pub(super) fn read(value: &Any<'_>) -> Option<Self> {
        let octets = value.data;
        let text = match value.tag() {
            _ if value.class() != Class::Universal => return None,
            Tag::Utf8String
            | Tag::PrintableString
            | Tag::Ia5String
            | Tag::VisibleString
            | Tag::NumericString => String::from_utf8(octets.to_vec()).ok()?,
            // Software that still writes T.61 means Latin-1, and OpenSSL reads it as such.
            Tag::TeletexString => octets.iter().copied().map(char::from).collect(),
            Tag::BmpString => utf_16(octets)?,
            Tag::UniversalString => utf_32(octets)?,
            Tag::BitString | Tag::Sequence | Tag::GeneralString | Tag::EmbeddedPdv => {
                let der = value.to_der_vec().ok()?;
                return Some(Self::Other { hexadecimal: hexadecimal(&der, "") });
            }
            _ => return None,
        };
        Some(Self::Text { tag: value.tag().0, text })
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

/// A kind of attribute, and what it may hold.
struct Kind {
    oid: &'static str,
    short_name: &'static str,
    long_name: &'static str,
    tag: Tag,
    /// How many characters it may have at most.
    most: usize,
}

impl Kind {
    fn is_called(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.short_name) || name.eq_ignore_ascii_case(self.long_name)
    }

    fn is_country(&self) -> bool {
        self.short_name == "C"
    }

    fn allows(&self, value: &str) -> bool {
        let length = value.chars().count();
        if self.is_country() {
            return length == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
        }
        let is_of_type = match self.tag {
            Tag::PrintableString => value.bytes().all(is_printable),
            Tag::Ia5String => value.is_ascii(),
            _ => true,
        };
        (1..=self.most).contains(&length) && is_of_type && !value.chars().any(char::is_control)
    }

    fn rule(&self) -> String {
        let characters = match self.tag {
            _ if self.is_country() => return "two letters, such as US".to_owned(),
            Tag::PrintableString => "letters, digits, spaces or characters of '()+,-./:=?",
            Tag::Ia5String => "ASCII characters, none of them a control character",
            _ => "characters, none of them a control character",
        };
        format!("1 to {} {characters}", self.most)
    }
}

/// X.680 §41.4, Table 10.
fn is_printable(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b)
}

/// The upper bounds are those of RFC 5280, Appendix A.1; for `UID` that of RFC 4524 §2.
const KINDS: [Kind; 13] = [
    kind("2.5.4.3", "CN", "commonName", Tag::Utf8String, 64),
    kind("2.5.4.6", "C", "countryName", Tag::PrintableString, 2),
    kind("2.5.4.8", "ST", "stateOrProvinceName", Tag::Utf8String, 128),
    kind("2.5.4.7", "L", "localityName", Tag::Utf8String, 128),
    kind("2.5.4.9", "STREET", "streetAddress", Tag::Utf8String, 128),
    kind("2.5.4.10", "O", "organizationName", Tag::Utf8String, 64),
    kind("2.5.4.11", "OU", "organizationalUnitName", Tag::Utf8String, 64),
    kind("1.2.840.113549.1.9.1", "emailAddress", "emailAddress", Tag::Ia5String, 255),
    kind("0.9.2342.19200300.100.1.25", "DC", "domainComponent", Tag::Ia5String, 63),
    kind("0.9.2342.19200300.100.1.1", "UID", "userId", Tag::Utf8String, 256),
    kind("2.5.4.5", "serialNumber", "serialNumber", Tag::PrintableString, 64),
    kind("2.5.4.4", "SN", "surname", Tag::Utf8String, 64),
    kind("2.5.4.42", "GN", "givenName", Tag::Utf8String, 64),
];

const fn kind(
    oid: &'static str,
    short_name: &'static str,
    long_name: &'static str,
    tag: Tag,
    most: usize,
) -> Kind {
    Kind { oid, short_name, long_name, tag, most }
}
