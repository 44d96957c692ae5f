//! Signers for keys that never leave a hardware security module, by way of PKCS#11 v2.40 and later.
//!
//! [`Pkcs11Signer`] signs with the key that a [`Pkcs11Config`] or a [`Pkcs11Uri`] names, and [`Pkcs11Module`] lists what
//! there is to name and makes new keys.
//!
//! ```no_run
//! use ims_sign::pkcs11::{Pkcs11Signer, Pkcs11Uri};
//!
//! let uri: Pkcs11Uri =
//!     "pkcs11:token=ims;object=production?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/ims/pin".parse()?;
//! let signer = Pkcs11Signer::open(uri.try_into()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod connection;
mod error;
mod gate;
mod inventory;
mod key;
mod login;
mod mechanism;
mod module;
mod pin;
mod pool;
mod signer;
mod token;
mod uri;

pub use error::Pkcs11Error;
pub use inventory::{NewKey, Pkcs11Key, RsaKeySize};
pub use key::KeySelector;
pub use mechanism::Pkcs11Mechanism;
pub use module::Pkcs11Module;
pub use pin::{Pin, PinSource};
pub use signer::{Pkcs11Config, Pkcs11Signer};
pub use token::{PinState, Pkcs11Token, TokenSelector};
pub use uri::{Pkcs11Uri, Pkcs11UriError};
