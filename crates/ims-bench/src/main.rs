#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "a measurement prints")]

mod agent;
mod assertion;
mod attack;
mod bare;
mod certificates;
mod contest;
mod elsewhere;
mod emulator;
mod exchange;
mod floor;
mod integration;
mod load;
mod record;
mod server;
mod start;
mod verify;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use elsewhere::Recording;

/// Prints ratios, and fails if one misses its target.
#[derive(Debug, Parser)]
struct Options {
    /// The measurements to run; without a name, all but `peers`, which builds many crates of others, and with --record that,
    /// too.
    #[arg(value_name = "NAME")]
    names: Vec<Name>,

    /// Write the figures into docs/benchmarks.md.
    #[arg(long)]
    record: bool,

    /// The command as users install it, for `start` and `certificates`. Without it, that of the release profile is measured.
    #[arg(long, value_name = "FILE")]
    command: Option<PathBuf>,

    /// Serves the answers for `exchange`. The measurement starts itself again with this option.
    #[arg(long, hide = true)]
    serve: bool,

    /// Serves the smallest possible IMS, for `emulator`. The measurement starts itself again with this option.
    #[arg(long, hide = true, value_name = "ADDRESS")]
    serve_floor: Option<SocketAddr>,

    /// Answers every request at this socket or address with the bytes of a file, for `agent`.
    #[arg(long, hide = true, num_args = 2, value_names = ["PLACE", "FILE"])]
    serve_bytes: Vec<String>,

    /// Passes every request at this address on to another server, for `agent`.
    #[arg(long, hide = true, num_args = 2, value_names = ["ADDRESS", "URL"])]
    serve_proxy: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// From the claims to the compact JWT, next to the bare signature.
    Assertion,
    /// An exchange over loopback, next to bare reqwest and a bare signature.
    Exchange,
    /// A process from start to end, next to openssl and curl.
    Start,
    /// The expiry dates of a thousand certificates, and a new certificate, next to openssl and Python.
    Certificates,
    /// An access token verified, next to the bare signature check.
    Verify,
    /// The emulator with every check and verdict on, next to a server that only verifies and signs.
    Emulator,
    /// The most memory of the emulator under attacks by clients without any secret.
    Attack,
    /// Tokens over a Unix socket, and requests through the proxy, next to bare servers of hyper and reqwest.
    Agent,
    /// A call for a token in memory, next to plain memory reads.
    Keeper,
    /// A call for a token in memory, next to the clients of other clouds.
    Peers,
}

const USUAL: &[Name] = &[
    Name::Assertion,
    Name::Exchange,
    Name::Start,
    Name::Certificates,
    Name::Verify,
    Name::Emulator,
    Name::Attack,
    Name::Agent,
    Name::Keeper,
];

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    if options.serve {
        server::serve()?;
    }
    if let Some(address) = options.serve_floor {
        floor::serve(address)?;
    }
    if let [place, file] = &options.serve_bytes[..] {
        bare::serve_bytes(place, file)?;
    }
    if let [address, url] = &options.serve_proxy[..] {
        bare::serve_proxy(address, url)?;
    }
    if let Some(command) = &options.command {
        start::measure_command(command)?;
    }
    let recording = if options.record { Recording::On } else { Recording::Off };
    let mut all_hold = true;
    for name in selected(&options) {
        // The others are measured and recorded anyway: a program that one of them needs may be missing.
        all_hold &= measure(name, recording).unwrap_or_else(|error| {
            println!("{name:?}: NOT MEASURED: {error:#}");
            false
        });
    }
    if recording == Recording::On {
        record::write()?;
    }
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn selected(options: &Options) -> Vec<Name> {
    if !options.names.is_empty() {
        return options.names.clone();
    }
    if options.record {
        return Name::value_variants().to_vec();
    }
    USUAL.to_vec()
}

/// Returns whether every target was met.
fn measure(name: Name, recording: Recording) -> Result<bool> {
    match name {
        Name::Assertion => assertion::measure(),
        Name::Exchange => exchange::measure(),
        Name::Start => start::measure(),
        Name::Certificates => certificates::measure(),
        Name::Verify => verify::measure(),
        Name::Emulator => emulator::measure(),
        Name::Attack => attack::measure(),
        Name::Agent => agent::measure(),
        Name::Keeper => elsewhere::keeper(),
        Name::Peers => elsewhere::peers(recording),
    }
}
