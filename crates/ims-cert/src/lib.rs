#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod certificate;
mod certificate_file;
mod finding;
mod validity;

mod key_holder;
mod request;

mod algorithm;
mod distinguished_name;
mod extension;
mod oid;
mod reading;

#[cfg(feature = "generate")]
mod encrypted_pkcs8;
#[cfg(feature = "generate")]
mod generated_key;
#[cfg(feature = "generate")]
mod issuing;

mod error;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;

pub use algorithm::{KeyAlgorithm, SignatureAlgorithm};
pub use certificate::{Certificate, Fingerprint};
pub use certificate_file::CertificateFile;
pub use distinguished_name::DistinguishedName;
pub use error::CertError;
pub use extension::AlternativeName;
pub use finding::{Finding, Severity};
#[cfg(feature = "generate")]
pub use generated_key::{GeneratedKey, KeySize};
pub use key_holder::KeyHolder;
pub use pem::PrivateKeyPem;
#[cfg(feature = "pkcs12")]
pub use pkcs12::Pkcs12;
pub use request::CertificateRequest;
pub use validity::{Validity, ValidityState};
