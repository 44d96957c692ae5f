//! A client of reqwest whose requests get a token: `cargo run -p ims --features middleware --example reqwest_middleware`.
//!
//! The emulator is here in place of IMS, and its `/echo` in place of the API.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::error::Error;

use ims::{
    Client, Credentials,
    middleware::{AllowedHosts, TokenMiddleware},
};
use ims_emulator::Emulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::new(&Credentials::from_json(&emulator.credentials_json())?)?;
    let keeper = client.keeper().ok_or("an API key alone has no token")?.clone();

    // For Adobe's APIs: TokenMiddleware::client(keeper, reqwest::Client::builder())?
    let hosts = AllowedHosts::none().with_loopback();
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let api = TokenMiddleware::client_for(keeper, hosts, builder)?;

    let answer = api.get(format!("{}/echo", emulator.url())).send().await?;
    println!("{}", answer.status());
    println!("{}", answer.text().await?);
    Ok(())
}
