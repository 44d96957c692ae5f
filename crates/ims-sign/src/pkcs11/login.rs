//! The login to a token: a wrong PIN is tried once, ever, since tokens count wrong PINs and lock themselves.

use cryptoki::{
    error::RvError,
    session::{Session, SessionState, UserType},
};

use super::{
    Pin, PinState, Pkcs11Error, Pkcs11Token, error::CallError, gate::lock, module::TokenSession,
};

/// What this process knows of a token's PIN. It belongs to the token and not to one signer: whoever opens a signer again
/// and again with a wrong PIN would lock the token otherwise.
#[derive(Debug, Default)]
pub(super) struct Login {
    accepted: Option<Pin>,
    refused: Vec<(Pin, Pkcs11Error)>,
}

/// With what a signer logs in.
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

/// When a login happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Someone opens a signer or looks into a token, and can be asked for another PIN.
    First,
    /// A lost session is replaced, and nobody watches.
    Again,
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
/// `C_Login`), so another session may have brought it about, or ended it.
pub(super) fn log_in(
    session: &TokenSession,
    token: &Pkcs11Token,
    credentials: &Credentials,
    occasion: Occasion,
) -> Result<LoggedIn, Pkcs11Error> {
    let login = session.module().login(token.identity());
    let mut login = lock(&login);
    if is_logged_in(session)? {
        return Ok(LoggedIn::Yes);
    }
    let Some(pin) = &credentials.pin else {
        return if token.login_required { Err(Pkcs11Error::PinMissing) } else { Ok(LoggedIn::No) };
    };
    login.may_try(pin, occasion)?;
    match token.pin {
        PinState::Locked => return Err(Pkcs11Error::PinLocked),
        PinState::FinalTry if credentials.final_try == FinalTry::Refused => {
            return Err(Pkcs11Error::PinFinalTry);
        }
        _ => {}
    }
    let answer = session.call(|session| session.login(UserType::User, Some(pin.as_auth_pin())));
    login.learn(pin, answer)
}

impl Login {
    fn may_try(&self, pin: &Pin, occasion: Occasion) -> Result<(), Pkcs11Error> {
        if let Some((_, refusal)) = self.refused.iter().find(|(refused, _)| refused.is(pin)) {
            return Err(refusal.clone());
        }
        let is_accepted = self.accepted.as_ref().is_some_and(|accepted| accepted.is(pin));
        if is_accepted || occasion == Occasion::First {
            Ok(())
        } else {
            Err(Pkcs11Error::PinUnproven)
        }
    }

    fn learn(&mut self, pin: &Pin, answer: Result<(), CallError>) -> Result<LoggedIn, Pkcs11Error> {
        let Err(error) = answer else {
            self.accepted = Some(pin.clone());
            return Ok(LoggedIn::Yes);
        };
        let refusal = match error.code() {
            Some(RvError::UserAlreadyLoggedIn) => return Ok(LoggedIn::Yes),
            Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
                Pkcs11Error::PinWrong
            }
            Some(RvError::PinLocked) => Pkcs11Error::PinLocked,
            Some(RvError::PinExpired | RvError::PinTooWeak | RvError::UserPinNotInitialized) => {
                Pkcs11Error::PinExpired
            }
            _ => return Err(error.into()),
        };
        self.refused.push((pin.clone(), refusal.clone()));
        Err(refusal)
    }
}

fn is_logged_in(session: &TokenSession) -> Result<bool, Pkcs11Error> {
    let info = session.call(Session::get_session_info)?;
    Ok(matches!(info.session_state(), SessionState::RoUser | SessionState::RwUser))
}
