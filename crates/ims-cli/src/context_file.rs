//! Where the contexts of this user are.

use ims::{Contexts, ContextsError, Report};

use crate::failure::Failure;

/// The contexts in the folder `ims` of the user's configuration; none if there is no such file.
pub(crate) fn contexts() -> Result<Contexts, Failure> {
    let file = ims::contexts_file();
    let file =
        file.ok_or_else(|| Failure::person("the home folder is unknown").hint("set HOME"))?;
    Ok(Contexts::load(file)?)
}

impl From<ContextsError> for Failure {
    fn from(error: ContextsError) -> Self {
        let failure = Self::from(Report::from(&error));
        match error {
            ContextsError::Name | ContextsError::Exists { .. } | ContextsError::Unknown { .. } => {
                failure.into_usage()
            }
            _ => failure,
        }
    }
}
