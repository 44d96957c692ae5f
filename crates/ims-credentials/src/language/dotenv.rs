//! `NAME=value`, one in a line, as shells and the `dotenv` libraries read it. Nothing in a value is replaced by another
//! variable: a secret may hold a `$`.

use serde_json::{Map, Value};

use crate::language::text_fault::TextFault;

pub(super) fn parse(text: &str) -> Result<Value, TextFault> {
    let mut members = Map::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let line_number = TextFault::line_after(&text[..at]);
        let wrong = || TextFault::in_line(line_number);
        let line = rest.lines().next().unwrap_or_default();
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            rest = after_line(rest);
            continue;
        }
        let (name, value) = rest.split_once('=').ok_or_else(wrong)?;
        let name = name_of(name).ok_or_else(wrong)?;
        let (value, after) = value_of(value).ok_or_else(wrong)?;
        if members.insert(name.to_owned(), value.into()).is_some() {
            return Err(TextFault::Repeated { line: line_number });
        }
        rest = after;
    }
    Ok(members.into())
}

/// A name, which `export` may stand before.
fn name_of(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = text.strip_prefix("export ").unwrap_or(text).trim();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c));
    (is_name && !name.is_empty()).then_some(name)
}

/// A value and what comes after its line. Between quotation marks it may hold ends of lines, and between double ones `\n`
/// means such an end and `\"` a quotation mark. After the second mark only a comment may follow: `"se"cret` is not taken for
/// `se`. White space around a value is that of ASCII, so that a no-break space in a secret stays to be seen.
fn value_of(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quote) = text.chars().next().filter(|c| "\"'`".contains(*c)) else {
        let line = text.lines().next().unwrap_or_default();
        let value = line.split_once(" #").map_or(line, |(value, _comment)| value);
        return Some((value.trim_matches(ASCII_SPACE).to_owned(), after_line(text)));
    };
    let (value, after) = if quote == '"' {
        double_quoted(&text[1..])?
    } else {
        let (value, after) = text[1..].split_once(quote)?;
        (value.to_owned(), after)
    };
    let rest = after.lines().next().unwrap_or_default().trim_matches(ASCII_SPACE);
    (rest.is_empty() || rest.starts_with('#')).then(|| (value, after_line(after)))
}

const ASCII_SPACE: [char; 3] = [' ', '\t', '\r'];

/// The text before the next double quotation mark that is not escaped, and the text after it.
fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    let (inner, rest) = text.split_at(end?);
    Some((unescaped(inner), &rest[1..]))
}

fn unescaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, rest.clone().next()) {
            ('\\', Some(escaped @ ('n' | 'r' | '"' | '\\'))) => {
                rest.next();
                value.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
            }
            (other, _) => value.push(other),
        }
    }
    value
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, rest)| rest)
}
