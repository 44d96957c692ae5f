//! `ims call`: one request to an API, with a token.

mod answer;
mod request;

use std::time::Duration;

use clap::Args;
use http::{HeaderMap, Method};
use ims_middleware::{AllowedHosts, NoToken, TokenMiddleware};
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware,
    reqwest::{self, Url, redirect::Policy, retry},
};

use crate::{
    failure::Failure,
    integration::{IntegrationOptions, caching_client},
    output::Answer,
    process::block_on,
};

use request::{Data, Header};

/// Send an authenticated request to one of Adobe's APIs.
///
/// The request carries Authorization, x-api-key and x-gw-ims-org-id, and goes to Adobe's hosts alone unless you allow others.
/// When the API rejects the token with 401, the request is sent once more with a new one. The body of the answer goes to
/// standard output. Redirects are not followed, since the next host may be a strange one.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the status is 2xx · 1 it is 3xx or 4xx · 3 it is 408, 429 or 5xx, or there is no answer\n\
    Examples:\n  \
    ims call -c creds.json https://platform.adobe.io/data/foundation/catalog/dataSets\n  \
    ims call -c creds.json -d @batch.json https://platform.adobe.io/data/foundation/import/batches"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The method; by default GET, and POST with --data
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<Method>,

    /// A header field, as "Name: value"; may be given several times
    #[arg(short = 'H', long, value_name = "FIELD")]
    header: Vec<Header>,

    /// The body: @FILE for what is in a file, - for standard input, else the text itself. Unless you name another,
    /// Content-Type is application/json where it is that.
    #[arg(short, long, value_name = "DATA")]
    data: Option<Data>,

    /// Send the token to this domain and the hosts below it, too; may be given several times. localhost stands for
    /// all loopback addresses.
    #[arg(long, value_name = "DOMAIN")]
    allow_host: Vec<String>,

    /// How long the request may take
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    timeout: Duration,

    /// Print the status and the header fields before the body
    #[arg(short, long, conflicts_with = "json")]
    include: bool,

    /// Print one line of JSON: status, headers and body
    #[arg(long)]
    json: bool,

    /// Where to send it
    #[arg(value_name = "URL", value_parser = request::parse_url)]
    target: Url,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let hosts = allowed_hosts(&arguments.allow_host)?;
    let host = arguments.target.host_str().unwrap_or_default();
    if !hosts.allows(arguments.target.scheme(), host) {
        let failure = Failure::usage(format!(
            "{} may not have the token",
            arguments.target.origin().ascii_serialization()
        ));
        return Err(failure.hint(format!(
            "if that is right, add --allow-host {host} (over https only, loopback excepted)"
        )));
    }
    let credentials = arguments.integration.credentials()?;
    let client = caching_client(&credentials)?;
    let body = arguments.data.as_ref().map(Data::read).transpose()?;
    block_on(async {
        let client = match client.keeper() {
            Some(keeper) => ClientBuilder::new(http_client(arguments, HeaderMap::new())?)
                .with(TokenMiddleware::new(keeper.clone()).with_hosts(hosts))
                .build(),
            // An API key alone has no token that could be rejected.
            None => http_client(arguments, client.headers().await?)?.into(),
        };
        let response = send(&client, arguments, body).await;
        let response = response.map_err(|error| failed(error).asking(credentials.environment()))?;
        if arguments.json {
            answer::print_json(response).await
        } else {
            answer::print(response, arguments.include).await
        }
    })
}

pub(super) fn allowed_hosts(domains: &[String]) -> Result<AllowedHosts, Failure> {
    let loopback = AllowedHosts::none().with_loopback();
    let mut hosts = AllowedHosts::default();
    for domain in domains {
        hosts = if loopback.allows("https", domain) {
            hosts.with_loopback()
        } else {
            hosts.with_domain(domain).map_err(|error| {
                Failure::usage(format!("--allow-host {}", ims_files::shown(domain)))
                    .because(error)
                    .hint("name a domain, which stands for all hosts in it: --allow-host adobe.io")
            })?
        };
    }
    Ok(hosts)
}

fn http_client(
    arguments: &Arguments,
    default_headers: HeaderMap,
) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .default_headers(default_headers)
        .redirect(Policy::none())
        .retry(retry::never())
        .timeout(arguments.timeout)
        .user_agent(concat!("ims-cli/", env!("CARGO_PKG_VERSION")));
    // Plain http is for loopback alone, and needs neither CA certificates nor a proxy.
    let is_plain = arguments.target.scheme() == "http";
    let builder = if is_plain { builder.no_proxy().tls_certs_only([]) } else { builder };
    builder.build().map_err(|error| {
        Failure::person("the HTTP client cannot be set up").because(error.without_url())
    })
}

async fn send(
    client: &ClientWithMiddleware,
    arguments: &Arguments,
    body: Option<Vec<u8>>,
) -> reqwest_middleware::Result<reqwest::Response> {
    let default = if body.is_some() { Method::POST } else { Method::GET };
    let method = arguments.method.clone().unwrap_or(default);
    let headers = request::headers(&arguments.header, body.as_deref());
    let request = client.request(method, arguments.target.clone()).headers(headers);
    match body {
        Some(body) => request.body(body).send().await,
        None => request.send().await,
    }
}

fn failed(error: reqwest_middleware::Error) -> Failure {
    match error {
        reqwest_middleware::Error::Reqwest(error) => answer::unanswered(error),
        reqwest_middleware::Error::Middleware(error) => match error.downcast_ref::<NoToken>() {
            Some(error) => error.token_error().clone().into(),
            None => Failure::person(error.to_string()),
        },
    }
}
