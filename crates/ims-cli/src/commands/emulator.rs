//! `ims emulator`: a local IMS.

mod banner;
mod context;
mod endpoints;
mod env;
mod from_credentials;
mod verdicts;

use std::{io, net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};
use ims_emulator::{CertificateAuthority, Emulator, EmulatorBuilder, Scenario, StartError};
use serde::Serialize;

use self::verdicts::Form;
use crate::{
    failure::Failure,
    integration, listen_address,
    output::{self, Answer},
    process::{EndSignals, block_on},
    storage::contexts,
    transport, when,
};

pub(super) use from_credentials::integration_of;

/// Run a local IMS that says exactly why it refuses a request.
///
/// Runs until a signal ends it. Its first line on standard output is its base URL. It writes one line for each request to
/// standard error, and below a refused request the check that failed and what to do. The page URL/_emulator/ shows the
/// same.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  ims emulator --port 8080 -c creds.json &\n  ims token -c creds.json --ims-url http://127.0.0.1:8080\n  \
    ims emulator --context local & ims token --context local   # without credentials of Adobe"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option by itself")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Where to listen; port 0 is a free one [default: the address in `ims_url` of the credentials if it is one of this
    /// machine, otherwise 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address::address)]
    listen: Option<SocketAddr>,

    /// Listen at this port of 127.0.0.1; 0 is a free one
    #[arg(long, value_name = "PORT", value_parser = listen_address::port, conflicts_with = "listen")]
    port: Option<SocketAddr>,

    /// Also listen on an address that other machines can reach
    #[arg(long)]
    expose: bool,

    /// Register the integration of these credentials; may be given several times
    #[arg(short, long, value_name = "FILE")]
    credentials: Vec<PathBuf>,

    /// Register the integration of this context. If there is no such context, it is made: with an integration of the emulator,
    /// so that ims token --context NAME works at once
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// A scenario: integrations, switches and faults, as TOML or JSON
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Also serve HTTPS and a CONNECT proxy, with a certificate authority that is kept in this folder
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,

    /// Save the integrations that are added while it runs in this file
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Answer as the real IMS does where its documents say something else: 400 `invalid_token` for a wrong key
    #[arg(long)]
    as_observed: bool,

    /// Print JSON lines: first the base URL, then a verdict for each request
    #[arg(long, conflicts_with_all = ["verbose", "quiet"])]
    json: bool,

    /// Print nothing about requests; --verbose prints every check of each, not only the one that failed
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Env(env::Arguments),
    Endpoints(endpoints::Arguments),
    Schema(endpoints::SchemaArguments),
}

#[derive(Serialize)]
struct Started {
    url: String,
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    match arguments.command {
        Some(Command::Env(arguments)) => env::run(&arguments),
        Some(Command::Endpoints(arguments)) => endpoints::run(&arguments),
        Some(Command::Schema(_)) => endpoints::schema(),
        None => block_on(serve(arguments)),
    }
}

async fn serve(arguments: Arguments) -> Result<Answer, Failure> {
    let json = arguments.json;
    let signals = EndSignals::listen();
    let mut signals =
        signals.map_err(|error| Failure::person("no signal can be waited for").because(error))?;
    let form = match (json, transport::verbosity() > 0, arguments.quiet) {
        (true, _, _) => Form::Json,
        (_, true, _) => Form::EveryCheck,
        (_, _, true) => Form::Nothing,
        _ => Form::OneLine,
    };
    let has_tls = arguments.ca_dir.is_some();
    let new_context = match &arguments.context {
        Some(name) => context::missing(name)?,
        None => None,
    };
    let (observe, written) = verdicts::writer(form);
    let emulator = builder(arguments).await?.with_observer(observe).start().await;
    let emulator = emulator.map_err(unstarted)?;
    if let Some(name) = new_context {
        context::add(&name, &emulator)?;
    }
    if json {
        output::json(&Started { url: emulator.url() })?;
    } else {
        output::line(&emulator.url())?;
        banner::show(&emulator.url(), &emulator.client_ids(), has_tls);
    }
    signals.recv().await;
    emulator.shutdown().await;
    written.wait();
    Ok(Answer::Yes)
}

async fn builder(arguments: Arguments) -> Result<EmulatorBuilder, Failure> {
    let mut builder = Emulator::builder();
    let mut listen = arguments.listen.or(arguments.port);
    let mut hosts = Vec::new();
    if arguments.expose {
        output::note(
            "warning",
            "anyone who can reach the address can read verdicts, add integrations and get tokens",
        );
        builder = builder.exposed_to_the_network();
    }
    if arguments.as_observed {
        builder = builder.answering_as_observed();
    }
    if let Some(path) = arguments.state {
        builder = builder.with_state_file(path);
    }
    if let Some(path) = &arguments.config {
        let scenario = Scenario::read(path)
            .map_err(|error| Failure::person("the scenario cannot be used").because(error))?;
        for note in scenario.notes() {
            output::note("note", note);
        }
        hosts.extend_from_slice(scenario.hosts());
        builder = builder.with_scenario(scenario);
    }
    if let Some(folder) = &arguments.ca_dir {
        let authority = CertificateAuthority::open_for(folder, &hosts, when::system_time());
        let authority = authority.map_err(|error| {
            Failure::person("the certificate authority cannot be used").because(error)
        })?;
        builder = builder.with_certificate_authority(authority);
    }
    for path in &arguments.credentials {
        let credentials = integration::read(path)?;
        listen = listen.or_else(|| from_credentials::address_of(credentials.environment()));
        builder = builder.with_integration(integration_of(&credentials).await?);
    }
    if let Some(name) = &arguments.context
        && context::missing(name)?.is_none()
    {
        let credentials = contexts()?.credentials(name)?;
        integration::announce(&credentials);
        listen = listen.or_else(|| from_credentials::address_of(credentials.environment()));
        builder = builder.with_integration(integration_of(&credentials).await?);
    }
    Ok(match listen {
        Some(address) => builder.with_address(address),
        None => builder,
    })
}

fn unstarted(error: StartError) -> Failure {
    let message = "the emulator cannot start";
    match error {
        StartError::NotLoopback => {
            Failure::person(message).because(error).hint("to let others reach it anyway: --expose")
        }
        StartError::Listen(_, ref cause) if cause.kind() == io::ErrorKind::AddrInUse => {
            Failure::person(message)
                .because(error)
                .hint("another program listens there: end it, or take a free port with --port 0")
        }
        _ => Failure::person(message).because(error),
    }
}
