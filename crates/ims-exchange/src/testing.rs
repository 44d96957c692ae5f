//! For tests: a transport whose answers the test sets.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use http::{HeaderMap, StatusCode};

use crate::{
    message::{Request, Response},
    transport::{Transport, TransportError},
};

/// A transport that gives the answers of the test, in order, and keeps the requests. When no answer is left, it fails with a
/// timeout.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::Environment;
/// use ims_exchange::{Call, PublishedKeys, Transport, testing::FakeTransport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = FakeTransport::new([Ok(FakeTransport::answer(200, r#"{"keys":[]}"#))]);
/// let request = PublishedKeys::new().request(&Environment::production());
/// let response = transport.send(request, Duration::from_secs(1)).await?;
/// assert_eq!((response.status().as_u16(), transport.take_requests().len()), (200, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct FakeTransport(Mutex<Script>);

#[derive(Default)]
struct Script {
    answers: VecDeque<Result<Response, TransportError>>,
    requests: Vec<Request>,
}

impl FakeTransport {
    /// Gives each of `answers` once.
    pub fn new(answers: impl IntoIterator<Item = Result<Response, TransportError>>) -> Self {
        Self(Mutex::new(Script { answers: answers.into_iter().collect(), requests: Vec::new() }))
    }

    /// An answer of `status` with a JSON `body`.
    ///
    /// # Panics
    /// If `status` is not an HTTP status.
    #[must_use]
    pub fn answer(status: u16, body: &str) -> Response {
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        Response::new(status, HeaderMap::new(), body.as_bytes().to_vec())
    }

    /// Takes the requests so far, in order.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.script().requests)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().expect("no test panics while it holds this lock")
    }
}

impl Transport for FakeTransport {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let mut script = self.script();
        script.requests.push(request);
        script.answers.pop_front().unwrap_or(Err(TransportError::Timeout { timeout }))
    }
}

impl fmt::Debug for FakeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeTransport")
    }
}
