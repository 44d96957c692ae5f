#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod encrypted_key;
mod error;
mod file_kind;
#[cfg(feature = "jsonwebtoken")]
pub mod jsonwebtoken;
pub mod pem;
mod pem_signer;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
mod private_key;
mod private_key_pem;
mod public_key;
mod signer;
#[cfg(feature = "testing")]
pub mod testing;
mod verification_keys;

pub use encrypted_key::Passphrase;
pub use error::{EncryptError, KeyError, SignError, VerifyError};
pub use file_kind::FileKind;
pub use pem_signer::PemSigner;
pub use private_key::KeyFormat;
pub use private_key_pem::PrivateKeyPem;
pub use public_key::PublicKey;
pub use signer::{SharedSigner, Signer, sign_assertion};
pub use verification_keys::{HeaderKeys, VerificationKeys};
