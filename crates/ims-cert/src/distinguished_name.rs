//! The subject of a certificate: read from text or from a certificate.

use std::{
    collections::HashSet,
    fmt::{self, Write},
    str::FromStr,
    sync::Arc,
};

use x509_parser::x509::X509Name;

use crate::{
    error::CertError,
    reading::{SEQUENCE, SET, members},
};

pub(crate) use attribute::{Attribute, Value};

mod attribute;

/// The subject or the issuer of a certificate (RFC 5280 §4.1.2.4).
///
/// It is written as `CN=name,O=Example,C=US` (RFC 4514) or as `/C=US/O=Example/CN=name` (what `openssl -subj` takes)
/// and prints in the first of these forms. Values are encoded as OpenSSL encodes them: `C` and `serialNumber` as
/// `PrintableString`, `emailAddress` and `DC` as `IA5String`, all others as `UTF8String`. Two are equal when their
/// encodings are.
///
/// ```
/// use ims_cert::DistinguishedName;
///
/// let subject: DistinguishedName = "/C=US/O=Example/CN=my-integration".parse()?;
/// assert_eq!(subject.to_string(), "CN=my-integration,O=Example,C=US");
/// # Ok::<(), ims_cert::CertError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    /// Each part has one or several attributes, in the order of the encoding.
    relative_names: Arc<[Vec<Attribute>]>,
}

impl DistinguishedName {
    /// Takes a name as a certificate has it, `None` for what OpenSSL, `GnuTLS` and `PyCA` all refuse.
    pub(crate) fn read(name: &X509Name<'_>) -> Option<Self> {
        let mut relative_names = Vec::new();
        // x509-parser ignores whatever follows the members of an attribute, a set or the name itself.
        for relative_name in members(name.as_raw(), SEQUENCE)? {
            let attributes = members(relative_name, SET)?.into_iter().map(Attribute::read);
            relative_names.push(attributes.collect::<Option<_>>()?);
        }
        Some(Self { relative_names: relative_names.into() })
    }

    /// The attributes, if there is one in each part of the name and each is there once.
    ///
    /// A name of another form can be read, but not written: rcgen would silently lose the first of two organizational
    /// units, or the first of the two parts of a domain (rustls/rcgen#81).
    pub(crate) fn single_attributes(&self) -> Result<Vec<&Attribute>, CertError> {
        let mut single = Vec::new();
        let mut seen = HashSet::new();
        for attributes in self.relative_names.iter() {
            let [attribute] = attributes.as_slice() else {
                let names: Vec<String> = attributes.iter().map(Attribute::name).collect();
                return Err(CertError::SubjectUnwritable { name: names.join("+") });
            };
            if !seen.insert(&attribute.oid) {
                return Err(CertError::SubjectRepeats { name: attribute.name() });
            }
            single.push(attribute);
        }
        Ok(single)
    }
}

impl FromStr for DistinguishedName {
    type Err = CertError;

    /// Reads and checks the name for a new certificate.
    ///
    /// # Errors
    /// [`CertError::SubjectSyntax`], [`CertError::SubjectAttribute`], [`CertError::SubjectValue`] and
    /// [`CertError::SubjectRepeats`].
    fn from_str(text: &str) -> Result<Self, CertError> {
        let mut relative_names = Vec::new();
        for (name, value) in attributes(text).ok_or(CertError::SubjectSyntax)? {
            relative_names.push(vec![Attribute::new(&name, &value)?]);
        }
        let name = Self { relative_names: relative_names.into() };
        name.single_attributes()?;
        Ok(name)
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attributes) in self.relative_names.iter().rev().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            for (index, attribute) in attributes.iter().rev().enumerate() {
                f.write_str(if index == 0 { "" } else { "+" })?;
                write!(f, "{}=", attribute.name())?;
                match &attribute.value {
                    Value::Text { text, .. } => write_escaped(f, text)?,
                    Value::Other { hexadecimal } => write!(f, "#{hexadecimal}")?,
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

/// The names and values of the attributes of `text`, in the order in which a certificate has them.
fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    if let Some(names) = text.strip_prefix('/') {
        return split(names, '/').into_iter().map(attribute).collect();
    }
    // RFC 4514 has no quotation marks, unlike RFC 2253. Reading them as letters would be wrong for both.
    if split(text, '"').len() > 1 {
        return None;
    }
    split(text, ',').into_iter().rev().map(attribute).collect()
}

/// Writes a value so that RFC 4514 §3 reads it back.
fn write_escaped(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    for (index, c) in value.char_indices() {
        let is_first = index == 0;
        let is_last = index + c.len_utf8() == value.len();
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{c}")?,
            ' ' if is_first || is_last => f.write_str("\\ ")?,
            '#' if is_first => f.write_str("\\#")?,
            c if c.is_control() => write_hex_pairs(f, c)?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}

fn write_hex_pairs(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|octet| write!(f, "\\{octet:02X}"))
}

/// The parts of `text` between the separators that have no backslash before them.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (position, c) in text.char_indices() {
        if c == separator && !is_escaped {
            parts.push(&text[start..position]);
            start = position + c.len_utf8();
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.push(&text[start..]);
    parts
}

/// `CN=name`. Several of these joined by plus signs are not accepted, since they cannot be written.
fn attribute(text: &str) -> Option<(String, String)> {
    let name = split(text, '=')[0];
    let value = text.strip_prefix(name)?.strip_prefix('=')?;
    // A value that begins with a number sign would be BER in hexadecimal (RFC 4514 §2.4), which is not supported.
    if value.trim_start_matches(' ').starts_with('#') || split(value, '+').len() > 1 {
        return None;
    }
    Some((unescape(name)?, unescape(value)?))
}

/// Removes the backslashes, and the spaces around the text that have no backslash: `\,` is a comma, and `\2C` is one too.
fn unescape(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut length_without_spaces = 0;
    let mut rest = text.trim_start_matches(' ').as_bytes();
    while let [first, after @ ..] = rest {
        let mut octet = *first;
        rest = after;
        if octet == b'\\' {
            (octet, rest) = escaped(after)?;
        }
        octets.push(octet);
        if *first != b' ' {
            length_without_spaces = octets.len();
        }
    }
    octets.truncate(length_without_spaces);
    String::from_utf8(octets).ok()
}

/// The octet that a backslash before `text` encodes, and the rest of the text: two hexadecimal digits, or any character for
/// itself.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = text.get(..2).and_then(|digits| str::from_utf8(digits).ok());
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    match digits {
        Some(digits) => Some((u8::from_str_radix(digits, 16).ok()?, &text[2..])),
        None => text.split_first().map(|(octet, after)| (*octet, after)),
    }
}

#[cfg(test)]
mod tests;
