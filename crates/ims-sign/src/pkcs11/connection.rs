//! The way to a key: module, token, session, login, key. It is gone in whole or in parts when a token is lost, and found
//! again by the same steps.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use cryptoki::object::ObjectHandle;

use super::{
    KeySelector, Pkcs11Error, Pkcs11Mechanism, Pkcs11Module, Pkcs11Token, TokenSelector,
    error::CallError,
    gate::lock,
    key::SigningKey,
    login::{Credentials, Occasion, log_in},
    module::{Access, TokenSession},
};
use crate::PublicKey;

/// A key, and all that is needed to find it.
#[derive(Debug)]
pub(super) struct Address {
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

impl Address {
    pub(super) fn connect(
        &self,
        occasion: Occasion,
    ) -> Result<(Connection, SigningKey, Pkcs11Token), Pkcs11Error> {
        let token = self.module.find_token(&self.token)?;
        let session = self.module.open_session(token.slot()?, Access::ReadOnly)?;
        let logged_in = log_in(&session, &token, &self.credentials, occasion)?;
        let key = SigningKey::find(&session, &self.key, logged_in)?;
        Ok((Connection { session, key: key.handle }, key, token))
    }
}

impl Connection {
    fn sign(&self, mechanism: Pkcs11Mechanism, prepared: &[u8]) -> Result<Vec<u8>, CallError> {
        self.session.call(|session| session.sign(&mechanism.to_cryptoki(), self.key, prepared))
    }
}

/// The one key of a signer, reached by many connections.
pub(super) struct Line {
    address: Address,
    public_key: PublicKey,
    mechanism: Pkcs11Mechanism,
    /// The failure of the last recovery, for those who waited while it was tried.
    recovery: Mutex<Option<Pkcs11Error>>,
    failed_recoveries: AtomicU64,
}

impl Line {
    pub(super) fn new(address: Address, public_key: PublicKey, mechanism: Pkcs11Mechanism) -> Self {
        Self {
            address,
            public_key,
            mechanism,
            recovery: Mutex::default(),
            failed_recoveries: AtomicU64::new(0),
        }
    }

    /// Signs what [`Pkcs11Mechanism::prepare`] made, by the connection that is there, or by a new one if there is none or
    /// if that fails, for whatever reason.
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
        // The lost session stays open until there is a new one: to close the last one would end the login of all.
        let recovered = self.recover()?;
        let signature = recovered.sign(self.mechanism, prepared);
        *connection = Some(recovered);
        Ok(signature?)
    }

    /// Finds the key again, one thread at a time. When that fails, all who waited fail with it, and do not queue up to
    /// try the same in vain.
    fn recover(&self) -> Result<Connection, Pkcs11Error> {
        let failed_before = self.failed_recoveries.load(Ordering::Acquire);
        let mut last_failure = lock(&self.recovery);
        if let Some(failure) = &*last_failure
            && self.failed_recoveries.load(Ordering::Acquire) != failed_before
        {
            return Err(failure.clone());
        }
        let generation = self.address.module.generation();
        let recovered = self.reconnect().or_else(|failure| {
            if !failure.is_transient() || failure.is_for_want_of_sessions() {
                return Err(failure);
            }
            self.address.module.restart(generation);
            self.reconnect()
        });
        recovered.inspect_err(|failure| {
            *last_failure = Some(failure.clone());
            self.failed_recoveries.fetch_add(1, Ordering::Release);
        })
    }

    fn reconnect(&self) -> Result<Connection, Pkcs11Error> {
        let connected = self.address.connect(Occasion::Again);
        let (connection, key, _) = connected.map_err(Pkcs11Error::of_something_lost)?;
        if key.public_key == self.public_key {
            Ok(connection)
        } else {
            Err(Pkcs11Error::KeyReplaced)
        }
    }
}
