//! A client of tower whose requests get a token: `cargo run -p ims --features tower --example tower_client`.
//!
//! The innermost service sends a request; here it is hyper's client of the crate hyper-util. The emulator is in place of
//! IMS, and its `/echo` in place of the API.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::error::Error;

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{client::legacy, rt::TokioExecutor};
use ims::{
    Client, Credentials,
    middleware::{AllowedHosts, TokenLayer},
};
use ims_emulator::Emulator;
use tower::{Service, ServiceBuilder, ServiceExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let emulator = Emulator::start().await?;
    let client = Client::new(&Credentials::from_json(&emulator.credentials_json())?)?;
    let keeper = client.keeper().ok_or("an API key alone has no token")?.clone();

    // Adobe's hosts are allowed by default. This one is on this machine.
    let layer = TokenLayer::new(keeper).with_hosts(AllowedHosts::none().with_loopback());
    let transport = legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    // From the outside to the inside: retries and redirects come first, then the token, then the transport.
    let mut api = ServiceBuilder::new().layer(layer).service(transport);

    let request = Request::get(format!("{}/echo", emulator.url())).body(Full::default())?;
    let answer = api.ready().await?.call(request).await?;
    println!("{}", answer.status());
    let body = answer.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&body));
    Ok(())
}
