//! Hjson, JSON for people, in which `aio` keeps its configuration: comments, commas that may be missing, strings without
//! quotation marks. Source: <https://hjson.github.io/syntax.html>. The braces around the whole may not be missing here.
//!
//! This reader is our own: of the usual ones, one accepts no string that begins with a digit, as client ids do, and the
//! other contains a shell.

use serde_json::{Map, Value};

use crate::language::text_fault::TextFault;

/// How deep things may be nested; a configuration of `aio` has four levels.
const MOST_LEVELS: usize = 32;

pub(super) fn parse(text: &str) -> Result<Value, TextFault> {
    let mut reader = Reader { rest: text, has_repeated: false };
    let value = reader.value(MOST_LEVELS);
    if let Some(value) = value
        && reader.is_at_end()
    {
        return Ok(value);
    }
    let before = &text[..text.len() - reader.rest.len()];
    if reader.has_repeated {
        return Err(TextFault::Repeated { line: TextFault::line_after(before) });
    }
    Err(TextFault::after(before))
}

/// What is left of the text. Each method continues as far as it can read, and returns `None` where it cannot.
struct Reader<'a> {
    rest: &'a str,
    /// Whether it stopped at a repeated member of an object.
    has_repeated: bool,
}

impl<'a> Reader<'a> {
    fn value(&mut self, levels: usize) -> Option<Value> {
        self.skip_blanks();
        let levels = levels.checked_sub(1)?;
        match self.rest.as_bytes().first()? {
            b'{' => self.object(levels),
            b'[' => self.array(levels),
            b'\'' if self.rest.starts_with("'''") => self.lines().map(Value::from),
            b'"' | b'\'' => self.quoted().map(Value::from),
            b'}' | b']' | b',' | b':' => None,
            _ => Some(self.bare()),
        }
    }

    fn object(&mut self, levels: usize) -> Option<Value> {
        let mut members = Map::new();
        self.take("{")?;
        while !self.ends_with('}')? {
            let name = match self.rest.as_bytes().first()? {
                b'"' | b'\'' => self.quoted()?,
                _ => self.word()?.to_owned(),
            };
            if members.contains_key(&name) {
                self.has_repeated = true;
                return None;
            }
            self.skip_blanks();
            self.take(":")?;
            members.insert(name, self.value(levels)?);
        }
        Some(members.into())
    }

    fn array(&mut self, levels: usize) -> Option<Value> {
        let mut values = Vec::new();
        self.take("[")?;
        while !self.ends_with(']')? {
            values.push(self.value(levels)?);
        }
        Some(values.into())
    }

    /// Whether `bracket` comes next; it is then consumed. A comma may be before it and between all others.
    fn ends_with(&mut self, bracket: char) -> Option<bool> {
        self.skip_blanks();
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            self.skip_blanks();
        }
        let next = self.rest.chars().next()?;
        if next == bracket {
            self.rest = &self.rest[1..];
        }
        Some(next == bracket)
    }

    /// A name without quotation marks.
    fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| c.is_whitespace() || ",:[]{}".contains(c))?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// A number, `true`, `false` or `null` that something ends, or else a string that continues to the end of its line.
    fn bare(&mut self) -> Value {
        // No further than needed: a line may be as long as the file, and all of it values.
        let end = self.rest.find([',', ']', '}', '#', '/', '\n']).unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        let is_ended =
            !after.starts_with('/') || after.starts_with("//") || after.starts_with("/*");
        let (taken, value) = match serde_json::from_str(word.trim()) {
            Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) if is_ended => {
                (word, value)
            }
            _ => {
                let line = self.rest.split('\n').next().unwrap_or_default();
                (line, line.trim().into())
            }
        };
        self.rest = &self.rest[taken.len()..];
        value
    }

    /// A string between quotation marks of either kind, with the escapes of JSON.
    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut is_escaped = false;
        let end = self.rest[1..].find(|c| {
            let ends = c == quote && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let (inner, rest) = self.rest[1..].split_at(end?);
        let text = if quote == '"' {
            serde_json::from_str(&format!("\"{inner}\""))
        } else {
            let inner = inner.replace("\\'", "'").replace('"', "\\\"");
            serde_json::from_str(&format!("\"{inner}\""))
        };
        self.rest = &rest[1..];
        text.ok()
    }

    /// Lines between `'''`, each without its indentation: in a context such a text is a key, in which blanks do not matter.
    fn lines(&mut self) -> Option<String> {
        let (inner, rest) = self.rest.strip_prefix("'''")?.split_once("'''")?;
        self.rest = rest;
        let lines: Vec<_> = inner.lines().map(str::trim).collect();
        Some(lines.join("\n").trim().to_owned())
    }

    fn take(&mut self, mark: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(mark)?;
        Some(())
    }

    /// Blanks, ends of lines and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('#') || self.rest.starts_with("//") {
                self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
            } else {
                return;
            }
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty()
    }
}
