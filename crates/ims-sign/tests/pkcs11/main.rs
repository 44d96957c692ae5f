//! The PKCS#11 signer against modules of several makers, one that is lost, one that is spied on, and one that lies.

#![expect(clippy::unwrap_used, reason = "what the tests stand on fails the test when it fails")]

mod lost;
mod mock;
mod nss;
mod rig;
mod softhsm;
mod spy;
