#![doc = include_str!("../README.md")]

mod signer;
mod pem_signer;
mod private_key;
mod encrypted_key;
mod pem;
mod public_key;
mod verification_keys;
mod error;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{KeyError, SignError, VerifyError};
pub use pem_signer::PemSigner;
pub use private_key::{KeyFormat, Passphrase};
pub use public_key::PublicKey;
pub use signer::{SharedSigner, Signer, sign_assertion};
pub use verification_keys::VerificationKeys;
