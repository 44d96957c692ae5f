//! Whom a certificate is about: read from text or from a certificate.

use std::{collections::HashSet, fmt, str::FromStr};

use x509_parser::x509::X509Name;

use crate::{
    error::CertError,
    reading::{SEQUENCE, SET, members},
};

pub(crate) use attribute::{Attribute, Value};

mod attribute;
mod syntax;

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
    /// Each of one or several attributes, in the order of the encoding.
    relative_names: Vec<Vec<Attribute>>,
}

impl DistinguishedName {
    /// Takes a name as a certificate has it, `None` for what OpenSSL, `GnuTLS` and `PyCA` all refuse.
    pub(crate) fn read(name: &X509Name<'_>) -> Option<Self> {
        let mut relative_names = Vec::new();
        // x509-parser passes over whatever follows the members of an attribute, a set or the name itself.
        for relative_name in members(name.as_raw(), SEQUENCE)? {
            let attributes = members(relative_name, SET)?.into_iter().map(Attribute::read);
            relative_names.push(attributes.collect::<Option<_>>()?);
        }
        Some(Self { relative_names })
    }

    /// The attributes, if there is one in each part of the name and each is there once.
    ///
    /// A name of another form can be read, and not written: rcgen would lose the first of two organizational units, or of the
    /// two parts of a domain, without a word (rustls/rcgen#81).
    pub(crate) fn single_attributes(&self) -> Result<Vec<&Attribute>, CertError> {
        let mut single = Vec::new();
        let mut seen = HashSet::new();
        for attributes in &self.relative_names {
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

    /// Reads and checks a name for a certificate that is to be made.
    ///
    /// # Errors
    /// [`CertError::SubjectSyntax`], [`CertError::SubjectAttribute`], [`CertError::SubjectValue`] and
    /// [`CertError::SubjectRepeats`].
    fn from_str(text: &str) -> Result<Self, CertError> {
        let mut relative_names = Vec::new();
        for (name, value) in syntax::attributes(text).ok_or(CertError::SubjectSyntax)? {
            relative_names.push(vec![Attribute::new(&name, &value)?]);
        }
        let name = Self { relative_names };
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
                    Value::Text { text, .. } => syntax::write_escaped(f, text)?,
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

#[cfg(test)]
mod tests;
