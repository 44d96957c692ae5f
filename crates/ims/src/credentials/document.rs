//! What a file of credentials says, whichever language it is in.

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::{CredentialsError, Fields};

/// A file of credentials that was read. Its texts are wiped from memory when it is dropped.
pub(super) struct Document(Value);

impl Document {
    pub(super) fn new(value: Value) -> Self {
        Self(value)
    }

    /// The same as a file of JSON.
    pub(super) fn to_json(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{:#}\n", self.0))
    }

    /// The members of the file.
    pub(super) fn fields(&self) -> Result<Fields<'_>, CredentialsError> {
        let object =
            self.0.as_object().ok_or(CredentialsError::Unrecognized { members: String::new() })?;
        Ok(Fields::new(object))
    }
}

impl FromIterator<(String, Value)> for Document {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(members: T) -> Self {
        Self(members.into_iter().collect::<Map<_, _>>().into())
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
