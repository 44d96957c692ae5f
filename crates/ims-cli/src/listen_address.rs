//! The addresses of `--listen` and `--port`, for every command that serves something.

use std::net::{Ipv4Addr, SocketAddr};

/// Reads the value of `--listen`. The only name that it accepts is localhost.
pub(crate) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return loopback(port).ok_or(NO_ADDRESS);
    }
    text.parse().map_err(|_| NO_ADDRESS)
}

/// Reads the value of `--port`, which is short for `--listen 127.0.0.1:PORT`.
pub(crate) fn port(text: &str) -> Result<SocketAddr, &'static str> {
    loopback(text).ok_or(NO_PORT)
}

fn loopback(port: &str) -> Option<SocketAddr> {
    let port = port.parse::<u16>().ok()?;
    Some((Ipv4Addr::LOCALHOST, port).into())
}

const NO_ADDRESS: &str =
    "an address has a port, such as 127.0.0.1:8080; for a port of this machine, use --port";

const NO_PORT: &str =
    "a port is a number from 0 to 65535, and 0 means a free one; for an address, use --listen";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port_and_a_port_is_one_of_this_machine() {
        #[rustfmt::skip]
        let table = [
            ("127.0.0.1:8080", Some("127.0.0.1:8080"), None),
            ("0.0.0.0:0",      Some("0.0.0.0:0"),      None),
            ("[::1]:8080",     Some("[::1]:8080"),     None),
            ("localhost:8080", Some("127.0.0.1:8080"), None),
            ("localhost:0",    Some("127.0.0.1:0"),    None),
            ("8080",           None,                   Some("127.0.0.1:8080")),
            ("0",              None,                   Some("127.0.0.1:0")),
            ("65535",          None,                   Some("127.0.0.1:65535")),
            ("65536",          None,                   None),
            ("-1",             None,                   None),
            (":8080",          None,                   None),
            ("127.0.0.1",      None,                   None),
            ("localhost",      None,                   None),
            ("localhost:http", None,                   None),
            ("example:8080",   None,                   None),
            ("",               None,                   None),
        ];
        for (text, as_address, as_port) in table {
            let as_address = as_address.map(|it| it.parse().unwrap());
            let as_port = as_port.map(|it| it.parse().unwrap());
            assert_eq!(address(text), as_address.ok_or(NO_ADDRESS), "--listen {text}");
            assert_eq!(port(text), as_port.ok_or(NO_PORT), "--port {text}");
        }
    }
}
