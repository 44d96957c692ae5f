//! Which authorities a connection trusts, for the one that is made without the HTTP library.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::ca_certificates::CaCertificates;

/// The authorities that the HTTP client was made with.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// Those of the system.
    System,
    /// Those of the system and these.
    SystemAnd(CaCertificates),
    /// These alone.
    Only(CaCertificates),
}

impl Trust {
    /// Starts TLS with `host` and verifies its certificate: a password may be sent next.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let config = self.config().map_err(std::io::Error::other)?;
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// It is made when it is needed: to read the system's authorities takes some milliseconds.
    fn config(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let verifier = match self {
            Self::System => Verifier::new(provider)?,
            Self::SystemAnd(more) => Verifier::new_with_extra_roots(certificates(more), provider)?,
            Self::Only(only) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(only));
                return Ok(builder.with_root_certificates(roots).with_no_client_auth());
            }
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        Ok(builder.with_no_client_auth())
    }
}

fn certificates(all: &CaCertificates) -> impl Iterator<Item = CertificateDer<'static>> {
    all.iter().map(|der| CertificateDer::from(der.to_vec())).collect::<Vec<_>>().into_iter()
}
