#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod certificate;
mod certificate_file;
mod finding;
mod key_file;
mod request;
mod validity;

mod distinguished_name;
mod naming;
mod reading;

#[cfg(feature = "generate")]
mod generated_key;
#[cfg(feature = "generate")]
mod issuing;

mod error;
#[cfg(feature = "pkcs12")]
mod pkcs12;

pub use certificate::Certificate;
pub use certificate_file::{CertificateFile, public_key};
pub use distinguished_name::DistinguishedName;
pub use error::CertError;
pub use finding::{Finding, Severity};
#[cfg(feature = "generate")]
pub use generated_key::{GeneratedKey, KeySize};
pub use key_file::KeyFile;
#[cfg(feature = "pkcs12")]
pub use pkcs12::Pkcs12;
pub use request::CertificateRequest;
pub use validity::{Validity, ValidityState};
