//! For tests: a signer that fails on request, and tests that any signer must pass.

mod conformance;

use std::{collections::VecDeque, sync::Mutex};

use ims_claims::{Algorithm, Signature};

use crate::{error::SignError, public_key::PublicKey, signer::Signer};

pub use conformance::{Violation, check_outage, check_signer};

/// A signer that fails as often as the test says and then signs with the signer inside.
///
/// ```
/// use ims_sign::{PemSigner, SignError, Signer, testing::FakeSigner};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
/// let signer = FakeSigner::new(signer, [SignError::unavailable("the connection was lost")]);
/// assert!(signer.sign(b"message").await.unwrap_err().is_transient());
/// assert!(signer.sign(b"message").await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakeSigner<S> {
    signer: S,
    failures: Mutex<VecDeque<SignError>>,
}

impl<S: Signer> FakeSigner<S> {
    /// A fake that fails with each of `failures` once, in order, and from then on signs with `signer`.
    pub fn new(signer: S, failures: impl IntoIterator<Item = SignError>) -> Self {
        Self { signer, failures: Mutex::new(failures.into_iter().collect()) }
    }
}

impl<S: Signer> Signer for FakeSigner<S> {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let failure =
            self.failures.lock().expect("no test panics while it holds this lock").pop_front();
        match failure {
            Some(failure) => Err(failure),
            None => self.signer.sign(message).await,
        }
    }
}
