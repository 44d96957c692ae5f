//! The programs in `examples/` run and print what their documentation says.
#![cfg(unix)] // some of them use SoftHSM and a Redis server
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ims_emulator::Emulator;
use tempfile::TempDir;

/// Each program that needs no other program, with the beginnings of its lines.
#[rustfmt::skip]
const PROGRAMS: &[(&str, &[&str])] = &[
    ("audited_transport",   &["POST ims/token/v3: 200 OK", "token "]),
    ("axum_service",        &["/assets 200 OK", "/assets 401 Unauthorized", "/health 200 OK", "the service has ended"]),
    ("blocking",            &["token ", "1 request for 5 calls"]),
    ("fleet",               &["8 processes with Redis: 1 token, 1 exchange", "3 processes without it: 3 tokens, 3 exchanges"]),
    ("kms_signer",          &["KmsSigner ", "it signs right", "token "]),
    ("metrics_and_tracing", &["1 refresh", "ims_token_refreshes_total{", "ims_token_refreshes_total{", "ims_token_refreshes_total{", "serving: true"]),
    ("pool",                &["north: 86399 s", "south: 86399 s", "west: a person must act", "north: 86399 s", "south: 86399 s", "west: a person must act", "3 requests for 6 calls"]),
    ("reqwest_middleware",  &["200 OK", "{\"method\":\"GET\",\"client_id\":\"emulated-client\""]),
    ("server_to_server",    &["token ", "3 header fields for Adobe's APIs"]),
    ("service_account",     &["token ", "the certificate expires "]),
    ("tests_with_emulator", &["4 header fields, 1 request", "IMS is not available: IMS has trouble (503"]),
    ("tower_client",        &["200 OK", "{\"method\":\"GET\",\"client_id\":\"emulated-client\""]),
];

#[test]
fn each_example_prints_the_lines_that_it_documents() {
    for (name, lines) in PROGRAMS {
        let output = Command::new(example(name)).output().unwrap();
        expect_lines(name, &output, lines);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_of_the_readme_reads_the_file_in_the_folder_above() {
    let emulator = Emulator::start().await.unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("creds.json"), emulator.credentials_json()).unwrap();
    let project = folder.path().join("first");
    fs::create_dir(&project).unwrap();
    let output = Command::new(example("first_token")).current_dir(project).output().unwrap();
    expect_lines("first_token", &output, &["token ", "3 header fields for Adobe's APIs"]);
}

#[test]
fn a_key_in_a_module_signs_for_the_example() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let tokens = folder.join("tokens");
    fs::create_dir(&tokens).unwrap();
    let configuration = folder.join("softhsm2.conf");
    fs::write(&configuration, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
    let module = softhsm();
    let with_tokens = |program: &Path, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env("SOFTHSM2_CONF", &configuration)
            .env("IMS_PKCS11_PIN", "1234")
            .output()
            .unwrap()
    };
    let new_token =
        ["--init-token", "--free", "--label", "ims", "--so-pin", "1234", "--pin", "1234"];
    let made = with_tokens(Path::new("softhsm2-util"), &new_token);
    assert!(made.status.success(), "{made:?}");
    let path = module.to_str().unwrap();
    #[rustfmt::skip]
    let new_key = [
        "--module", path, "--login", "--pin", "1234", "--token-label", "ims",
        "--keypairgen", "--key-type", "rsa:2048", "--label", "my-key",
    ];
    let made = with_tokens(Path::new("pkcs11-tool"), &new_key);
    assert!(made.status.success(), "{made:?}");

    let uri = format!("pkcs11:token=ims;object=my-key?module-path={path}");
    let output = with_tokens(&example("hsm"), &[&uri]);
    expect_lines("hsm", &output, &["the module signed a certificate, ", "token "]);
}

#[track_caller]
fn expect_lines(name: &str, output: &Output, beginnings: &[&str]) {
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {output:?}");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), beginnings.len(), "{name} printed\n{printed}");
    for (line, beginning) in lines.iter().zip(beginnings) {
        assert!(line.starts_with(beginning), "{name}: {beginning:?} does not begin {line:?}");
    }
}

/// The program of an example, which cargo builds into the folder next to that of this test.
#[track_caller]
fn example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    let path = path.with_extension(env::consts::EXE_EXTENSION);
    if !path.is_file() {
        // `cargo test` builds an example that has tests as a test, and not as a program; `cargo test --tests`, which
        // cargo-llvm-cov uses, builds no example, and its build folder is not the usual one.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--workspace", "--all-features", "--example", name]);
        build.arg("--target-dir").arg(test.ancestors().nth(3).unwrap());
        assert!(build.status().unwrap().success(), "{name} is built");
    }
    assert!(path.is_file(), "{} is there", path.display());
    path
}

/// The module of SoftHSM, where Debian or another system has it.
fn softhsm() -> PathBuf {
    let places = ["/usr/lib/softhsm", "/usr/local/lib/softhsm", "/opt/homebrew/lib/softhsm"];
    let place =
        places.iter().map(|it| Path::new(it).join("libsofthsm2.so")).find(|it| it.is_file());
    place.expect("SoftHSM is installed")
}
