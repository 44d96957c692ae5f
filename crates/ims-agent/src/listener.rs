//! Where callers connect: a Unix socket, or a loopback address.

#[cfg(unix)]
use std::path::PathBuf;
use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc};

use http::HeaderName;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

#[cfg(unix)]
use crate::socket_file::SocketFile;
use crate::{
    access::{AllowedCallers, Capability, RequestRules},
    listen_error::ListenError,
};

/// Where an agent or a proxy is reached.
///
/// ```
/// use ims_agent::{Capability, Listener};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let capability = Capability::read_or_create(&folder.path().join("capability"))?;
/// let listener = Listener::at_address("127.0.0.1:0".parse()?, Some(capability)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listener(Kind);

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        callers: AllowedCallers,
        path: PathBuf,
        _file: Option<SocketFile>,
    },
    Tcp {
        listener: TcpListener,
        address: SocketAddr,
        capability: Option<Capability>,
    },
}

impl Listener {
    /// Listens at the Unix socket at `path`, for `callers` alone.
    ///
    /// The socket and its folder are for this user alone (0600 in 0700), and the folder is made if it is not there. With other callers,
    /// every user can reach the socket (0666 in 0711), and the system says whose process it is. A socket that a killed process
    /// left there is replaced; a file next to it, `….lock`, is locked as long as this listens.
    ///
    /// # Errors
    /// [`ListenError`]. Links are not followed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[cfg(unix)]
    pub fn at_socket(path: &Path, callers: AllowedCallers) -> Result<Self, ListenError> {
        let (listener, file) = SocketFile::bind(path, callers.are_others())?;
        Self::from_unix(listener, callers, path.to_owned(), Some(file))
    }

    /// Fails: this system has no Unix sockets that say who connects.
    ///
    /// # Errors
    /// [`ListenError::NoSockets`].
    #[cfg(not(unix))]
    pub fn at_socket(_path: &Path, _callers: AllowedCallers) -> Result<Self, ListenError> {
        Err(ListenError::NoSockets)
    }

    /// Listens at the loopback `address`, port 0 for a free one. With a `capability` a caller has to show it; without one, every program
    /// of this machine may ask, whichever user has started it.
    ///
    /// # Errors
    /// [`ListenError::NotLoopback`] and [`ListenError::Address`].
    pub async fn at_address(
        address: SocketAddr,
        capability: Option<Capability>,
    ) -> Result<Self, ListenError> {
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback(address));
        }
        let listener = TcpListener::bind(address).await;
        Self::from_tcp(listener.map_err(|error| unusable(address, error))?, capability)
    }

    /// Listens at a socket that the service manager has opened (`LISTEN_FDS`). Who may open it, the service manager has said by its mode;
    /// who may ask, `callers` say here too.
    ///
    /// # Errors
    /// [`ListenError::Address`] if the system does not give it to this process.
    #[cfg(unix)]
    pub(crate) fn of_unix(
        listener: std::os::unix::net::UnixListener,
        callers: AllowedCallers,
    ) -> Result<Self, ListenError> {
        let path = listener.local_addr().ok();
        let path = path.and_then(|address| address.as_pathname().map(Path::to_owned));
        let path = path.unwrap_or_else(|| PathBuf::from("(a socket without a name)"));
        Self::from_unix(listener, callers, path, None)
    }

    /// The same with an address, which has to be a loopback address too.
    #[cfg(unix)]
    pub(crate) fn of_tcp(
        listener: std::net::TcpListener,
        capability: Option<Capability>,
    ) -> Result<Self, ListenError> {
        let unusable = |error| unusable("the socket of the service manager", error);
        listener.set_nonblocking(true).map_err(unusable)?;
        Self::from_tcp(TcpListener::from_std(listener).map_err(unusable)?, capability)
    }

    #[cfg(unix)]
    fn from_unix(
        listener: std::os::unix::net::UnixListener,
        callers: AllowedCallers,
        path: PathBuf,
        file: Option<SocketFile>,
    ) -> Result<Self, ListenError> {
        let listener = listener
            .set_nonblocking(true)
            .and_then(|()| UnixListener::from_std(listener))
            .map_err(|error| unusable(ims_files::shown(&path), error))?;
        Ok(Self(Kind::Unix { listener, callers, path, _file: file }))
    }

    fn from_tcp(
        listener: TcpListener,
        capability: Option<Capability>,
    ) -> Result<Self, ListenError> {
        let address = listener.local_addr();
        let address =
            address.map_err(|error| unusable("the socket of the service manager", error))?;
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback(address));
        }
        Ok(Self(Kind::Tcp { listener, address, capability }))
    }

    /// The loopback address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            #[cfg(unix)]
            Kind::Unix { .. } => None,
            Kind::Tcp { address, .. } => Some(*address),
        }
    }

    /// Whether every program of this machine may ask: at an address without a capability.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(&self.0, Kind::Tcp { capability: None, .. })
    }

    pub(crate) fn rules(&self, field: HeaderName) -> RequestRules {
        match &self.0 {
            #[cfg(unix)]
            Kind::Unix { .. } => RequestRules { capability: None, hosts: Vec::new(), field },
            Kind::Tcp { address, capability, .. } => {
                let port = address.port();
                let hosts = vec![
                    address.to_string(),
                    format!("localhost:{port}"),
                    format!("127.0.0.1:{port}"),
                ];
                RequestRules { capability: capability.clone(), hosts, field }
            }
        }
    }

    /// The next connection whose caller may ask, or who was refused.
    pub(crate) async fn accept(&mut self) -> io::Result<Connection> {
        match &self.0 {
            #[cfg(unix)]
            Kind::Unix { listener, callers, .. } => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                if callers.allow(peer.uid(), peer.gid()) {
                    return Ok(Connection::Accepted(Box::new(stream)));
                }
                let process = peer.pid().map(|pid| format!(", process {pid}")).unwrap_or_default();
                let caller = format!("user {}, group {}{process}", peer.uid(), peer.gid());
                let reason = "neither its user nor its group may ask";
                Ok(Connection::Refused { stream: Box::new(stream), caller, reason })
            }
            Kind::Tcp { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                // Answers are small and come one at a time, so waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                Ok(Connection::Accepted(Box::new(stream)))
            }
        }
    }
}

/// Where it listens, as a caller needs it: the path of the socket, or a URL.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            #[cfg(unix)]
            Kind::Unix { path, .. } => write!(f, "{}", ims_files::shown(path)),
            Kind::Tcp { address, .. } => write!(f, "http://{address}"),
        }
    }
}

fn unusable(address: impl fmt::Display, error: io::Error) -> ListenError {
    ListenError::Address { address: address.to_string(), error: Arc::new(error) }
}

/// A connection to a caller, over whatever it came.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Someone who has connected.
pub(crate) enum Connection {
    Accepted(Box<dyn Stream>),
    #[cfg_attr(
        not(unix),
        expect(dead_code, reason = "no caller over TCP is refused before it asks")
    )]
    Refused {
        stream: Box<dyn Stream>,
        caller: String,
        reason: &'static str,
    },
}
