//! YAML 1.2 of one document, over the parser below `serde-saphyr`: that crate adds eleven more for encodings and for
//! drawing errors, which quote the text.
//!
//! A scalar without quotation marks that some YAML reader reads as a number is a number here, too. So a secret of digits is
//! refused with the advice to quote it, and is never sent without its leading zero.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput};
use serde_json::{Map, Value};

use crate::language::text_fault::TextFault;

/// How deep things may be nested; a configuration of the User Sync Tool has four levels.
const MOST_LEVELS: usize = 32;

/// How many values there may be, those that aliases repeat among them: aliases multiply.
const MOST_VALUES: usize = 10_000;

pub(super) fn parse(text: &str) -> Result<Value, TextFault> {
    let mut options = Options::default();
    // They are not values, and another crate may switch them on.
    options.set_emit_comments(false);
    let events = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { events, anchors: HashMap::new(), values: 0 };
    let mut document = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(document.unwrap_or(Value::Null)),
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            // A line of `---` at the end begins a document without anything in it.
            Event::Scalar(text, ScalarStyle::Plain, ..)
                if document.is_some() && plain(&text).is_null() => {}
            _ if document.is_some() => return Err(at(&span)),
            event => document = Some(reader.value(event, &span, MOST_LEVELS)?),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    /// The values that were marked with `&name`.
    anchors: HashMap<usize, Value>,
    /// How many values were read.
    values: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), TextFault> {
        let event = self.events.next_event().ok_or(TextFault::in_line(1))?;
        event.map_err(|error| {
            let place = error.marker();
            TextFault::Syntax { line: place.line(), column: place.col() + 1 }
        })
    }

    fn value(&mut self, event: Event<'a>, span: &Span, levels: usize) -> Result<Value, TextFault> {
        let levels = levels.checked_sub(1).ok_or_else(|| at(span))?;
        self.count(1, span)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                (anchor, if is_text { Value::from(&*text) } else { plain(&text) })
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.sequence(levels)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping(levels)?),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().ok_or_else(|| at(span))?;
                self.count(size(&value), span)?;
                return Ok(value);
            }
            _ => return Err(at(span)),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn sequence(&mut self, levels: usize) -> Result<Value, TextFault> {
        let mut values = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(values.into());
            }
            values.push(self.value(event, &span, levels)?);
        }
    }

    fn mapping(&mut self, levels: usize) -> Result<Value, TextFault> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(members.into()),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(at(&span)),
            };
            // The merge key of YAML 1.1: if it was read as a member, the merged members would be lost.
            if name == "<<" {
                return Err(at(&span));
            }
            let (event, value_span) = self.next()?;
            let value = self.value(event, &value_span, levels)?;
            if members.insert(name, value).is_some() {
                return Err(TextFault::Repeated { line: span.start.line() });
            }
        }
    }

    fn count(&mut self, values: usize, span: &Span) -> Result<(), TextFault> {
        self.values += values;
        if self.values > MOST_VALUES { Err(at(span)) } else { Ok(()) }
    }
}

/// A scalar without quotation marks (YAML 1.2.2 §10.3.2, and what is a number to YAML 1.1).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        // Which number it is does not matter: no member of any form is one.
        text if is_number(text) => serde_json::from_str(text).unwrap_or_else(|_| 0.into()),
        text => text.into(),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0o"));
    if hexadecimal.is_some_and(|digits| u128::from_str_radix(digits, 16).is_ok()) {
        return true;
    }
    digits.replace('_', "").parse::<f64>().is_ok()
}

/// How many values are in `value`, it itself among them.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn at(span: &Span) -> TextFault {
    TextFault::Syntax { line: span.start.line(), column: span.start.col() + 1 }
}
