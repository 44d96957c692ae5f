//! A real Redis over TLS, whose certificate OpenSSL has made.
#![cfg(all(feature = "redis-tls", feature = "testing", unix))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use ims_token::{Clock, RedisStore, SealingKey, SystemClock, testing::check_store};
use tempfile::TempDir;

const URL: &str = "IMS_TOKEN_TEST_URL";

/// Makes a certificate for 127.0.0.1, and its key.
fn make_certificate(folder: &Path) {
    let config = "[req]\ndistinguished_name = dn\nx509_extensions = v3\n[dn]\n[v3]\n\
                  subjectAltName = IP:127.0.0.1\nbasicConstraints = critical, CA:FALSE\n";
    fs::write(folder.join("openssl.cnf"), config).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=redis"])
        .args(["-config", "openssl.cnf", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Starts a server that takes TLS alone, and waits until it answers.
fn serve(folder: &Path, port: u16) -> Child {
    let mut process = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--tls-auth-clients", "no"])
        .args(["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"])
        .args(["--tls-ca-cert-file", "cert.pem", "--tls-port"])
        .arg(port.to_string())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed");
    let mut log = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(log.any(|line| line.contains("eady to accept connections")));
    // The pipe must not be closed, since the server continues writing.
    std::thread::spawn(move || log.count());
    process
}

/// Uses the store at the URL that the environment names; does nothing if it runs as a test like the others.
#[test]
fn act() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = || RedisStore::new(&url, SealingKey::derive(b"secret")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(check_store(&store(), &store(), SystemClock.now()));
    writeln!(std::io::stdout(), "\nall is well").unwrap();
}

#[test]
fn redis_over_tls_passes_the_tests_for_every_store_only_if_its_certificate_is_trusted() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let other = TempDir::new().unwrap();
    make_certificate(other.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = serve(folder.path(), port);
    // The roots are read from the environment, so each of them needs a process.
    for (roots, is_trusted) in [(folder.path(), true), (other.path(), false)] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "act", "--nocapture"])
            .env(URL, format!("rediss://127.0.0.1:{port}"))
            .env("SSL_CERT_FILE", roots.join("cert.pem"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.contains("all is well"), is_trusted, "{said}");
        assert_eq!(output.status.success(), is_trusted, "{said}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
}
