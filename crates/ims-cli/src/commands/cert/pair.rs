//! `ims cert match`: whether a certificate and a key belong together.

use std::path::{Path, PathBuf};

use clap::Args;
use ims::{
    cert::{CertError, CertificateFile, public_key},
    sign::{KeyError, Passphrase, PublicKey},
};
use serde::Serialize;

use crate::{
    failure::Failure,
    files,
    output::{self, Answer},
    signing_key,
};

/// Check whether a certificate and a private key belong together.
///
/// Compares the public keys of two files: certificates, requests, private keys or public keys. In a file with several
/// certificates, it searches for the one of the key. Exit code 0 if they belong together, 1 if they do not.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The certificate, or a file with several
    #[arg(value_name = "CERT")]
    certificate: PathBuf,

    /// The private key
    #[arg(value_name = "KEY")]
    key: PathBuf,

    /// The file of the private key's pass phrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data {
    matches: bool,
    /// Which certificate of the file it is, counted from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<usize>,
    /// How many certificates the file has.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<usize>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let passphrase = signing_key::passphrase_in(arguments.passphrase_file.as_deref())?;
    let certificate = KeySource::read(&arguments.certificate, passphrase.as_ref())?;
    let key = KeySource::read(&arguments.key, passphrase.as_ref())?;
    let data = compare(&certificate, &key);
    if arguments.json {
        output::json(&data)?;
    } else {
        output::line(&text(&data))?;
    }
    Ok(if data.matches { Answer::Yes } else { Answer::No })
}

/// What one of the two files shows.
enum KeySource {
    Certificates(CertificateFile),
    Key(PublicKey),
}

impl KeySource {
    fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, Failure> {
        let contents = files::read(path)?;
        let mut side = Self::parse(&contents, passphrase);
        if matches!(side, Err(CertError::Key(KeyError::PassphraseMissing)))
            && let Some(passphrase) = signing_key::ask_for(path)?
        {
            side = Self::parse(&contents, Some(&passphrase));
        }
        side.map_err(|error| Failure::from(&error).about(&ims_files::shown(path)))
    }

    fn parse(contents: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, CertError> {
        match CertificateFile::from_bytes(contents) {
            Ok(file) if file.certificates().len() > 1 => Ok(Self::Certificates(file)),
            Ok(_) | Err(CertError::NoCertificate { .. }) => {
                public_key(contents, passphrase).map(Self::Key)
            }
            Err(error) => Err(error),
        }
    }
}

fn compare(one: &KeySource, other: &KeySource) -> Data {
    match (one, other) {
        (KeySource::Key(one), KeySource::Key(other)) => {
            Data { matches: one == other, certificate: None, certificates: None }
        }
        (KeySource::Certificates(file), KeySource::Key(key))
        | (KeySource::Key(key), KeySource::Certificates(file)) => {
            place(file, file.position_of(key))
        }
        (KeySource::Certificates(file), KeySource::Certificates(other)) => {
            let keys = other.certificates().iter().filter_map(|it| it.public_key().ok());
            let positions: Vec<usize> = keys.filter_map(|key| file.position_of(&key)).collect();
            place(file, positions.first().copied())
        }
    }
}

fn place(file: &CertificateFile, position: Option<usize>) -> Data {
    Data {
        matches: position.is_some(),
        certificate: position.map(|position| position + 1),
        certificates: Some(file.certificates().len()),
    }
}

fn text(data: &Data) -> String {
    match data {
        Data { certificate: Some(position), certificates: Some(count), .. } => {
            format!("match: the key matches certificate {position} of {count}")
        }
        Data { matches: true, .. } => "match: both have the same public key".to_owned(),
        Data { certificates: Some(count), .. } => {
            format!("no match: none of the {count} certificates has this public key")
        }
        Data { .. } => "no match: the public keys differ".to_owned(),
    }
}
