//! INI as Python's `configparser` reads it: sections of `name = value` or `name: value`, names in lower case, whole-line
//! comments, and values that go on in lines which are indented.

use serde_json::{Map, Value};

use crate::language::text_fault::TextFault;

pub(super) fn parse(text: &str) -> Result<Value, TextFault> {
    let mut sections = Map::new();
    let mut section = String::new();
    let mut last = None;
    for (index, line) in text.lines().enumerate() {
        // White space is that of ASCII, so that a no-break space in a secret stays to be seen.
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
