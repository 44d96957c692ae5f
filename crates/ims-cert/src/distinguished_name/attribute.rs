//! The attributes of which the names of certificates are made, and what each may hold.

use der::{
    Tag,
    asn1::{AnyRef, ObjectIdentifier},
};

use crate::{CertError, x509::AttributeTypeAndValue};

/// The attribute called `name`, with `value` in the encoding that OpenSSL gives it.
pub(super) fn encode<'a>(
    name: &str,
    value: &'a str,
) -> Result<AttributeTypeAndValue<'a>, CertError> {
    let unknown = || CertError::SubjectAttribute { name: name.to_owned() };
    let kind = KINDS.iter().find(|kind| kind.is_called(name)).ok_or_else(unknown)?;
    let refused = |_| CertError::SubjectValue { name: kind.short_name, rule: kind.rule() };
    kind.expect(value).map_err(refused)?;
    let value = AnyRef::new(kind.tag(), value.as_bytes()).map_err(|_| CertError::SubjectSyntax)?;
    Ok(AttributeTypeAndValue { attribute_type: kind.oid, value })
}

/// What an attribute is called in print.
pub(super) fn short_name(oid: ObjectIdentifier) -> Option<&'static str> {
    KINDS.iter().find(|kind| kind.oid == oid).map(|kind| kind.short_name)
}

struct Kind {
    oid: ObjectIdentifier,
    short_name: &'static str,
    long_name: &'static str,
    value: Value,
}

enum Value {
    /// Two letters, a country of ISO 3166.
    Country,
    /// At most so many characters.
    Text(usize),
    /// At most so many of the characters of a `PrintableString`.
    Printable(usize),
    /// At most so many ASCII characters.
    Ascii(usize),
}

struct Refused;

impl Kind {
    fn is_called(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.short_name) || name.eq_ignore_ascii_case(self.long_name)
    }

    fn tag(&self) -> Tag {
        match self.value {
            Value::Country | Value::Printable(_) => Tag::PrintableString,
            Value::Text(_) => Tag::Utf8String,
            Value::Ascii(_) => Tag::Ia5String,
        }
    }

    fn expect(&self, value: &str) -> Result<(), Refused> {
        let length = value.chars().count();
        let is_right = !value.chars().any(char::is_control)
            && match self.value {
                Value::Country => length == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()),
                Value::Text(most) => (1..=most).contains(&length),
                Value::Printable(most) => {
                    (1..=most).contains(&length) && value.bytes().all(is_printable)
                }
                Value::Ascii(most) => (1..=most).contains(&length) && value.is_ascii(),
            };
        if is_right { Ok(()) } else { Err(Refused) }
    }

    fn rule(&self) -> String {
        match self.value {
            Value::Country => "two letters, such as US".to_owned(),
            Value::Text(most) => {
                format!("1 to {most} characters, none of them a control character")
            }
            Value::Printable(most) => {
                format!("1 to {most} letters, digits, spaces or characters of '()+,-./:=?")
            }
            Value::Ascii(most) => {
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
    kind("2.5.4.3", "CN", "commonName", Value::Text(64)),
    kind("2.5.4.6", "C", "countryName", Value::Country),
    kind("2.5.4.8", "ST", "stateOrProvinceName", Value::Text(128)),
    kind("2.5.4.7", "L", "localityName", Value::Text(128)),
    kind("2.5.4.9", "STREET", "streetAddress", Value::Text(128)),
    kind("2.5.4.10", "O", "organizationName", Value::Text(64)),
    kind("2.5.4.11", "OU", "organizationalUnitName", Value::Text(64)),
    kind("1.2.840.113549.1.9.1", "emailAddress", "emailAddress", Value::Ascii(255)),
    kind("0.9.2342.19200300.100.1.25", "DC", "domainComponent", Value::Ascii(63)),
    kind("0.9.2342.19200300.100.1.1", "UID", "userId", Value::Text(256)),
    kind("2.5.4.5", "serialNumber", "serialNumber", Value::Printable(64)),
    kind("2.5.4.4", "SN", "surname", Value::Text(64)),
    kind("2.5.4.42", "GN", "givenName", Value::Text(64)),
];

const fn kind(oid: &str, short_name: &'static str, long_name: &'static str, value: Value) -> Kind {
    Kind { oid: ObjectIdentifier::new_unwrap(oid), short_name, long_name, value }
}
