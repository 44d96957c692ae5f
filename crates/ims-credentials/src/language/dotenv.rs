//! `NAME=value`, one in a line, as shells and the `dotenv` libraries read it. Nothing in a value is replaced by another
//! variable: a secret may hold a `$`.

use serde_json::{Map, Value};

use crate::{error::CredentialsError, language::Language};

pub(super) fn parse(text: &str) -> Result<Value, CredentialsError> {
    let mut members = Map::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let wrong = || Language::Dotenv.syntax(text[..at].matches('\n').count() + 1, 1);
        let line = rest.lines().next().unwrap_or_default();
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            rest = after_line(rest);
            continue;
        }
        let (name, value) = rest.split_once('=').ok_or_else(wrong)?;
        let (value, after) = value_of(value).ok_or_else(wrong)?;
        members.insert(name_of(name).ok_or_else(wrong)?.to_owned(), value.into());
        rest = after;
    }
    Ok(members.into())
}

/// A name, which `export` may stand before.
fn name_of(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = text.strip_prefix("export ").unwrap_or(text).trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-$".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

/// A value and what comes after its line. Between quotation marks it may hold ends of lines, and between double ones `\n`
/// means such an end and `\"` a quotation mark.
fn value_of(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quote) = text.chars().next().filter(|c| "\"'`".contains(*c)) else {
        let line = text.lines().next().unwrap_or_default();
        let value = line.split_once(" #").map_or(line, |(value, _comment)| value);
        return Some((value.trim().to_owned(), after_line(text)));
    };
    let (value, after) = if quote == '"' {
        double_quoted(&text[1..])?
    } else {
        let (value, after) = text[1..].split_once(quote)?;
        (value.to_owned(), after)
    };
    Some((value, after_line(after)))
}

/// What stands before the next double quotation mark that is not escaped, and what comes after it.
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
