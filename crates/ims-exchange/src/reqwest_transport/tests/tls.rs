//! Servers and proxies that use TLS, with certificates that are trusted or not.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority that a test made, and its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn called(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn trusted(&self) -> CaCertificates {
        CaCertificates::from_bytes(&self.certificate).unwrap()
    }

    /// Accepts TLS connections, with a certificate for 127.0.0.1.
    fn acceptor(&self) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server that uses TLS and answers each request, or each `CONNECT`, with the same bytes.
    async fn server(&self, answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = self.acceptor();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that does not trust the certificate, or sends no request, is not a failure of the server.
                let _ = answer_one(&acceptor, stream, answer).await;
            }
        });
        address
    }
}

async fn answer_one(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    answer: &'static str,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    stream.write_all(answer.as_bytes()).await?;
    // Without it, the answer would be cut off.
    stream.shutdown().await
}

/// A proxy without TLS that connects to every host that is requested.
async fn tunnel() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(near.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            let target = request.split(' ').nth(1).unwrap();
            let mut far = TcpStream::connect(target).await.unwrap();
            near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}

/// A transport that trusts `authority` alone and goes through `proxy`, if there is one.
fn transport(authority: &Authority, proxy: Option<&str>) -> ReqwestTransport {
    let trusted = authority.trusted();
    let builder = builder().no_proxy().tls_certs_only(for_reqwest(&trusted).unwrap());
    let Some(proxy) = proxy else {
        return ReqwestTransport::from_client(builder.build().unwrap());
    };
    let client = builder.proxy(reqwest::Proxy::https(proxy).unwrap()).build().unwrap();
    let proxies = Some(Proxies::of(proxy, Trust::Only(trusted)));
    ReqwestTransport { client, scheme: "https://", proxies, last_url: LastUrl::default() }
        .with_proxy_variable("HTTPS_PROXY")
}

fn request(url: &str) -> Request {
    Request::get(url.to_owned())
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_server_is_trusted_by_the_certificates_that_were_given_and_by_no_others() {
    let (ours, other) = (Authority::called("ours"), Authority::called("other"));
    let url = format!("https://{}", ours.server(OK).await);
    for trusted in [
        ReqwestTransport::with_only_ca_certificates(&ours.trusted()).unwrap(),
        transport(&ours, None),
    ] {
        let answer = trusted.send(request(&url), TIMEOUT).await.unwrap();
        assert_eq!((answer.status(), answer.body()), (StatusCode::OK, &b"ok"[..]));
    }
    let untrusted = ReqwestTransport::with_only_ca_certificates(&other.trusted()).unwrap();
    let error = untrusted.send(request(&url), TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Untrusted { .. }), "{error}");
    let said = "the server is not trusted: the certificate of 127.0.0.1 is by an authority that this machine does not trust";
    assert_eq!(error.to_string(), said);
}

/// Other systems verify certificates themselves, and have their own rules for the authorities of a test.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn certificates_can_be_trusted_as_well_as_those_of_the_system() {
    let (ours, other) = (Authority::called("ours"), Authority::called("other"));
    let address = ours.server(OK).await;
    let more = ReqwestTransport::with_ca_certificates(&ours.certificate).unwrap();
    let answer = more.send(request(&format!("https://{address}")), TIMEOUT).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // A connection that is made without the HTTP library trusts the same.
    for (trust, is_trusted) in [
        (Trust::SystemAnd(ours.trusted()), true),
        (Trust::Only(ours.trusted()), true),
        (Trust::SystemAnd(other.trusted()), false),
        (Trust::Only(other.trusted()), false),
        (Trust::System, false),
    ] {
        let stream = TcpStream::connect(address).await.unwrap();
        let connected = trust.connect("127.0.0.1", stream).await;
        assert_eq!(connected.is_ok(), is_trusted, "{trust:?}");
    }
}

#[tokio::test]
async fn a_proxy_with_tls_that_does_not_connect_is_named_with_its_answer() {
    let ours = Authority::called("ours");
    let address = ours.server("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let transport = transport(&ours, Some(&format!("https://{address}")));
    let error = send(&transport).await;
    let expected = format!("the proxy {address} (HTTPS_PROXY) answered 403 Forbidden");
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_that_of_the_proxy_or_that_of_the_server_behind_it() {
    let (ours, other) = (Authority::called("ours"), Authority::called("other"));
    let (server, tunnel) = (other.server(OK).await, tunnel().await);
    #[rustfmt::skip]
    let table = [
        // The proxy itself uses TLS, and no request gets to the server.
        (format!("https://{server}"), format!("the proxy {server} (HTTPS_PROXY)")),
        // The proxy connects, and the server behind it is not trusted.
        (format!("http://{tunnel}"),  "127.0.0.1".to_owned()),
    ];
    for (proxy, whose) in table {
        let transport = transport(&ours, Some(&proxy));
        let error =
            transport.send(request(&format!("https://{server}")), TIMEOUT).await.unwrap_err();
        assert!(matches!(error, TransportError::Untrusted { .. }), "{error}");
        let said = format!(
            "the server is not trusted: the certificate of {whose} is by an authority that this machine does not trust"
        );
        assert_eq!(error.to_string(), said);
    }
}
