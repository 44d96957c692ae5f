//! The agent and the proxy, next to bare servers that do the same work.

use std::{
    env,
    fmt::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    contest::{at_least, at_most, median},
    emulator::free_address,
    integration::Integration,
    load::Process,
    record::Ratio,
    start::ims_command,
};

const ROUNDS: usize = 9;

/// How many callers there are at the same time.
const CONNECTIONS: usize = 32;

/// Requests of each of them in one round.
const REQUESTS: u32 = 500;

/// The lowest rate of the agent and of the proxy, as a part of the bare server's.
const TARGET: f64 = 0.8;

/// How much longer than through the bare proxy the slowest hundredth of the answers may take, in milliseconds.
const ADDED: f64 = 0.3;

/// How much memory the agent may use with a hundred contexts, in MiB.
const MEMORY: f64 = 20.0;

pub(crate) fn measure() -> Result<bool> {
    let (ims, integration) = (ims_command()?, Integration::new()?);
    let at = free_address()?;
    let mut command = Command::new(&ims);
    command.args(["emulator", "--quiet", "-c"]).arg(integration.path("credentials.json"));
    command.args(["--listen", &at.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let _emulator = Process::start(&mut command, at, "/ims/keys")?;
    let url = format!("http://{at}");
    let tokens = tokens(&ims, &integration, &url)?;
    let requests = requests(&ims, &integration, &url)?;
    let memory = memory(&ims, &integration, &url)?;
    Ok(tokens && requests && memory)
}

/// Runs the command `ims` with the credentials of the integration, and ignores its output.
fn ours(ims: &Path, integration: &Integration, url: &str, name: &str) -> Command {
    let mut command = Command::new(ims);
    command.arg(name).arg("-c").arg(integration.path("credentials.json")).args(["--url", url]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Tokens over a Unix socket.
fn tokens(ims: &Path, integration: &Integration, url: &str) -> Result<bool> {
    let socket = integration.path("run/agent.sock");
    let mut command = ours(ims, integration, url, "agent");
    let agent = Process::start(command.arg("--socket").arg(&socket), socket, "/v1/token")?;
    let body = agent.body("/v1/token")?;
    let file = integration.write("token.json", &body)?;
    let bare_socket = integration.path("bare.sock");
    let mut command = Command::new(env::current_exe()?);
    command.arg("--serve-bytes").arg(&bare_socket).arg(file);
    let bare = Process::start(&mut command, bare_socket, "/")?;
    let rate = rate(
        "tokens over a Unix socket",
        [("bare hyper", &bare, "/v1/token"), ("ims agent", &agent, "/v1/token")],
    )?;
    Ok(at_least(
        TARGET,
        "agent: rate of token answers over a Unix socket, of a bare hyper server's",
        rate,
    ))
}

/// Requests to an API through a proxy.
fn requests(ims: &Path, integration: &Integration, url: &str) -> Result<bool> {
    let (api_at, bare_at, proxy_at) = (free_address()?, free_address()?, free_address()?);
    let file = integration.write("answer.json", &"x".repeat(1024))?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["--serve-bytes", &api_at.to_string()]).arg(file);
    let api = Process::start(&mut command, api_at, "/")?;
    let bare = bare_proxy(bare_at, api_at)?;
    let mut command = ours(ims, integration, url, "proxy");
    command.args(["--allow-host", "localhost", "--to", &format!("http://{api_at}")]);
    command.args(["--listen", &proxy_at.to_string()]);
    let proxy = Process::start(&mut command, proxy_at, "/a")?;
    let rate = rate(
        "requests through a proxy",
        [("bare hyper and reqwest", &bare, "/a"), ("ims proxy", &proxy, "/a")],
    )?;
    let rate = at_least(TARGET, "agent: rate of `ims proxy`, of a bare reverse proxy's", rate);

    let added = added(&api, &bare, &proxy)?;
    let added = at_most(
        ADDED,
        "agent: ms that the slowest hundredth waits longer than through a bare proxy, wall time",
        added,
    );
    Ok(rate && added)
}

/// By how many milliseconds the slowest hundredth of the answers is later through the proxy than through the bare one.
fn added(api: &Process, bare: &Process, proxy: &Process) -> Result<Ratio> {
    let servers = [("the API itself", api), ("bare hyper and reqwest", bare), ("ims proxy", proxy)];
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut slowest = [0.0; 3];
        for turn in 0..3 {
            let index = (round + turn) % 3;
            let (_, server) = servers[index];
            let mut taken = server.latencies("/a", CONNECTIONS, 100, Duration::from_millis(20))?;
            taken.sort_unstable();
            slowest[index] = taken[taken.len() * 99 / 100].as_secs_f64() * 1e3;
        }
        rounds.push(slowest);
    }
    println!(
        "agent: the slowest hundredth of the answers; medians of {ROUNDS} rounds, {CONNECTIONS} connections, a request \
         every 20 ms on each, one after the other"
    );
    for (index, (name, _)) in servers.iter().enumerate() {
        let millis = median(rounds.iter().map(|round| round[index]));
        println!("  {name:<44} {millis:>8.3} ms");
    }
    Ok(Ratio::of(rounds.iter().map(|round| round[2] - round[1])))
}

fn bare_proxy(at: SocketAddr, api: SocketAddr) -> Result<Process> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--serve-proxy", &at.to_string(), &format!("http://{api}")]);
    Process::start(&mut command, at, "/a")
}

/// The rate of the second server as a part of the first one's, by their processor time.
fn rate(title: &str, servers: [(&str, &Process, &str); 2]) -> Result<Ratio> {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut taken = [Duration::ZERO; 2];
        for turn in 0..2 {
            let index = (round + turn) % 2;
            let (_, server, path) = servers[index];
            taken[index] = server.get_all(path, CONNECTIONS, REQUESTS)?;
        }
        rounds.push(taken);
    }
    // The first does not count.
    rounds.remove(0);
    println!("agent: {title}, processor time of the server; medians of {ROUNDS} rounds");
    for (index, (name, server, _)) in servers.iter().enumerate() {
        let micros = median(rounds.iter().map(|round| round[index].as_secs_f64() * 1e6));
        let kib = server.resident_kib()?;
        println!("  {name:<44} {micros:>8.1} µs {:>8.0}/s {kib:>8} KiB", 1e6 / micros);
    }
    Ok(Ratio::of(rounds.iter().map(|round| round[0].as_secs_f64() / round[1].as_secs_f64())))
}

/// The memory of an agent that serves a hundred contexts, each with its token.
fn memory(ims: &Path, integration: &Integration, url: &str) -> Result<bool> {
    let mut contexts = String::new();
    for number in 0..100 {
        writeln!(contexts, "[contexts.c{number}]\ncredentials_file = \"../../credentials.json\"")?;
        writeln!(contexts, "ims_url = \"{url}\"")?;
    }
    std::fs::create_dir_all(integration.path("config/ims"))?;
    integration.write("config/ims/config.toml", &contexts)?;
    let socket = integration.path("many/agent.sock");
    let mut command = Command::new(ims);
    command.arg("agent").arg("--socket").arg(&socket).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("XDG_CONFIG_HOME", integration.path("config"));
    for number in 0..100 {
        command.args(["--context", &format!("c{number}")]);
    }
    let agent = Process::start(&mut command, socket, "/v1/health")?;
    for number in 0..100 {
        agent.body(&format!("/v1/token?context=c{number}")).context("a context has no token")?;
    }
    let mib = f64::from(u32::try_from(agent.resident_kib()?)?) / 1024.0;
    Ok(at_most(MEMORY, "agent: MiB of memory with a hundred contexts", Ratio::once(mib)))
}
