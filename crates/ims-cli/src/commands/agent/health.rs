//! `ims agent health`: asks a running agent how it is.

use std::{env, net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use reqwest_middleware::reqwest::{self, StatusCode};
use serde_json::Value;

use crate::{
    failure::Failure,
    output::{self, Answer},
    process::block_on,
    service::lines,
};

/// Ask a running agent how it is: exit code 0 if all its contexts have a token, 1 if not.
///
/// Made for probes of Kubernetes, for monitoring and for people.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims agent health --socket /run/ims/agent.sock")]
pub(crate) struct Arguments {
    /// The Unix socket of the agent; by default ims/agent.sock in `XDG_RUNTIME_DIR`
    #[arg(long, value_name = "PATH", conflicts_with = "address")]
    socket: Option<PathBuf>,

    /// The address of the agent
    #[arg(long, value_name = "ADDRESS", requires = "capability_file")]
    address: Option<SocketAddr>,

    /// The file with the capability, which the agent requires at an address
    #[arg(long, value_name = "FILE")]
    capability_file: Option<PathBuf>,

    /// Ask only whether the agent answers, whatever IMS says
    #[arg(long)]
    alive: bool,

    /// Print the JSON answer of the agent
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    block_on(ask(arguments))
}

async fn ask(arguments: &Arguments) -> Result<Answer, Failure> {
    // The agent is on this machine, so neither certificates nor a proxy are needed.
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(TIMEOUT);
    let (builder, host) = match arguments.address {
        Some(address) => (builder, address.to_string()),
        None => (at_socket(builder, arguments)?, "ims".to_owned()),
    };
    let client = builder.build().map_err(unanswered)?;
    let mut request = client.get(format!("http://{host}/v1/health"));
    if let Some(path) = &arguments.capability_file {
        let capability = ims_files::read_private(path, LONGEST_CAPABILITY)?;
        let capability = std::str::from_utf8(&capability).unwrap_or_default();
        request = request.bearer_auth(capability.trim());
    }
    let response = request.send().await.map_err(unanswered)?;
    let status = response.status();
    let text = response.text().await.map_err(unanswered)?;
    let known = [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
    let health = serde_json::from_str::<Value>(&text).ok().filter(|_| known);
    let Some(health) = health else {
        return Err(Failure::person(format!("the agent answered {status}")));
    };
    if arguments.json {
        output::json(&health)?;
    } else {
        output::rows(&lines(&health))?;
    }
    let is_good = status == StatusCode::OK || arguments.alive;
    Ok(if is_good { Answer::Yes } else { Answer::No })
}

#[cfg(unix)]
fn at_socket(
    builder: reqwest::ClientBuilder,
    arguments: &Arguments,
) -> Result<reqwest::ClientBuilder, Failure> {
    let path = match &arguments.socket {
        Some(path) => path.clone(),
        None => default_socket()?,
    };
    Ok(builder.unix_socket(path))
}

#[cfg(not(unix))]
fn at_socket(
    _builder: reqwest::ClientBuilder,
    _arguments: &Arguments,
) -> Result<reqwest::ClientBuilder, Failure> {
    Err(Failure::usage("this system has no Unix sockets").hint("--address ADDRESS"))
}

/// The address at which the agent listens, and at which it is asked, unless another one is given.
pub(super) fn default_socket() -> Result<PathBuf, Failure> {
    let folder = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_absolute());
    let folder = folder.ok_or_else(|| {
        Failure::usage("XDG_RUNTIME_DIR is not set, so there is no usual place for the socket")
            .hint("name one: --socket PATH, or --port PORT --capability-file FILE")
    })?;
    Ok(folder.join("ims").join("agent.sock"))
}

fn unanswered(error: reqwest::Error) -> Failure {
    Failure::later("the agent does not answer").because(error.without_url())
}

/// How long the agent may take to answer: it needs no request to IMS for that.
const TIMEOUT: Duration = Duration::from_secs(5);

const LONGEST_CAPABILITY: u64 = 4096;
