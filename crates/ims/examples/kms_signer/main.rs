//! A signer of your own, for a key that a key management service keeps: `cargo run -p ims --example kms_signer`.
//!
//! The calls are those of Google Cloud KMS, `GET NAME/publicKey` and `POST NAME:asymmetricSign` (its REST reference,
//! `cryptoKeyVersions`, for a key of the algorithm `RSA_SIGN_PKCS1_2048_SHA256`); other services differ in names only. What
//! goes over the network is the digest, never the message and never the key. The service in `fake_kms.rs` and the
//! emulator stand in for the real ones, so that this runs anywhere.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, fmt, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use ims::{
    Client, Credential, Credentials, KeyPair, ServiceAccountCredential, SigningKey,
    claims::{Algorithm, Metascope, ServiceAccount, Signature},
    exchange::ClientSecret,
    sign::{
        PublicKey, SignError, Signer,
        testing::{check_outage, check_signer},
    },
};
use ims_emulator::{Certificate, Emulator, Integration};
use serde_json::{Value, json};

mod fake_kms;

use fake_kms::FakeKms;

/// How long one call may take, the connection included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Signs with a key that never leaves the service.
struct KmsSigner {
    http: reqwest::Client,
    key_url: String,
    access: String,
    public_key: PublicKey,
}

impl KmsSigner {
    /// Asks the service for the public half of the key at `key_url`, so that a wrong name or a missing right is an error here.
    async fn connect(
        http: reqwest::Client,
        key_url: String,
        access: String,
    ) -> Result<Self, Box<dyn Error>> {
        let answer = call(http.get(format!("{key_url}/publicKey")), &access).await?;
        let pem = answer["pem"].as_str().unwrap_or_default();
        let public_key = PublicKey::from_bytes(pem.as_bytes())?;
        Ok(Self { http, key_url, access, public_key })
    }
}

impl Signer for KmsSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let digest = BASE64_STANDARD.encode(digest(&SHA256, message));
        let body = json!({ "digest": { "sha256": digest } }).to_string();
        let request = self.http.post(format!("{}:asymmetricSign", self.key_url)).body(body);
        let answer = call(request, &self.access).await?;
        let signature = BASE64_STANDARD.decode(answer["signature"].as_str().unwrap_or_default());
        let Ok(signature) = signature else {
            return Err(SignError::unavailable("the key service answered without a signature"));
        };
        Ok(Signature::from_bytes(signature))
    }
}

/// Without the access token, which is as good as the key.
impl fmt::Debug for KmsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsSigner").field("key_url", &self.key_url).finish_non_exhaustive()
    }
}

/// One call. What it fails with says whether trying again can help: that decides what the token keeper does.
async fn call(request: reqwest::RequestBuilder, access: &str) -> Result<Value, SignError> {
    let request = request.bearer_auth(access).header("content-type", "application/json");
    let answer = request.timeout(TIMEOUT).send().await.map_err(SignError::unavailable)?;
    let status = answer.status();
    if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
        return Err(SignError::unavailable(format!("the key service answered {status}")));
    }
    if !status.is_success() {
        return Err(SignError::refused(format!("the key service answered {status}")));
    }
    let body = answer.bytes().await.map_err(SignError::unavailable)?;
    serde_json::from_slice(&body).map_err(SignError::unavailable)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let kms = FakeKms::start().await?;
    let signer = KmsSigner::connect(http()?, kms.key_url(), FakeKms::ACCESS.to_owned()).await?;
    println!("{signer:?} has a key of {} bits", signer.public_key().modulus_bits());
    // What every signer has to keep: for the tests of your own.
    check_signer(&signer).await?;
    check_outage(&signer, || kms.answer_503(true), || kms.answer_503(false)).await?;
    println!("it signs right, many at a time, and says when to try again");

    let account = ServiceAccount::new(
        "example-client".parse()?,
        "EXAMPLE@AdobeOrg".parse()?,
        "EXAMPLE@techacct.adobe.com".parse()?,
        vec![Metascope::ENT_DATASERVICES_SDK],
    )?;
    let integration = Integration::from(&account)
        .with_client_secret("example-secret")
        .with_certificates(Certificate::read_all(ims_testkit::certificates::FIRST.as_bytes())?);
    let ims = Emulator::builder().with_integration(integration).start().await?;

    let client_secret = ClientSecret::new("example-secret".to_owned());
    let key = KeyPair { signing_key: SigningKey::External, certificate: None };
    let credential = ServiceAccountCredential::new(account, client_secret, key)?;
    let credentials = Credentials::new(ims.url().parse()?, Credential::ServiceAccount(credential));
    let client = Client::builder(&credentials).with_signer(signer).build()?;
    let token = client.access_token().await?;
    println!("token {} lives for {} s", token.fingerprint(), token.lifetime().as_secs());
    Ok(())
}

/// A client for the fake, which is on loopback; a real service needs the CA certificates and perhaps a proxy.
fn http() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_access_is_for_a_person_and_is_not_shown() {
        let kms = FakeKms::start().await.unwrap();
        let access = FakeKms::ACCESS.to_owned();
        let signer = KmsSigner::connect(http().unwrap(), kms.key_url(), access).await.unwrap();
        let signer = KmsSigner { access: "canary-access".to_owned(), ..signer };
        let error = signer.sign(b"message").await.unwrap_err();
        assert!(!error.is_transient());
        assert!(!format!("{signer:?} {error:?}").contains("canary"));
    }

    #[test]
    fn the_signer_keeps_every_rule_and_a_client_obtains_a_token_with_it() {
        main().unwrap();
    }
}
