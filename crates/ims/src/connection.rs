//! How requests reach IMS: its address, the transport, the timeout and the clock.

use std::time::Duration;

use ims_claims::Environment;
#[cfg(feature = "reqwest")]
use ims_exchange::{CaCertificates, ReqwestTransport, VariableError};
use ims_exchange::{Call, ExchangeError, SharedTransport, Transport};
use ims_token::{Clock, SharedClock, SystemClock};

use crate::error::Error;

/// How long one request to IMS may take. Several of them fit into the deadline of a refresh
/// ([`DEADLINE`](ims_token::DEADLINE)).
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection to one IMS, for every [`Call`]. Cheap to clone; building one sends nothing and needs no runtime.
///
/// ```no_run
/// use ims::{Connection, claims::Environment, exchange::PublishedKeys};
///
/// # async fn keys() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = Connection::new(Environment::production())?;
/// let keys = connection.send(&PublishedKeys::new()).await?;
/// println!("{keys}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Connection {
    environment: Environment,
    transport: SharedTransport,
    timeout: Duration,
    clock: SharedClock,
}

impl Connection {
    /// A connection to the IMS of `environment` over reqwest.
    ///
    /// # Errors
    /// [`Error::Transport`] if the HTTP client cannot be set up, if `HTTPS_PROXY` or `ALL_PROXY` does not name a proxy, or if
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR` gives no certificate; [`Error::MissingFeature`] if the feature `reqwest` is off.
    pub fn new(environment: Environment) -> Result<Self, Error> {
        Self::of(environment, None, REQUEST_TIMEOUT, SharedClock::new(SystemClock))
    }

    /// A connection to the IMS of `environment` over your own transport.
    ///
    /// ```
    /// use ims::{Connection, claims::Environment, exchange::{PublishedKeys, testing::FakeTransport}};
    ///
    /// # async fn keys() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = FakeTransport::new([Ok(FakeTransport::answer(200, r#"{"keys":[]}"#))]);
    /// let connection = Connection::from_transport(Environment::production(), transport);
    /// let keys = connection.send(&PublishedKeys::new()).await?;
    /// # let _ = keys;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_transport(environment: Environment, transport: impl Transport + 'static) -> Self {
        Self {
            environment,
            transport: SharedTransport::new(transport),
            timeout: REQUEST_TIMEOUT,
            clock: SharedClock::new(SystemClock),
        }
    }

    /// A connection of parts that are shared already, over the transport of [`new`](Self::new) if none is given.
    pub(crate) fn of(
        environment: Environment,
        transport: Option<SharedTransport>,
        timeout: Duration,
        clock: SharedClock,
    ) -> Result<Self, Error> {
        let transport = match transport {
            Some(transport) => transport,
            None => default_transport(&environment)?,
        };
        Ok(Self { environment, transport, timeout, clock })
    }

    /// Gives one request `timeout` instead of [`REQUEST_TIMEOUT`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims::{Connection, claims::Environment, exchange::testing::FakeTransport};
    ///
    /// let connection = Connection::from_transport(Environment::production(), FakeTransport::default())
    ///     .with_timeout(Duration::from_secs(3));
    /// ```
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Uses `clock` instead of the system's.
    ///
    /// ```
    /// use ims::{Connection, claims::{Environment, NumericDate}, exchange::testing::FakeTransport};
    /// use ims::token::testing::FakeClock;
    ///
    /// let clock = FakeClock::new(NumericDate::from_secs(1_800_000_000));
    /// let connection = Connection::from_transport(Environment::production(), FakeTransport::default())
    ///     .with_clock(clock);
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: SharedClock::new(clock), ..self }
    }

    /// The IMS that is asked.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The transport, for other clients of the same IMS.
    #[must_use]
    pub fn transport(&self) -> &SharedTransport {
        &self.transport
    }

    /// The clock that is used.
    #[must_use]
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// Sends one call and reads the answer. Nothing is tried twice here: a retry needs a new call.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    pub async fn send<C: Call>(&self, call: &C) -> Result<C::Answer, ExchangeError> {
        let request = call.request(&self.environment);
        // Before the request, so that no lifetime seems longer than it is.
        let sent_at = self.clock.now();
        let response = self.transport.send(request, self.timeout).await?;
        call.answer(&response, sent_at)
    }
}

/// The CA certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name: see [`CaCertificates::from_variables`].
///
/// Such certificates are used instead of the system's, by every [`Connection`] that is built after.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// match ims::ca_certificates() {
///     Ok(Some(certificates)) => println!("{} of the environment", certificates.iter().count()),
///     Ok(None) => println!("those of the system"),
///     Err(error) => eprintln!("{error}; {}", error.hint().unwrap_or_default()),
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`VariableError`] if a variable is set and no certificate is found.
#[cfg(feature = "reqwest")]
pub fn ca_certificates() -> Result<Option<CaCertificates>, VariableError> {
    CaCertificates::from_variables(|name| std::env::var_os(name))
}

#[cfg(feature = "reqwest")]
fn default_transport(environment: &Environment) -> Result<SharedTransport, Error> {
    // The environment is read here and in ims-credentials, and in no layer below.
    let transport = ReqwestTransport::from_variables(environment, |name| std::env::var_os(name))?;
    Ok(SharedTransport::new(transport))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport(_environment: &Environment) -> Result<SharedTransport, Error> {
    Err(Error::MissingFeature { feature: "reqwest" })
}
