//! From a credentials file to an access token: `cargo run -p ims --example first_token -- credentials.json`.
//!
//! The file may have any of the forms that [`Credentials::from_file`] reads. The token itself stays unprinted, since what a
//! terminal shows is soon in a log.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{env, error::Error};

use ims::{Client, Credentials};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("name the credentials file")?;
    let client = Client::new(&Credentials::from_file(path)?)?;
    let token = client.access_token().await?;
    println!("token {} lives for {} s", token.fingerprint(), token.lifetime().as_secs());
    Ok(())
}
