//! `ims agent`: tokens for programs in any language.

mod health;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};

use crate::{
    failure::Failure,
    listen_address,
    output::Answer,
    process::block_on,
    service::{ServiceOptions, end},
};

/// Give tokens to local programs in any language.
///
/// Runs until a signal ends it. Programs ask GET /v1/token on a Unix socket, or at a loopback address if you ask for one,
/// and get a token that is always fresh: one exchange for all of them. They never see a secret or a key. /v1/headers has
/// the header fields for Adobe's APIs, /v1/health the state, /metrics measurements. The first lines on standard output say
/// where it listens. It reads the credentials again after SIGHUP and when their files change; SIGUSR1 prints the state.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ims agent --context production --context stage &\n  \
    curl --unix-socket $XDG_RUNTIME_DIR/ims/agent.sock 'http://ims/v1/token?context=stage'")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Serve the context of this name; may be given several times. See ims context
    #[arg(long, value_name = "NAME")]
    context: Vec<String>,

    /// The Unix socket; by default ims/agent.sock in `XDG_RUNTIME_DIR`, unless --listen or --port is given or systemd
    /// passes sockets on
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Listen at this loopback address as well; port 0 is a free one. Callers send the text of the capability file as
    /// Authorization: Bearer …
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address::address, requires = "capability_file")]
    listen: Option<SocketAddr>,

    /// Listen at this port of 127.0.0.1 as well, in the same way; 0 is a free one
    #[arg(long, value_name = "PORT", value_parser = listen_address::port, requires = "capability_file")]
    #[arg(conflicts_with = "listen")]
    port: Option<SocketAddr>,

    #[command(flatten)]
    service: ServiceOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    Health(health::Arguments),
}

pub(crate) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    if let Some(Command::Health(arguments)) = &arguments.command {
        return health::run(arguments);
    }
    block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> Result<Answer, Failure> {
    let Arguments { context, socket, listen, port, service, .. } = arguments;
    let mut listeners = service.listeners(socket.as_ref(), listen.or(port)).await?;
    if listeners.is_empty() {
        listeners = service.listeners(Some(&health::default_socket()?), None).await?;
    }
    let agent = service.start(&context).await?;
    let server = agent.clone();
    let serving = service.serve(agent, listeners, |listener, limits, ended| {
        let agent = server.clone();
        async move { agent.serve(listener, limits, end(ended)).await }
    });
    serving.await
}
