//! A service account (JWT) without a file: a key and a certificate are made, and the credential is put together in code.
//! `cargo run -p ims --features generate --example service_account`.
//!
//! The emulator is here in place of IMS. For Adobe's, a person uploads the certificate.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, time::SystemTime};

use ims::{
    Client, Credential, Credentials, KeyPair, ServiceAccountCredential, SigningKey,
    cert::{Certificate, GeneratedKey, KeySize, Validity},
    claims::{Environment, Metascope, ServiceAccount},
    exchange::ClientSecret,
};
use ims_emulator::{Emulator, Integration};

/// `private_key` is PEM or DER, as it is in its file.
fn credentials(
    environment: Environment,
    account: ServiceAccount,
    private_key: &[u8],
    certificate: &Certificate,
) -> Result<Credentials, Box<dyn Error>> {
    let key = KeyPair {
        signing_key: SigningKey::File { contents: private_key.to_vec().into(), passphrase: None },
        // With it, the client says when the certificate expires, and why IMS may not match it.
        certificate: Some(certificate.to_pem().into_bytes()),
    };
    let secret = ClientSecret::new("my-secret".to_owned());
    let credential = ServiceAccountCredential::new(account, secret, key)?;
    Ok(Credentials::new(environment, Credential::ServiceAccount(credential)))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = GeneratedKey::generate(KeySize::Rsa2048)?;
    let validity = Validity::from_days(SystemTime::now().into(), 365)?;
    let certificate = Certificate::self_signed(&"/CN=my-service".parse()?, validity, &key).await?;

    let account = ServiceAccount::new(
        "my-client".parse()?,
        "MY@AdobeOrg".parse()?,
        "MY@techacct.adobe.com".parse()?,
        vec![Metascope::ENT_DATASERVICES_SDK],
    )?;
    let uploaded = ims_emulator::Certificate::read_all(certificate.to_pem().as_bytes())?;
    let integration =
        Integration::from(&account).with_client_secret("my-secret").with_certificates(uploaded);
    let emulator = Emulator::builder().with_integration(integration).start().await?;

    let private_key = key.to_pem();
    let private_key = private_key.expose_secret().as_bytes();
    let credentials = credentials(emulator.url().parse()?, account, private_key, &certificate)?;
    let client = Client::new(&credentials)?;
    let token = client.access_token().await?;
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    let health = client.health().ok_or("this credential has a token")?;
    println!("the certificate expires {}", health.credential_ends_at.ok_or("it has one")?);
    Ok(())
}
