//! Environment variables in the configuration of another program, which starts one with them: `env` of an MCP server and of a job
//! of GitHub Actions, `environment` of Docker Compose as an object or as a list of `NAME=value`, `Values` of Azure Functions,
//! `inputs` of an App Builder action.

use serde_json::{Map, Value};

use crate::reading::fields::{Document, Fields};

/// Each object or list in the configuration that can hold variables, with the path that leads to it.
pub(super) fn candidates(fields: &Fields<'_>) -> Vec<(String, Document)> {
    let mut found = Vec::new();
    for (name, value) in fields.values() {
        look(name, value, MOST_LEVELS, &mut found);
    }
    found
}

fn look(path: &str, value: &Value, levels: usize, found: &mut Vec<(String, Document)>) {
    match value {
        Value::Object(members) => {
            if levels > 0 {
                for (name, inner) in members {
                    look(&format!("{path}.{name}"), inner, levels - 1, found);
                }
            }
            let mut variables = Map::new();
            for (name, value) in members {
                if value.is_string() && is_variable(name) {
                    variables.insert(name.clone(), value.clone());
                }
            }
            push(path, variables, found);
        }
        Value::Array(values) => {
            let mut variables = Map::new();
            for value in values {
                let assignment = value.as_str().and_then(|text| text.split_once('='));
                if let Some((name, value)) = assignment.filter(|(name, _)| is_variable(name)) {
                    variables.insert(name.to_owned(), value.into());
                }
            }
            push(path, variables, found);
        }
        _ => {}
    }
}

fn push(path: &str, variables: Map<String, Value>, found: &mut Vec<(String, Document)>) {
    if variables.len() > 1 {
        found.push((path.to_owned(), variables.into_iter().collect()));
    }
}

fn is_variable(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// How deep the variables may be. The deepest known ones are the inputs of an action in `app.config.yaml`, at the seventh
/// level.
const MOST_LEVELS: usize = 8;
