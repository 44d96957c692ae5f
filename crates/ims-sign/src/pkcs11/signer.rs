//! The signer for a key in a token.

use std::{
    fmt,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ims_claims::{Algorithm, Signature};

use super::{
    connection::{Connection, KeyLocation, Worker},
    error::Pkcs11Error,
    key::KeySelector,
    login::{Credentials, FinalTry, LoginCause},
    mechanism::Pkcs11Mechanism,
    module::Pkcs11Module,
    pin::PinSource,
    pool::{Pool, spawn},
    token::TokenSelector,
    uri::Pkcs11Uri,
};
use crate::{error::SignError, public_key::PublicKey, signer::Signer};

/// Which key a [`Pkcs11Signer`] signs with, and how.
///
/// ```no_run
/// use std::time::Duration;
/// use ims_sign::pkcs11::{KeySelector, PinSource, Pkcs11Config, Pkcs11Signer, TokenSelector};
///
/// let module = "/usr/lib/softhsm/libsofthsm2.so";
/// let config = Pkcs11Config::new(module, TokenSelector::label("ims"), KeySelector::label("production"))
///     .with_pin(PinSource::File("/etc/ims/pin".into()))
///     .with_deadline(Duration::from_secs(3));
/// let signer = Pkcs11Signer::open(config)?;
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pkcs11Config {
    module_path: PathBuf,
    token: TokenSelector,
    key: KeySelector,
    pin: Option<PinSource>,
    pool_size: Option<NonZeroUsize>,
    deadline: Duration,
    mechanism: Option<Pkcs11Mechanism>,
    final_try: FinalTry,
}

impl Pkcs11Config {
    /// How long opening a signer, and each signature, may take: enough for a slow smart card with a queue before it.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

    /// A key in a token, by the module at `module_path`, which must be absolute.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    ///
    /// let token = TokenSelector::label("ims");
    /// let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", token, KeySelector::label("my-key"))
    ///     .with_deadline(Duration::from_secs(3));
    /// println!("{config:?}");
    /// ```
    #[must_use]
    pub fn new(module_path: impl Into<PathBuf>, token: TokenSelector, key: KeySelector) -> Self {
        Self {
            module_path: module_path.into(),
            token,
            key,
            pin: None,
            pool_size: None,
            deadline: Self::DEFAULT_DEADLINE,
            mechanism: None,
            final_try: FinalTry::Refused,
        }
    }

    /// Logs in with this PIN.
    ///
    /// ```
    /// use ims_sign::pkcs11::PinSource;
    /// # use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    /// # let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", TokenSelector::label("ims"), KeySelector::label("my-key"));
    ///
    /// let config = config.with_pin(PinSource::File("/etc/ims/pin".into()));
    /// ```
    #[must_use]
    pub fn with_pin(self, pin: PinSource) -> Self {
        Self { pin: Some(pin), ..self }
    }

    /// Opens up to `pool_size` sessions, each with its own thread, instead of one for each core. There are never
    /// more than the token allows.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// # use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    /// # let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", TokenSelector::label("ims"), KeySelector::label("my-key"));
    ///
    /// // The device has few sessions, and other programs need some.
    /// let config = config.with_pool_size(NonZeroUsize::MIN);
    /// ```
    #[must_use]
    pub fn with_pool_size(self, pool_size: NonZeroUsize) -> Self {
        Self { pool_size: Some(pool_size), ..self }
    }

    /// Answers within `deadline`, whatever the token does, instead of within [`Pkcs11Config::DEFAULT_DEADLINE`].
    ///
    /// ```
    /// use std::time::Duration;
    /// # use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    /// # let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", TokenSelector::label("ims"), KeySelector::label("my-key"));
    ///
    /// let config = config.with_deadline(Duration::from_secs(3));
    /// ```
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Uses `mechanism`, whatever the token says it has.
    ///
    /// ```
    /// use ims_sign::pkcs11::Pkcs11Mechanism;
    /// # use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    /// # let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", TokenSelector::label("ims"), KeySelector::label("my-key"));
    ///
    /// let config = config.with_mechanism(Pkcs11Mechanism::Sha256RsaPkcs);
    /// ```
    #[must_use]
    pub fn with_mechanism(self, mechanism: Pkcs11Mechanism) -> Self {
        Self { mechanism: Some(mechanism), ..self }
    }

    /// Tries the PIN even if the token would lock itself after one more wrong PIN (`CKF_USER_PIN_FINAL_TRY`).
    ///
    /// ```
    /// # use ims_sign::pkcs11::{KeySelector, Pkcs11Config, TokenSelector};
    /// # let config = Pkcs11Config::new("/usr/lib/softhsm/libsofthsm2.so", TokenSelector::label("ims"), KeySelector::label("my-key"));
    /// // Someone has looked, and the PIN is right.
    /// let config = config.with_final_try();
    /// ```
    #[must_use]
    pub fn with_final_try(self) -> Self {
        Self { final_try: FinalTry::Allowed, ..self }
    }
}

impl TryFrom<Pkcs11Uri> for Pkcs11Config {
    type Error = Pkcs11Error;

    /// # Errors
    /// [`Pkcs11Error::NoModulePath`] if the URI has no `module-path`.
    fn try_from(uri: Pkcs11Uri) -> Result<Self, Pkcs11Error> {
        let module_path = uri.module_path.ok_or(Pkcs11Error::NoModulePath)?;
        Ok(Self { pin: uri.pin, ..Self::new(module_path, uri.token, uri.key) })
    }
}

/// Signs RS256 with an RSA key in a token, which no one can read out of it.
///
/// Signatures are made by a pool of threads, each with its own session, so that neither a runtime nor a caller's thread
/// waits for the token. A session that is lost, for any reason, is replaced once and the signature tried again; if that
/// fails too, the error is transient, and the next signature starts from the beginning. A wrong PIN is tried once: the
/// process remembers it, and no signer tries it on this token again.
///
/// Dropping the signer waits until its threads have ended and its sessions are closed, at most until the deadline.
///
/// ```
/// use ims_claims::Signature;
/// use ims_sign::{Signer, pkcs11::Pkcs11Signer};
///
/// async fn sign(message: &[u8]) -> Result<Signature, Box<dyn std::error::Error>> {
///     let signer = Pkcs11Signer::from_uri(
///         "pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/ims/pin",
///     )?;
///     Ok(signer.sign(message).await?)
/// }
/// ```
pub struct Pkcs11Signer {
    module: Pkcs11Module,
    public_key: PublicKey,
    mechanism: Pkcs11Mechanism,
    /// `None` only while the signer is being dropped.
    pool: Option<Pool<Connection>>,
}

impl Pkcs11Signer {
    /// Opens the signer that a PKCS#11 URI names, with the defaults of [`Pkcs11Config`].
    ///
    /// The URI has a `module-path`, and a `pin-source` if the token requires a PIN. A `pin-value` is refused, since a URI in
    /// a program or on a command line can be read by others.
    ///
    /// ```no_run
    /// use ims_sign::pkcs11::Pkcs11Signer;
    ///
    /// let signer = Pkcs11Signer::from_uri(
    ///     "pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/ims/pin",
    /// )?;
    /// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Pkcs11Error::Uri`], [`Pkcs11Error::NoModulePath`], and those of [`Pkcs11Signer::open`].
    pub fn from_uri(uri: &str) -> Result<Self, Pkcs11Error> {
        let uri: Pkcs11Uri = uri.parse()?;
        Self::open(uri.try_into()?)
    }

    /// Loads the module, logs in to the token, finds the key and makes sure that it may sign. The calling thread waits
    /// for that, at most until the deadline.
    ///
    /// ```
    /// use ims_sign::pkcs11::{KeySelector, Pkcs11Config, Pkcs11Signer, TokenSelector};
    ///
    /// let module = "/usr/lib/no-such-module.so";
    /// let config = Pkcs11Config::new(module, TokenSelector::label("ims"), KeySelector::label("production"));
    /// let error = Pkcs11Signer::open(config).unwrap_err();
    /// println!("{error}");
    /// ```
    ///
    /// # Errors
    /// [`Pkcs11Error`].
    pub fn open(config: Pkcs11Config) -> Result<Self, Pkcs11Error> {
        let deadline = config.deadline;
        within(deadline, move || Self::open_in_time(config))
    }

    /// How the token is asked for a signature.
    #[must_use]
    pub fn mechanism(&self) -> Pkcs11Mechanism {
        self.mechanism
    }

    fn open_in_time(config: Pkcs11Config) -> Result<Self, Pkcs11Error> {
        let pin = config.pin.as_ref().map(PinSource::read).transpose()?;
        let module = Pkcs11Module::load(&config.module_path)?;
        let credentials = Credentials { pin, final_try: config.final_try };
        let location = KeyLocation {
            module: module.clone(),
            token: config.token,
            key: config.key,
            credentials,
        };
        let (connection, key, token) = location.connect(LoginCause::Opening)?;
        let mechanism = match config.mechanism {
            Some(mechanism) => mechanism,
            None => Pkcs11Mechanism::choose(&module, token.slot()?, &key)?,
        };
        let size = pool_size(config.pool_size, token.most_sessions());
        let worker = Worker::new(location, key.public_key.clone(), mechanism);
        let pool = Pool::start(size, config.deadline, connection, move |connection, prepared| {
            worker.sign(connection, prepared)
        });
        let pool = pool.map_err(Pkcs11Error::unavailable)?;
        Ok(Self { module, public_key: key.public_key, mechanism, pool: Some(pool) })
    }

    async fn sign_in_pool(&self, message: &[u8]) -> Result<Vec<u8>, Pkcs11Error> {
        self.module.expect_same_process()?;
        let pool = self.pool.as_ref().expect("the pool is there until the signer is dropped");
        pool.submit(self.mechanism.prepare(message)).await.map_err(Pkcs11Error::unavailable)?
    }
}

impl Signer for Pkcs11Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature::from_bytes(self.sign_in_pool(message).await?))
    }
}

impl Drop for Pkcs11Signer {
    fn drop(&mut self) {
        // After a fork, the threads are in the other process, and this one would wait for them forever.
        if self.module.expect_same_process().is_err() {
            std::mem::forget(self.pool.take());
        }
    }
}

impl fmt::Debug for Pkcs11Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Signer(RSA {})", self.public_key.modulus_bits())
    }
}

/// The wanted number of threads, by default one for each core, and at most one for each session that the token can have.
fn pool_size(wanted: Option<NonZeroUsize>, most_sessions: Option<u64>) -> usize {
    let size = match wanted {
        Some(wanted) => wanted.get(),
        None => thread::available_parallelism().map_or(1, NonZeroUsize::get),
    };
    let most = most_sessions.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    size.min(most).max(1)
}

/// Runs `task` in a new thread and waits for it until the deadline. After that the thread continues without us.
fn within<T: Send + 'static>(
    deadline: Duration,
    task: impl FnOnce() -> Result<T, Pkcs11Error> + Send + 'static,
) -> Result<T, Pkcs11Error> {
    let (sender, receiver) = mpsc::channel();
    // The caller may have stopped waiting.
    spawn(move || drop(sender.send(task()))).map_err(Pkcs11Error::unavailable)?;
    match receiver.recv_timeout(deadline) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Pkcs11Error::Stalled { deadline }),
        Err(error @ mpsc::RecvTimeoutError::Disconnected) => {
            Err(Pkcs11Error::Unavailable { source: Arc::new(error) })
        }
    }
}
