//! The connection to a key: module, token, session, login, key. When a token is lost, all or some of these are lost, and
//! the same steps find them again.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use cryptoki::object::ObjectHandle;

use super::{
    call_error::CallError,
    error::Pkcs11Error,
    key::{KeySelector, SigningKey},
    login::{Credentials, LoginCause, log_in},
    mechanism::Pkcs11Mechanism,
    module::{Access, Pkcs11Module, TokenSession},
    sync::lock,
    token::{Pkcs11Token, TokenSelector, find_token},
};
use crate::public_key::PublicKey;

/// A key, and all that is needed to find it.
#[derive(Debug)]
pub(super) struct KeyLocation {
    pub(super) module: Pkcs11Module,
    pub(super) token: TokenSelector,
    pub(super) key: KeySelector,
    pub(super) credentials: Credentials,
}

/// A session in which the key can be used. It stays on the thread that uses it.
pub(super) struct Connection {
    session: TokenSession,
    key: ObjectHandle,
}

impl KeyLocation {
    pub(super) fn connect(
        &self,
        cause: LoginCause,
    ) -> Result<(Connection, SigningKey, Pkcs11Token), Pkcs11Error> {
        let token = find_token(&self.module, &self.token)?;
        let session = self.module.open_session(token.slot()?, Access::ReadOnly)?;
        let logged_in = log_in(&session, &token, &self.credentials, cause)?;
        let key = SigningKey::find(&session, &self.key, logged_in)?;
        Ok((Connection { session, key: key.handle }, key, token))
    }
}

impl Connection {
    fn sign(&self, mechanism: Pkcs11Mechanism, prepared: &[u8]) -> Result<Vec<u8>, CallError> {
        self.session.call(|session| session.sign(&mechanism.to_cryptoki(), self.key, prepared))
    }
}

/// What each thread of a signer's pool does: it signs with the one key, and finds the key again when it is lost.
pub(super) struct Worker {
    location: KeyLocation,
    public_key: PublicKey,
    mechanism: Pkcs11Mechanism,
    /// The failure of the last recovery, for the threads that waited for it.
    recovery: Mutex<Option<Pkcs11Error>>,
    failed_recoveries: AtomicU64,
}

impl Worker {
    pub(super) fn new(
        location: KeyLocation,
        public_key: PublicKey,
        mechanism: Pkcs11Mechanism,
    ) -> Self {
        Self {
            location,
            public_key,
            mechanism,
            recovery: Mutex::default(),
            failed_recoveries: AtomicU64::new(0),
        }
    }

    /// Signs what [`Pkcs11Mechanism::prepare`] made, with the connection that is there. If there is none, or if it fails
    /// for any reason, a new one is made, once.
    pub(super) fn sign(
        &self,
        connection: &mut Option<Connection>,
        prepared: &[u8],
    ) -> Result<Vec<u8>, Pkcs11Error> {
        if let Some(connection) = connection
            && let Ok(signature) = connection.sign(self.mechanism, prepared)
        {
            return Ok(signature);
        }
        // The lost session stays open until there is a new one: closing the last one would end the login of all sessions.
        let recovered = self.recover()?;
        let signature = recovered.sign(self.mechanism, prepared);
        *connection = Some(recovered);
        Ok(signature?)
    }

    /// Finds the key again, one thread at a time. When that fails, all threads that waited for it fail too, instead of
    /// trying the same one after another.
    fn recover(&self) -> Result<Connection, Pkcs11Error> {
        let failed_before = self.failed_recoveries.load(Ordering::Acquire);
        let mut last_failure = lock(&self.recovery);
        if let Some(failure) = &*last_failure
            && self.failed_recoveries.load(Ordering::Acquire) != failed_before
        {
            return Err(failure.clone());
        }
        match self.reconnect_or_restart() {
            Ok(connection) => Ok(connection),
            Err(failure) => {
                *last_failure = Some(failure.clone());
                self.failed_recoveries.fetch_add(1, Ordering::Release);
                Err(failure)
            }
        }
    }

    /// Connects again; if that fails, perhaps for a short time, initializes the module again and connects again.
    fn reconnect_or_restart(&self) -> Result<Connection, Pkcs11Error> {
        let generation = self.location.module.generation();
        match self.reconnect() {
            Err(failure)
                if failure.is_transient() && !matches!(failure, Pkcs11Error::NoSession { .. }) =>
            {
                self.location.module.restart(generation);
                self.reconnect()
            }
            outcome => outcome,
        }
    }

    fn reconnect(&self) -> Result<Connection, Pkcs11Error> {
        let connected = self.location.connect(LoginCause::Recovery);
        let (connection, key, _) = connected.map_err(Pkcs11Error::after_loss)?;
        if key.public_key == self.public_key {
            Ok(connection)
        } else {
            Err(Pkcs11Error::KeyReplaced)
        }
    }
}
