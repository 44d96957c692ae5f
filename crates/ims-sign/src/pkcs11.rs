//! Signers for keys that never leave a hardware security module, through PKCS#11 v2.40 and later.
//!
//! [`Pkcs11Signer`] signs with the key that a [`Pkcs11Config`] or a [`Pkcs11Uri`] names, and [`Pkcs11Module`] lists the
//! tokens and keys and makes new keys.
//!
//! ```no_run
//! use ims_sign::pkcs11::Pkcs11Signer;
//!
//! let signer = Pkcs11Signer::from_uri(
//!     "pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/ims/pin",
//! )?;
//! # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
//! ```

mod call_error;
mod call_guard;
mod clock;
mod connection;
mod error;
mod inventory;
mod key;
mod login;
mod mechanism;
mod module;
mod pin;
mod pool;
mod signer;
mod sync;
mod token;
mod uri;

pub use error::{Pkcs11Error, Pkcs11UriError};
pub use inventory::{NewKey, Pkcs11Key, RsaKeySize};
pub use key::KeySelector;
pub use mechanism::Pkcs11Mechanism;
pub use module::Pkcs11Module;
pub use pin::{Pin, PinSource};
pub use signer::{Pkcs11Config, Pkcs11Signer};
pub use token::{PinState, Pkcs11Token, TokenSelector};
pub use uri::Pkcs11Uri;
