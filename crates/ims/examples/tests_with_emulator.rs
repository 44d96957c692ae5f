//! Tests with the emulator: the code of a service, and what its tests check. `cargo test -p ims --example tests_with_emulator`.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::error::Error;

use http::{HeaderMap, HeaderValue, header::ACCEPT};
use ims::{Client, Credentials, TokenError};
use ims_emulator::{Emulator, Endpoint, Fault, FaultRule};

/// The code that is tested: the header fields of each call of the service.
async fn header_fields(client: &Client) -> Result<HeaderMap, TokenError> {
    let mut fields = client.headers().await?;
    fields.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(fields)
}

/// An emulator and a client for it. Each test has its own, so that tests can run at the same time.
async fn emulated() -> Result<(Emulator, Client), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let credentials = Credentials::from_json(&emulator.credentials_json())?;
    Ok((emulator, Client::new(&credentials)?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (emulator, client) = emulated().await?;
    let fields = header_fields(&client).await?;
    println!("{} header fields, {} request", fields.len(), emulator.requests().len());

    let (emulator, client) = emulated().await?;
    emulator.inject(FaultRule::new(Fault::Unavailable { retry_after: None }).at(Endpoint::Token));
    let error = client.access_token().await.err().ok_or("IMS is not available")?;
    println!("{error}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::AUTHORIZATION;
    use ims::exchange::{Reason, Refusal};

    #[tokio::test]
    async fn many_calls_need_one_token() {
        let (emulator, client) = emulated().await.unwrap();
        for _ in 0..100 {
            let fields = header_fields(&client).await.unwrap();
            assert!(fields.contains_key(AUTHORIZATION));
        }
        assert_eq!(emulator.requests().len(), 1);
    }

    #[tokio::test]
    async fn an_outage_is_reported_as_one_that_ends() {
        let (emulator, client) = emulated().await.unwrap();
        emulator.inject(FaultRule::new(Fault::Unavailable { retry_after: None }).times(1));
        let error = header_fields(&client).await.unwrap_err();
        assert_eq!(error.refusal().map(Refusal::reason), Some(Reason::TemporaryFailure));
        assert!(error.retry_after().is_some());
    }

    #[tokio::test]
    async fn the_emulator_says_why_it_refuses() {
        let emulator = Emulator::start().await.unwrap();
        let wrong = emulator.credentials_json().replace("emulated-client-secret", "another");
        let client = Client::new(&Credentials::from_json(&wrong).unwrap()).unwrap();
        header_fields(&client).await.unwrap_err();
        let verdict = emulator.requests().pop().unwrap();
        assert!(verdict.to_string().contains("client_secret is right"), "{verdict}");
    }
}
