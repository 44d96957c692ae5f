//! systemd: sockets that it has opened, and what it wants to know.

use std::ffi::OsString;

use crate::{
    access::{AllowedCallers, Capability},
    listen_error::ListenError,
    listener::Listener,
};

/// The service manager that has started this process, if there is one.
///
/// It is systemd or one that does the same: it passes sockets on (`LISTEN_FDS`), and listens to what the service reports
/// (`NOTIFY_SOCKET`). Elsewhere nothing of this happens.
///
/// ```
/// use ims_agent::{AllowedCallers, ServiceManager};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = ServiceManager::from_environment();
/// let listeners = manager.sockets(&AllowedCallers::own_user(), None)?; // none without systemd
/// manager.ready(&format!("{} sockets", listeners.len()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ServiceManager {
    notify_socket: Option<OsString>,
}

impl ServiceManager {
    /// The one that the environment names.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { notify_socket: std::env::var_os("NOTIFY_SOCKET") }
    }

    /// The sockets that it has opened for this process. To be called once, before threads are started, because it takes the
    /// variables out of the environment so that no other process takes the sockets for its own.
    ///
    /// # Errors
    /// Those of [`Listener`].
    #[cfg(unix)]
    pub fn sockets(
        &self,
        callers: &AllowedCallers,
        capability: Option<&Capability>,
    ) -> Result<Vec<Listener>, ListenError> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..passed.len() {
            // What is no Unix socket is an address.
            if let Ok(Some(unix)) = passed.take_unix_listener(index) {
                listeners.push(Listener::of_unix(unix, callers.clone())?);
            } else if let Ok(Some(tcp)) = passed.take_tcp_listener(index) {
                listeners.push(Listener::of_tcp(tcp, capability.cloned())?);
            }
        }
        Ok(listeners)
    }

    /// No sockets: this system has no such service manager.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn sockets(
        &self,
        _callers: &AllowedCallers,
        _capability: Option<&Capability>,
    ) -> Result<Vec<Listener>, ListenError> {
        Ok(Vec::new())
    }

    /// Reports that the service answers now.
    pub fn ready(&self, status: &str) {
        self.notify(&format!("READY=1\nSTATUS={status}"));
    }

    /// Reports that credentials are being read again; [`ready`](Self::ready) ends that.
    pub fn reloading(&self) {
        // `Type=notify-reload` asks for the time, to tell this report from those before the reload began.
        #[cfg(unix)]
        self.notify(&format!("RELOADING=1\nMONOTONIC_USEC={}", notify::monotonic_us()));
    }

    /// Reports that the service is ending.
    pub fn stopping(&self) {
        self.notify("STOPPING=1");
    }

    /// Sends `state`, see `sd_notify(3)`. A manager that does not listen misses nothing that the service needs.
    fn notify(&self, state: &str) {
        #[cfg(unix)]
        if let Some(socket) = &self.notify_socket {
            let _ = notify::send(socket, state);
        }
        #[cfg(not(unix))]
        let _ = (&self.notify_socket, state);
    }
}

#[cfg(unix)]
mod notify {
    use std::{
        ffi::OsStr,
        io,
        os::unix::net::{SocketAddr, UnixDatagram},
    };

    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn monotonic_us() -> i64 {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000)
    }

    pub(super) fn send(socket: &OsStr, state: &str) -> io::Result<()> {
        let address = address(socket)?;
        UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
    }

    /// A path, or after an `@` a name that is not in the file system.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn address(socket: &OsStr) -> io::Result<SocketAddr> {
        use std::os::{linux::net::SocketAddrExt, unix::ffi::OsStrExt};

        match socket.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
            _ => SocketAddr::from_pathname(socket),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn address(socket: &OsStr) -> io::Result<SocketAddr> {
        SocketAddr::from_pathname(socket)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_manager_learns_that_the_service_is_ready_reloads_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager_side = UnixDatagram::bind(&path).unwrap();
        let manager = ServiceManager { notify_socket: Some(path.into()) };
        manager.ready("two contexts");
        manager.reloading();
        manager.stopping();
        for expected in
            ["READY=1\nSTATUS=two contexts", "RELOADING=1\nMONOTONIC_USEC=", "STOPPING=1"]
        {
            let mut buffer = [0; 200];
            let length = manager_side.recv(&mut buffer).unwrap();
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            assert_eq!(
                text.trim_end_matches(|c: char| c.is_ascii_digit() && expected.ends_with('=')),
                expected
            );
        }
        ServiceManager { notify_socket: None }.ready("no one listens");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_after_an_at_sign_is_not_in_the_file_system() {
        use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};

        let name = format!("ims-agent-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager_side = UnixDatagram::bind_addr(&address).unwrap();
        ServiceManager { notify_socket: Some(format!("@{name}").into()) }.stopping();
        let mut buffer = [0; 20];
        assert_eq!(manager_side.recv(&mut buffer).unwrap(), "STOPPING=1".len());
    }
}
