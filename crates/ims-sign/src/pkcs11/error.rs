//! What can go wrong with a key in a token, sorted by what the caller can do. Nothing here repeats a PIN.

use std::{error::Error, fmt, path::PathBuf, sync::Arc, time::Duration};

use cryptoki::{
    context::Function,
    error::{Error as CryptokiError, RvError},
};

use ims_files::FileError;

use crate::{KeyError, SignError};

/// A key in a token that cannot be used, or a token that cannot be looked into.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// Name the PKCS#11 module: the URI has no `module-path`.
    #[error("no PKCS#11 module is named")]
    NoModulePath,
    /// Give the module's absolute path. To load a module is to run its code, so it is not looked for.
    #[error("the path of the PKCS#11 module is not absolute: {}", path.display())]
    RelativeModulePath {
        /// The path that was given.
        path: PathBuf,
    },
    /// Give the path of a PKCS#11 module that this machine can load and start, and that no other user can change.
    #[error("{} cannot be used as a PKCS#11 module", path.display())]
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
    /// Use a key that the token lets sign.
    #[error("the private key with {key} {reason}")]
    KeyMayNotSign {
        /// The key's label and id.
        key: String,
        /// What the token says of it.
        reason: &'static str,
    },
    /// Open a new signer: another key now stands where the signer's key was.
    #[error("another key has taken the place of the signing key")]
    KeyReplaced,
    /// Choose another label and id: a second key with them could not be told from the first.
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
    /// Make sure of the PIN, then allow its last try: if it is wrong, the token locks itself.
    #[error("the token would lock itself if the PIN were wrong once more, so it is not tried")]
    PinFinalTry,
    /// Open a new signer: the token asks for a PIN again, and the one of this signer has never been accepted.
    #[error("the token wants a login, and the PIN has never been accepted")]
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
    /// Try again, later: the module did not answer in time.
    #[error("the token did not answer within {} s", deadline.as_secs_f32())]
    Stalled {
        /// How long it was waited for.
        deadline: Duration,
    },
    /// Look into the module's own log: it refuses, and trying again will not change that.
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
        matches!(self, Self::Unavailable { .. } | Self::Stalled { .. })
    }

    pub(super) fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable { source: Arc::new(source) }
    }

    /// Whether the token has no room for another session, which is no loss.
    pub(super) fn is_for_want_of_sessions(&self) -> bool {
        let Self::Unavailable { source } = self else { return false };
        source
            .downcast_ref::<CallError>()
            .is_some_and(|error| error.code() == Some(RvError::SessionCount))
    }

    /// What has become of a token and a key that were both there before.
    ///
    /// They may come back, so what would be final when a signer is opened is not final now. A word about the PIN or
    /// about the key itself remains final.
    pub(super) fn of_something_lost(self) -> Self {
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

/// What was found, for one who looked for something else.
fn list(there_is: &str, present: &[String]) -> String {
    if present.is_empty() {
        format!("{there_is} none")
    } else {
        format!("{there_is} {}", present.join(", "))
    }
}

/// A call into a module that failed.
#[derive(Debug)]
pub(super) enum CallError {
    /// The module's own answer, or one that made no sense.
    Module(CryptokiError),
    /// The session is of a time before the module was initialized anew, so no call was made.
    Outdated,
}

impl CallError {
    /// The return value, if the module gave one.
    pub(super) fn code(&self) -> Option<RvError> {
        match self {
            Self::Module(CryptokiError::Pkcs11(code, _)) => Some(*code),
            _ => None,
        }
    }

    /// Whether the answer is a word about the request, which will not change by itself. Everything else is taken for a
    /// loss, since modules answer one and the same loss with whatever code they like.
    fn is_refusal(&self) -> bool {
        let Self::Module(CryptokiError::Pkcs11(code, function)) = self else { return false };
        #[rustfmt::skip]
        let refusals = [
            RvError::ActionProhibited, RvError::AttributeReadOnly, RvError::AttributeTypeInvalid,
            RvError::AttributeValueInvalid, RvError::DataInvalid, RvError::DataLenRange,
            RvError::FunctionNotSupported, RvError::FunctionRejected, RvError::KeyFunctionNotPermitted,
            RvError::KeySizeRange, RvError::MechanismInvalid, RvError::MechanismParamInvalid,
            RvError::SessionReadOnly, RvError::TemplateIncomplete, RvError::TemplateInconsistent,
            RvError::TokenWriteProtected,
        ];
        matches!(function, Function::SignInit | Function::Sign | Function::GenerateKeyPair)
            && refusals.contains(code)
    }
}

impl From<CallError> for Pkcs11Error {
    fn from(error: CallError) -> Self {
        if error.is_refusal() {
            Self::Refused { source: Arc::new(error) }
        } else {
            Self::unavailable(error)
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(CryptokiError::Pkcs11(code, function)) => {
                write!(f, "C_{function:?} answered {}", standard_name(*code))
            }
            Self::Module(error) => error.fmt(f),
            Self::Outdated => f.write_str("the module was initialized anew"),
        }
    }
}

impl Error for CallError {}

/// `DeviceError` as the standard and every manual write it: `CKR_DEVICE_ERROR`.
fn standard_name(code: RvError) -> String {
    match code {
        RvError::VendorDefined(code) => format!("CKR_VENDOR_DEFINED {code:#x}"),
        RvError::UnknownErrorCode(code) => format!("{code:#x}, which is no code of PKCS#11"),
        code => format!("{code:?}").chars().fold("CKR".to_owned(), |mut name, letter| {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
            name
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: RvError) -> CallError {
        CallError::Module(CryptokiError::Pkcs11(code, Function::SignInit))
    }

    #[test]
    fn a_modules_answer_is_named_as_the_standard_names_it() {
        #[rustfmt::skip]
        let table = [
            (RvError::DeviceError,                   "C_SignInit answered CKR_DEVICE_ERROR"),
            (RvError::UserNotLoggedIn,               "C_SignInit answered CKR_USER_NOT_LOGGED_IN"),
            (RvError::VendorDefined(0x8000_0001),    "C_SignInit answered CKR_VENDOR_DEFINED 0x80000001"),
            (RvError::UnknownErrorCode(0x999),       "C_SignInit answered 0x999, which is no code of PKCS#11"),
        ];
        for (code, said) in table {
            assert_eq!(answer(code).to_string(), said);
        }
    }

    #[test]
    fn a_loss_may_be_tried_again_and_a_refusal_may_not() {
        #[rustfmt::skip]
        let table = [
            (RvError::DeviceError,              true),
            (RvError::ObjectHandleInvalid,      true),
            (RvError::KeyTypeInconsistent,      true),
            (RvError::GeneralError,             true),
            (RvError::KeyHandleInvalid,         true),
            (RvError::KeyFunctionNotPermitted,  false),
            (RvError::MechanismInvalid,         false),
        ];
        for (code, is_transient) in table {
            let error = SignError::from(Pkcs11Error::from(answer(code)));
            assert_eq!(error.is_transient(), is_transient, "{code:?}");
        }
    }

    #[test]
    fn who_looked_for_the_wrong_name_reads_the_right_ones() {
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
