//! Why an agent or a proxy does not start.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use ims::Report;
use ims_files::FileError;

/// Why an agent or a proxy does not start, sorted by what to do.
///
/// ```
/// use ims_agent::{Error, Listener};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = Listener::at_address("192.0.2.1:8790".parse()?, None).await.unwrap_err();
/// assert!(matches!(error, Error::NotLoopback(_)));
/// assert_eq!(error.to_string(), "192.0.2.1:8790 is not a loopback address");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Do what the report says: a context cannot be served, and the agent does not start unless it can serve all of its
    /// contexts.
    #[error("context {context}: {}", .report.message())]
    Credentials {
        /// The name of the context.
        context: String,
        /// Why it cannot be served.
        report: Report,
    },
    /// Name a context of the agent.
    #[error("the agent serves no context of this name")]
    UnknownContext,
    /// Do what its remedy says: a file or folder cannot be used.
    #[error("{0}")]
    File(FileError),
    /// Remove the file: this is not a capability, and a new one is made then.
    #[error("{} holds no capability of 32 visible ASCII characters or more", ims_files::shown(.0))]
    NoCapability(PathBuf),
    /// Try again: the system gave no random numbers for a capability.
    #[error("the system's random number generator failed")]
    NoRandomness,
    /// Listen at an address: this system has no Unix sockets that identify their callers.
    #[error("this system has no Unix sockets that identify their callers")]
    NoSockets,
    /// Choose an address that only this machine can reach, such as 127.0.0.1: a token is not for other machines.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Choose another place: the system does not let this process listen there.
    #[error("cannot listen at {place}: {error}")]
    Unusable {
        /// The address or the socket.
        place: String,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// Allow the host of the destination, or choose another: it may not have the token.
    #[error("{0} may not have the token")]
    NotAllowed(String),
    /// Look at what the HTTP library says: its client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}
