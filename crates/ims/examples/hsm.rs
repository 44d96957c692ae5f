//! A service account whose key is in a hardware security module:
//! `cargo run -p ims --features generate,pkcs11 --example hsm -- 'pkcs11:token=ims;object=my-key?module-path=…&pin-source=…'`.
//!
//! The key must exist; `ims hsm generate` makes one. The emulator is here in place of IMS, and gets the certificate that a
//! person uploads to Adobe's.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{env, error::Error, time::SystemTime};

use ims::{
    Client, Credential, Credentials, KeyPair, ServiceAccountCredential, SigningKey,
    cert::{Certificate, Validity},
    claims::{Metascope, ServiceAccount},
    exchange::ClientSecret,
};
use ims_emulator::{Emulator, Integration};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let uri = env::args().nth(1).ok_or("name the key by its PKCS#11 URI")?;
    // A relative pin-source begins at this folder.
    let signing_key = SigningKey::Pkcs11 { uri: uri.into(), folder: env::current_dir()? };

    let signer = ims::open_signing_key(&signing_key)?;
    let validity = Validity::from_days(SystemTime::now().into(), 365)?;
    let certificate =
        Certificate::self_signed(&"/CN=my-service".parse()?, validity, &signer).await?;
    println!("the module signed a certificate, {}", certificate.subject());

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

    let key = KeyPair { signing_key, certificate: Some(certificate.to_pem().into_bytes()) };
    let secret = ClientSecret::new("my-secret".to_owned());
    let credential = ServiceAccountCredential::new(account, secret, key)?;
    let credentials =
        Credentials::new(emulator.url().parse()?, Credential::ServiceAccount(credential));
    let token = Client::new(&credentials)?.access_token().await?;
    println!("token {} is good for {} s", token.fingerprint(), token.lifetime().as_secs());
    Ok(())
}
