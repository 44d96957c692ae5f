//! `ims proxy`: the token on the requests of programs that cannot add it.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use ims::Report;
use ims_agent::{Destination, Listener, Proxy};
use reqwest_middleware::reqwest;

use super::call::allowed_hosts;
use crate::{
    failure::Failure,
    listen_address,
    output::{self, Answer},
    process::block_on,
    service::{ServiceOptions, end, failure},
};

/// Add a token to the requests of local programs in any language.
///
/// Runs until a signal ends it. A request to the address of the proxy is sent to the API that --to names, with
/// Authorization, x-api-key and x-gw-ims-org-id. A client that has the proxy as its HTTP proxy uses the base URL
/// `http://HOST` of any of Adobe's hosts; the request goes there over https. When the API rejects the token with 401, a
/// request without a long body is sent again with a new one. A token goes only to Adobe's hosts, unless you allow others.
/// Standard error gets one line for each request. It reads the credentials again after SIGHUP and when their files change;
/// SIGUSR1 prints the state.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ims proxy --port 8080 --to https://platform.adobe.io --context production &\n  \
    curl http://127.0.0.1:8080/data/foundation/catalog/dataSets\n  \
    curl --proxy http://127.0.0.1:8080 http://platform.adobe.io/data/foundation/catalog/dataSets"
)]
pub(crate) struct Arguments {
    /// Use the credentials of this context. See ims context
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Listen at this loopback address; port 0 is a free one. Every program of this machine can use it, unless
    /// --capability-file is given: then clients send the text of that file as Proxy-Authorization, or as the password in the URL
    /// of their proxy
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address::address)]
    listen: Option<SocketAddr>,

    /// Listen at this port of 127.0.0.1, in the same way; 0 is a free one
    #[arg(long, value_name = "PORT", value_parser = listen_address::port, conflicts_with = "listen")]
    port: Option<SocketAddr>,

    /// Listen at this Unix socket
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// The API for requests to the proxy itself
    #[arg(long, value_name = "URL")]
    to: Option<Destination>,

    /// Also send the token to this domain and the hosts below it; may be given several times. localhost means all loopback
    /// addresses.
    #[arg(long, value_name = "DOMAIN")]
    allow_host: Vec<String>,

    #[command(flatten)]
    service: ServiceOptions,
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<Answer, Failure> {
    let Arguments { context, listen, port, socket, to, allow_host, service } = arguments;
    let hosts = allowed_hosts(&allow_host)?;
    let listeners = service.listeners(socket.as_ref(), listen.or(port)).await?;
    if listeners.is_empty() {
        let failure = Failure::usage("the proxy has no address to listen at");
        return Err(failure.hint("name one: --port 0, or --socket PATH"));
    }
    if listeners.iter().any(Listener::is_open) {
        output::note(
            "warning",
            "every program of every user of this machine can send requests with the token; --capability-file FILE \
             lets only those who can read FILE",
        );
    }
    let names: Vec<String> = context.into_iter().collect();
    let agent = service.start(&names).await?;
    let name = agent.names().next().unwrap_or_default().to_owned();
    let proxy = Proxy::new(&agent, &name, hosts, to, http_client()?).map_err(failure)?;
    let serving = service.serve(agent, listeners, |listener, limits, ended| {
        let proxy = proxy.clone();
        async move { proxy.serve(listener, limits, end(ended)).await }
    });
    serving.await
}

/// A client with the CA certificates that the environment names, as for requests to IMS.
fn http_client() -> Result<reqwest::ClientBuilder, Failure> {
    let builder = reqwest::Client::builder();
    let certificates = ims::ca_certificates().map_err(|error| Report::from(&error))?;
    let Some(certificates) = certificates else { return Ok(builder) };
    let mut usable = Vec::new();
    for certificate in certificates.iter() {
        let certificate = reqwest::Certificate::from_der(certificate);
        usable.push(certificate.map_err(|error| {
            Failure::person("a CA certificate cannot be used").because(error.without_url())
        })?);
    }
    Ok(builder.tls_certs_only(usable))
}
