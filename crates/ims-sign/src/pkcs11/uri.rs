//! PKCS#11 URIs (RFC 7512): a module, a token and a key in it, in one line.
//!
//! This crate has its own parser because the existing ones panic on a URI without a query, leave escapes as they are, or
//! repeat the PIN in their errors.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{
    error::Pkcs11UriError,
    key::KeySelector,
    pin::{Pin, PinSource},
    token::TokenSelector,
};

/// A PKCS#11 URI: `pkcs11:token=…;object=…?module-path=…&pin-source=file:…`.
///
/// It reads the path attributes `token`, `manufacturer`, `model`, `serial`, `slot-id`, `object`, `id` and `type`, which
/// must be `private`, and the query attributes `module-path`, `pin-source`, a file, and `pin-value`. Every other
/// attribute is refused with its name: two keys may differ only in the attribute that was ignored.
///
/// Only [`Pkcs11Uri::from_private_text`] accepts a `pin-value`. [`Display`](fmt::Display) leaves it out.
///
/// ```
/// # use ims_sign::pkcs11::Pkcs11Uri;
/// let uri: Pkcs11Uri = "pkcs11:token=Adobe%20IMS;object=production?pin-source=file:/etc/ims/pin".parse()?;
/// assert_eq!(uri.token.label.as_deref(), Some("Adobe IMS"));
/// # Ok::<(), ims_sign::pkcs11::Pkcs11UriError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Pkcs11Uri {
    /// `token`, `manufacturer`, `model`, `serial` and `slot-id`: which token is meant.
    pub token: TokenSelector,
    /// `object` and `id`: which key in it.
    pub key: KeySelector,
    /// `module-path`: the file of the PKCS#11 module.
    pub module_path: Option<PathBuf>,
    /// `pin-source` or `pin-value`.
    pub pin: Option<PinSource>,
}

impl Pkcs11Uri {
    /// Reads a URI that no one else can see, such as one in a private file, and which may therefore contain a
    /// `pin-value`. A command line is seen by every user of the machine.
    ///
    /// ```
    /// use ims_sign::pkcs11::Pkcs11Uri;
    ///
    /// let uri = Pkcs11Uri::from_private_text("pkcs11:token=ims;object=production?pin-value=1234")?;
    /// assert!(!uri.to_string().contains("1234"));
    /// assert!("pkcs11:token=ims;object=production?pin-value=1234".parse::<Pkcs11Uri>().is_err());
    /// # Ok::<(), ims_sign::pkcs11::Pkcs11UriError>(())
    /// ```
    ///
    /// # Errors
    /// [`Pkcs11UriError`].
    pub fn from_private_text(text: &str) -> Result<Self, Pkcs11UriError> {
        let (scheme, rest) = text.split_once(':').ok_or(Pkcs11UriError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkcs11") {
            return Err(Pkcs11UriError::Scheme);
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for attribute in attributes(path, ';') {
            uri.take_path(&Attribute::read(attribute, is_path_byte)?)?;
        }
        for attribute in attributes(query, '&') {
            uri.take_query(&Attribute::read(attribute, is_query_byte)?)?;
        }
        Ok(uri)
    }

    /// The same, with a relative `pin-source` as a path from `folder`, that of the file in which the URI was written.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use ims_sign::pkcs11::{PinSource, Pkcs11Uri};
    ///
    /// let uri: Pkcs11Uri = "pkcs11:token=ims;object=production?pin-source=pin".parse()?;
    /// let uri = uri.in_folder(Path::new("/etc/ims"));
    /// assert!(matches!(uri.pin, Some(PinSource::File(path)) if path == Path::new("/etc/ims/pin")));
    /// # Ok::<(), ims_sign::pkcs11::Pkcs11UriError>(())
    /// ```
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        if let Some(PinSource::File(path)) = &mut self.pin {
            *path = folder.join(&*path);
        }
        self
    }

    fn take_path(&mut self, attribute: &Attribute<'_>) -> Result<(), Pkcs11UriError> {
        match attribute.name {
            "token" => attribute.put(&mut self.token.label, attribute.text()?),
            "manufacturer" => attribute.put(&mut self.token.manufacturer, attribute.text()?),
            "model" => attribute.put(&mut self.token.model, attribute.text()?),
            "serial" => attribute.put(&mut self.token.serial, attribute.text()?),
            "slot-id" => attribute.put(&mut self.token.slot_id, attribute.number()?),
            "object" => attribute.put(&mut self.key.label, attribute.text()?),
            "id" => attribute.put(&mut self.key.id, attribute.value.clone()),
            "type" if attribute.value == b"private" => Ok(()),
            "type" => Err(attribute.malformed("private")),
            _ => Err(attribute.unknown()),
        }
    }

    fn take_query(&mut self, attribute: &Attribute<'_>) -> Result<(), Pkcs11UriError> {
        match attribute.name {
            "module-path" => attribute.put(&mut self.module_path, attribute.text()?.into()),
            "pin-source" => attribute.put(&mut self.pin, PinSource::File(attribute.file()?)),
            "pin-value" => {
                let pin = Pin::new(attribute.text()?).map_err(|_| attribute.malformed("a PIN"))?;
                attribute.put(&mut self.pin, PinSource::Pin(pin))
            }
            // A PIN that is not encoded may hold a `&`, and what follows that is a part of it.
            _ if matches!(self.pin, Some(PinSource::Pin(_))) => Err(Pkcs11UriError::NoAttribute),
            _ => Err(attribute.unknown()),
        }
    }
}

impl FromStr for Pkcs11Uri {
    type Err = Pkcs11UriError;

    /// Reads a URI that others may see, and which therefore must not hold a `pin-value`.
    fn from_str(text: &str) -> Result<Self, Pkcs11UriError> {
        let uri = Self::from_private_text(text)?;
        if matches!(uri.pin, Some(PinSource::Pin(_))) {
            Err(Pkcs11UriError::PinValue)
        } else {
            Ok(uri)
        }
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot_id = self.token.slot_id.map(|slot_id| slot_id.to_string());
        let text =
            |text: &'static str, value: &Option<String>| Some((text, value.clone()?.into_bytes()));
        let path = [
            text("token", &self.token.label),
            text("manufacturer", &self.token.manufacturer),
            text("model", &self.token.model),
            text("serial", &self.token.serial),
            text("slot-id", &slot_id),
            text("object", &self.key.label),
            self.key.id.clone().map(|id| ("id", id)),
        ];
        let module_path = self.module_path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let pin_source = match &self.pin {
            Some(PinSource::File(path)) => Some(format!("file:{}", path.to_string_lossy())),
            Some(PinSource::Pin(_)) | None => None,
        };
        f.write_str("pkcs11:")?;
        write_attributes(f, "", ";", path.into_iter().flatten())?;
        let query = [text("module-path", &module_path), text("pin-source", &pin_source)];
        write_attributes(f, "?", "&", query.into_iter().flatten())
    }
}

/// One `name=value`, the value decoded.
struct Attribute<'a> {
    name: &'a str,
    value: Vec<u8>,
}

impl<'a> Attribute<'a> {
    fn read(text: &'a str, is_held: fn(u8) -> bool) -> Result<Self, Pkcs11UriError> {
        let (name, value) = text.split_once('=').ok_or(Pkcs11UriError::NoAttribute)?;
        // The characters of `pk11-v-attr-nm-char` (RFC 7512 §2.3).
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if name.is_empty() || !is_name {
            return Err(Pkcs11UriError::NoAttribute);
        }
        let attribute = Self { name, value: Vec::new() };
        let value = decode(value, is_held)
            .ok_or_else(|| attribute.malformed("percent-encoded as RFC 7512 asks"))?;
        Ok(Self { name, value })
    }

    fn text(&self) -> Result<String, Pkcs11UriError> {
        let text = String::from_utf8(self.value.clone());
        text.ok().filter(|text| !text.is_empty()).ok_or_else(|| self.malformed("text in UTF-8"))
    }

    fn number(&self) -> Result<u64, Pkcs11UriError> {
        let text = self.text()?;
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| is_number).ok_or_else(|| self.malformed("a number"))
    }

    /// `file:/path`, `file:///path` or the bare path. RFC 7512 §2.4 also allows to run a program for it, which this crate
    /// does not do.
    fn file(&self) -> Result<PathBuf, Pkcs11UriError> {
        let text = self.text()?;
        let path = text.strip_prefix("file:").unwrap_or(&text);
        let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
        let is_path = !path.is_empty() && !path.starts_with(['|', '?']) && !path.contains(':');
        if is_path { Ok(path.into()) } else { Err(self.malformed("a file")) }
    }

    fn put<T>(&self, member: &mut Option<T>, value: T) -> Result<(), Pkcs11UriError> {
        match member.replace(value) {
            None => Ok(()),
            Some(_) => Err(Pkcs11UriError::Repeated { name: self.name.to_owned() }),
        }
    }

    fn malformed(&self, expected: &'static str) -> Pkcs11UriError {
        Pkcs11UriError::Malformed { name: self.name.to_owned(), expected }
    }

    fn unknown(&self) -> Pkcs11UriError {
        Pkcs11UriError::UnknownAttribute { name: self.name.to_owned() }
    }
}

fn attributes(part: &str, separator: char) -> impl Iterator<Item = &str> {
    part.split(separator).filter(move |_| !part.is_empty())
}

/// Undoes percent-encoding, `None` if an escape is damaged or a byte had to be one.
fn decode(text: &str, is_held: fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |b: Option<u8>| char::from(b?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => Some(byte).filter(|b| is_held(*b))?,
        });
    }
    Some(decoded)
}

fn write_attributes<'a>(
    f: &mut fmt::Formatter<'_>,
    first: &str,
    next: &str,
    attributes: impl Iterator<Item = (&'a str, Vec<u8>)>,
) -> fmt::Result {
    for (index, (name, value)) in attributes.enumerate() {
        write!(f, "{}{name}=", if index == 0 { first } else { next })?;
        for byte in value {
            // An id is bytes and not text. A slash is not encoded in the query, where the paths of files are.
            let is_plain = byte.is_ascii_alphanumeric()
                || b"-._~:".contains(&byte)
                || first == "?" && byte == b'/';
            if is_plain && name != "id" {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
    }
    Ok(())
}

/// `pk11-pchar` without escapes (RFC 7512 §2.3).
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=&".contains(&byte)
}

/// `pk11-qchar` without escapes (RFC 7512 §2.3).
fn is_query_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=/?|".contains(&byte)
}

#[cfg(test)]
mod tests;
