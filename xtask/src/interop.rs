//! `cargo xtask interop`: the emulator with clients that others wrote, unmodified from their registries, and our command with
//! servers that others wrote.
//!
//! Each client has a script in `xtask/interop/`. The script gets a token with the client, sends requests that must be
//! refused, and compares the client's messages. It needs the network, so it is not part of `cargo xtask test`.

mod client;
mod emulator;

use std::{fmt::Write, fs};

use anyhow::{Context, Result, bail};

use client::{
    Client, Outcome,
    Registry::{CratesIo, Debian, Git, Npm, Pypi},
};
use emulator::Emulator;

/// The folder for the clients, which stay installed.
const CLIENT_FOLDER: &str = "target/interop";

/// The folder for keys, logs and homes, new for each run.
const RUN_FOLDER: &str = "target/interop/run";

/// Runs clients that others wrote with the emulator, and our command with servers that others wrote.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The clients, by their names in their registries; without a name, all of them.
    #[arg(value_name = "CLIENT")]
    clients: Vec<String>,

    /// Fail if a client could not be installed, too.
    #[arg(long)]
    all: bool,
}

const JSONTOKEN_NEEDS: &[&str] = &[
    "default-jdk-headless",
    "libcommons-codec-java",
    "libgoogle-gson-java",
    "libguava-java",
    "libjoda-time-java",
];

#[rustfmt::skip]
const CLIENTS: &[Client] = &[
    // Adobe's own clients.
    Client { name: "@adobe/jwt-auth",                   version: "2.0.0",  registry: Npm,  script: "jwt_auth.cjs" },
    Client { name: "@adobe/aio-lib-ims",                version: "8.1.2",  registry: Npm,  script: "aio_lib_ims.cjs" },
    Client { name: "@adobe/aio-cli",                    version: "11.1.2", registry: Npm,  script: "aio_cli.cjs" },
    Client { name: "@adobe/aio-lib-core-auth",          version: "1.1.0",  registry: Npm,  script: "aio_lib_core_auth.cjs" },
    Client { name: "@adobe/aio-commerce-lib-auth",      version: "1.1.3",  registry: Npm,  script: "aio_commerce_lib_auth.mjs" },
    Client { name: "@adobe/asset-compute-client",       version: "5.2.1",  registry: Npm,  script: "asset_compute_client.cjs" },
    Client { name: "@adobe/spacecat-shared-ims-client", version: "1.11.9", registry: Npm,  script: "spacecat_ims_client.mjs" },
    Client { name: "@adobe/auth-token",                 version: "1.0.1",  registry: Npm,  script: "auth_token.cjs" },
    Client { name: "@adobe/firefly-services-common-apis", version: "2.0.0", registry: Npm,  script: "firefly_services.cjs" },
    Client { name: "umapi-client",                      version: "3.0.1",  registry: Pypi, script: "umapi.py" },
    Client { name: "pdfservices-sdk",                   version: "2.3.1",  registry: Pypi, script: "pdfservices.py" },
    // Clients of Adobe's APIs that others wrote.
    Client { name: "aanalytics2", version: "0.5.5.post3", registry: Pypi, script: "aanalytics.py" },
    Client { name: "aepp",        version: "0.6.0",       registry: Pypi, script: "experience_platform.py" },
    Client { name: "pipelinepy",  version: "1.0.5",       registry: Pypi, script: "pipeline_token_provider.py" },
    // Clients of OAuth and OpenID.
    Client { name: "openid-client",             version: "6.9.0",  registry: Npm,      script: "openid_client.mjs" },
    Client { name: "oauth4webapi",              version: "3.8.8",  registry: Npm,      script: "oauth4webapi.mjs" },
    Client { name: "@badgateway/oauth2-client", version: "3.3.1",  registry: Npm,      script: "badgateway_oauth2_client.mjs" },
    Client { name: "simple-oauth2",             version: "5.1.0",  registry: Npm,      script: "simple_oauth2.mjs" },
    Client { name: "oidc-client-ts",            version: "3.5.0",  registry: Npm,      script: "oidc_client_ts.cjs" },
    Client { name: "Authlib",                   version: "1.9.10", registry: Pypi,     script: "authlib_client.py" },
    Client { name: "requests-oauthlib",         version: "2.0.0",  registry: Pypi,     script: "requests_oauthlib_client.py" },
    Client { name: "crate oauth2",              version: "5.0.0",  registry: CratesIo, script: "oauth2.rs" },
    Client { name: "crate openidconnect",       version: "4.0.1",  registry: CratesIo, script: "openidconnect.rs" },
    // The JWT libraries that Adobe's documents name, as far as a registry has them.
    Client { name: "jsonwebtoken",   version: "9.0.3",        registry: Npm,                                  script: "jsonwebtoken.cjs" },
    Client { name: "PyJWT[crypto]",  version: "2.15.1",       registry: Pypi,                                 script: "pyjwt.py" },
    Client { name: "ruby-jwt",       version: "(Debian)",     registry: Debian(&["ruby-jwt"]),                script: "ruby_jwt.rb" },
    Client { name: "haskell-jwt",    version: "(Debian)",     registry: Debian(&["ghc", "libghc-jwt-dev"]),   script: "haskell_jwt.hs" },
    Client { name: "php-jwt",        version: "v7.0.5",       registry: Git("https://github.com/firebase/php-jwt", &["php-cli"]), script: "php_jwt.php" },
    Client { name: "jsontoken",      version: "jsontoken-1.1", registry: Git("https://github.com/google/jsontoken", JSONTOKEN_NEEDS), script: "JsonTokenCases.java" },
    // Servers, with our command as the client.
    Client { name: "oidc-provider",      version: "9.13.3", registry: Npm, script: "oidc_provider.mjs" },
    Client { name: "oauth2-mock-server", version: "8.2.3",  registry: Npm, script: "oauth2_mock_server.mjs" },
    // The recipes of docs/emulator.md, each in its test runner.
    Client { name: "pytest",    version: "9.2.0",    registry: Pypi,                script: "recipe_pytest.py" },
    Client { name: "node:test", version: "(Node)",   registry: Debian(&[]),         script: "recipe_node_test.py" },
    Client { name: "junit5",    version: "(Debian)", registry: Debian(&["junit5"]), script: "recipe_junit.py" },
];

pub(crate) fn run(options: &Options) -> Result<()> {
    let clients = chosen(&options.clients)?;
    let client_folder = std::path::absolute(CLIENT_FOLDER)?;
    let run_folder = std::path::absolute(RUN_FOLDER)?;
    if run_folder.exists() {
        fs::remove_dir_all(&run_folder)?;
    }
    let emulator = Emulator::start(&run_folder)?;
    let mut outcomes = Vec::new();
    for client in &clients {
        outcomes.push(client.outcome(&client_folder, &run_folder, &emulator));
    }
    println!("\n{}", summary(&clients, &outcomes));
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed(_))) {
        bail!("a client failed: the verdicts are in {RUN_FOLDER}/emulator.log");
    }
    if options.all && outcomes.iter().any(|outcome| matches!(outcome, Outcome::NotRun(_))) {
        bail!("a client could not be installed");
    }
    Ok(())
}

/// One line for each client, and the number of each outcome.
fn summary(clients: &[&Client], outcomes: &[Outcome]) -> String {
    let mut summary = String::new();
    let (mut passed, mut failed, mut not_run) = (0, 0, 0);
    for (client, outcome) in clients.iter().zip(outcomes) {
        // Writing to a string never fails.
        let _ = writeln!(summary, "{:<35}  {:<13}  {outcome}", client.name, client.version);
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Failed(_) => failed += 1,
            Outcome::NotRun(_) => not_run += 1,
        }
    }
    let count = clients.len();
    summary + &format!("{count} clients: {passed} passed, {failed} failed, {not_run} not installed")
}

/// The clients called `names`, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Client>> {
    if names.is_empty() {
        return Ok(CLIENTS.iter().collect());
    }
    let mut chosen = Vec::new();
    for name in names {
        let client = CLIENTS.iter().find(|client| client.name == name);
        chosen.push(client.with_context(|| {
            let known: Vec<_> = CLIENTS.iter().map(|client| client.name).collect();
            format!("no client is called {name}: there are {}", known.join(", "))
        })?);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_client_has_a_script_and_every_script_a_client() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        let files = folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string());
        let mut files: Vec<_> = files.map(Result::unwrap).collect();
        files.retain(|file| !file.starts_with("cases.") && file != "recipes.py");
        files.sort();
        let mut scripts: Vec<_> = CLIENTS.iter().map(|client| client.script).collect();
        scripts.sort_unstable();
        assert_eq!(files, scripts);
    }

    #[test]
    fn the_nightly_workflow_installs_every_package_of_the_distribution() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workflow = fs::read_to_string(root.join(".github/workflows/nightly.yml")).unwrap();
        let words: Vec<_> = workflow.split_whitespace().collect();
        for client in CLIENTS {
            let (Debian(packages) | Git(_, packages)) = client.registry else { continue };
            for package in packages {
                assert!(words.contains(package), "{package}, for {}", client.name);
            }
        }
    }

    #[test]
    fn the_summary_has_a_line_for_each_client_and_counts_the_outcomes() {
        let clients = chosen(&["aepp".to_owned(), "junit5".to_owned(), "ruby-jwt".to_owned()]);
        let outcomes = [
            Outcome::Passed,
            Outcome::Failed("exit status: 1".to_owned()),
            Outcome::NotRun("to install it: apt-get install ruby-jwt".to_owned()),
        ];
        let summary = summary(&clients.unwrap(), &outcomes);
        let lines: Vec<_> = summary.lines().collect();
        assert!(lines[0].starts_with("aepp  ") && lines[0].ends_with("  passed"), "{summary}");
        assert!(lines[1].ends_with("  FAILED: exit status: 1"), "{summary}");
        let reason = "  not installed: to install it: apt-get install ruby-jwt";
        assert!(lines[2].ends_with(reason), "{summary}");
        assert_eq!(lines[3], "3 clients: 1 passed, 1 failed, 1 not installed");
    }

    #[test]
    fn clients_are_chosen_by_name_and_an_unknown_one_is_refused() {
        assert_eq!(chosen(&[]).map(|all| all.len()).ok(), Some(CLIENTS.len()));
        let one = chosen(&["aepp".to_owned()]).unwrap();
        assert_eq!(one.iter().map(|client| client.name).collect::<Vec<_>>(), ["aepp"]);
        let error = chosen(&["unknown".to_owned()]).err().unwrap().to_string();
        assert!(
            error.starts_with("no client is called unknown: there are @adobe/jwt-auth, "),
            "{error}"
        );
    }
}
