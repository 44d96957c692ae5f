//! The attributes of which the names of certificates are made, and what each may hold.

use x509_parser::{
    asn1_rs::{Any, BmpString, Class, FromDer, Oid, Tag, ToDer, UniversalString, oid},
    x509::AttributeTypeAndValue,
};

use crate::{
    error::CertError,
    naming::{dotted, hexadecimal, is_identifier},
    reading::{SEQUENCE, members},
};

/// An attribute of a name, such as `CN=name`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Attribute {
    pub(crate) oid: Oid<'static>,
    pub(crate) value: Value,
}

/// The value of an attribute.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Text {
        /// The number of the string type (X.680 §8.4).
        tag: u32,
        text: String,
    },
    /// A value of a type that holds no text, as its DER (RFC 4514 §2.4).
    Other { hexadecimal: String },
}

impl Attribute {
    /// The attribute called `name`, with `value` in the encoding that OpenSSL gives it.
    pub(super) fn new(name: &str, value: &str) -> Result<Self, CertError> {
        let Some(kind) = KINDS.iter().find(|kind| kind.is_called(name)) else {
            return Err(CertError::SubjectAttribute { name: name.to_owned() });
        };
        kind.expect_allowed(value)?;
        let value = Value::Text { tag: kind.tag.0, text: value.to_owned() };
        Ok(Self { oid: kind.oid.clone(), value })
    }

    /// Takes an attribute as DER, `None` for what OpenSSL, `GnuTLS` and `PyCA` all refuse.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, read) = AttributeTypeAndValue::from_der(der).ok()?;
        let is_pair = members(der, SEQUENCE)?.len() == 2;
        if !is_pair || !is_identifier(read.attr_type()) {
            return None;
        }
        // A known identifier needs no copy.
        let known = KINDS.iter().find(|kind| kind.oid == *read.attr_type());
        let oid = known.map_or_else(|| read.attr_type().to_owned(), |kind| kind.oid.clone());
        Some(Self { oid, value: Value::read(read.attr_value())? })
    }

    /// The name to print: the short name, or the numbers of its object identifier.
    pub(crate) fn name(&self) -> String {
        let kind = KINDS.iter().find(|kind| kind.oid == self.oid);
        kind.map_or_else(|| dotted(&self.oid), |kind| kind.names[0].to_owned())
    }
}

impl Value {
    /// `None` for a number or a date, and for text that is not in its encoding.
    fn read(value: &Any<'_>) -> Option<Self> {
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
            // x509-parser would read a single octet at the end as a character.
            Tag::BmpString if octets.len().is_multiple_of(2) => {
                BmpString::try_from(value).ok()?.string()
            }
            Tag::UniversalString => UniversalString::try_from(value).ok()?.string(),
            Tag::BitString | Tag::Sequence | Tag::GeneralString | Tag::EmbeddedPdv => {
                let der = value.to_der_vec().ok()?;
                return Some(Self::Other { hexadecimal: hexadecimal(&der, "") });
            }
            _ => return None,
        };
        Some(Self::Text { tag: value.tag().0, text })
    }
}

/// A kind of attribute, and what it may hold.
struct Kind {
    oid: Oid<'static>,
    /// The one that is printed, and a longer one.
    names: [&'static str; 2],
    tag: Tag,
    /// How many characters it may have at most.
    most: usize,
}

impl Kind {
    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|own| name.eq_ignore_ascii_case(own))
    }

    fn expect_allowed(&self, value: &str) -> Result<(), CertError> {
        let name = self.names[0];
        let length = value.chars().count();
        if name == "C" {
            let is_country = length == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
            let rule = "two letters, such as US".to_owned();
            return if is_country { Ok(()) } else { Err(CertError::SubjectValue { name, rule }) };
        }
        let (is_of_type, characters) = match self.tag {
            Tag::PrintableString => (
                value.bytes().all(is_printable),
                "letters, digits, spaces or characters of '()+,-./:=?",
            ),
            Tag::Ia5String => {
                (value.is_ascii(), "ASCII characters, none of them a control character")
            }
            _ => (true, "characters, none of them a control character"),
        };
        if (1..=self.most).contains(&length) && is_of_type && !value.chars().any(char::is_control) {
            return Ok(());
        }
        Err(CertError::SubjectValue { name, rule: format!("1 to {} {characters}", self.most) })
    }
}

/// X.680 §41.4, Table 10.
fn is_printable(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b)
}

/// The upper bounds are those of RFC 5280, Appendix A.1; for `UID` that of RFC 4524 §2.
#[rustfmt::skip]
static KINDS: [Kind; 13] = [
    kind(oid!(2.5.4.3), ["CN", "commonName"], Tag::Utf8String, 64),
    kind(oid!(2.5.4.6), ["C", "countryName"], Tag::PrintableString, 2),
    kind(oid!(2.5.4.8), ["ST", "stateOrProvinceName"], Tag::Utf8String, 128),
    kind(oid!(2.5.4.7), ["L", "localityName"], Tag::Utf8String, 128),
    kind(oid!(2.5.4.9), ["STREET", "streetAddress"], Tag::Utf8String, 128),
    kind(oid!(2.5.4.10), ["O", "organizationName"], Tag::Utf8String, 64),
    kind(oid!(2.5.4.11), ["OU", "organizationalUnitName"], Tag::Utf8String, 64),
    kind(oid!(1.2.840.113549.1.9.1), ["emailAddress", "emailAddress"], Tag::Ia5String, 255),
    kind(oid!(0.9.2342.19200300.100.1.25), ["DC", "domainComponent"], Tag::Ia5String, 63),
    kind(oid!(0.9.2342.19200300.100.1.1), ["UID", "userId"], Tag::Utf8String, 256),
    kind(oid!(2.5.4.5), ["serialNumber", "serialNumber"], Tag::PrintableString, 64),
    kind(oid!(2.5.4.4), ["SN", "surname"], Tag::Utf8String, 64),
    kind(oid!(2.5.4.42), ["GN", "givenName"], Tag::Utf8String, 64),
];

const fn kind(oid: Oid<'static>, names: [&'static str; 2], tag: Tag, most: usize) -> Kind {
    Kind { oid, names, tag, most }
}
