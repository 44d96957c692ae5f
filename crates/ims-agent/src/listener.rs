//! Where callers connect: a Unix socket, or a loopback address.

use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc};

use http::HeaderName;
#[cfg(unix)]
use ims_files::SocketFile;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

use crate::{
    access::{AllowedCallers, Capability, RequestRules},
    error::Error,
};

/// Where an agent or a proxy is reached. Its `Display` is what a caller needs: the path of the socket, or a URL.
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
pub struct Listener {
    place: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        callers: AllowedCallers,
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
    /// ```
    /// use std::path::Path;
    ///
    /// use ims_agent::{AllowedCallers, Listener};
    ///
    /// fn listener() -> Result<Listener, ims_agent::Error> {
    ///     let callers = AllowedCallers::own_user().with_group(33); // the web server
    ///     Listener::at_socket(Path::new("/run/ims/agent.sock"), callers)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::File`], and [`Error::NoSockets`] on Windows. Links are not followed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn at_socket(path: &Path, callers: AllowedCallers) -> Result<Self, Error> {
        #[cfg(unix)]
        {
            let bound = if callers.are_others() {
                SocketFile::bind_for_everyone(path)
            } else {
                SocketFile::bind(path)
            };
            let (listener, file) = bound.map_err(Error::File)?;
            Self::of_unix(listener, callers, Some(file))
        }
        #[cfg(not(unix))]
        {
            let _ = (path, callers);
            Err(Error::NoSockets)
        }
    }

    /// Listens at the loopback `address`, port 0 for a free one. With a `capability` a caller has to show it; without one, every program
    /// of this machine may ask, whichever user has started it.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] and [`Error::Unusable`].
    pub async fn at_address(
        address: SocketAddr,
        capability: Option<Capability>,
    ) -> Result<Self, Error> {
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let listener = TcpListener::bind(address).await;
        Self::of_tcp(listener.map_err(|error| unusable(address, error))?, capability)
    }

    /// Listens at a Unix socket that the service manager has opened. The service manager has set its mode, which decides
    /// who can connect. `callers` decide who may ask.
    ///
    /// ```
    /// use std::os::unix::net::UnixListener;
    ///
    /// use ims_agent::{AllowedCallers, Listener};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let opened = UnixListener::bind(folder.path().join("agent.sock"))?;
    /// // `opened` comes from the service manager (LISTEN_FDS).
    /// let listener = Listener::from_unix(opened, AllowedCallers::own_user())?;
    /// assert!(!listener.is_open());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unusable`] if the system does not give it to this process.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[cfg(unix)]
    pub fn from_unix(
        listener: std::os::unix::net::UnixListener,
        callers: AllowedCallers,
    ) -> Result<Self, Error> {
        Self::of_unix(listener, callers, None)
    }

    #[cfg(unix)]
    fn of_unix(
        listener: std::os::unix::net::UnixListener,
        callers: AllowedCallers,
        file: Option<SocketFile>,
    ) -> Result<Self, Error> {
        let address = listener.local_addr().ok();
        let path = address.as_ref().and_then(std::os::unix::net::SocketAddr::as_pathname);
        let place = path.map_or_else(|| PASSED_ON.to_owned(), ims_files::shown);
        listener.set_nonblocking(true).map_err(|error| unusable(&place, error))?;
        let listener = UnixListener::from_std(listener).map_err(|error| unusable(&place, error))?;
        Ok(Self { place, kind: Kind::Unix { listener, callers, _file: file } })
    }

    /// The same with an address, which has to be a loopback address.
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// use ims_agent::Listener;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let opened = TcpListener::bind("127.0.0.1:0")?;
    /// let listener = Listener::from_tcp(opened, None)?;
    /// assert!(listener.is_open(), "without a capability, every program of this machine may ask");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`at_address`](Self::at_address).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn from_tcp(
        listener: std::net::TcpListener,
        capability: Option<Capability>,
    ) -> Result<Self, Error> {
        let listener =
            listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
        Self::of_tcp(listener.map_err(|error| unusable(PASSED_ON, error))?, capability)
    }

    fn of_tcp(listener: TcpListener, capability: Option<Capability>) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(|error| unusable(PASSED_ON, error))?;
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let place = format!("http://{address}");
        Ok(Self { place, kind: Kind::Tcp { listener, address, capability } })
    }

    /// The loopback address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.kind {
            #[cfg(unix)]
            Kind::Unix { .. } => None,
            Kind::Tcp { address, .. } => Some(*address),
        }
    }

    /// Whether every program of this machine may ask: at an address without a capability.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(&self.kind, Kind::Tcp { capability: None, .. })
    }

    pub(crate) fn rules(&self, field: HeaderName) -> RequestRules {
        match &self.kind {
            #[cfg(unix)]
            Kind::Unix { .. } => RequestRules { capability: None, hosts: Vec::new(), field },
            Kind::Tcp { address, capability, .. } => {
                let port = address.port();
                let local = format!("localhost:{port}");
                let hosts = vec![address.to_string(), local, format!("127.0.0.1:{port}")];
                RequestRules { capability: capability.clone(), hosts, field }
            }
        }
    }

    /// The next connection, and who it is if it may not ask.
    pub(crate) async fn accept(&self) -> io::Result<(Box<dyn Stream>, Option<String>)> {
        match &self.kind {
            #[cfg(unix)]
            Kind::Unix { listener, callers, .. } => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                if callers.allow(peer.uid(), peer.gid()) {
                    return Ok((Box::new(stream), None));
                }
                let process = peer.pid().map(|pid| format!(", process {pid}")).unwrap_or_default();
                let caller = format!("user {}, group {}{process}", peer.uid(), peer.gid());
                Ok((Box::new(stream), Some(caller)))
            }
            Kind::Tcp { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                // Answers are small and come one at a time, so waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), None))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// The name in messages for a socket without a name.
const PASSED_ON: &str = "the socket of the service manager";

fn unusable(place: impl fmt::Display, error: io::Error) -> Error {
    Error::Unusable { place: place.to_string(), error: Arc::new(error) }
}

/// A connection to a caller, over a Unix socket or TCP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
