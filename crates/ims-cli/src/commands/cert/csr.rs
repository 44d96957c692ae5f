//! `ims cert csr`: a certificate request.

use std::path::{Path, PathBuf};

use clap::Args;
use ims::{
    cert::{CertificateRequest, DistinguishedName},
    sign::{SharedSigner, pkcs11::Pkcs11Uri},
};
use serde::Serialize;

use crate::{
    failure::Failure,
    files::{draft, expect_free, put},
    output::{self, Answer},
    process::block_on,
    signing_key,
};
use ims_files::{Existing, Readers};

/// Create a certificate request for a key.
///
/// Creates a certificate request (PKCS#10) for a key that you have, as `openssl req -new` does.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The file of the private key
    #[arg(long, value_name = "FILE", required_unless_present = "signer")]
    key: Option<PathBuf>,

    /// The file of the private key's pass phrase
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,

    /// A key in a hardware security module
    #[arg(long, value_name = "URI", conflicts_with = "key")]
    signer: Option<Pkcs11Uri>,

    /// The file of the module's PIN, - for standard input, if the URI has no pin-source
    #[arg(long, value_name = "FILE", requires = "signer")]
    pin_file: Option<PathBuf>,

    /// The subject of the certificate
    #[arg(long, value_name = "NAME")]
    subject: DistinguishedName,

    /// Replace an existing file
    #[arg(long)]
    force: bool,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    request_file: &'a Path,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    expect_free(&arguments.out, existing)?;
    let signer = signer(arguments)?;
    let request = block_on(async {
        CertificateRequest::new(&arguments.subject, &signer).await.map_err(|e| Failure::from(&e))
    })?;
    let file = draft(&arguments.out, Readers::Everyone, &request.to_pem())?;
    put(vec![file], existing)?;
    if arguments.json {
        output::json(&Data { request_file: &arguments.out })?;
    } else {
        output::line(&ims_files::shown(&arguments.out))?;
    }
    Ok(Answer::Yes)
}

fn signer(arguments: &Arguments) -> Result<SharedSigner, Failure> {
    if let Some(uri) = &arguments.signer {
        return Ok(SharedSigner::new(signing_key::in_module(uri, arguments.pin_file.as_deref())?));
    }
    let path = arguments.key.as_ref().expect("clap asks for one of --key and --signer");
    let passphrase = signing_key::passphrase_in(arguments.passphrase_file.as_deref())?;
    Ok(SharedSigner::new(signing_key::from_file(path, passphrase.as_ref())?))
}
