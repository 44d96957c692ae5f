//! Java's properties, as `java.util.Properties.load` reads them: `name=value`, `name: value` or `name value`, escapes, and
//! lines that go on after a `\` at their end.

use serde_json::{Map, Value};

use crate::language::text_fault::TextFault;

pub(super) fn parse(text: &str) -> Result<Value, TextFault> {
    let mut members = Map::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut logical = line.trim_start_matches(SPACE).to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while goes_on(&logical) {
            logical.pop();
            logical.push_str(lines.next().map_or("", |(_, line)| line.trim_start_matches(SPACE)));
        }
        let (name, value) = split(&logical);
        let wrong = TextFault::in_line(index + 1);
        let (name, value) = (unescape(name).ok_or(wrong)?, unescape(value).ok_or(wrong)?);
        if members.insert(name, value.into()).is_some() {
            return Err(TextFault::Repeated { line: index + 1 });
        }
    }
    Ok(members.into())
}

/// Whether the line ends with an odd number of `\`.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The name ends at the first `=`, `:` or blank that is not escaped; blanks around one `=` or `:` belong to neither.
fn split(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|c: char| {
        let ends = !is_escaped && (c == '=' || c == ':' || SPACE.contains(&c));
        is_escaped = !is_escaped && c == '\\';
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(SPACE);
    (name, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(SPACE))
}

/// What Java takes for white space here: no other characters, so that a no-break space belongs to the value.
const SPACE: [char; 3] = [' ', '\t', '\u{c}'];

/// `None` if a `\u` has not four hexadecimal digits behind it, or they are no character. A character beyond U+FFFF is two of
/// them, a pair of surrogates.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '\\' => match rest.next()? {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'f' => '\u{c}',
                'u' => {
                    let first = code_unit(&mut rest)?;
                    if (0xD800..0xDC00).contains(&first) {
                        rest = rest.as_str().strip_prefix("\\u")?.chars();
                        let second = code_unit(&mut rest)?;
                        char::decode_utf16([first, second]).next()?.ok()?
                    } else {
                        char::from_u32(first.into())?
                    }
                }
                other => other,
            },
            other => other,
        });
    }
    Some(plain)
}

/// Four hexadecimal digits.
fn code_unit(rest: &mut std::str::Chars<'_>) -> Option<u16> {
    let digits = rest.as_str().get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let unit = u16::from_str_radix(digits, 16).ok()?;
    *rest = rest.as_str()[4..].chars();
    Some(unit)
}
