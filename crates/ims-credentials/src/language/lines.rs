//! The languages in which a line is the unit: INI, Java's properties, and the `NAME=value` of shells. White space is that
//! of ASCII in all of them, so that a no-break space in a secret is not lost.

use serde_json::{Map, Value};

use super::{json::unicode, text_fault::TextFault};

/// INI as Python's `configparser` reads it: sections of `name = value` or `name: value`, names in lower case, whole-line
/// comments, and values that continue in lines which are indented.
pub(super) fn ini(text: &str) -> Result<Value, TextFault> {
    let mut sections = Map::new();
    let mut section = String::new();
    let mut last = None;
    for (index, line) in text.lines().enumerate() {
        let word = line.trim_matches([' ', '\t', '\r']);
        let wrong = || TextFault::in_line(index + 1);
        let repeated = TextFault::Repeated { line: index + 1 };
        if word.is_empty() || word.starts_with(['#', ';']) {
            continue;
        }
        if let (true, Some(name)) = (line.starts_with([' ', '\t']), &last) {
            if let Value::String(value) = &mut sections[&section][name] {
                value.extend(["\n", word]);
            }
        } else if let Some(name) = word.strip_prefix('[') {
            name.strip_suffix(']').ok_or_else(wrong)?.clone_into(&mut section);
            if sections.insert(section.clone(), Map::new().into()).is_some() {
                return Err(repeated);
            }
            last = None;
        } else {
            let (name, value) = word.split_once(['=', ':']).ok_or_else(wrong)?;
            let name = name.trim().to_lowercase();
            let members = sections.get_mut(&section).and_then(Value::as_object_mut);
            let value = value.trim_matches([' ', '\t']);
            if members.ok_or_else(wrong)?.insert(name.clone(), value.into()).is_some() {
                return Err(repeated);
            }
            last = Some(name);
        }
    }
    Ok(sections.into())
}

/// Java's properties, as `java.util.Properties.load` reads them: `name=value`, `name: value` or `name value`, escapes, and
/// lines that continue after a `\` at their end.
pub(super) fn properties(text: &str) -> Result<Value, TextFault> {
    let mut members = Map::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut logical = line.trim_start_matches(SPACE).to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        // Java joins the lines before it looks for the name.
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

/// The characters that are white space for Java here. A no-break space is not among them, so it belongs to the value.
const SPACE: [char; 3] = [' ', '\t', '\u{c}'];

/// `None` if a `\u` is not followed by four hexadecimal digits, or they are not a character. A character beyond U+FFFF is
/// two of them, a pair of surrogates.
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
                    let (character, after) = unicode(rest.as_str())?;
                    rest = after.chars();
                    character
                }
                other => other,
            },
            other => other,
        });
    }
    Some(plain)
}

/// `NAME=value`, one in a line, as shells and the `dotenv` libraries read it, and as PowerShell and the batch files of Windows
/// write it. Nothing in a value is replaced by another variable: a secret may hold a `$`.
pub(super) fn dotenv(text: &str) -> Result<Value, TextFault> {
    let mut members = Map::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let line_number = TextFault::line_after(&text[..at]);
        let wrong = || TextFault::in_line(line_number);
        // A value in quotation marks may continue in the next lines, so the text is read on and not split into lines first.
        let line = rest.lines().next().unwrap_or_default();
        if is_comment(line.trim()) {
            rest = after_line(rest);
            continue;
        }
        let (name, value) = rest.split_once('=').ok_or_else(wrong)?;
        let (style, name) = LineStyle::of(name);
        let (name, value) = (name_of(name).ok_or_else(wrong)?, style.value(value));
        let (value, after) = value.ok_or_else(wrong)?;
        if members.insert(name.to_owned(), value.into()).is_some() {
            return Err(TextFault::Repeated { line: line_number });
        }
        rest = after;
    }
    Ok(members.into())
}

/// Nothing, a comment of a shell or of a batch file, or what a script begins with.
fn is_comment(line: &str) -> bool {
    let word = line.split([' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    line.is_empty()
        || line.starts_with('#')
        || line.starts_with("::")
        || ["rem", "@echo", "setlocal", "@setlocal"].contains(&&*word)
}

/// Whose lines they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineStyle {
    /// `NAME=value`, also after `export`.
    Posix,
    /// `$env:NAME = "value"`.
    PowerShell,
    /// `set NAME=value`, where quotation marks are part of the value.
    Batch,
    /// `set "NAME=value"`.
    QuotedBatch,
}

impl LineStyle {
    /// The style, and what is left of the text before the `=`.
    fn of(text: &str) -> (Self, &str) {
        let text = text.trim();
        let after = |start: &str| {
            let begins = text.get(..start.len()).is_some_and(|it| it.eq_ignore_ascii_case(start));
            begins.then(|| text[start.len()..].trim_start())
        };
        if let Some(name) = after("$env:") {
            return (Self::PowerShell, name);
        }
        if let Some(name) = after("set \"") {
            return (Self::QuotedBatch, name);
        }
        if let Some(name) = after("set ") {
            return (Self::Batch, name);
        }
        (Self::Posix, after("export ").or_else(|| after("declare -x ")).unwrap_or(text))
    }

    /// The value and the rest after its line; `None` if the shell itself would read another value.
    fn value(self, text: &str) -> Option<(String, &str)> {
        let line = text.lines().next().unwrap_or_default();
        match self {
            Self::Posix => value_of(text),
            Self::PowerShell => {
                let is_plain = !line.contains(['`', '$', '\\']) || line.trim().starts_with('\'');
                value_of(text).filter(|_| is_plain)
            }
            Self::Batch | Self::QuotedBatch => {
                let line = line.trim_end_matches('\r');
                let value = if self == Self::Batch {
                    Some(line)
                } else {
                    line.trim_end().strip_suffix('"')
                };
                let value = value.filter(|value| !value.contains(['%', '^', '&', '|', '!']))?;
                Some((value.to_owned(), after_line(text)))
            }
        }
    }
}

fn name_of(text: &str) -> Option<&str> {
    let name = text.trim();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c));
    (is_name && !name.is_empty()).then_some(name)
}

/// A value and what comes after its line. Between quotation marks it may hold ends of lines, and between double ones `\n`
/// means such an end and `\"` a quotation mark. After the second mark only a comment may follow: `"se"cret` is not read as
/// `se`. White space around a value is that of ASCII, so that a no-break space in a secret is not lost.
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
    Some((without_backslashes(inner), &rest[1..]))
}

fn without_backslashes(text: &str) -> String {
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
