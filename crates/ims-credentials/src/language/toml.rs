//! TOML.

use serde_json::Value;

use crate::{error::CredentialsError, language::Language};

pub(crate) fn parse(text: &str) -> Result<Value, CredentialsError> {
    ::toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Language::Toml.syntax(line, column)
    })
}
