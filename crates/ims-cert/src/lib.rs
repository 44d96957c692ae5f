#![doc = include_str!("../README.md")]

mod algorithm;
mod asn1_time;
mod certificate;
mod certificate_file;
mod distinguished_name;
mod encrypted_pkcs8;
mod error;
mod extension;
mod finding;
mod fingerprint;
mod generated_key;
mod key_holder;
#[cfg(feature = "pkcs12")]
mod pkcs12;
mod request;
mod self_signed;
mod signed;
mod validity;
mod x509;

pub use algorithm::{KeyAlgorithm, SignatureAlgorithm};
pub use certificate::Certificate;
pub use certificate_file::CertificateFile;
pub use distinguished_name::DistinguishedName;
pub use error::CertError;
pub use extension::AlternativeName;
pub use finding::{Finding, Severity};
pub use fingerprint::Fingerprint;
pub use generated_key::{GeneratedKey, KeySize, PrivateKeyPem};
pub use key_holder::KeyHolder;
#[cfg(feature = "pkcs12")]
pub use pkcs12::Pkcs12;
pub use request::CertificateRequest;
pub use validity::{Validity, ValidityState};
