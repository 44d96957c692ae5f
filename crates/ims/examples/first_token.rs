//! From a credentials file to an access token: the program of the README, with its `creds.json` in the folder above.
//!
//! The file may have any of the forms that [`Credentials::from_file`] reads. The token itself stays unprinted, since what a
//! terminal shows is soon in a log.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use ims::{Client, Credentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(&Credentials::from_file("../creds.json")?)?;
    let token = client.access_token().await?; // from IMS; later calls get it from memory
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    let headers = client.headers().await?; // Authorization, x-api-key, x-gw-ims-org-id
    println!("{} header fields for Adobe's APIs", headers.len());
    Ok(())
}
