//! The integration for the emulator, made from the credentials of its client.

use std::net::SocketAddr;

use ims::{
    ClientSecrets, Credential, Credentials, KeyPair,
    cert::{self, DistinguishedName, Validity},
    claims::{ClientId, Environment, OrgId, TechnicalAccountId},
};
use ims_emulator::{Certificate, Integration};

use crate::{failure::Failure, listen_address, when};

/// A certificate that is made for a key without one lasts as long as those of Adobe's documents.
const CERTIFICATE_DAYS: u32 = 365;

/// The integration of these credentials, as Adobe's Developer Console would have it.
pub(crate) async fn integration_of(credentials: &Credentials) -> Result<Integration, Failure> {
    match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            let mut certificates = Vec::new();
            for pair in credential.signing_keys.iter() {
                let read = Certificate::read_all(&certificate(pair).await?);
                certificates.extend(read.map_err(|error| {
                    Failure::person("the certificate cannot be used").because(error)
                })?);
            }
            let integration =
                Integration::from(&credential.account).with_certificates(certificates);
            Ok(with_secrets(integration, &credential.client_secrets))
        }
        Credential::ServerToServer(credential) => {
            let integration = emulated(&credential.client_id, credential.org_id.clone())
                .with_scopes(credential.scopes.iter().map(ToString::to_string));
            Ok(with_secrets(integration, &credential.client_secrets))
        }
        Credential::User(credential) => {
            let Some(redirect_uri) = credentials.redirect_uri() else {
                return Err(Failure::person("the redirect URI of the sign-in is not known")
                    .hint("name it as redirect_uri in the credentials"));
            };
            let integration = emulated(&credential.client_id, credential.org_id.clone())
                .with_scopes(credential.scopes.iter().map(ToString::to_string))
                .with_redirect_uri(redirect_uri);
            Ok(match &credential.client_secrets {
                Some(client_secrets) => with_secrets(integration, client_secrets),
                None => integration,
            })
        }
        _ => Err(Failure::person("the emulator does not know this kind of credentials")),
    }
}

/// Where the emulator has to listen so that a client of these credentials finds it; none if they are for an IMS on another
/// machine.
pub(super) fn address_of(environment: &Environment) -> Option<SocketAddr> {
    let (scheme, rest) = environment.base_url().split_once("://")?;
    let authority = rest.split('/').next()?;
    let default_port = if scheme == "https" { 443 } else { 80 };
    let with_port = format!("{authority}:{default_port}");
    // An environment formats an address like `SocketAddr`.
    let address = listen_address::address(authority);
    let address = address.or_else(|_| listen_address::address(&with_port)).ok()?;
    address.ip().is_loopback().then_some(address)
}

const EMULATED_ORG: &str = "EMULATED@AdobeOrg";
const EMULATED_ACCOUNT: &str = "EMULATED@techacct.adobe.com";

/// The integration for credentials without an organization or an account.
fn emulated(client_id: &ClientId, org_id: Option<OrgId>) -> Integration {
    let org_id = org_id.map_or_else(|| EMULATED_ORG.parse::<OrgId>(), Ok);
    let account = EMULATED_ACCOUNT.parse::<TechnicalAccountId>();
    let (Ok(org_id), Ok(account)) = (org_id, account) else {
        unreachable!("both constants have the right form")
    };
    Integration::new(client_id.clone(), org_id, account)
}

/// While a secret is replaced, IMS accepts both.
fn with_secrets(integration: Integration, client_secrets: &ClientSecrets) -> Integration {
    client_secrets.iter().fold(integration, |integration, secret| {
        integration.with_client_secret(secret.expose_secret())
    })
}

/// The certificate's file, else a certificate made for the key: the emulator only uses its key.
async fn certificate(pair: &KeyPair) -> Result<Vec<u8>, Failure> {
    let KeyPair { signing_key, certificate } = pair;
    if let Some(file) = certificate {
        return Ok(file.clone());
    }
    let unable = |error| Failure::person("no certificate can be made for the key").because(error);
    let signer = ims::open_signing_key(signing_key)?;
    let subject: DistinguishedName = "/CN=ims emulator".parse().map_err(unable)?;
    let validity = Validity::from_days(when::now(), CERTIFICATE_DAYS).map_err(unable)?;
    let certificate =
        cert::Certificate::self_signed(&subject, validity, &signer).await.map_err(unable)?;
    Ok(certificate.to_pem().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_for_an_ims_on_this_machine_say_where_the_emulator_listens() {
        let table = [
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://127.0.0.1:8080/prefix", Some("127.0.0.1:8080")),
            ("http://127.0.0.1", Some("127.0.0.1:80")),
            ("https://127.0.0.1:8443", Some("127.0.0.1:8443")),
            ("https://localhost", Some("127.0.0.1:443")),
            ("http://localhost:8080", Some("127.0.0.1:8080")),
            ("http://[::1]:8080", Some("[::1]:8080")),
            ("https://ims-na1.adobelogin.com", None),
            ("https://localhost.example:8080", None),
            ("https://192.0.2.1:8080", None),
        ];
        for (url, address) in table {
            let environment: Environment = url.parse().unwrap();
            let address = address.map(|it| it.parse().unwrap());
            assert_eq!(address_of(&environment), address, "{url}");
        }
    }
}
