//! `ims call`: one request to an API, with a token.

mod answer;
mod gateway;
mod pages;
mod reported;
mod request;
mod upload;

use std::{path::Path, time::Duration};

use clap::Args;
use http::{HeaderMap, Method, StatusCode, uri::Scheme};
use ims::{Contexts, Discovered, Source};
use ims_middleware::{AllowedHosts, NoToken, TokenMiddleware};
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware, Error,
    reqwest::{self, Response, Url, redirect::Policy, retry},
};

use crate::{
    failure::Failure,
    integration::{IntegrationOptions, announce, caching_client},
    jq::Filter,
    output::{self, Answer},
    process::block_on,
};

use answer::Form;
use pages::Pages;
use reported::Reported;
pub(crate) use request::parse_url;
use request::{Header, Target};
use upload::{Data, Upload};

/// Send an authenticated request to one of Adobe's APIs.
///
/// The request carries Authorization, x-api-key and x-gw-ims-org-id, and goes only to Adobe's hosts, unless you allow
/// others. When the API rejects the token with 401, the request is sent again with a new one. The body of the answer goes
/// to standard output, on a terminal JSON over several lines. Redirects are not followed, because the next host may be
/// another one. Errors of Adobe's API gateway are explained.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the status is 2xx · 1 it is 3xx or 4xx · 3 it or error_code is 408, 429 or 5xx, or no answer\n\
    Examples:\n  \
    ims call -c creds.json https://platform.adobe.io/data/foundation/catalog/dataSets\n  \
    ims call --base https://platform.adobe.io /data/foundation/catalog/dataSets --jq 'keys[]'\n  \
    ims context add aep -c creds.json --api-url https://platform.adobe.io\n  \
    ims call --context aep /data/foundation/import/batches -d @batch.json\n  \
    tar c folder | ims call --context aep -X PUT -d @- /data/foundation/export/folder.tar"
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

    /// The body: @FILE, - for standard input, else the text itself
    ///
    /// A long body is not kept in memory. If the body is JSON and you give no Content-Type, it is application/json.
    #[arg(short, long, value_name = "DATA")]
    data: Option<Data>,

    /// The URL that a path is below, instead of `api_url` of the context
    #[arg(long, value_name = "URL", value_parser = request::parse_url)]
    base: Option<Url>,

    /// Request all pages: follow the Link to the next one, but never to another host
    #[arg(long, conflicts_with = "data")]
    paginate: bool,

    /// Also send the token to this domain and the hosts below it; may be given several times. localhost means all loopback
    /// addresses.
    #[arg(long, value_name = "DOMAIN")]
    allow_host: Vec<String>,

    /// How long a request may take; by default 60s, and longer for a long body
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,

    /// Print the status and the header fields before the body
    #[arg(short, long, conflicts_with = "json")]
    include: bool,

    /// Print one line of JSON: status, headers and body
    #[arg(long)]
    json: bool,

    /// Where to send it: a URL, or a path below --base
    #[arg(value_name = "URL|PATH")]
    target: Target,
}

/// `jq` filters the body of the answer, unless all of the answer is wanted as JSON.
pub(crate) fn run(arguments: &Arguments, jq: Option<&str>) -> Result<Answer, Failure> {
    let is_get = arguments.method.as_ref().is_none_or(|method| method == Method::GET);
    if arguments.paginate && !is_get {
        return Err(Failure::usage(
            "--paginate is for GET: only an answer to that has a next page",
        ));
    }
    let form = arguments.form(jq)?;
    let hosts = allowed_hosts(&arguments.allow_host)?;
    // A host that may not have the token is refused before the credentials are checked.
    if let Target::Url(url) = &arguments.target {
        expect_allowed(&hosts, url)?;
    }
    let found = arguments.integration.discovered()?;
    announce(&found.credentials);
    let url = arguments.url(&found)?;
    expect_allowed(&hosts, &url)?;
    let client = caching_client(&found.credentials)?;
    let upload = arguments.data.as_ref().map(Upload::open).transpose()?;
    block_on(async {
        let timeout = arguments.timeout(upload.as_ref());
        let plain = |headers| http_client(&url, timeout, headers);
        let client = match client.keeper() {
            Some(keeper) => ClientBuilder::new(plain(HeaderMap::new())?)
                .with(TokenMiddleware::new(keeper.clone()).with_hosts(hosts)),
            // An API key alone has no token that could be rejected.
            None => ClientBuilder::new(plain(client.headers().await?)?),
        };
        let caller = Caller { arguments, client: client.with(Reported).build() };
        caller.call(url, upload, &form).await.map_err(|failure| match failure {
            CallFailure::Request(error) => failed(error).asking(found.credentials.environment()),
            CallFailure::Other(failure) => failure,
        })
    })
}

impl Arguments {
    fn form(&self, jq: Option<&str>) -> Result<Form, Failure> {
        if self.json {
            return Ok(Form::Json);
        }
        if let Some(code) = jq {
            if self.include {
                return Err(Failure::usage("--include and --jq exclude each other"));
            }
            return Ok(Form::Filtered(Filter::compile(code)?));
        }
        Ok(Form::Body { with_head: self.include })
    }

    /// Where the request goes: a path is below --base, or below the URL in the context.
    fn url(&self, found: &Discovered) -> Result<Url, Failure> {
        let path = match &self.target {
            Target::Url(url) => return Ok(url.clone()),
            Target::Path(path) => path,
        };
        let base = match &self.base {
            Some(base) => base.clone(),
            None => api_url(&found.source)?.ok_or_else(|| {
                Failure::usage(format!("it is not known at which host {path} is"))
                    .hint("name it: --base https://platform.adobe.io")
                    .hint("or in the context: ims context add NAME -c FILE --api-url URL")
            })?,
        };
        request::below(&base, path).map_err(|problem| Failure::usage(format!("{path}: {problem}")))
    }

    fn timeout(&self, upload: Option<&Upload>) -> Duration {
        self.timeout.or(upload.map(Upload::timeout)).unwrap_or(TIMEOUT)
    }
}

/// The URL of the API in a context.
fn api_url(source: &Source) -> Result<Option<Url>, Failure> {
    let (Source::Context(context)
    | Source::ContextVariable(context)
    | Source::CurrentContext(context)) = source
    else {
        return Ok(None);
    };
    let members = Contexts::load(&context.file)?.show(&context.name)?;
    let Some((_, text)) = members.into_iter().find(|(name, _)| name == "api_url") else {
        return Ok(None);
    };
    let url = parse_url(&text).map_err(|problem| {
        Failure::person(format!("api_url of the context {}: {problem}", context.name))
    })?;
    Ok(Some(url))
}

fn expect_allowed(hosts: &AllowedHosts, url: &Url) -> Result<(), Failure> {
    if hosts.allows_url(url) {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    let origin = url.origin().ascii_serialization();
    Err(Failure::usage(format!("{origin} may not have the token")).hint(format!(
        "if that is right, add --allow-host {host} (over https only, loopback excepted)"
    )))
}

/// Sends the requests of one call.
struct Caller<'a> {
    arguments: &'a Arguments,
    client: ClientWithMiddleware,
}

/// Why a call has no answer to print.
enum CallFailure {
    Request(Error),
    Other(Failure),
}

impl From<Failure> for CallFailure {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl Caller<'_> {
    /// Sends the request, and those for further pages, and prints the answers.
    async fn call(
        &self,
        url: Url,
        upload: Option<Upload>,
        form: &Form,
    ) -> Result<Answer, CallFailure> {
        let mut response = self.send(&url, upload).await?;
        let (mut url, mut pages) = (url, Pages::default());
        loop {
            let is_last = !self.arguments.paginate || !response.status().is_success();
            let headers = response.headers().clone();
            let answer = form.print(response).await?;
            if is_last {
                return Ok(answer);
            }
            let Some(next) = pages.next(&url, &headers)? else { return Ok(answer) };
            response = self.send(&next, None).await?;
            url = next;
        }
    }

    /// Sends a request. One with a long body is sent again after a 401, like any other, if the body is a file.
    async fn send(&self, url: &Url, upload: Option<Upload>) -> Result<Response, CallFailure> {
        let file = upload.as_ref().and_then(Upload::file).map(Path::to_owned);
        let is_streamed = upload.as_ref().is_some_and(Upload::is_streamed);
        let response = self.send_once(url, upload).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !is_streamed {
            return Ok(response);
        }
        let Some(file) = file else {
            let text = "the body came from standard input and cannot be sent again with a new token: run it again";
            output::note("note", text);
            return Ok(response);
        };
        let upload = Upload::open(&Data::File(file))?;
        self.send_once(url, Some(upload)).await
    }

    async fn send_once(&self, url: &Url, upload: Option<Upload>) -> Result<Response, CallFailure> {
        let default = if upload.is_some() { Method::POST } else { Method::GET };
        let method = self.arguments.method.clone().unwrap_or(default);
        let has_json = upload.as_ref().is_some_and(Upload::is_json);
        let headers = request::headers(&self.arguments.header, has_json);
        let mut request = self.client.request(method, url.clone()).headers(headers);
        if let Some(upload) = upload {
            let body = upload.into_body().map_err(|error| {
                Failure::later("the system cannot start another thread for this user")
                    .because(error)
            })?;
            request = request.body(body);
        }
        request.send().await.map_err(CallFailure::Request)
    }
}

pub(super) fn allowed_hosts(domains: &[String]) -> Result<AllowedHosts, Failure> {
    let loopback = AllowedHosts::none().with_loopback();
    let mut hosts = AllowedHosts::default();
    for domain in domains {
        hosts = if loopback.allows(&Scheme::HTTPS, domain) {
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
    url: &Url,
    timeout: Duration,
    default_headers: HeaderMap,
) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .default_headers(default_headers)
        .redirect(Policy::none())
        .retry(retry::never())
        .timeout(timeout)
        .user_agent(concat!("ims-cli/", env!("CARGO_PKG_VERSION")));
    // Plain http is for loopback alone, and needs neither CA certificates nor a proxy.
    let is_plain = url.scheme() == "http";
    let builder = if is_plain { builder.no_proxy().tls_certs_only([]) } else { builder };
    builder.build().map_err(|error| {
        Failure::person("the HTTP client cannot be set up").because(error.without_url())
    })
}

fn failed(error: Error) -> Failure {
    if let Some(no_token) = NoToken::of(&error) {
        return no_token.token_error().clone().into();
    }
    match error {
        Error::Reqwest(error) => answer::unanswered(error),
        Error::Middleware(error) => Failure::person(error.to_string()),
    }
}

/// How long a request without a body may take.
const TIMEOUT: Duration = Duration::from_mins(1);
