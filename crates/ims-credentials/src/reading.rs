//! How any form is read: its members, the files and secrets that it names, and the words that forms share.

pub(crate) mod fields;
pub(crate) mod other_kind;
pub(crate) mod read_context;
pub(crate) mod secret_file;
pub(crate) mod secret_reference;
pub(crate) mod secret_text;
pub(crate) mod vocabulary;
