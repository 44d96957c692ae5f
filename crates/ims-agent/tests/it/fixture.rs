//! An agent with its emulator, and clients that write HTTP without a library.

#[cfg(unix)]
use std::path::PathBuf;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use ims::{Client, ClientBuilder, Credentials, Report};
use ims_agent::{Agent, AllowedCallers, Capability, Event, Limits, Listener};
use ims_emulator::{Emulator, Fault, FaultRule};
use serde_json::Value;
use tempfile::TempDir;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

/// What an agent is tested with.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) emulator: Emulator,
    pub(crate) agent: Agent,
    #[cfg(unix)]
    pub(crate) socket: PathBuf,
    /// Windows has no sockets in the file system, so there the agent listens at an address.
    #[cfg(not(unix))]
    address: SocketAddr,
    /// Names and texts of what happened.
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    /// Dropped at the end.
    ending: watch::Sender<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answered {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn reason(&self) -> String {
        self.json()["error"]["reason"].as_str().unwrap().to_owned()
    }
}

impl Fixture {
    /// An agent with one context, which listens at a socket for its own user. On Windows it is at an address with a
    /// capability.
    pub(crate) async fn new() -> Self {
        Self::with(AllowedCallers::own_user(), |builder| builder).await
    }

    /// The same for other callers, with clients that `change` has changed.
    pub(crate) async fn with(
        callers: AllowedCallers,
        change: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        Self::of(Emulator::start().await.unwrap(), callers, change).await
    }

    /// An agent whose IMS has trouble from the beginning.
    pub(crate) async fn without_ims(retry_after: Option<Duration>) -> Self {
        let emulator = Emulator::start().await.unwrap();
        emulator.inject(FaultRule::new(Fault::Unavailable { retry_after }));
        Self::of(emulator, AllowedCallers::own_user(), |builder| builder).await
    }

    async fn of(
        emulator: Emulator,
        callers: AllowedCallers,
        change: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Others can reach the folder of the socket, and nothing else.
            std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        }
        let path = folder.path().join("credentials.json");
        ims_files::replace(&path, emulator.credentials_json().as_bytes()).unwrap();
        let events = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&events);
        let load = move |_: &str| {
            let credentials = Credentials::from_file(&path);
            let credentials = credentials.map_err(|error| Report::from(&error))?;
            Ok(change(Client::builder(&credentials)))
        };
        let observe = move |event: &Event| {
            seen.lock().unwrap().push(format!("{}: {event}", event.name()));
        };
        let agent = Agent::start(["default"], load, observe).await.unwrap();
        let (ending, _) = watch::channel(());
        #[cfg(unix)]
        let fixture = {
            let socket = folder.path().join("run").join("agent.sock");
            let listener = Listener::at_socket(&socket, callers).unwrap();
            let fixture = Self { folder, emulator, agent, socket, events, ending };
            fixture.serve(listener, Limits::default());
            fixture
        };
        #[cfg(not(unix))]
        let fixture = {
            assert_eq!(callers, AllowedCallers::own_user(), "at an address, users are not known");
            let address = ([127, 0, 0, 1], 0).into();
            let mut fixture = Self { folder, emulator, agent, address, events, ending };
            fixture.address = fixture.serve_at_address(Limits::default()).await;
            fixture
        };
        fixture
    }

    /// A connection to the agent.
    #[cfg(unix)]
    pub(crate) async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.socket).await.unwrap()
    }

    #[cfg(not(unix))]
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The fields that a request of such a connection needs: which machine is called, and at an address the capability.
    #[cfg_attr(unix, expect(clippy::unused_self, reason = "at an address, it has the capability"))]
    pub(crate) fn fields(&self) -> HeaderMap {
        let mut fields = HeaderMap::new();
        #[cfg(unix)]
        fields.insert("host", "ims".parse().unwrap());
        #[cfg(not(unix))]
        {
            fields.insert("host", self.address.to_string().parse().unwrap());
            let bearer = format!("Bearer {}", self.capability());
            fields.insert("authorization", bearer.parse().unwrap());
        }
        fields
    }

    /// Serves the agent at another listener until the end of the test.
    pub(crate) fn serve(&self, listener: Listener, limits: Limits) {
        let (agent, end) = (self.agent.clone(), self.end());
        tokio::spawn(async move { agent.serve(listener, limits, end).await });
    }

    /// Serves the agent at a loopback address, whose capability is in `capability`.
    pub(crate) async fn serve_at_address(&self, limits: Limits) -> SocketAddr {
        let path = self.folder.path().join("capability");
        let capability = Capability::read_or_create(&path).unwrap();
        let listener = Listener::at_address(([127, 0, 0, 1], 0).into(), Some(capability)).await;
        let listener = listener.unwrap();
        let address = listener.address().unwrap();
        self.serve(listener, limits);
        address
    }

    pub(crate) fn capability(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("capability")).unwrap()
    }

    /// What is done when the test ends.
    pub(crate) fn end(&self) -> impl Future<Output = ()> + use<> {
        let mut ended = self.ending.subscribe();
        async move { drop(ended.changed().await) }
    }

    /// Asks the agent.
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.ask(Request::get(path).body(Full::default()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answered {
        self.ask(Request::post(path).body(Full::from(body.to_owned())).unwrap()).await
    }

    async fn ask(&self, mut request: Request<Full<Bytes>>) -> Answered {
        request.headers_mut().extend(self.fields());
        let stream = TokioIo::new(self.connect().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        Answered { status: parts.status, headers: parts.headers, text }
    }

    /// The fingerprint of the token that is given out now.
    pub(crate) async fn token(&self) -> String {
        let answered = self.get("/v1/token").await;
        assert_eq!(answered.status, 200, "{answered:?}");
        answered.json()["fingerprint"].as_str().unwrap().to_owned()
    }

    /// How many tokens IMS was asked for.
    pub(crate) fn exchanges(&self) -> usize {
        let requests = self.emulator.requests();
        requests.iter().filter(|verdict| verdict.path.starts_with("/ims/token")).count()
    }

    /// Waits until something has happened whose name and text begin so.
    pub(crate) async fn happened(&self, start: &str) -> String {
        for _ in 0..1_000 {
            let found =
                self.events.lock().unwrap().iter().find(|it| it.starts_with(start)).cloned();
            if let Some(found) = found {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{start} did not happen: {:?}", self.events.lock().unwrap());
    }
}

/// Sends these bytes and returns what comes back until the other side closes, which it has to do soon.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // If the server closes before it has read everything, the connection ends with an error after the answer.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    assert!(closed.await.is_ok(), "the connection stays open after {request}");
    String::from_utf8_lossy(&answer).into_owned()
}
