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

/// A transport that gives the answers it was told, in order, and keeps what was asked. When none is left, it says that
/// time is up.
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
    /// If `status` is no HTTP status.
    #[must_use]
    pub fn answer(status: u16, body: &str) -> Response {
        let status = StatusCode::from_u16(status).expect("an HTTP status");
        Response::new(status, HeaderMap::new(), body.as_bytes().to_vec())
    }

    /// Takes what was asked so far, in order.
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
