//! Java's properties, as `java.util.Properties.load` reads them: `name=value`, `name: value` or `name value`, escapes, and
//! lines that go on after a `\` at their end.

use serde_json::{Map, Value};

use crate::{error::CredentialsError, language::Language};

pub(super) fn parse(text: &str) -> Result<Value, CredentialsError> {
    let mut members = Map::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut logical = line.trim_start().to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while goes_on(&logical) {
            logical.pop();
            logical.push_str(lines.next().map_or("", |(_, line)| line.trim_start()));
        }
        let (name, value) = split(&logical);
        let wrong = || Language::Properties.syntax(index + 1, 1);
        members
            .insert(unescape(name).ok_or_else(wrong)?, unescape(value).ok_or_else(wrong)?.into());
    }
    Ok(members.into())
}

/// Whether an odd number of `\` stands at the end.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The name ends at the first `=`, `:` or blank that is not escaped; blanks around one `=` or `:` belong to neither.
fn split(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|c: char| {
        let ends = !is_escaped && (c == '=' || c == ':' || c.is_ascii_whitespace());
        is_escaped = !is_escaped && c == '\\';
        ends
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    (name, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

/// `None` if a `\u` has not four hexadecimal digits behind it, or they are no character.
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
                    let digits = rest.as_str().get(..4)?;
                    rest = rest.as_str()[4..].chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                other => other,
            },
            other => other,
        });
    }
    Some(plain)
}
