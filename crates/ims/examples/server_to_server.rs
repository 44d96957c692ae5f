//! OAuth Server-to-Server without a file: the credential is put together in code.
//! `cargo run -p ims --example server_to_server`.
//!
//! The emulator is here in place of IMS, so that this runs anywhere.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::error::Error;

use ims::{
    Client, Credential, Credentials, ServerToServerCredential,
    claims::{ClientId, Environment},
    exchange::ClientSecret,
};
use ims_emulator::Emulator;
use secrecy::ExposeSecret;

/// `secret` comes from wherever you keep it. `Environment::production()` is Adobe's IMS.
fn client(
    environment: Environment,
    id: ClientId,
    secret: String,
) -> Result<Client, Box<dyn Error>> {
    let scopes = ["openid".parse()?, "AdobeID".parse()?];
    let credential = ServerToServerCredential::new(id, ClientSecret::new(secret), scopes)?
        .with_org("EMULATED@AdobeOrg".parse()?);
    let credentials = Credentials::new(environment, Credential::ServerToServer(credential));
    Ok(Client::new(&credentials)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let known = emulator.client_credentials();

    let secret = known.client_secret.expose_secret().to_owned();
    let client = client(emulator.url().parse()?, known.client_id, secret)?;
    let token = client.access_token().await?;
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    let headers = client.headers().await?; // Authorization, x-api-key, x-gw-ims-org-id
    println!("{} header fields for Adobe's APIs", headers.len());
    Ok(())
}
