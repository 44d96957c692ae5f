//! One program for many integrations, such as the customers of a service: `cargo run -p ims --example pool`.
//!
//! The emulator is here in place of IMS.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, num::NonZeroUsize};

use ims::{
    Client, Credential, Credentials, ServerToServerCredential, TokenError,
    exchange::ClientSecret,
    token::{KeeperPool, TokenKeeper},
};
use ims_emulator::{Emulator, Integration};

/// The keeper of one customer's token. It is built at the first call, and found at the later ones.
fn keeper(pool: &KeeperPool, credentials: &Credentials) -> Result<TokenKeeper, ims::Error> {
    Client::builder(credentials).build_in(pool)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut emulator = Emulator::builder();
    let mut customers = Vec::new();
    for name in ["north", "south", "west"] {
        let integration = Integration::new(
            name.parse()?,
            "CUSTOMER@AdobeOrg".parse()?,
            "CUSTOMER@techacct.adobe.com".parse()?,
        );
        emulator = emulator
            .with_integration(integration.with_client_secret("right").with_scopes(["openid"]));
        let secret = if name == "west" { "wrong" } else { "right" };
        customers.push((name, secret));
    }
    let emulator = emulator.start().await?;

    // A keeper that was not used for longest is dropped when there are more.
    let pool = KeeperPool::new(NonZeroUsize::new(1_000).ok_or("no keeper at all")?);
    for _ in 0..2 {
        for (name, secret) in &customers {
            let secret = ClientSecret::new((*secret).to_owned());
            let credential =
                ServerToServerCredential::new(name.parse()?, secret, ["openid".parse()?])?;
            let credential = Credential::ServerToServer(credential);
            let credentials = Credentials::new(emulator.url().parse()?, credential);
            match keeper(&pool, &credentials)?.token().await {
                Ok(token) => println!("{name}: {} s", token.lifetime().as_secs()),
                // The others are not delayed, and IMS is not asked again at once.
                Err(TokenError::Refused { .. }) => println!("{name}: a person must act"),
                Err(error) => println!("{name}: {error}"),
            }
        }
    }
    println!("{} requests for 6 calls", emulator.requests().len());
    Ok(())
}
