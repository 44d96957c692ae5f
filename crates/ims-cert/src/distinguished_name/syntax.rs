//! Names as text: RFC 4514, last part first, and OpenSSL's slashes, first part first.

use std::fmt::{self, Write};

/// One byte of a text, and whether a backslash has taken its special meaning from it.
type Byte = (u8, Escaped);

#[derive(Clone, Copy, PartialEq)]
enum Escaped {
    No,
    Yes,
}

/// The names and values of the attributes of `text`, in the order in which a certificate has them.
pub(super) fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    if let Some(names) = text.strip_prefix('/') {
        return split(&unescape(names)?, b'/').map(attribute).collect();
    }
    let bytes = unescape(text)?;
    // RFC 2253's quotes are gone since RFC 4514, and taking them for letters would be wrong for both.
    if bytes.contains(&(b'"', Escaped::No)) {
        return None;
    }
    let mut attributes: Vec<_> = split(&bytes, b',').map(attribute).collect::<Option<_>>()?;
    attributes.reverse();
    Some(attributes)
}

/// Writes a value so that RFC 4514 §3 reads it back.
pub(super) fn write_escaped(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
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

/// Takes the backslashes away: `\,` is a comma without meaning, `\2C` the same in hexadecimal.
fn unescape(text: &str) -> Option<Vec<Byte>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'\\', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                ((hex_digit(*high) << 4 | hex_digit(*low), Escaped::Yes), after)
            }
            (b'\\', [escaped, after @ ..]) => ((*escaped, Escaped::Yes), after),
            (b'\\', []) => return None,
            (plain, after) => ((*plain, Escaped::No), after),
        };
        bytes.push(byte);
        rest = after;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn split(bytes: &[Byte], separator: u8) -> impl Iterator<Item = &[Byte]> {
    bytes.split(move |byte| *byte == (separator, Escaped::No))
}

/// `CN=name`. Several of these joined by plus signs are not taken, since they cannot be written.
fn attribute(bytes: &[Byte]) -> Option<(String, String)> {
    let equals = bytes.iter().position(|byte| *byte == (b'=', Escaped::No))?;
    let (name, value) = (trim(&bytes[..equals]), trim(&bytes[equals + 1..]));
    // A value that begins with a number sign would be BER in hexadecimal (RFC 4514 §2.4), which no one types.
    let is_plain =
        value.first() != Some(&(b'#', Escaped::No)) && !value.contains(&(b'+', Escaped::No));
    is_plain.then_some((string(name)?, string(value)?))
}

fn trim(mut bytes: &[Byte]) -> &[Byte] {
    const SPACE: Byte = (b' ', Escaped::No);
    while let [SPACE, rest @ ..] | [rest @ .., SPACE] = bytes {
        bytes = rest;
    }
    bytes
}

fn string(bytes: &[Byte]) -> Option<String> {
    String::from_utf8(bytes.iter().map(|(byte, _)| *byte).collect()).ok()
}
