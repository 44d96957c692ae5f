//! The PKCS#11 signer against modules of several makers, one that is lost, one that logs its calls, and a mock that fails on demand.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

mod lost;
mod mock;
mod nss;
mod rig;
mod softhsm;
mod spy;
