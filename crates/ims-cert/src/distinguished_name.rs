//! Who a certificate is about: read from text or from a certificate, kept as its DER.

use std::{fmt, str::FromStr};

use der::{
    Decode, Encode, Tag, Tagged,
    asn1::{AnyRef, SetOfVec},
};

use crate::{
    CertError,
    signed::to_der,
    x509::{AttributeTypeAndValue, RdnSequence},
};

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
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// Takes a name as a certificate has it.
    pub(crate) fn read(name: AnyRef<'_>) -> der::Result<Self> {
        expect_name(name)?;
        Ok(Self::checked(name))
    }

    /// Takes a name that [`expect_name`] has passed.
    pub(crate) fn checked(name: AnyRef<'_>) -> Self {
        Self(to_der(&name))
    }

    pub(crate) fn as_any(&self) -> AnyRef<'_> {
        AnyRef::from_der(&self.0).expect("was read or written as DER before")
    }

    fn rdn_sequence(&self) -> RdnSequence<'_> {
        RdnSequence::from_der(&self.0).expect("was read or written as a name before")
    }
}

impl FromStr for DistinguishedName {
    type Err = CertError;

    /// Reads and checks a name for a certificate that is to be made.
    ///
    /// # Errors
    /// [`CertError::SubjectSyntax`], [`CertError::SubjectAttribute`] and [`CertError::SubjectValue`].
    fn from_str(text: &str) -> Result<Self, CertError> {
        let names = syntax::relative_names(text).ok_or(CertError::SubjectSyntax)?;
        let names = names
            .iter()
            .map(|attributes| relative_name(attributes))
            .collect::<Result<RdnSequence<'_>, _>>()?;
        names.to_der().map(Self).map_err(|_| CertError::SubjectSyntax)
    }
}

fn relative_name(
    attributes: &[(String, String)],
) -> Result<SetOfVec<AttributeTypeAndValue<'_>>, CertError> {
    let attributes = attributes.iter().map(|(name, value)| attribute::encode(name, value));
    let attributes = attributes.collect::<Result<Vec<_>, _>>()?;
    // A set has no member twice, so "CN=a+CN=a" ends here.
    attributes.try_into().map_err(|_| CertError::SubjectSyntax)
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attributes) in self.rdn_sequence().iter().rev().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            for (index, attribute) in attributes.as_slice().iter().rev().enumerate() {
                f.write_str(if index == 0 { "" } else { "+" })?;
                write_attribute(f, attribute)?;
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

fn write_attribute(
    f: &mut fmt::Formatter<'_>,
    attribute: &AttributeTypeAndValue<'_>,
) -> fmt::Result {
    match attribute::short_name(attribute.attribute_type) {
        Some(name) => write!(f, "{name}=")?,
        None => write!(f, "{}=", attribute.attribute_type)?,
    }
    if let Some(text) = text(attribute.value) {
        return syntax::write_escaped(f, &text);
    }
    f.write_str("#")?;
    to_der(&attribute.value).iter().try_for_each(|octet| write!(f, "{octet:02X}"))
}

/// Checks what [`DistinguishedName::checked`] relies on, and keeps nothing.
pub(crate) fn expect_name(name: AnyRef<'_>) -> der::Result<()> {
    let names: RdnSequence<'_> = name.decode_as()?;
    names.iter().flat_map(SetOfVec::iter).try_for_each(|attribute| expect_text(attribute.value))
}

/// Refuses what OpenSSL, `GnuTLS` and `PyCA` all refuse: a number or a date for a name, and text that is not in its encoding.
fn expect_text(value: AnyRef<'_>) -> der::Result<()> {
    let is_other_type = matches!(value.tag(), Tag::BitString | Tag::Sequence | Tag::GeneralString);
    if is_other_type || text(value).is_some() {
        Ok(())
    } else {
        Err(value.tag().value_error().into())
    }
}

/// A value as text, `None` if it is of a type that holds none.
fn text(value: AnyRef<'_>) -> Option<String> {
    let octets = value.value();
    match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::VisibleString
        | Tag::NumericString => String::from_utf8(octets.to_vec()).ok(),
        // Whoever writes T.61 today means Latin-1, and OpenSSL reads it so.
        Tag::TeletexString => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        Tag::BmpString if octets.len().is_multiple_of(2) => {
            let units = octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
