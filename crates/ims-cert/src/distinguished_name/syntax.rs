//! Names as text: RFC 4514, last part first, and OpenSSL's slashes, first part first.

use std::fmt::{self, Write};

/// The names and values of the attributes of `text`, in the order in which a certificate has them.
pub(super) fn attributes(text: &str) -> Option<Vec<(String, String)>> {
    if let Some(names) = text.strip_prefix('/') {
        return split(names, '/').into_iter().map(attribute).collect();
    }
    // RFC 2253's quotes are gone since RFC 4514, and taking them for letters would be wrong for both.
    if split(text, '"').len() > 1 {
        return None;
    }
    split(text, ',').into_iter().rev().map(attribute).collect()
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

/// The parts of `text` between the separators that have no backslash before them.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_escaped = false;
    let is_separator = |c: char| {
        let is_separator = c == separator && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_separator
    };
    text.split(is_separator).collect()
}

/// `CN=name`. Several of these joined by plus signs are not taken, since they cannot be written.
fn attribute(text: &str) -> Option<(String, String)> {
    let name = split(text, '=')[0];
    let value = text.strip_prefix(name)?.strip_prefix('=')?;
    // A value that begins with a number sign would be BER in hexadecimal (RFC 4514 §2.4), which no one types.
    if value.trim_start_matches(' ').starts_with('#') || split(value, '+').len() > 1 {
        return None;
    }
    Some((unescape(name)?, unescape(value)?))
}

/// Takes away the backslashes, and the spaces around the text that have none: `\,` is a comma, and `\2C` is one too.
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

/// The octet that a backslash before `text` stands for, and what follows: two hexadecimal digits, or any character for itself.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let digits = text.get(..2).and_then(|digits| str::from_utf8(digits).ok());
    let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    match digits {
        Some(digits) => Some((u8::from_str_radix(digits, 16).ok()?, &text[2..])),
        None => text.split_first().map(|(octet, after)| (*octet, after)),
    }
}
