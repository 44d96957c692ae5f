//! The chain of certificates that the server sends, even if it is not trusted.

use std::sync::{Arc, Mutex, PoisonError};

use ims::{
    cert::{Certificate, DistinguishedName},
    exchange::plain_words,
};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
        SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use super::checklist::Check;
use crate::{
    failure::{Failure, with_causes},
    when,
};

/// Makes the TLS handshake and reports the certificates of the server.
pub(super) async fn check(stream: TcpStream, host: &str) -> Result<Check, Check> {
    let setup = |error: &dyn std::error::Error| {
        Check::from_failure("TLS", Failure::person(with_causes(error)))
            .next("install the system's CA certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE")
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = verifier(&provider).map_err(|error| setup(&*error))?;
    let witness = Arc::new(Witness { verifier, seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(&error))?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| setup(&error))?;
    let result = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let seen = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (seen, result) {
        (Some(Seen { chain, verdict: Ok(()) }), Ok(_)) => Ok(trusted(host, &chain)),
        (Some(Seen { chain, verdict: Err(error) }), _) => Err(untrusted(host, &chain, &error)),
        (_, Err(error)) => {
            let evidence = format!("the handshake fails: {}", plain_words(&error));
            Err(Check::failed("TLS", evidence)
                .next("if a proxy or a firewall is in between, ask its administrator"))
        }
        (None, Ok(_)) => Err(Check::failed("TLS", "the server has presented no certificate")),
    }
}

/// The verifier of the transport: with the certificates that the environment names, or with those of the system.
fn verifier(
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Box<dyn std::error::Error>> {
    let provider = Arc::clone(provider);
    let Some(certificates) = ims::ca_certificates()? else {
        return Ok(Arc::new(Verifier::new(provider)?));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates.iter() {
        roots.add(CertificateDer::from(certificate.to_vec()))?;
    }
    Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
}

/// A chain that only this machine trusts comes from a proxy.
fn trusted(host: &str, chain: &[Certificate]) -> Check {
    let evidence = format!("the certificate of {host} is by {}", issuer(chain));
    if is_public(chain) {
        return Check::ok("TLS", evidence);
    }
    let evidence = format!("{evidence}, which this machine trusts and the public does not");
    Check::warning("TLS", evidence)
        .next("if that is your company's proxy, this is normal: it decrypts what is sent to IMS")
}

fn untrusted(host: &str, chain: &[Certificate], error: &Error) -> Check {
    let issuer = issuer(chain);
    let Error::InvalidCertificate(CertificateError::UnknownIssuer) = error else {
        let evidence = format!("{}; it is by {issuer}", fault(host, error));
        let check = Check::failed("TLS", evidence);
        let is_about_time = matches!(
            error,
            Error::InvalidCertificate(
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
            )
        );
        if is_about_time {
            let now = when::rfc3339(when::now());
            return check.next(format!("compare the clock of this machine, which says {now}"));
        }
        return check
            .next("compare ims_url with the name in the certificate, and check what is between this machine and IMS")
            .next("if a proxy decrypts the connection, ask its administrator for a certificate that is right");
    };
    let evidence =
        format!("the certificate of {host} is by {issuer}, which this machine does not trust");
    let check = Check::failed("TLS", evidence);
    if is_public(chain) {
        return check.next("install the system's CA certificates (package ca-certificates)");
    }
    check
        .next("that is not a public authority: a proxy decrypts the connection")
        .next("if it is your company's, put its CA certificate and the system's into one file, and name it in SSL_CERT_FILE")
}

/// What is wrong with the certificate of `host`.
fn fault(host: &str, error: &Error) -> String {
    plain_words(error).replacen("of the server", &format!("of {host}"), 1)
}

fn issuer(chain: &[Certificate]) -> String {
    let issuer = chain.first().map(Certificate::issuer);
    issuer.map_or_else(|| "an unknown authority".to_owned(), ToString::to_string)
}

/// Whether a root that Mozilla trusts has issued one of the chain.
fn is_public(chain: &[Certificate]) -> bool {
    let issuers: Vec<&DistinguishedName> = chain.iter().map(Certificate::issuer).collect();
    TLS_SERVER_ROOT_CERTS
        .iter()
        .any(|root| Certificate::from_der(root).is_ok_and(|root| issuers.contains(&root.subject())))
}

/// A verifier with the rules of the transport's, which remembers the certificates.
#[derive(Debug)]
struct Witness {
    verifier: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Seen>>,
}

/// The certificates of a server, and whether this machine trusts them.
#[derive(Debug)]
struct Seen {
    chain: Vec<Certificate>,
    verdict: Result<(), Error>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let chain = std::iter::once(end_entity).chain(intermediates);
        let chain = chain.filter_map(|der| Certificate::from_der(der).ok()).collect();
        let seen = Seen { chain, verdict: verdict.as_ref().map(drop).map_err(Clone::clone) };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
