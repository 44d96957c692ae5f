//! How an emulator is set up before it starts.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use ims_claims::Environment;
use tokio::net::TcpListener;

use crate::{
    certificate_authority::{CertificateAuthority, CertificateAuthorityError},
    clock::Clock,
    emulator::Emulator,
    fault::FaultRule,
    host::AllowedHosts,
    integration::Integration,
    limits::Limits,
    ready_made,
    scenario::{Scenario, ScenarioError},
    service::{Rules, Service},
    tls::Tls,
    token_key::TokenKey,
    user::User,
    verdict::{Journal, Observer, Verdict},
};

/// An emulator that has not started yet. By default it is strict, listens on a free port of 127.0.0.1, replaces Adobe's
/// production, and has no integration.
///
/// ```
/// use ims_emulator::{Emulator, Fault, FaultRule, Integration, User};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?);
/// let emulator = Emulator::builder()
///     .with_integration(integration.with_client_secret("my-secret").with_scopes(["openid"]))
///     .with_user(User::new("ADA@AdobeID").with_email("ada@example.com"))
///     .with_fault(FaultRule::new(Fault::TooManyRequests { retry_after: None }).every(3))
///     .with_observer(|verdict| println!("{verdict}"))
///     .start()
///     .await?;
/// println!("IMS is at {}", emulator.url());
/// emulator.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct EmulatorBuilder {
    address: SocketAddr,
    is_exposed: bool,
    hosts: Vec<String>,
    integrations: Vec<Integration>,
    users: Vec<User>,
    token_key: Option<TokenKey>,
    rules: Rules,
    clock: Clock,
    limits: Limits,
    observers: Vec<Observer>,
    faults: Vec<FaultRule>,
    authority: Option<CertificateAuthority>,
    state_file: Option<PathBuf>,
}

/// The emulator could not start.
///
/// ```
/// use ims_emulator::{Emulator, StartError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Reached from the network only if you say so.
/// let error = Emulator::builder().with_address("0.0.0.0:0".parse()?).start().await.unwrap_err();
/// assert!(matches!(error, StartError::NotLoopback));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Give a loopback address, or call
    /// [`EmulatorBuilder::exposed_to_the_network`](crate::EmulatorBuilder::exposed_to_the_network).
    #[error(
        "the address is not a loopback one, and the emulator may not be exposed to the network"
    )]
    NotLoopback,
    /// Make a new certificate authority.
    #[error("cannot use the certificate authority")]
    Tls(#[source] CertificateAuthorityError),
    /// Correct the state file, or delete it.
    #[error("cannot use the state file")]
    State(#[source] ScenarioError),
    /// Give an address and port of this machine that are free.
    #[error("cannot listen at {0}")]
    Listen(SocketAddr, #[source] io::Error),
}

impl Emulator {
    /// Starts a strict emulator on a free port of 127.0.0.1, in the current Tokio runtime, with one integration that is
    /// ready to be used: see [`Emulator::client_credentials`] and [`Emulator::credentials_json`].
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().with_integration(ready_made::integration()).start().await
    }

    /// Sets up an emulator.
    #[must_use]
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }
}

impl EmulatorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            is_exposed: false,
            hosts: Vec::new(),
            integrations: Vec::new(),
            users: Vec::new(),
            token_key: None,
            rules: Rules::default(),
            clock: Clock::system(),
            limits: Limits::default(),
            observers: Vec::new(),
            faults: Vec::new(),
            authority: None,
            state_file: None,
        }
    }

    /// Listens on `address`; port 0 means a free one.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().with_address("[::1]:0".parse()?);
    /// # let _ = emulator;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_address(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Allows another address than a loopback one, so that everyone in the network can reach the emulator.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// // In a container, where others reach it by the container's address.
    /// let emulator = Emulator::builder().with_address(([0, 0, 0, 0], 8080).into()).exposed_to_the_network();
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn exposed_to_the_network(self) -> Self {
        Self { is_exposed: true, ..self }
    }

    /// Answers requests for the host `name` too, such as the name of a container.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().with_host("ims-emulator");
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// Registers an integration. It replaces an earlier one with the same client id.
    ///
    /// ```
    /// use ims_emulator::{Emulator, Integration};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let integration = Integration::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?)
    ///     .with_client_secret("my-secret")
    ///     .with_scopes(["openid"]);
    /// let emulator = Emulator::builder().with_integration(integration).start().await?;
    /// assert_eq!(emulator.client_ids(), ["my-client"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_integration(mut self, integration: Integration) -> Self {
        self.integrations.push(integration);
        self
    }

    /// Adds a user who can sign in; without any there is one, [`User::EMULATED_ID`].
    ///
    /// ```
    /// use ims_emulator::{Emulator, User};
    ///
    /// let ada = User::new("ADA@AdobeID").with_email("ada@example.com").with_first_name("Ada").with_last_name("Lovelace");
    /// let emulator = Emulator::builder().with_user(ada);
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Adds the settings of `scenario`, which replace those that were set before.
    ///
    /// ```
    /// use ims_emulator::{Emulator, Scenario};
    ///
    /// // From a file: `Scenario::read`.
    /// let scenario = Scenario::from_toml("answers_as_observed = true")?;
    /// let emulator = Emulator::builder().with_scenario(scenario);
    /// # let _ = emulator;
    /// # Ok::<(), ims_emulator::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn with_scenario(mut self, scenario: Scenario) -> Self {
        let environment = scenario.environment.unwrap_or(self.rules.environment);
        let Scenario { answers_as_observed, takes_millisecond_exp, .. } = scenario;
        // A switch that is on already, such as by an option of a command, stays on.
        self.rules.environment = environment;
        self.rules.answers_as_observed |= answers_as_observed;
        self.rules.takes_millisecond_exp |= takes_millisecond_exp;
        self.clock.set_offset(scenario.clock_offset_seconds);
        self.hosts.extend(scenario.hosts);
        self.integrations.extend(scenario.integrations);
        self.users.extend(scenario.users);
        self.faults.extend(scenario.faults);
        self
    }

    /// Signs access tokens with `token_key`. Otherwise a new key is made at the first request that needs one.
    ///
    /// ```
    /// use ims_emulator::{Emulator, TokenKey};
    /// # let pem = ims_testkit::keys::FIRST;
    ///
    /// // Its tokens stay valid when the emulator is started again.
    /// let emulator = Emulator::builder().with_token_key(TokenKey::from_pkcs8_pem(pem)?);
    /// # let _ = emulator;
    /// # Ok::<(), ims_emulator::TokenKeyError>(())
    /// ```
    #[must_use]
    pub fn with_token_key(self, token_key: TokenKey) -> Self {
        Self { token_key: Some(token_key), ..self }
    }

    /// Replaces another IMS than production: its base URL is accepted in `aud` and metascopes, next to the emulator's.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().with_environment(Environment::stage());
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.rules.environment = environment;
        self
    }

    /// Answers `400 invalid_token` to a signature that matches no certificate, as IMS was seen to do
    /// (AdobeDocs/adobeio-auth#67), instead of `400 invalid_signature`, the default, which Adobe documents.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().answering_as_observed();
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn answering_as_observed(mut self) -> Self {
        self.rules.answers_as_observed = true;
        self
    }

    /// Accepts an `exp` in milliseconds, as IMS did for Adobe's PDF Services SDK for Python 2.3.1.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().taking_millisecond_exp();
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn taking_millisecond_exp(mut self) -> Self {
        self.rules.takes_millisecond_exp = true;
        self
    }

    /// Reads the time from `clock` and not from the machine.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use ims_emulator::Emulator;
    ///
    /// // Always the same time.
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    /// let emulator = Emulator::builder().with_clock(move || now);
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Clock::new(clock), ..self }
    }

    /// Sets the limits for each client.
    ///
    /// ```
    /// use ims_emulator::{Emulator, Limits};
    ///
    /// let mut limits = Limits::default();
    /// limits.body_bytes = 16 * 1024;
    /// let emulator = Emulator::builder().with_limits(limits);
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Calls `observer` with every verdict, before the answer is sent and in the task that sends it: send slow work through
    /// a channel.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// let (sender, verdicts) = std::sync::mpsc::channel();
    /// let emulator = Emulator::builder().with_observer(move |verdict| {
    ///     let _ = sender.send(verdict.to_string());
    /// });
    /// # let _ = (emulator, verdicts);
    /// ```
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(&Verdict) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Injects faults from the start.
    ///
    /// ```
    /// use ims_emulator::{Emulator, Fault, FaultRule};
    ///
    /// // The first request fails.
    /// let emulator = Emulator::builder().with_fault(FaultRule::new(Fault::InternalError).times(1));
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_fault(mut self, rule: FaultRule) -> Self {
        self.faults.push(rule);
        self
    }

    /// Also serves HTTPS on the same port, with certificates of `authority`, and is a CONNECT proxy there: a client that
    /// only sends to `https://ims-na1.adobelogin.com` reaches it with `HTTPS_PROXY`.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use ims_emulator::{CertificateAuthority, Emulator};
    ///
    /// let authority = CertificateAuthority::generate(SystemTime::now())?;
    /// let emulator = Emulator::builder().with_certificate_authority(authority);
    /// # let _ = emulator;
    /// # Ok::<(), ims_emulator::CertificateAuthorityError>(())
    /// ```
    #[must_use]
    pub fn with_certificate_authority(self, authority: CertificateAuthority) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Saves the integrations in a file when the admin API or the web page has changed them, and starts with those that are
    /// in it. The file is a scenario with secrets in it, 0600 where there are modes, and it is complete at every moment.
    ///
    /// ```
    /// use ims_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().with_state_file("integrations.json");
    /// # let _ = emulator;
    /// ```
    #[must_use]
    pub fn with_state_file(self, path: impl Into<PathBuf>) -> Self {
        Self { state_file: Some(path.into()), ..self }
    }

    /// Starts the emulator on the current Tokio runtime, whose network and time drivers must be on. When this returns,
    /// it answers.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(self) -> Result<Emulator, StartError> {
        if !self.address.ip().is_loopback() && !self.is_exposed {
            return Err(StartError::NotLoopback);
        }
        let unable = |error| StartError::Listen(self.address, error);
        let listener = TcpListener::bind(self.address).await.map_err(unable)?;
        let address = listener.local_addr().map_err(unable)?;
        let hosts = AllowedHosts(self.hosts);
        let journal = Journal::new(self.observers);
        let mut service = Service::new(self.rules, hosts, self.clock, journal, self.limits);
        if let Some(authority) = self.authority {
            service.ca_pem = Some(authority.certificate_pem().to_owned());
            let config = authority.server_config().map_err(StartError::Tls)?;
            service.tls = Some(Tls::new(config));
        }
        if let Some(token_key) = self.token_key {
            service.set_token_key(token_key);
        }
        for integration in self.integrations {
            service.register(integration);
        }
        for user in self.users {
            service.add_user(user);
        }
        if let Some(path) = self.state_file {
            if path.exists() {
                let state = Scenario::read(&path).map_err(StartError::State)?;
                for integration in state.integrations {
                    service.register(integration);
                }
                for user in state.users {
                    service.add_user(user);
                }
            }
            service.state_file = Some(Mutex::new(path));
        }
        for rule in self.faults {
            service.faults.add(rule);
        }
        Ok(Emulator::new(listener, address, Arc::new(service)))
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("address", &self.address)
            .field("integrations", &self.integrations)
            .finish_non_exhaustive()
    }
}
