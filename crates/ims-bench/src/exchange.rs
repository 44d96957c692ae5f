//! An exchange over loopback, next to bare reqwest and a bare signature. Only the time of this process counts.

use std::{hint::black_box, time::Duration};

use anyhow::{Result, ensure};
use ims::{
    Client,
    claims::{Algorithm, Environment, NumericDate},
    exchange::{Call, ClientSecret, JwtExchange, ReqwestTransport, Transport},
    sign::{PemSigner, sign_assertion},
};
use ims_testkit::keys;
use nix::sys::resource::UsageWho;
use reqwest::header::CONTENT_TYPE;

use crate::{
    assertion::RawSignature,
    contest::{Contest, at_least},
    integration::{CLIENT_SECRET, Integration, account, claims},
    server::Server,
};

const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn measure() -> Result<bool> {
    let (server, integration) = (Server::start()?, Integration::new()?);
    let environment: Environment = server.url.parse()?;
    let client = Client::new(&integration.credentials(environment.clone())?)?;
    let layers = Layers::new(environment.clone())?;
    let mut bare = Bare::new(&layers)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let results = Contest::new(100, 40, UsageWho::RUSAGE_SELF)
        .with(BARE, || runtime.block_on(bare.exchange()))
        .with(LAYERS, || runtime.block_on(layers.exchange()))
        .with(CLIENT, || {
            black_box(runtime.block_on(client.refresh())?);
            Ok(())
        })
        .run("exchange: over loopback, assertion included")?;
    let cpu = |base, other| results.ratio(base, other, |sample| sample.cpu);
    let grant = at_least(
        0.975,
        "exchange: rate with the layers, of bare reqwest and signature",
        cpu(BARE, LAYERS),
    );
    let whole = at_least(
        0.975,
        "exchange: rate with `Client`, of bare reqwest and signature",
        cpu(BARE, CLIENT),
    );
    Ok(grant && whole)
}

/// Our layers, without the keeper.
struct Layers {
    environment: Environment,
    client_secret: ClientSecret,
    signer: PemSigner,
    transport: ReqwestTransport,
}

impl Layers {
    fn new(environment: Environment) -> Result<Self> {
        Ok(Self {
            client_secret: ClientSecret::new(CLIENT_SECRET.to_owned()),
            signer: PemSigner::from_bytes(keys::FIRST.as_bytes(), None)?,
            transport: ReqwestTransport::new(&environment)?,
            environment,
        })
    }

    async fn exchange(&self) -> Result<()> {
        let account = account()?;
        let claims = claims(&account, &self.environment);
        let assertion = sign_assertion(&claims, &self.signer).await?;
        let grant = JwtExchange::new(account.client_id(), &self.client_secret, &assertion);
        let response = self.transport.send(grant.request(&self.environment), TIMEOUT).await?;
        black_box(grant.answer(&response, NumericDate::from_secs(1_790_000_000))?);
        Ok(())
    }
}

/// A signature without a use, and a request with a prepared body.
struct Bare {
    raw: RawSignature,
    signing_input: Vec<u8>,
    client: reqwest::Client,
    url: String,
    body: Vec<u8>,
}

impl Bare {
    fn new(layers: &Layers) -> Result<Self> {
        let account = account()?;
        let signing_input = claims(&account, &layers.environment).signing_input(Algorithm::Rs256);
        let assertion = "a".repeat(signing_input.as_bytes().len() + 1 + 342);
        let body = format!(
            "client_id={}&client_secret={CLIENT_SECRET}&jwt_token={assertion}",
            account.client_id()
        );
        Ok(Self {
            raw: RawSignature::new()?,
            signing_input: signing_input.as_bytes().to_vec(),
            client: reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?,
            url: layers.environment.endpoint("/ims/exchange/jwt"),
            body: body.into_bytes(),
        })
    }

    async fn exchange(&mut self) -> Result<()> {
        self.raw.sign(&self.signing_input)?;
        let request = self.client.post(&self.url).timeout(TIMEOUT).body(self.body.clone());
        let answer =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").send().await?;
        ensure!(answer.status().is_success(), "the server answers every request");
        black_box(answer.bytes().await?);
        Ok(())
    }
}

const BARE: &str = "reqwest and the bare signature";
const LAYERS: &str = "ims: sign_assertion, JwtExchange, transport";
const CLIENT: &str = "ims: Client, keeper().refresh()";
