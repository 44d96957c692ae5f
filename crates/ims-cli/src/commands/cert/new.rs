//! `ims cert new`: a private key and its certificate.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use ims::{
    cert::{Certificate, DistinguishedName, GeneratedKey, KeySize, Validity},
    sign::{PrivateKeyPem, pkcs11::Pkcs11Uri},
};
use serde::Serialize;

use crate::{
    certificate_data::CertificateData,
    failure::{Failure, with_causes},
    files::{draft, expect_free, put},
    output::{self, Answer},
    process::block_on,
    signing_key, when,
};
use ims_files::{Existing, Readers};

/// Create a private key and its self-signed certificate.
///
/// Creates private.key, which only you can read, and `certificate_pub.crt`, which goes to Adobe: what
/// `openssl req -x509 -sha256 -nodes -days 365 -newkey rsa:2048` makes. Existing files are not changed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims cert new --out . --subject '/C=US/O=Example/CN=my-integration'"
)]
pub(crate) struct Arguments {
    /// The folder for the files; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The subject of the certificate; Adobe ignores it
    #[arg(long, value_name = "NAME", default_value = "/CN=ims")]
    subject: DistinguishedName,

    /// How many days it is valid, from now on
    #[arg(long, default_value_t = 365)]
    days: u32,

    /// Length of the key: 2048, 3072 or 4096
    #[arg(long, value_name = "BITS", default_value = "2048", value_parser = key_size)]
    bits: KeySize,

    /// Encrypt the private key with a pass phrase
    #[arg(long)]
    encrypt: bool,

    /// The file of the pass phrase; without it, the command asks at the terminal
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    passphrase_file: Option<PathBuf>,

    /// Use a key in a hardware security module: only the certificate is written
    #[arg(long, value_name = "URI", conflicts_with_all = ["encrypt", "bits"])]
    signer: Option<Pkcs11Uri>,

    /// The file of the module's PIN, - for standard input, if the URI has no pin-source
    #[arg(long, value_name = "FILE", requires = "signer")]
    pin_file: Option<PathBuf>,

    /// Replace existing files
    #[arg(long)]
    force: bool,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_file: Option<&'a Path>,
    certificate: CertificateData,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    let key_path = arguments.out.join("private.key");
    let certificate_path = arguments.out.join("certificate_pub.crt");
    if arguments.signer.is_none() {
        expect_free(&key_path, existing)?;
    }
    expect_free(&certificate_path, existing)?;
    let (certificate, private_key) = make(arguments, validity(arguments.days)?)?;

    fs::create_dir_all(&arguments.out).map_err(|error| {
        Failure::person(format!("{} cannot be made", ims_files::shown(&arguments.out)))
            .because(error)
            .hint("name a folder, which is made if it is not there")
    })?;
    let mut files = Vec::new();
    if let Some(pem) = &private_key {
        files.push(draft(&key_path, Readers::Owner, pem.expose_secret())?);
    }
    files.push(draft(&certificate_path, Readers::Everyone, &certificate.to_pem())?);
    put(files, existing)?;
    tell(arguments, &certificate, private_key.map(|_| &*key_path), &certificate_path)
}

fn make(
    arguments: &Arguments,
    validity: Validity,
) -> Result<(Certificate, Option<PrivateKeyPem>), Failure> {
    let subject = &arguments.subject;
    if let Some(uri) = &arguments.signer {
        let signer = signing_key::in_module(uri, arguments.pin_file.as_deref())?;
        let certificate = block_on(async {
            Certificate::self_signed(subject, validity, &signer)
                .await
                .map_err(|e| Failure::from(&e))
        })?;
        return Ok((certificate, None));
    }
    let path = arguments.passphrase_file.as_deref();
    let passphrase =
        if arguments.encrypt { Some(signing_key::new_passphrase(path)?) } else { None };
    let key = GeneratedKey::generate(arguments.bits).map_err(|error| Failure::from(&error))?;
    let certificate = block_on(async {
        Certificate::self_signed(subject, validity, &key).await.map_err(|e| Failure::from(&e))
    })?;
    let pem = passphrase.map_or_else(|| Ok(key.to_pem()), |phrase| key.to_encrypted_pem(&phrase));
    Ok((certificate, Some(pem.map_err(|error| Failure::from(&error))?)))
}

fn tell(
    arguments: &Arguments,
    certificate: &Certificate,
    key_path: Option<&Path>,
    certificate_path: &Path,
) -> Result<Answer, Failure> {
    let data = Data {
        private_key_file: key_path,
        certificate: CertificateData::new(certificate_path, certificate, when::now()),
    };
    if arguments.json {
        output::json(&data)?;
    } else {
        let key_line =
            key_path.map(|path| format!("{}\n", ims_files::shown(path))).unwrap_or_default();
        output::write(&format!(
            "{key_line}{}\nSHA-1    {}\nSHA-256  {}\n",
            ims_files::shown(certificate_path),
            data.certificate.sha1_fingerprint,
            data.certificate.sha256_fingerprint,
        ))?;
    }
    output::note(
        "next",
        &format!(
            "upload {} to the integration, and name {} in its credentials",
            ims_files::shown(certificate_path),
            if key_path.is_some() {
                "the private key as private_key_file"
            } else {
                "the URI as signer"
            },
        ),
    );
    output::note("note", &format!("the certificate expires at {}", data.certificate.not_after));
    Ok(Answer::Yes)
}

fn key_size(text: &str) -> Result<KeySize, String> {
    match text {
        "2048" => Ok(KeySize::Rsa2048),
        "3072" => Ok(KeySize::Rsa3072),
        "4096" => Ok(KeySize::Rsa4096),
        _ => Err("a key has 2048, 3072 or 4096 bits".to_owned()),
    }
}

/// The validity that begins now and that --days asks for.
pub(super) fn validity(days: u32) -> Result<Validity, Failure> {
    Validity::from_days(when::now(), days)
        .map_err(|error| Failure::usage(with_causes(&error)).about(&format!("--days {days}")))
}
