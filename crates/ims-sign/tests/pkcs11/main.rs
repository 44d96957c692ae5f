//! The PKCS#11 signer against modules of several makers, one that is lost, one that logs its calls, and a mock that fails on demand.

#![expect(clippy::unwrap_used, reason = "what the tests stand on fails the test when it fails")]

mod lost;
mod mock;
mod nss;
mod rig;
mod softhsm;
mod spy;
