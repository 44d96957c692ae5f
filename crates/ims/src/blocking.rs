//! The client for programs without an asynchronous runtime.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use ims_credentials::Credentials;
use ims_exchange::AccessToken;
use ims_token::{TokenError, TokenKeeper};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{client::Client, client_builder::ClientBuilder, error::Error};

/// How long dropping the last clone waits for a refresh that is in progress.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(100);

/// A [`Client`] whose calls block. Cheap to clone; clones share the token and one background thread, on which refreshes run
/// whether or not someone waits for them.
///
/// Within an asynchronous runtime, which it would block, its calls panic: use [`Client`] there. It can be dropped anywhere.
///
/// ```no_run
/// use ims::{BlockingClient, Credentials};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = Credentials::from_file("credentials.json")?;
/// let client = BlockingClient::new(&credentials)?;
/// let token = client.access_token()?;
/// println!("token {} lasts until {}", token.fingerprint(), token.expires_at());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BlockingClient {
    client: Client,
    background: Arc<Background>,
}

/// The runtime of one thread. It is `None` only while it is being dropped.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl BlockingClient {
    /// A client with the defaults of [`ClientBuilder`].
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`], and [`Error::Thread`].
    pub fn new(credentials: &Credentials) -> Result<Self, Error> {
        Self::from_builder(Client::builder(credentials))
    }

    /// A client with the options of `builder`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims::{BlockingClient, Client, Credentials};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # fn client() -> Result<BlockingClient, Box<dyn std::error::Error>> {
    /// let credentials = Credentials::from_file("credentials.json")?;
    /// let builder = Client::builder(&credentials).with_deadline(Duration::from_secs(10));
    /// let client = BlockingClient::from_builder(builder)?;
    /// # Ok(client)
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`ClientBuilder::build`], and [`Error::Thread`].
    pub fn from_builder(builder: ClientBuilder) -> Result<Self, Error> {
        let client = builder.build()?;
        // One thread is enough: it refreshes, and callers wait on their own threads.
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("ims").enable_all().build();
        let runtime = runtime.map_err(|source| Error::Thread(Arc::new(source)))?;
        Ok(Self { client, background: Arc::new(Background(Some(runtime))) })
    }

    /// A token that can be used now: from memory while it is fresh, else from IMS.
    ///
    /// # Errors
    /// Those of [`Client::access_token`].
    pub fn access_token(&self) -> Result<AccessToken, TokenError> {
        match self.client.keeper().and_then(TokenKeeper::peek) {
            Some(token) => Ok(token.clone()),
            None => self.block_on(self.client.access_token()),
        }
    }

    /// The header fields that Adobe's APIs expect.
    ///
    /// # Errors
    /// Those of [`Client::access_token`].
    pub fn headers(&self) -> Result<HeaderMap, TokenError> {
        self.block_on(self.client.headers())
    }

    /// The client inside, for calls that do not block: [`report_rejected`](ims_token::TokenKeeper::report_rejected) of its
    /// keeper, and [`health`](Client::health).
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn block_on<T>(
        &self,
        call: impl Future<Output = Result<T, TokenError>>,
    ) -> Result<T, TokenError> {
        self.background.0.as_ref().ok_or(TokenError::NoRuntime)?.block_on(call)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            match Handle::try_current() {
                // Within another runtime no call may block, and tokio would panic.
                Ok(_) => runtime.shutdown_background(),
                Err(_) => runtime.shutdown_timeout(SHUTDOWN_GRACE),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::Environment;
    use ims_credentials::{Credential, ServerToServerCredential};
    use ims_exchange::{ClientSecret, testing::FakeTransport};

    fn client() -> BlockingClient {
        let credential = ServerToServerCredential::new(
            "client".parse().unwrap(),
            ClientSecret::new("secret".to_owned()),
            ["openid".parse().unwrap()],
        )
        .unwrap();
        let credentials =
            Credentials::new(Environment::production(), Credential::ServerToServer(credential));
        let answer = FakeTransport::answer(200, r#"{"access_token":"eyJ","expires_in":86399}"#);
        let builder =
            Client::builder(&credentials).with_transport(FakeTransport::new([Ok(answer)]));
        BlockingClient::from_builder(builder).unwrap()
    }

    #[test]
    fn a_program_without_a_runtime_gets_its_token() {
        let client = client();
        assert_eq!(client.access_token().unwrap().expose_secret(), "eyJ");
        let again =
            std::thread::scope(|scope| scope.spawn(|| client.access_token()).join()).unwrap();
        assert_eq!(again.unwrap().expose_secret(), "eyJ");
        assert_eq!(client.headers().unwrap()["x-api-key"], "client");
    }

    #[test]
    fn the_last_clone_can_be_dropped_within_another_runtime() {
        let client = client();
        client.access_token().unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { drop(client) });
    }
}
