//! INI as Python's `configparser` reads it: sections of `name = value` or `name: value`, names in lower case, whole-line
//! comments, and values that go on in lines which are indented.

use serde_json::{Map, Value};

use crate::{error::CredentialsError, language::Language};

pub(super) fn parse(text: &str) -> Result<Value, CredentialsError> {
    let mut sections = Map::new();
    let mut section = String::new();
    let mut last = None;
    for (index, line) in text.lines().enumerate() {
        let word = line.trim();
        let wrong = || Language::Ini.syntax(index + 1, 1);
        if word.is_empty() || word.starts_with(['#', ';']) {
            continue;
        }
        if let (true, Some(name)) = (line.starts_with([' ', '\t']), &last) {
            if let Value::String(value) = &mut sections[&section][name] {
                value.extend(["\n", word]);
            }
        } else if let Some(name) = word.strip_prefix('[') {
            name.strip_suffix(']').ok_or_else(wrong)?.clone_into(&mut section);
            sections.entry(section.as_str()).or_insert_with(|| Map::new().into());
            last = None;
        } else {
            let (name, value) = word.split_once(['=', ':']).ok_or_else(wrong)?;
            let name = name.trim().to_lowercase();
            let members = sections.get_mut(&section).and_then(Value::as_object_mut);
            members.ok_or_else(wrong)?.insert(name.clone(), value.trim().into());
            last = Some(name);
        }
    }
    Ok(sections.into())
}
