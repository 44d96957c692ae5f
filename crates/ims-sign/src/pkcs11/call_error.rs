//! A call into a module that failed: the module's answer, and what it means for the caller.

use std::{error::Error, fmt, sync::Arc};

use cryptoki::{
    context::Function,
    error::{Error as CryptokiError, RvError},
};

use super::error::Pkcs11Error;

/// A call into a module that failed.
#[derive(Debug)]
pub(super) enum CallError {
    /// The module's own answer, or one that made no sense.
    Module(CryptokiError),
    /// The session is older than the last initialization of the module, so no call was made.
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

    /// Whether the answer is about the request, so that the same request would fail again. Everything else counts as a
    /// loss, since modules answer the same loss with very different codes.
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
        if error.code() == Some(RvError::SessionCount) {
            return Self::NoSession { source: Arc::new(error) };
        }
        if error.is_refusal() {
            return Self::Refused { source: Arc::new(error) };
        }
        Self::unavailable(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(CryptokiError::Pkcs11(code, function)) => {
                write!(f, "C_{function:?} answered {}", standard_name(*code))
            }
            Self::Module(error) => error.fmt(f),
            Self::Outdated => f.write_str("the module was initialized again"),
        }
    }
}

impl Error for CallError {}

/// `DeviceError` as the standard and every manual write it: `CKR_DEVICE_ERROR`.
fn standard_name(code: RvError) -> String {
    match code {
        RvError::VendorDefined(code) => format!("CKR_VENDOR_DEFINED {code:#x}"),
        RvError::UnknownErrorCode(code) => format!("{code:#x}, which is not a code of PKCS#11"),
        code => {
            let mut name = "CKR".to_owned();
            for letter in format!("{code:?}").chars() {
                if letter.is_ascii_uppercase() {
                    name.push('_');
                }
                name.push(letter.to_ascii_uppercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SignError;

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
            (RvError::UnknownErrorCode(0x999),       "C_SignInit answered 0x999, which is not a code of PKCS#11"),
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
            (RvError::SessionCount,             true),
            (RvError::KeyFunctionNotPermitted,  false),
            (RvError::MechanismInvalid,         false),
        ];
        for (code, is_transient) in table {
            let error = SignError::from(Pkcs11Error::from(answer(code)));
            assert_eq!(error.is_transient(), is_transient, "{code:?}");
        }
    }
}
