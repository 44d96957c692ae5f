//! `ims emulator env`: how clients with fixed hosts are sent to an emulator.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ims::claims::Environment;
use ims_emulator::CertificateAuthority;

use crate::{
    failure::Failure,
    output::{self, Answer},
};

/// Print environment variables that send clients with fixed hosts to the emulator.
///
/// Prints the variables that make a client go through the emulator's CONNECT proxy and trust its certificate authority.
/// The emulator must run with --ca-dir. Use them only in the environment of a test, never for the whole system.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  eval \"$(ims emulator env --ims-url http://127.0.0.1:PORT --ca-dir ca)\""
)]
pub(super) struct Arguments {
    /// The emulator's base URL, its first line on standard output
    #[arg(long, alias = "url", value_name = "URL")]
    ims_url: Environment,

    /// The folder that was given to the emulator
    #[arg(long, value_name = "DIR")]
    ca_dir: PathBuf,

    /// For which clients
    #[arg(long = "for", value_name = "CLIENT", default_value = "shell")]
    client: Client,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Client {
    /// curl and other programs, started from this shell
    Shell,
    /// Node 24 and later
    Node,
    /// Python: requests and urllib
    Python,
    /// Java: options for the command java
    Java,
    /// Go
    Go,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let ca = arguments.ca_dir.join(CertificateAuthority::CERTIFICATE_FILE);
    let ca = std::path::absolute(&ca).map_err(|error| {
        Failure::usage("the folder of the certificate authority has no path").because(error)
    })?;
    let word = shell_word(&ca.to_string_lossy());
    // curl and others look for the name in small letters first, so that one which is set already would win.
    let url = shell_word(arguments.ims_url.base_url());
    let proxy = format!("export HTTPS_PROXY={url}\nexport https_proxy={url}\n");
    output::write(&match arguments.client {
        Client::Shell => {
            format!("{proxy}export CURL_CA_BUNDLE={word}\nexport SSL_CERT_FILE={word}\n")
        }
        Client::Node => {
            format!("{proxy}export NODE_USE_ENV_PROXY=1\nexport NODE_EXTRA_CA_CERTS={word}\n")
        }
        Client::Python => {
            format!("{proxy}export REQUESTS_CA_BUNDLE={word}\nexport SSL_CERT_FILE={word}\n")
        }
        Client::Go => format!("{proxy}export SSL_CERT_FILE={word}\n"),
        Client::Java => java(&arguments.ims_url, &ca),
    })?;
    Ok(Answer::Yes)
}

/// Java reads neither PEM nor environment variables for this: the shown command makes a trust store next to the certificate,
/// and the options name it.
fn java(url: &Environment, ca: &Path) -> String {
    let store = ca.with_file_name("truststore.p12");
    let (ca, store) = (shell_word(&ca.to_string_lossy()), shell_word(&store.to_string_lossy()));
    let authority = url.base_url().split("://").nth(1).unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    format!(
        "rm -f {store}\n\
         keytool -importcert -noprompt -file {ca} -alias ims-emulator -keystore {store} -storepass changeit\n\
         export JAVA_TOOL_OPTIONS='-Dhttps.proxyHost={host} -Dhttps.proxyPort={port} \
         -Djavax.net.ssl.trustStore='{store}' -Djavax.net.ssl.trustStorePassword=changeit'\n"
    )
}

/// `text` as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_for_java_can_be_run_again_and_again() {
        let url: Environment = "http://127.0.0.1:8080".parse().unwrap();
        let lines = java(&url, Path::new("/ca dir/ca.pem"));
        let store = Path::new("/ca dir").join("truststore.p12").display().to_string();
        assert!(lines.starts_with(&format!("rm -f '{store}'\nkeytool -importcert")), "{lines}");
        let option = format!("-Djavax.net.ssl.trustStore=''{store}'' ");
        assert!(lines.contains(&option), "{lines}");
    }

    #[test]
    fn a_word_is_one_word_whatever_it_holds() {
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("a'; rm x"), r"'a'\''; rm x'");
    }
}
