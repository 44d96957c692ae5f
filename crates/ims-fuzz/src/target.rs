//! The list of all targets.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::targets::{answers, credentials, emulator, keys, stores, texts, tokens};

/// A reader of foreign bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name on the command line, and of the folder of its corpus.
    pub name: &'static str,
    /// What it reads.
    pub reads: &'static str,
    /// Tries one input. It panics if a property does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
#[rustfmt::skip]
pub const TARGETS: &[Target] = &[
    target("compact_jwt",         "a JWT in compact serialization, and its claims",     tokens::compact_jwt),
    target("verified_jwt",        "a JWT, verified here and by jsonwebtoken",           tokens::verified_jwt),
    target("access_token",        "the payload of an access token",                     tokens::access_token),
    target("jwks",                "a JWK Set",                                          tokens::jwks),
    target("private_key",         "a private key, PEM or DER, with a pass phrase",      keys::private_key),
    target("public_key",          "a public key, and the kind of a file",               keys::public_key),
    target("certificate",         "a file of certificates",                             keys::certificate),
    target("certificate_request", "a certificate request",                              keys::certificate_request),
    target("pkcs12",              "a PKCS#12 file",                                     keys::pkcs12),
    target("distinguished_name",  "the subject of a certificate as text",               keys::distinguished_name),
    target("pkcs11_uri",          "a PKCS#11 URI",                                      keys::pkcs11_uri),
    target("ims_answer",          "an answer of IMS to each of the calls",              answers::ims_answer),
    target("redirect",            "the redirect at the end of a sign-in",               answers::redirect),
    target("credentials",         "credentials in any form and language",               credentials::credentials),
    target("foreign_credentials", "credentials from someone else",                      credentials::foreign_credentials),
    target("languages",           "each language of credentials",                       credentials::languages),
    target("dotenv",              "lines of NAME=value, here and by dotenvy",           credentials::dotenv),
    target("environment_url",     "the base URL of an IMS",                             texts::environment_url),
    target("identifiers",         "client ids, scopes, metascopes and other identifiers",      texts::identifiers),
    target("scenario",            "the scenario of an emulator, TOML or JSON",          emulator::scenario),
    target("emulator_http",       "requests to an emulator, as bytes on a connection",  emulator::http),
    target("stored_token",        "what a store finds in a file",                       stores::stored_token),
    target("sealed_token",        "what a store finds in Redis",                        stores::sealed_token),
];

const fn target(name: &'static str, reads: &'static str, run: fn(&[u8])) -> Target {
    Target { name, reads, run }
}

impl Target {
    /// The target that is called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.iter().find(|target| target.name == name).copied()
    }

    /// The folder with the committed inputs.
    #[must_use]
    pub fn corpus_folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(self.name)
    }

    /// The committed inputs, in the order of their names.
    ///
    /// # Errors
    /// If the folder or a file in it cannot be read.
    pub fn corpus(&self) -> io::Result<Vec<Vec<u8>>> {
        files_of(&self.corpus_folder())
    }
}

/// The contents of all files of a folder, in the order of their names.
///
/// # Errors
/// If the folder or a file in it cannot be read.
pub fn files_of(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.iter().filter(|path| path.is_file()).map(fs::read).collect()
}
