//! The login to a token: a wrong PIN is tried once, ever, since tokens count wrong PINs and lock themselves.

use cryptoki::session::{Session, SessionState, UserType};

use super::{
    error::Pkcs11Error,
    module::TokenSession,
    pin::Pin,
    sync::lock,
    token::{PinState, Pkcs11Token},
};

/// The PIN that a signer logs in with, and what it does before the last try.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) pin: Option<Pin>,
    pub(super) final_try: FinalTry,
}

/// What to do if the token would lock itself after one more wrong PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FinalTry {
    Refused,
    Allowed,
}

/// Why a login happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginCause {
    /// A caller opens a signer or lists keys, and can be asked for another PIN.
    Opening,
    /// A lost session is replaced, and no one is there to be asked.
    Recovery,
}

/// Whether private objects can be seen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoggedIn {
    Yes,
    No,
}

/// Logs `session` in, if it is not.
///
/// The session's own state decides whether it is, and no return value: a login belongs to the whole process (PKCS#11,
/// `C_Login`), so another session may have logged in or out.
pub(super) fn log_in(
    session: &TokenSession,
    token: &Pkcs11Token,
    credentials: &Credentials,
    cause: LoginCause,
) -> Result<LoggedIn, Pkcs11Error> {
    let history = session.module().pin_history(token.identity());
    let mut history = lock(&history);
    if is_logged_in(session)? {
        return Ok(LoggedIn::Yes);
    }
    let Some(pin) = &credentials.pin else {
        return if token.login_required { Err(Pkcs11Error::PinMissing) } else { Ok(LoggedIn::No) };
    };
    history.expect_untried(pin)?;
    if cause == LoginCause::Recovery {
        history.expect_accepted(pin)?;
    }
    // Asked again under the lock: while this thread waited for it, another may have used up all tries but one.
    match token.pin_now(session.module())? {
        PinState::Locked => return Err(Pkcs11Error::PinLocked),
        PinState::FinalTry if credentials.final_try == FinalTry::Refused => {
            return Err(Pkcs11Error::PinFinalTry);
        }
        _ => {}
    }
    let answer = session.call(|session| session.login(UserType::User, Some(pin.as_auth_pin())));
    history.record(pin, answer)?;
    Ok(LoggedIn::Yes)
}

fn is_logged_in(session: &TokenSession) -> Result<bool, Pkcs11Error> {
    let info = session.call(Session::get_session_info)?;
    Ok(matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser))
}
