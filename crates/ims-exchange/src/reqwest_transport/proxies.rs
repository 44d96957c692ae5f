//! The proxy on the way to IMS: the variable that names it, and its answer, which the HTTP library does not give.

use std::{ffi::OsString, sync::Arc, time::Duration};

use http::{HeaderValue, StatusCode, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::trust::Trust;
use crate::transport::VariableError;

/// The proxies of the environment, as reqwest reads them.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    matcher: Arc<Matcher>,
    /// The variable that names the proxy, for errors.
    variable: Option<String>,
    /// The authorities that a proxy is verified with, if it uses TLS itself.
    trust: Trust,
}

impl Proxies {
    /// Reads the same variables by the same code as reqwest.
    pub(super) fn from_environment(trust: Trust) -> Self {
        Self { matcher: Arc::new(Matcher::from_system()), variable: None, trust }
    }

    #[cfg(test)]
    pub(super) fn of(proxy: &str, trust: Trust) -> Self {
        let matcher = Arc::new(Matcher::builder().https(proxy).build());
        Self { matcher, variable: None, trust }
    }

    pub(super) fn with_variable(self, variable: String) -> Self {
        Self { variable: Some(variable), ..self }
    }

    /// The proxy that a request to `url` goes through.
    pub(super) fn on_the_way_to(&self, url: &Uri) -> Option<Proxy> {
        let intercept = self.matcher.intercept(url)?;
        let host = intercept.uri().host()?;
        let is_tls = intercept.uri().scheme_str() == Some("https");
        let port = intercept.uri().port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let name = match &self.variable {
            Some(variable) => format!("{host}:{port} ({variable})"),
            None => format!("{host}:{port}"),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Proxy { name, host, port, trust: is_tls.then(|| self.trust.clone()), intercept })
    }
}

/// One proxy. It has no `Debug`: it holds a password.
pub(super) struct Proxy {
    name: String,
    host: String,
    port: u16,
    /// The authorities that it is verified with, if it uses TLS itself.
    trust: Option<Trust>,
    intercept: Intercept,
}

/// What a proxy answers to `CONNECT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyAnswer {
    /// This status.
    Status(StatusCode),
    /// Something that is not HTTP.
    NotHttp,
    /// No answer in time, or the proxy could not be asked.
    Unknown,
}

impl Proxy {
    /// `HOST:PORT`, and the variable in brackets if it is known.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks the proxy again for a connection to `target`, for the status of its answer, and closes the connection.
    pub(super) async fn ask(&self, target: &Uri, within: Duration) -> ProxyAnswer {
        let Some(host) = target.host() else { return ProxyAnswer::Unknown };
        let port = target.port_u16().unwrap_or(443);
        let target = format!("{host}:{port}");
        let work = self.first_line_of_answer(&target);
        match timeout(within, work).await {
            Ok(Ok(line)) => read_status(&line),
            Ok(Err(_)) | Err(_) => ProxyAnswer::Unknown,
        }
    }

    async fn first_line_of_answer(&self, target: &str) -> std::io::Result<Vec<u8>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.trust {
            Some(trust) => {
                let stream = trust.connect(&self.host, stream).await?;
                self.first_line_over(stream, target).await
            }
            None => self.first_line_over(stream, target).await,
        }
    }

    async fn first_line_over(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        target: &str,
    ) -> std::io::Result<Vec<u8>> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(credentials) = self.intercept.basic_auth().map(HeaderValue::as_bytes) {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(credentials);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await?;
        let mut line = Vec::new();
        while line.len() < LONGEST_LINE && !line.ends_with(b"\n") {
            match stream.read_u8().await {
                Ok(byte) => line.push(byte),
                // An answer that ends within its first line is not HTTP, and an empty one counts as no answer.
                Err(_) if !line.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(line)
    }
}

/// The status of a status line (RFC 9112 §4).
fn read_status(line: &[u8]) -> ProxyAnswer {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = words.next().and_then(|status| status.parse::<StatusCode>().ok());
    match status {
        Some(status) if is_http => ProxyAnswer::Status(status),
        _ => ProxyAnswer::NotHttp,
    }
}

/// The variable that names the proxy, if one is named that the HTTP library looks at. `variable`
/// reads one of them.
///
/// The HTTP library ignores a value that it cannot read and goes to IMS directly. A proxy that the user has set must not be
/// bypassed, so such a value is an error here.
pub(super) fn variable_of_proxy(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<&'static str>, VariableError> {
    // In the order of the HTTP library, which uses the first of each pair that is set.
    for names in [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]] {
        let set = names.into_iter().find_map(|name| Some((name, variable(name)?)));
        let Some((name, value)) = set else { continue };
        if value.is_empty() {
            continue;
        }
        // The value is never repeated: it may hold a password.
        return match problem(&value) {
            Some(problem) => Err(VariableError::proxy(name).because(problem)),
            None => Ok(Some(name)),
        };
    }
    Ok(None)
}

/// What is wrong with a value that names no proxy.
fn problem(value: &OsString) -> Option<&'static str> {
    let Some(uri) = value.to_str().and_then(|text| text.parse::<Uri>().ok()) else {
        return Some("it is not a URL of the form http://HOST:PORT");
    };
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some("socks4" | "socks4a" | "socks5" | "socks5h") => {
            return Some("SOCKS is not supported, only http and https");
        }
        Some(_) => return Some("its scheme is neither http nor https"),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Some("it names no host");
    }
    // The HTTP library uses port 80 if the port is not a number of 16 bits.
    let after_user =
        uri.authority().map_or("", |all| all.as_str().rsplit('@').next().unwrap_or(""));
    let after_host = after_user.rsplit(']').next().unwrap_or_default();
    if uri.port_u16().is_none_or(|port| port == 0) && after_host.contains(':') {
        return Some("its port is not a number from 1 to 65535");
    }
    None
}

const LONGEST_LINE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line_of_http_alone() {
        let status = |code| ProxyAnswer::Status(StatusCode::from_u16(code).unwrap());
        #[rustfmt::skip]
        let table: [(&[u8], ProxyAnswer); 8] = [
            (b"HTTP/1.1 403 Forbidden\r\n",  status(403)),
            (b"HTTP/1.0 302 Found\r\n",      status(302)),
            (b"HTTP/1.1 599\r\n",            status(599)),
            (b"HTTP/1.1 503",                status(503)),
            (b"HTTP/1.1 99 x\r\n",           ProxyAnswer::NotHttp),
            (b"SSH-2.0-OpenSSH_9.2\r\n",     ProxyAnswer::NotHttp),
            (b"220 403 mail.example\r\n",    ProxyAnswer::NotHttp),
            (b"\x15\x03\x01\x00\x02\x02",    ProxyAnswer::NotHttp),
        ];
        for (line, answer) in table {
            assert_eq!(read_status(line), answer, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn nothing_shows_the_password_of_a_proxy() {
        let proxies = Proxies::of("http://user:canary@proxy.example:8080", Trust::System);
        let proxies = proxies.with_variable("HTTPS_PROXY".to_owned());
        let url = Uri::from_static("https://ims.example/ims/token/v3");
        let proxy = proxies.on_the_way_to(&url).unwrap();
        assert_eq!(proxy.name(), "proxy.example:8080 (HTTPS_PROXY)");
        assert!(!format!("{proxies:?}").contains("canary"), "{proxies:?}");
    }

    /// Variables, and which of them is wrong.
    type Row = (&'static [(&'static str, &'static str)], Option<&'static str>);

    #[test]
    fn a_proxy_that_was_asked_for_is_used_or_is_an_error() {
        #[rustfmt::skip]
        let table: [Row; 23] = [
            (&[],                                                                None),
            (&[("HTTPS_PROXY", "http://proxy.example:8080")],                    None),
            (&[("HTTPS_PROXY", "https://user:pw@proxy.example")],                None),
            (&[("https_proxy", "proxy.example:8080")],                           None),
            (&[("ALL_PROXY", "127.0.0.1:8080")],                                 None),
            (&[("HTTPS_PROXY", ""), ("ALL_PROXY", "")],                          None),
            (&[("HTTPS_PROXY", "http://a"), ("ALL_PROXY", "socks5://b")],        None),
            (&[("HTTP_PROXY", ":::")],                                           None),
            (&[("HTTPS_PROXY", ":::")],                                          Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://")],                                      Some("HTTPS_PROXY")),
            (&[("https_proxy", "ftp://h:1")],                                    Some("https_proxy")),
            (&[("ALL_PROXY", "foo://bar")],                                      Some("ALL_PROXY")),
            (&[("HTTPS_PROXY", "http://bad host")],                              Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "socks5://h:1080")],                              Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://[::1]:8080")],                            None),
            (&[("HTTPS_PROXY", "http://[::1]")],                                 None),
            (&[("HTTPS_PROXY", "http://h:99999")],                               Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://h:0x")],                                  Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://h:0")],                                   Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "http://u:p@h:")],                                Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "/proxy")],                                       Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", ":::"), ("ALL_PROXY", "http://a")],               Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", ""), ("all_proxy", "canary-password@")],          Some("all_proxy")),
        ];
        for (variables, wrong) in table {
            let variable = |name: &str| {
                let found = variables.iter().find(|(it, _)| *it == name);
                found.map(|(_, value)| OsString::from(value))
            };
            let checked = variable_of_proxy(variable);
            let named = checked.as_ref().err().map(VariableError::variable);
            assert_eq!(named, wrong, "{variables:?}");
            let said = format!("{checked:?}");
            assert!(!said.contains("canary"), "{said}");
        }
    }
}
