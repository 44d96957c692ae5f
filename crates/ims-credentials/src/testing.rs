//! For tests: the languages of credentials alone. No form is looked for, and nothing that a document names is read.

use std::path::Path;

use crate::language::Language;

/// Reads `text` as a file whose name has this ending, such as `yaml`, and writes it as JSON; `None` if it cannot be read.
///
/// ```
/// use ims_credentials::testing::as_json;
///
/// let json = as_json("toml", "client_id = \"my-client\"").unwrap_or_default();
/// assert!(json.contains(r#""client_id": "my-client""#));
/// ```
#[must_use]
pub fn as_json(ending: &str, text: &str) -> Option<String> {
    let name = format!("credentials.{ending}");
    let language = Language::candidates(text, Path::new(&name)).first().copied()?;
    Some(language.parse(text).ok()?.to_json().to_string())
}
