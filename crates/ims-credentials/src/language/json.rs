//! JSON (RFC 8259).

use serde_json::Value;

use crate::{error::CredentialsError, language::Language};

pub(super) fn parse(text: &str) -> Result<Value, CredentialsError> {
    serde_json::from_str(text).map_err(|error| Language::Json.syntax(error.line(), error.column()))
}
