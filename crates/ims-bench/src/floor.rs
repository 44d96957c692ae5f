//! The smallest possible IMS: hyper reads a request, aws-lc-rs checks the signature of the assertion and signs a token. It
//! checks nothing else. It runs in its own process.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{
        KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_body_util::{BodyExt, Collected, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use ims_testkit::keys;
use tokio::net::TcpListener;

struct Keys {
    client: ParsedPublicKey,
    own: RsaKeyPair,
}

/// Serves at `address` until it is killed.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    let keys = Arc::new(Keys::new()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let keys = Arc::clone(&keys);
            let answer = service_fn(move |request| answer(Arc::clone(&keys), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    })
}

impl Keys {
    fn new() -> Result<Self> {
        let client = key_pair(keys::FIRST)?;
        let client = client.public_key().as_der()?;
        Ok(Self {
            client: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, client.as_ref())?,
            own: key_pair(keys::SECOND)?,
        })
    }

    /// An access token for the assertion in `form`.
    fn exchange(&self, form: &[u8]) -> Option<String> {
        let mut pairs = form_urlencoded::parse(form);
        let (_, jwt) = pairs.find(|(name, _)| name == "jwt_token")?;
        let (input, signature) = jwt.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.client.verify_sig(input.as_bytes(), &signature).ok()?;
        let mut signature = vec![0; self.own.public_modulus_len()];
        let random = SystemRandom::new();
        self.own.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).ok()?;
        Some(format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn key_pair(pem: &str) -> Result<RsaKeyPair> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(base64)?;
    RsaKeyPair::from_pkcs8(&der).ok().context("the test kit's keys are RSA keys")
}

async fn answer(
    keys: Arc<Keys>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await;
    let form = body.map(Collected::to_bytes).unwrap_or_default();
    let (status, body) = match keys.exchange(&form) {
        Some(token) => {
            let token = format!(r#""access_token":"{token}""#);
            (StatusCode::OK, format!(r#"{{"token_type":"bearer",{token},"expires_in":86399999}}"#))
        }
        None => (StatusCode::BAD_REQUEST, String::new()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    Ok(response)
}
