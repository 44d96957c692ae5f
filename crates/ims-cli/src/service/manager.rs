//! systemd, or a service manager that does the same: sockets that it has opened (`LISTEN_FDS`), and the reports that it asks
//! for (`NOTIFY_SOCKET`). Without a service manager this does nothing.

use ims_agent::{AllowedCallers, Capability, Error, Listener};

/// The sockets that it has opened for this process. Must be called only once: no process that this one starts may use them,
/// too.
#[cfg(unix)]
pub(super) fn sockets(
    callers: &AllowedCallers,
    capability: Option<&Capability>,
) -> Result<Vec<Listener>, Error> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..passed.len() {
        // A socket that is not a Unix socket has an address.
        if let Ok(Some(unix)) = passed.take_unix_listener(index) {
            listeners.push(Listener::from_unix(unix, callers.clone())?);
        } else if let Ok(Some(tcp)) = passed.take_tcp_listener(index) {
            listeners.push(Listener::from_tcp(tcp, capability.cloned())?);
        }
    }
    Ok(listeners)
}

#[cfg(not(unix))]
pub(super) fn sockets(
    _callers: &AllowedCallers,
    _capability: Option<&Capability>,
) -> Result<Vec<Listener>, Error> {
    Ok(Vec::new())
}

/// Reports that the service answers now.
pub(super) fn ready() {
    notify("READY=1\nSTATUS=tokens are given");
}

/// Reports that credentials are being read again; [`ready`] ends that.
pub(super) fn reloading() {
    // `Type=notify-reload` asks for the time, to tell this report from those before the reload began.
    #[cfg(unix)]
    notify(&format!("RELOADING=1\nMONOTONIC_USEC={}", unix::monotonic_us()));
}

/// Reports that the service is ending.
pub(super) fn stopping() {
    notify("STOPPING=1");
}

/// Sends `state`, see `sd_notify(3)`. The service does not need a manager that listens.
fn notify(state: &str) {
    #[cfg(unix)]
    if let Some(socket) = std::env::var_os("NOTIFY_SOCKET") {
        let _ = unix::send(&socket, state);
    }
    #[cfg(not(unix))]
    let _ = state;
}

#[cfg(unix)]
mod unix {
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

    #[cfg(test)]
    mod tests {
        use super::*;

        fn sent(bind: &SocketAddr, socket: &OsStr) -> String {
            let manager = UnixDatagram::bind_addr(bind).unwrap();
            send(socket, "STOPPING=1").unwrap();
            let mut buffer = [0; 20];
            let length = manager.recv(&mut buffer).unwrap();
            std::str::from_utf8(&buffer[..length]).unwrap().to_owned()
        }

        #[test]
        fn the_manager_learns_it_at_a_path() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("notify");
            let address = SocketAddr::from_pathname(&path).unwrap();
            assert_eq!(sent(&address, path.as_os_str()), "STOPPING=1");
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_name_after_an_at_sign_is_not_in_the_file_system() {
            use std::os::linux::net::SocketAddrExt;

            let name = format!("ims-agent-test-{}", std::process::id());
            let address = SocketAddr::from_abstract_name(&name).unwrap();
            assert_eq!(sent(&address, OsStr::new(&format!("@{name}"))), "STOPPING=1");
        }
    }
}
