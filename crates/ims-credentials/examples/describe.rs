//! Says what a file of credentials is: `cargo run -p ims-credentials --example describe -- credentials.json`.

use std::{env, error::Error};

use ims_credentials::{Credential, Credentials};

#[expect(clippy::print_stdout, reason = "an example prints what it found")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("give the path of a file of credentials")?;
    let credentials = Credentials::from_file(path)?;
    println!("{} for {}", credentials.form(), credentials.environment());
    println!("client id: {}", credentials.client_id());
    match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            println!("technical account: {}", credential.account.technical_account_id());
            println!("keys: {}", credential.signing_keys.iter().count());
        }
        Credential::ServerToServer(credential) => {
            println!("scopes: {}", credential.scopes.len());
        }
        _ => println!("no token without a person, or none at all"),
    }
    for warning in credentials.warnings() {
        println!("warning: {warning}");
    }
    Ok(())
}
