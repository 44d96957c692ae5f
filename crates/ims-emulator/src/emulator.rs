//! A running emulator: its address, its verdicts, and its end.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    fault::FaultRule, integration::Integration, server, service::Service, user::User,
    verdict::Verdict,
};

/// A local IMS, which runs until it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let emulator = ims_emulator::Emulator::start().await?;
/// println!("{}/ims/exchange/jwt", emulator.url());
/// # Ok::<(), ims_emulator::StartError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    service: Arc<Service>,
    end: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Emulator {
    /// How long open connections may take to end in [`Emulator::shutdown`].
    const GRACE: Duration = Duration::from_secs(1);

    pub(crate) fn new(listener: TcpListener, address: SocketAddr, service: Arc<Service>) -> Self {
        let (end, ended) = watch::channel(());
        let task = tokio::spawn(server::serve(listener, Arc::clone(&service), ended));
        Self { address, service, end, task }
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Registers `integration`, in place of one with the same client id.
    pub fn register(&self, integration: Integration) {
        self.service.register(integration);
    }

    /// The client ids of the integrations, in alphabetical order.
    #[must_use]
    pub fn client_ids(&self) -> Vec<String> {
        let mut client_ids = Vec::new();
        for registered in self.service.integrations() {
            client_ids.push(registered.integration.client_id().to_string());
        }
        client_ids.sort_unstable();
        client_ids
    }

    /// Adds a user who can sign in, in place of one with the same id.
    pub fn add_user(&self, user: User) {
        self.service.add_user(user);
    }

    /// The verdicts on the last 1024 requests, the oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Verdict>> {
        self.service.journal.last()
    }

    /// Injects a fault, after those that are injected already. The first one that selects a request applies.
    pub fn inject(&self, rule: FaultRule) {
        self.service.faults.add(rule);
    }

    /// Stops the injection of faults.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// Makes a new key and signs access tokens with it from now on. Former keys stay published, and their tokens valid.
    pub async fn rotate_token_key(&self) {
        self.service.rotate_token_key().await;
    }

    /// Puts its clock `seconds` ahead, or behind if negative, like an IMS whose clock differs from that of the client.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.service.clock.set_offset(seconds);
    }

    /// Stops the emulator. It accepts no new connection, and an open one is closed after its current answer, one second
    /// later at the latest.
    pub async fn shutdown(mut self) {
        self.service.end();
        self.end.send_replace(());
        if tokio::time::timeout(Self::GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The connections belong to this task and end with it.
        self.task.abort();
    }
}
