//! `ims demo`: every step to a token and a call, offline and explained.

use std::{net::SocketAddr, path::Path};

use clap::Args;
use http::HeaderMap;
use ims::{
    Client, Credential, Credentials,
    cert::{Certificate, DistinguishedName, GeneratedKey, KeySize, Validity},
    claims::{AssertionLifetime, CompactJwt, Environment},
    sign::sign_assertion,
};
use ims_emulator::Emulator;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    commands::emulator::integration_of,
    failure::Failure,
    output::{self, Answer},
    process::block_on,
    terminal_text::TerminalText,
    transport, when,
};

/// Show every step from a key to an authenticated call, offline.
///
/// Shows a key, a certificate, an integration, an assertion, its exchange for an access token, a call with the token, and a
/// refusal with its explanation. Everything runs on this machine with the emulator, and no file is left.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

const CLIENT_ID: &str = "demo-4f2a90c1d3e84b7f";
const CLIENT_SECRET: &str = "p8e-demo-secret";

pub(crate) fn run(_arguments: &Arguments) -> Result<Answer, Failure> {
    block_on(lesson())
}

async fn lesson() -> Result<Answer, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::later("no temporary folder").because(error))?;
    let folder = folder.path();

    step(1, "A key and its certificate")?;
    say("Adobe knows a service account by a certificate. The private key stays with you.")?;
    key_and_certificate(folder).await?;

    step(2, "An integration")?;
    say(
        "In Adobe's Developer Console you would upload certificate_pub.crt and copy what it shows into a file:",
    )?;
    let credentials = integration(folder)?;

    step(3, "An IMS to ask")?;
    say(
        "Instead of https://ims-na1.adobelogin.com, an emulator on this machine (also: `ims emulator`):",
    )?;
    let emulator =
        Emulator::builder().with_integration(integration_of(&credentials).await?).start().await;
    let emulator =
        emulator.map_err(|error| Failure::later("the emulator cannot start").because(error))?;
    show(&[("listens at", &emulator.url())])?;
    let environment: Environment = emulator
        .url()
        .parse()
        .map_err(|error| Failure::person("the emulator's address").because(error))?;
    let credentials = credentials.with_environment(environment);

    step(4, "An assertion")?;
    say(
        "The claims say who asks, for what, and until when; the key signs them (also: `ims jwt sign`):",
    )?;
    assertion(&credentials).await?;

    step(5, "Its exchange for an access token")?;
    say(
        "IMS verifies the signature by the certificate and answers with a token that lasts a day (also: `ims token`):",
    )?;
    let transport = transport::transport(credentials.environment())?;
    let client = Client::builder(&credentials).with_transport(transport).build()?;
    let token = client.access_token().await?;
    show(&[
        ("POST", "/ims/exchange/jwt with client_id, client_secret and jwt_token"),
        (
            "token",
            &format!(
                "{}… ({} characters)",
                &token.expose_secret()[..24],
                token.expose_secret().len()
            ),
        ),
        ("good until", &when::rfc3339(token.expires_at())),
    ])?;

    step(6, "A call with it")?;
    say("Adobe's APIs take the token in Authorization and the client id in x-api-key:")?;
    let answer = get(emulator.address(), "/echo", client.headers().await?).await?;
    show(&[("GET", "/echo"), ("answer", &answer)])?;

    step(7, "The next thousand calls")?;
    say("A client keeps the token in memory and renews it in the background before it expires:")?;
    for _ in 0..1000 {
        client.access_token().await?;
    }
    let exchanges = emulator
        .requests()
        .iter()
        .filter(|verdict| verdict.path.starts_with("/ims/exchange"))
        .count();
    show(&[("1000 calls later", &format!("{exchanges} exchange was made in all"))])?;

    step(8, "A refusal, explained")?;
    say(
        "With another key, as after a forgotten upload, IMS refuses. What it says and what to do:",
    )?;
    refusal(&credentials, folder).await?;
    emulator.shutdown().await;

    say(
        "\nNext: `ims cert new --out DIR` makes a real key and certificate, `ims token -c FILE` gets a real token,",
    )?;
    say(
        "`ims emulator -c FILE` serves your own integration to any client. `ims help` lists the rest.",
    )?;
    Ok(Answer::Yes)
}

async fn key_and_certificate(folder: &Path) -> Result<(), Failure> {
    let unable = |error| Failure::later("no key can be made").because(error);
    let key = GeneratedKey::generate(KeySize::Rsa2048).map_err(unable)?;
    let subject: DistinguishedName = "/CN=ims demo".parse().map_err(unable)?;
    let validity = Validity::from_days(when::now(), 365).map_err(unable)?;
    let certificate = Certificate::self_signed(&subject, validity, &key).await.map_err(unable)?;
    let private_key = key.to_pem();
    write(&folder.join("private.key"), private_key.expose_secret().as_bytes())?;
    write(&folder.join("certificate_pub.crt"), certificate.to_pem().as_bytes())?;
    show(&[
        ("private.key", "RSA, 2048 bits, PKCS#8"),
        ("certificate_pub.crt", &format!("valid until {}", when::rfc3339(validity.not_after()))),
        ("SHA-1 fingerprint", &certificate.sha1_fingerprint()),
    ])
}

fn integration(folder: &Path) -> Result<Credentials, Failure> {
    let json = format!(
        r#"{{ "client_id": "{CLIENT_ID}",
  "client_secret": "{CLIENT_SECRET}",
  "org_id": "D3E00A7C5F12@AdobeOrg",
  "technical_account_id": "7A1B44C90E55@techacct.adobe.com",
  "metascopes": ["ent_dataservices_sdk"],
  "private_key_file": "private.key",
  "certificate_file": "certificate_pub.crt" }}"#
    );
    let path = folder.join("credentials.json");
    write(&path, json.as_bytes())?;
    output::line(&indented(&json.replace(CLIENT_SECRET, "p8e-…")))?;
    Ok(Credentials::from_file(&path)?)
}

async fn assertion(credentials: &Credentials) -> Result<(), Failure> {
    let Credential::ServiceAccount(credential) = credentials.credential() else {
        unreachable!("these credentials were written with metascopes")
    };
    let lifetime = AssertionLifetime::default();
    let claims = credential.account.claims(credentials.environment(), when::now(), lifetime);
    let signer = ims::open_signing_key(&credential.signing_keys.first().signing_key)?;
    let assertion = sign_assertion(&claims, &signer).await;
    let assertion = assertion
        .map_err(|error| Failure::person("the assertion cannot be signed").because(error))?;
    let text = serde_json::to_string_pretty(&claims).expect("claims are always JSON");
    output::line(&indented(&text))?;
    let jwt = CompactJwt::parse(assertion.expose_secret());
    let jwt =
        jwt.map_err(|error| Failure::person("the assertion cannot be read").because(error))?;
    show(&[
        ("header", &serde_json::Value::from(jwt.header().clone()).to_string()),
        (
            "signed",
            &format!("{} characters, good for five minutes", assertion.expose_secret().len()),
        ),
    ])
}

async fn refusal(credentials: &Credentials, folder: &Path) -> Result<(), Failure> {
    let other = GeneratedKey::generate(KeySize::Rsa2048)
        .map_err(|error| Failure::later("no key can be made").because(error))?;
    write(&folder.join("private.key"), other.to_pem().expose_secret().as_bytes())?;
    let mistaken = Credentials::from_file(folder.join("credentials.json"))?;
    let mistaken = mistaken.with_environment(credentials.environment().clone());
    let Err(error) = Client::new(&mistaken)?.access_token().await else {
        return Err(Failure::person("the emulator accepted a signature by another key"));
    };
    let Some(refusal) = error.refusal() else { return Err(error.into()) };
    show(&[
        ("answer", &format!("HTTP {} {}", refusal.status(), refusal.code().unwrap_or_default())),
        ("IMS says", refusal.description().unwrap_or_default()),
    ])?;
    for cause in refusal.causes() {
        show(&[("it may be that", cause.what), ("          then", cause.remedy)])?;
    }
    Ok(())
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    Ok(ims_files::replace(path, contents)?)
}

fn step(number: u32, title: &str) -> Result<(), Failure> {
    let bold = anstyle::Style::new().bold();
    let title = format!("{number}. {title}");
    output::line(TerminalText::from("\n").styled(bold, &title))
}

fn say(text: &str) -> Result<(), Failure> {
    output::line(text)
}

fn show(rows: &[(&str, &str)]) -> Result<(), Failure> {
    output::rows_after("   ", rows)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}

/// Gets `path` with one request over HTTP/1.1, so that the demonstration shows what is sent and nothing more, and returns the
/// status and the body of the answer in one line.
async fn get(address: SocketAddr, path: &str, headers: HeaderMap) -> Result<String, Failure> {
    let unable = |error| Failure::later("the call failed").because(error);
    let mut request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n").into_bytes();
    for (name, value) in &headers {
        request.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    let mut stream = TcpStream::connect(address).await.map_err(unable)?;
    stream.write_all(&request).await.map_err(unable)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.map_err(unable)?;
    let status = answer.lines().next().unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok(format!("{status} {body}"))
}
