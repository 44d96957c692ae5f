//! The emulator with every check and verdict on, next to a bare server that only verifies and signs.

use std::{
    env,
    fs::File,
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use anyhow::Result;
use ims::{
    claims::{AssertionLifetime, Environment, NumericDate},
    sign::{PemSigner, sign_assertion},
};
use ims_testkit::keys;

use crate::{
    contest::{at_least, median},
    integration::{CLIENT_ID, CLIENT_SECRET, Integration, account},
    load::Process,
    record::Ratio,
    start::ims_command,
};

const ROUNDS: usize = 9;

/// Exchanges in one round of one server, a second's worth.
const EXCHANGES: u32 = 2_000;

/// The lowest rate, as a part of the bare server's. RSA is nearly all of an exchange, so the rest may take a
/// fourteenth.
const TARGET: f64 = 0.93;

const EXCHANGE: &str = "/ims/exchange/jwt";

pub(crate) fn measure() -> Result<bool> {
    let (ims, integration) = (ims_command()?, Integration::new()?);
    let body = body()?;
    let out =
        |name: &str| Ok::<_, anyhow::Error>(Stdio::from(File::create(integration.path(name))?));
    let ours = || {
        let mut command = Command::new(&ims);
        command.args(["emulator", "-c"]).arg(integration.path("credentials.json"));
        command
    };
    let floor = free_address()?;
    let mut bare = Command::new(env::current_exe()?);
    bare.args(["--serve-floor", &floor.to_string()]);
    let (lines, json) = (free_address()?, free_address()?);
    let servers = [
        ("bare hyper and aws-lc-rs", Process::start(&mut bare, floor, "/")?),
        ("ims emulator, verdicts as text in a file", {
            let mut command = ours();
            command.args(["--listen", &lines.to_string()]);
            let command = command.stdout(out("url")?).stderr(out("verdicts")?);
            Process::start(command, lines, "/ims/keys")?
        }),
        ("ims emulator --json, verdicts in a file", {
            let mut command = ours();
            command.args(["--json", "--listen", &json.to_string()]);
            let command = command.stdout(out("verdicts.jsonl")?).stderr(Stdio::null());
            Process::start(command, json, "/ims/keys")?
        }),
    ];
    let rounds = rounds(&servers, &body)?;
    println!(
        "emulator: processor time of the server for one exchange; medians of {ROUNDS} rounds of {EXCHANGES}"
    );
    for (index, (name, server)) in servers.iter().enumerate() {
        let micros = median(rounds.iter().map(|round| round[index].as_secs_f64() * 1e6));
        let kib = server.resident_kib()?;
        println!("  {name:<44} {micros:>8.1} µs {:>8.0}/s {kib:>8} KiB", 1e6 / micros);
    }
    let rate = |index: usize| {
        Ratio::of(rounds.iter().map(|round| round[0].as_secs_f64() / round[index].as_secs_f64()))
    };
    let text =
        at_least(TARGET, "emulator: rate with verdicts as text, of the bare server", rate(1));
    let json =
        at_least(TARGET, "emulator: rate with verdicts as JSON, of the bare server", rate(2));
    Ok(text && json)
}

/// The time of an exchange at each server, round after round. Another server begins each round; the first round does not
/// count.
fn rounds<const N: usize>(
    servers: &[(&str, Process); N],
    body: &str,
) -> Result<Vec<[Duration; N]>> {
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut taken = [Duration::ZERO; N];
        for turn in 0..N {
            let index = (round + turn) % N;
            taken[index] = servers[index].1.post(EXCHANGE, body, EXCHANGES)?;
        }
        rounds.push(taken);
    }
    rounds.remove(0);
    Ok(rounds)
}

/// A request that the emulator accepts again and again.
fn body() -> Result<String> {
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None)?;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = NumericDate::from_secs(since_1970.as_secs().try_into()?);
    let claims = account()?.claims(&Environment::production(), now, AssertionLifetime::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let assertion = runtime.block_on(sign_assertion(&claims, &signer))?;
    let jwt = assertion.expose_secret();
    Ok(format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&jwt_token={jwt}"))
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
