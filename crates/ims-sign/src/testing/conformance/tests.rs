//! The suite accepts good signers and names what is wrong with bad ones.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ims_claims::{Algorithm, Signature};
use ims_testkit::keys;

use super::*;
use crate::{PemSigner, PublicKey};

/// A signer that may change its signatures: the function takes the number of the signature, the message and the
/// outcome.
struct Tampered<F> {
    signer: PemSigner,
    count: AtomicUsize,
    tamper: F,
}

impl<F> fmt::Debug for Tampered<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tampered")
    }
}

type Outcome = Result<Signature, SignError>;

fn tampered<F: Fn(usize, &[u8], Outcome) -> Outcome + Send + Sync>(tamper: F) -> Tampered<F> {
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    Tampered { signer, count: AtomicUsize::new(0), tamper }
}

impl<F: Fn(usize, &[u8], Outcome) -> Outcome + Send + Sync> Signer for Tampered<F> {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, message: &[u8]) -> Outcome {
        let signature = self.signer.sign(message).await;
        (self.tamper)(self.count.fetch_add(1, Ordering::SeqCst), message, signature)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[track_caller]
fn said(outcome: Result<(), Violation>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn a_correct_signer_passes() {
    block_on(check_signer(&tampered(|_, _, outcome| outcome))).unwrap();
}

#[test]
fn a_wrong_signature_is_found_wherever_it_is() {
    let total = {
        let signer = tampered(|_, _, outcome| outcome);
        block_on(check_signer(&signer)).unwrap();
        signer.count.into_inner()
    };
    for wrong in [0, 1, 21, 22, 60, total - 1] {
        let signer = tampered(|number, _, outcome| {
            if number == wrong { Ok(Signature::from_bytes(vec![1; 256])) } else { outcome }
        });
        let expected = "the signer makes a signature that its public key does not verify";
        assert_eq!(said(block_on(check_signer(&signer))), expected, "{wrong}");
    }
}

#[test]
fn a_signer_that_fails_is_named_with_its_reason() {
    let signer = tampered(|_, _, _| Err(SignError::unavailable("gone")));
    let violation = block_on(check_signer(&signer)).unwrap_err();
    assert_eq!(violation.to_string(), "the signer fails to sign");
    assert_eq!(violation.source().unwrap().to_string(), "the signing key cannot be reached");
}

#[test]
fn an_outage_must_be_reported_as_one() {
    type Failure = fn(&[u8]) -> SignError;
    #[rustfmt::skip]
    let table: [(Option<Failure>, Option<&str>); 4] = [
        (Some(|_| SignError::unavailable("gone")), None),
        (None, Some("the signer signs while its key cannot be reached")),
        (Some(|_| SignError::refused("no")),
            Some("the signer says that trying again is of no use, while its key cannot be reached")),
        (Some(|message| SignError::unavailable(String::from_utf8_lossy(message))),
            Some("the signer repeats the message in its error")),
    ];
    for (failure, expected) in table {
        let is_out = Mutex::new(false);
        let signer = tampered(|_, message, outcome| match failure {
            Some(failure) if *is_out.lock().unwrap() => Err(failure(message)),
            _ => outcome,
        });
        let set = |value| *is_out.lock().unwrap() = value;
        let outcome = block_on(check_outage(&signer, || set(true), || set(false)));
        assert_eq!(outcome.map_err(|violation| violation.to_string()).err().as_deref(), expected);
    }
}

#[test]
fn a_signer_that_does_not_sign_after_an_outage_is_found() {
    let signer = tampered(|number, _, outcome| match number {
        0 => outcome,
        _ => Err(SignError::unavailable("gone for good")),
    });
    let outcome = block_on(check_outage(&signer, || (), || ()));
    assert_eq!(said(outcome), "the signer fails to sign");
}
