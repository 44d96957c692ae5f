//! The emulator: its scenario, and its connections.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::LazyLock,
    time::Duration,
};

use ims_emulator::{Emulator, Scenario, TokenKey};
use ims_testkit::keys;
use tokio::runtime::Runtime;

pub(crate) fn scenario(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    for read in [Scenario::from_toml(text), Scenario::from_json(text)] {
        if let Err(error) = read {
            let _ = error.to_string();
        }
    }
}

/// Bytes on a connection. The emulator answers or ends the connection, and answers the next one.
pub(crate) fn http(input: &[u8]) {
    let address = ADDRESS.0;
    let mut connection = TcpStream::connect(address).expect("the emulator takes connections");
    connection.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("a duration that is not zero");
    // The emulator may have ended the connection before all is sent.
    let _ = connection.write_all(input).and_then(|()| connection.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match connection.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => {
            let is_late = matches!(error.kind(), std::io::ErrorKind::WouldBlock);
            assert!(!is_late, "the emulator neither answers nor ends the connection");
        }
    }
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "not an HTTP answer");
}

const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// One emulator for all inputs, in its own runtime.
static ADDRESS: LazyLock<(SocketAddr, Emulator, Runtime)> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
    let key = TokenKey::from_pkcs8_pem(keys::FIRST).expect("a test key");
    let start = Emulator::builder().with_token_key(key).start();
    let emulator = runtime.block_on(start).expect("an emulator on loopback");
    (emulator.address(), emulator, runtime)
});
