//! What can go wrong with a key in a token, sorted by what the caller can do. Nothing here repeats a PIN.

use std::{error::Error, path::PathBuf, sync::Arc, time::Duration};

use ims_files::FileError;

use crate::error::{KeyError, SignError};

/// A key in a token that cannot be used, or a token that cannot be read.
///
/// ```
/// use ims_sign::pkcs11::{KeySelector, Pkcs11Config, Pkcs11Signer, TokenSelector};
///
/// let config = Pkcs11Config::new("/nowhere/module.so", TokenSelector::label("ims"), KeySelector::label("key"));
/// let error = Pkcs11Signer::open(config).unwrap_err();
/// assert_eq!(error.to_string(), "/nowhere/module.so cannot be used as a PKCS#11 module");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// Correct the PKCS#11 URI.
    #[error("the PKCS#11 URI cannot be used: {source}")]
    Uri {
        /// What is wrong with it.
        #[from]
        source: Pkcs11UriError,
    },
    /// Name the PKCS#11 module: the URI has no `module-path`.
    #[error("no PKCS#11 module is named")]
    NoModulePath,
    /// Give the module's absolute path. To load a module means to run its code, so no module is searched for.
    #[error("the path of the PKCS#11 module is not absolute: {}", ims_files::shown(path))]
    RelativeModulePath {
        /// The path that was given.
        path: PathBuf,
    },
    /// Give the path of a PKCS#11 module that this machine can load and start, and that no other user can change.
    #[error("{} cannot be used as a PKCS#11 module", ims_files::shown(path))]
    NoModule {
        /// The path that was given.
        path: PathBuf,
        /// What the operating system or the module said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Name one of the tokens that are there.
    #[error("no token has {wanted}; {}", list("there is", present))]
    NoToken {
        /// What was looked for.
        wanted: String,
        /// The tokens that are there.
        present: Vec<String>,
    },
    /// Name the token by its serial number or its slot as well.
    #[error("several tokens have {wanted}: {}", found.join(", "))]
    SeveralTokens {
        /// What was looked for.
        wanted: String,
        /// The tokens that have it.
        found: Vec<String>,
    },
    /// Name one of the keys that are there.
    #[error("no private key has {wanted}; {}{}", list("there is", present), if *logged_in { "" } else {
        ", but without a PIN a token may hide its keys"
    })]
    NoKey {
        /// What was looked for.
        wanted: String,
        /// The private keys that the token shows.
        present: Vec<String>,
        /// Whether the token was asked with a PIN.
        logged_in: bool,
    },
    /// Name the key by label and id.
    #[error("several private keys have {wanted}: {}", found.join(", "))]
    SeveralKeys {
        /// What was looked for.
        wanted: String,
        /// The private keys that have it.
        found: Vec<String>,
    },
    /// Use another key: RS256 cannot be made with this one.
    #[error("the private key with {key} cannot sign for IMS")]
    Key {
        /// The key's label and id.
        key: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// Use a key that may sign.
    #[error("the private key with {key} {reason}")]
    KeyMayNotSign {
        /// The key's label and id.
        key: String,
        /// What the token says about it.
        reason: &'static str,
    },
    /// Open a new signer: another key is now where the signer's key was.
    #[error("the signing key was replaced by another key")]
    KeyReplaced,
    /// Choose another label and id: a second key with them could not be distinguished from the first.
    #[error("there already is a key with {key}")]
    KeyExists {
        /// The key that is there.
        key: String,
    },
    /// Use another token, or name the mechanism: this one does not offer what RS256 needs.
    #[error("the token offers neither CKM_RSA_PKCS nor CKM_SHA256_RSA_PKCS for this key")]
    NoMechanism,
    /// Give the PIN.
    #[error("the token asks for a PIN and none is given")]
    PinMissing,
    /// Put the PIN into a file that this user alone can read; the source says what is wrong with this one.
    #[error("cannot read the PIN from {}", ims_files::shown(path))]
    PinFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// Put the PIN into the file as UTF-8 text.
    #[error("{} is not a PIN in UTF-8", ims_files::shown(path))]
    PinNotText {
        /// The file.
        path: PathBuf,
    },
    /// Give the right PIN. This one was tried once, and this process will not try it on this token again: a token counts
    /// wrong PINs, and locks itself.
    #[error("the token refused the PIN")]
    PinWrong,
    /// Have the security officer unlock the PIN.
    #[error("the PIN is locked, after too many wrong ones")]
    PinLocked,
    /// Set a PIN, or a new one: this one is not initialized, or has expired.
    #[error("a new PIN has to be set")]
    PinExpired,
    /// Check the PIN, then allow its last try: if it is wrong, the token locks itself.
    #[error("one more wrong PIN would lock the token, so the PIN is not tried")]
    PinFinalTry,
    /// Open a new signer: the token asks for a PIN again, and the one of this signer has never been accepted.
    #[error("the token requires a login, and the PIN has never been accepted")]
    PinUnproven,
    /// Open a new signer in this process: one that was opened before a fork does not sign after it.
    #[error("the PKCS#11 module was initialized by another process, before a fork")]
    Forked,
    /// Try again: the token, its key or the session with them is gone, and may come back.
    #[error("the token cannot be reached")]
    Unavailable {
        /// What the module said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Try again later, or use a smaller pool: the token has no room for another session.
    #[error("the token cannot open another session")]
    NoSession {
        /// What the module said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Try again, later: the module did not answer in time.
    #[error("the token did not answer within {} s", deadline.as_secs_f32())]
    Stalled {
        /// How long the call waited.
        deadline: Duration,
    },
    /// Read the module's log: it refuses, and trying again will not change that.
    #[error("the PKCS#11 module refuses")]
    Refused {
        /// What the module said.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl Pkcs11Error {
    /// Whether trying again can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::NoSession { .. } | Self::Stalled { .. })
    }

    pub(super) fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable { source: Arc::new(source) }
    }

    /// This error, about a token and a key that were both there before.
    ///
    /// They may come back, so an error that is final when a signer is opened is not final here. An error about the PIN or
    /// about the key itself stays final.
    pub(super) fn after_loss(self) -> Self {
        match self {
            Self::NoToken { .. }
            | Self::NoKey { .. }
            | Self::NoModule { .. }
            | Self::NoMechanism => Self::unavailable(self),
            other => other,
        }
    }
}

impl From<Pkcs11Error> for SignError {
    fn from(error: Pkcs11Error) -> Self {
        if error.is_transient() { Self::unavailable(error) } else { Self::refused(error) }
    }
}

/// The things that were found instead.
fn list(there_is: &str, present: &[String]) -> String {
    if present.is_empty() {
        format!("{there_is} none")
    } else {
        format!("{there_is} {}", present.join(", "))
    }
}

/// A text that is not a PKCS#11 URI which a signer can be opened with. No error repeats a value.
///
/// ```
/// use ims_sign::pkcs11::{Pkcs11Uri, Pkcs11UriError};
///
/// let error = "pkcs11:tokn=ims".parse::<Pkcs11Uri>().unwrap_err();
/// assert_eq!(error, Pkcs11UriError::UnknownAttribute { name: "tokn".to_owned() });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11UriError {
    /// Begin the URI with `pkcs11:`.
    #[error("not a PKCS#11 URI, which begins with \"pkcs11:\"")]
    Scheme,
    /// Separate attributes by `;`, after the `?` by `&`, and percent-encode these where they are part of a value.
    #[error("a part of it is not of the form name=value")]
    NoAttribute,
    /// Leave the attribute out, or name the key without it.
    #[error("the attribute {name} is not known")]
    UnknownAttribute {
        /// The attribute's name.
        name: String,
    },
    /// Write the attribute as it must be.
    #[error("the attribute {name} is not {expected}")]
    Malformed {
        /// The attribute's name.
        name: String,
        /// What its value must be.
        expected: &'static str,
    },
    /// Give each attribute once, and either `pin-source` or `pin-value`.
    #[error("the attribute {name} is given twice, or together with another that means the same")]
    Repeated {
        /// The attribute's name.
        name: String,
    },
    /// Give the PIN by `pin-source`, since others may see this URI.
    #[error("a pin-value is not accepted here, where others may see it")]
    PinValue,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_a_wrong_name_lists_the_right_ones() {
        let wanted = "the label \"a\"".to_owned();
        let present = vec!["the label \"b\"".to_owned(), "the label \"c\"".to_owned()];
        assert_eq!(
            Pkcs11Error::NoToken { wanted: wanted.clone(), present }.to_string(),
            "no token has the label \"a\"; there is the label \"b\", the label \"c\""
        );
        assert_eq!(
            Pkcs11Error::NoKey { wanted, present: vec![], logged_in: false }.to_string(),
            "no private key has the label \"a\"; there is none, but without a PIN a token may hide its keys"
        );
    }
}
