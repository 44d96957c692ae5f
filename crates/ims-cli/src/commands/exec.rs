//! `ims exec`: a program with a valid token in its environment.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::Command,
    time::Duration,
};

use clap::Args;

use crate::{
    failure::Failure,
    integration::{IntegrationOptions, caching_client},
    output::Answer,
    process,
    process::block_on,
};

/// Run a program with a valid access token in its environment.
///
/// Runs a program with `IMS_ACCESS_TOKEN` in its environment, and `IMS_CLIENT_ID` and `IMS_ORG_ID` for the other header
/// fields that Adobe's APIs require. The program replaces ims, so signals and the exit code are its own. On Windows, ims
/// waits for it and ends with its exit code.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims exec -c creds.json -- python3 report.py\n\
    Exit codes: that of the program · 127 there is no such program · 126 it cannot be run · else as for ims token")]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// How long the token must be valid
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    valid_for: Duration,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let credentials = arguments.integration.credentials()?;
    let client = caching_client(&credentials)?;
    let token = block_on(async {
        let token = client.access_token_valid_for(arguments.valid_for).await;
        token.map_err(|error| Failure::from(error).asking(client.environment()))
    })?;
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Failure::usage("no program is named"));
    };
    let mut command = Command::new(program);
    command
        .args(rest)
        .env("IMS_ACCESS_TOKEN", token.expose_secret())
        .env("IMS_CLIENT_ID", client.client_id().as_str());
    if let Some(org_id) = credentials.org_id() {
        command.env("IMS_ORG_ID", org_id.as_str());
    }
    // The program does not need what was used to get the token.
    for (name, value) in std::env::vars_os() {
        if is_secret(&name.to_string_lossy()) || is_document(&name.to_string_lossy(), &value) {
            command.env_remove(name);
        }
    }
    for name in credentials.secret_variables() {
        command.env_remove(name);
    }
    let error = process::become_program(&mut command);
    Err(not_run(program, error))
}

/// The exit code is the one of `env` and of shells (POSIX, `env`, "Exit Status"): 127 if there is no such program, else 126.
fn not_run(program: &OsStr, error: io::Error) -> Failure {
    let name = program.to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        return Failure::usage(format!("{name}: no such program, or no interpreter for it"))
            .named("program_not_found")
            .with_exit_code(127);
    }
    Failure::usage(format!("{name} cannot be run"))
        .because(error)
        .named("program_not_run")
        .with_exit_code(126)
}

/// Whether a variable holds a secret of credentials, as this command, aio, imscli, aio-lib-java or the Reactor uploader read it.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    let is_about_ims = ["ims", "aio", "reactorio"].iter().any(|tool| name.starts_with(tool));
    let holds_one = ["clientsecret", "privatekey", "passphrase", "pkcs8", "pin", "refreshtoken"];
    is_about_ims && !name.ends_with("file") && holds_one.iter().any(|secret| name.contains(secret))
}

/// Whether a variable that may name a file of credentials holds the credentials themselves.
fn is_document(name: &str, value: &OsStr) -> bool {
    let path = Path::new(value);
    ["IMS_CREDENTIALS", "AIO_CONFIG_FILE"].contains(&name)
        && ims_files::shown(path) != path.to_string_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_of_credentials_are_known_by_their_names() {
        #[rustfmt::skip]
        let table = [
            ("IMS_CLIENT_SECRET",                          true),
            ("IMS_PRIVATE_KEY",                            true),
            ("IMS_PRIVATE_KEY_FILE",                       false),
            ("IMS_PRIVATE_KEY_PASSPHRASE",                 true),
            ("IMS_PKCS11_PIN",                             true),
            ("IMS_OAUTH_S2S_CLIENT_SECRET",                true),
            ("IMS_CLIENTSECRET",                           true),
            ("AIO_ims_contexts_prod_client__secret",       true),
            ("AIO_IMS_CONTEXTS_prod_client__secrets",      true),
            ("AIO_ims_contexts_prod_private__key",         true),
            ("aio_client_secret",                          true),
            ("aio_encoded_pkcs8",                          true),
            ("REACTOR_IO_INTEGRATION_CLIENT_SECRET_STAGE", true),
            ("IMS_CLIENT_ID",                              false),
            ("IMS_URL",                                    false),
            ("SOME_CLIENT_SECRET",                         false),
            ("PATH",                                       false),
        ];
        for (name, expected) in table {
            assert_eq!(is_secret(name), expected, "{name}");
        }
    }
}
