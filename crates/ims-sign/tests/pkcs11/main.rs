//! The PKCS#11 signer against modules of several makers, one that is lost, one that is spied on, and one that lies.

mod lost;
mod mock;
mod nss;
mod rig;
mod softhsm;
mod spy;
