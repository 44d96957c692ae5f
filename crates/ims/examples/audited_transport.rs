//! A transport of your own: `cargo run -p ims --example audited_transport`.
//!
//! It wraps another one and writes down each request, for an audit. One over another HTTP library has the same form; the
//! example of the same name in `ims-exchange` is one over hyper. The emulator is here in place of IMS.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, time::Duration};

use ims::{
    Client, Credentials,
    exchange::{Request, ReqwestTransport, Response, Transport, TransportError},
};
use ims_emulator::Emulator;

/// Writes down what is asked of IMS. Bodies have secrets, so they are left out.
#[derive(Debug)]
struct Audited<T>(T);

impl<T: Transport> Transport for Audited<T> {
    /// A transport follows no redirect and sends nothing twice. `within` is for all of it, the whole answer included.
    async fn send(&self, request: Request, within: Duration) -> Result<Response, TransportError> {
        let asked = format!("{} {}", request.method(), path_of(request.url()));
        let answer = self.0.send(request, within).await;
        match &answer {
            Ok(response) => println!("{asked}: {}", response.status()),
            Err(error) => println!("{asked}: {error}"),
        }
        answer
    }
}

/// The URL without its host, whose port is another in each run here.
fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let credentials = Credentials::from_json(&emulator.credentials_json())?;

    let transport = Audited(ReqwestTransport::new(credentials.environment())?);
    let client = Client::builder(&credentials).with_transport(transport).build()?;
    let token = client.access_token().await?;
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    Ok(())
}
