//! Whole processes from start to end, next to openssl and curl.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use anyhow::{Context, Result, anyhow, ensure};
use ims::claims::{Algorithm, Environment};
use nix::sys::resource::UsageWho;

use crate::{
    contest::{Contest, Results, at_most},
    elsewhere::cargo,
    integration::{
        CLIENT_ID, CLIENT_SECRET, Integration, ORG_ID, TECHNICAL_ACCOUNT_ID, account, claims,
    },
    server::Server,
};

pub(crate) fn measure() -> Result<bool> {
    let (ims, integration) = (shipped_command()?, Integration::new()?);
    let sign = sign(&ims, &integration)?;
    let token = token(&ims, &integration)?;
    Ok(sign && token)
}

/// `ims jwt sign`, which makes the claims and the whole JWT, next to openssl, which only signs prepared bytes.
fn sign(ims: &PathBuf, integration: &Integration) -> Result<bool> {
    let input = claims(&account()?, &Environment::production()).signing_input(Algorithm::Rs256);
    let input = integration.write("signing-input", str::from_utf8(input.as_bytes())?)?;
    let results = Contest::new(60, 1, UsageWho::RUSAGE_CHILDREN)
        .with("openssl dgst -sha256 -sign", || {
            let mut openssl = Command::new("openssl");
            openssl.args(["dgst", "-sha256", "-sign"]).arg(integration.path("private.key"));
            run(openssl.arg(&input))
        })
        .with("ims jwt sign", || {
            let credentials = integration.path("credentials.json");
            run(Command::new(ims).args(["jwt", "sign", "-c"]).arg(credentials))
        })
        .run("start: one signature, whole process")?;
    Ok(judge(&results, 0.5, "ims jwt sign", "openssl dgst -sha256 -sign"))
}

/// `ims token` next to a shell script, both with a running emulator.
fn token(ims: &PathBuf, integration: &Integration) -> Result<bool> {
    let credentials = integration.path("credentials.json");
    let emulator = Server::of(Command::new(ims).args(["emulator", "-c"]).arg(&credentials))?;
    let script = integration.write("token.sh", SCRIPT)?;
    let results = Contest::new(60, 1, UsageWho::RUSAGE_CHILDREN)
        .with("shell script with openssl and curl", || {
            let mut shell = Command::new("sh");
            shell.arg(&script).env("IMS_URL", &emulator.url).current_dir(integration.folder());
            shell.envs([("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET)]);
            run(shell.envs([("ORG_ID", ORG_ID), ("ACCOUNT_ID", TECHNICAL_ACCOUNT_ID)]))
        })
        .with("ims token --fresh", || {
            let mut token = Command::new(ims);
            token.args(["token", "--fresh", "--url", &emulator.url, "-c"]).arg(&credentials);
            run(token.envs(["HOME", "XDG_CACHE_HOME"].map(|name| (name, integration.folder()))))
        })
        .run("start: one token from the emulator, whole process")?;
    Ok(judge(&results, 0.25, "ims token --fresh", "shell script with openssl and curl"))
}

/// A copy of the command as users install it.
static SHIPPED: OnceLock<PathBuf> = OnceLock::new();

/// Measures whole processes of this command from now on.
pub(crate) fn measure_command(command: &Path) -> Result<()> {
    SHIPPED.set(installed(command)?).map_err(|_| anyhow!("the command was named twice"))
}

/// The command of which whole processes are measured: a copy of the one that was named, else of that of [`ims_command`].
pub(crate) fn shipped_command() -> Result<PathBuf> {
    match SHIPPED.get() {
        Some(copy) => Ok(copy.clone()),
        None => installed(&ims_command()?),
    }
}

/// Builds the command in the same profile as this program, and returns its path.
pub(crate) fn ims_command() -> Result<PathBuf> {
    ensure!(cargo("build", &["-p", "ims-cli"])?, "the command does not build");
    Ok(env::current_exe()?.with_file_name("ims"))
}

/// A copy of the command, as unpacking an archive makes one. The linker writes its file one page of memory at a time, and as long
/// as the system keeps it in such small pieces, each start takes a fifth longer than that of a copy.
fn installed(command: &Path) -> Result<PathBuf> {
    let copy = env::current_exe()?.with_file_name("ims-installed");
    fs::copy(command, &copy).with_context(|| command.display().to_string())?;
    Ok(copy)
}

/// Runs a command that must succeed. Its output goes to `/dev/null`.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(File::create("/dev/null")?).status();
    let status = status.with_context(|| format!("{} does not start", name(command)))?;
    ensure!(status.success(), "{} ended with {status}", name(command));
    Ok(())
}

/// Judges wall time and processor time by the same target.
pub(crate) fn judge(results: &Results, target: f64, name: &str, base: &str) -> bool {
    let wall = results.ratio(name, base, |sample| sample.wall);
    let cpu = results.ratio(name, base, |sample| sample.cpu);
    let wall = at_most(target, &format!("start: time of `{name}`, of {base}, wall time"), wall);
    let cpu = at_most(target, &format!("start: time of `{name}`, of {base}, CPU time"), cpu);
    wall && cpu
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// What people write without a library.
const SCRIPT: &str = r#"
set -eu
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
header=$(printf '{"alg":"RS256"}' | base64url)
payload=$(printf '{"exp":%d,"iss":"%s","sub":"%s","aud":"%s/c/%s","%s/s/ent_dataservices_sdk":true}' \
  "$(($(date +%s) + 300))" "$ORG_ID" "$ACCOUNT_ID" "$IMS_URL" "$CLIENT_ID" "$IMS_URL" | base64url)
signature=$(printf '%s.%s' "$header" "$payload" | openssl dgst -sha256 -sign private.key | base64url)
curl --silent --show-error --fail "$IMS_URL/ims/exchange/jwt" --data "client_id=$CLIENT_ID" \
  --data "client_secret=$CLIENT_SECRET" --data "jwt_token=$header.$payload.$signature" |
  sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/'
"#;
