//! A program without an asynchronous runtime: `cargo run -p ims --features blocking --example blocking`.
//!
//! The emulator, which is in place of IMS, needs a runtime. The program needs none.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, thread};

use ims::{BlockingClient, Credentials};
use ims_emulator::Emulator;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let emulator = runtime.block_on(Emulator::start())?;

    let credentials = Credentials::from_json(&emulator.credentials_json())?;
    let client = BlockingClient::new(&credentials)?;
    // All threads share the token, and there is one request for all of them.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| client.access_token().map(drop));
        }
    });
    let token = client.access_token()?;
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    println!("{} request for 5 calls", emulator.requests().len());
    Ok(())
}
