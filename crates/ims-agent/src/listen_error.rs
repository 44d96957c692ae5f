//! Why nothing can be listened at.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use ims_files::FileError;

/// Choose another place to listen at, or correct this one.
///
/// ```
/// use ims_agent::{ListenError, Listener};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = Listener::at_address("192.0.2.1:8790".parse()?, None).await.unwrap_err();
/// assert!(matches!(error, ListenError::NotLoopback(_)));
/// assert_eq!(error.to_string(), "192.0.2.1:8790 is no loopback address");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Do what its remedy says: the folder of the socket cannot be used, or the socket cannot be made.
    #[error("{0}")]
    File(FileError),
    /// Stop the other one, or choose another path: another process listens at this socket.
    #[error("another process listens at {}", ims_files::shown(.0))]
    InUse(PathBuf),
    /// Choose another path, or remove what is there: it is no socket.
    #[error("{} is there and is no socket", ims_files::shown(.0))]
    NotASocket(PathBuf),
    /// Choose an address of this machine alone, such as 127.0.0.1: a token is not for others.
    #[error("{0} is no loopback address")]
    NotLoopback(SocketAddr),
    /// Choose another address: the system does not let this process listen at it.
    #[error("cannot listen at {address}: {error}")]
    Address {
        /// The address.
        address: String,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// Listen at an address: this system has no Unix sockets that say who connects.
    #[error("this system has no Unix sockets that say who connects")]
    NoSockets,
}
