//! Tests of the rules that every signer must follow, for programs that implement [`Signer`].

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::{error::SignError, signer::Signer};

/// Checks that `signer` makes right signatures: over messages of many lengths, the same bytes for the same message,
/// many at a time, and still after callers have given up.
///
/// It makes about 200 signatures and needs no async runtime.
///
/// # Errors
/// The first [`Violation`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ims_sign::{PemSigner, testing::check_signer};
///
/// let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?;
/// check_signer(&signer).await?;
/// # Ok(())
/// # }
/// ```
pub async fn check_signer(signer: &impl Signer) -> Result<(), Violation> {
    check_lengths(signer).await?;
    check_concurrency(signer).await?;
    check_cancellation(signer).await
}

/// Checks that `signer` fails in the right way while its key cannot be reached, between `begin` and `end`: with an error
/// that is transient, has a cause and contains no part of the message; and that it signs again afterwards.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// # use ims_claims::{Algorithm, Signature};
/// use ims_sign::{PemSigner, PublicKey, SignError, Signer, testing::check_outage};
///
/// static IS_DOWN: AtomicBool = AtomicBool::new(false);
///
/// #[derive(Debug)]
/// struct MySigner(PemSigner);
///
/// impl Signer for MySigner {
/// #     fn algorithm(&self) -> Algorithm {
/// #         self.0.algorithm()
/// #     }
/// #
/// #     fn public_key(&self) -> &PublicKey {
/// #         self.0.public_key()
/// #     }
/// #
///     // …
///     async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
///         if IS_DOWN.load(Ordering::Relaxed) {
///             return Err(SignError::unavailable("the key service does not answer"));
///         }
///         self.0.sign(message).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let signer = MySigner(PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?);
/// check_outage(&signer, || IS_DOWN.store(true, Ordering::Relaxed), || IS_DOWN.store(false, Ordering::Relaxed)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The first [`Violation`].
pub async fn check_outage(
    signer: &impl Signer,
    begin: impl FnOnce(),
    end: impl FnOnce(),
) -> Result<(), Violation> {
    sign_right(signer, b"before the outage").await?;
    begin();
    let failure = signer.sign(CANARY.as_bytes()).await;
    let failure = failure.err().ok_or(Violation::new("signs while its key cannot be reached"))?;
    check_failure(&failure)?;
    end();
    sign_right(signer, b"after the outage").await.map(drop)
}

/// A rule that a signer breaks.
///
/// ```
/// use ims_sign::{Signer, testing::{Violation, check_signer}};
///
/// async fn my_signer_is_right(signer: &impl Signer) -> Result<(), Violation> {
///     check_signer(signer).await.inspect_err(|violation| eprintln!("{violation}"))
/// }
/// ```
#[derive(Debug)]
pub struct Violation {
    rule: &'static str,
    source: Option<SignError>,
}

impl Violation {
    fn new(rule: &'static str) -> Self {
        Self { rule, source: None }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signer {}", self.rule)
    }
}

impl Error for Violation {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

async fn check_lengths(signer: &impl Signer) -> Result<(), Violation> {
    // Around the blocks and the padding of SHA-256, and longer than any buffer that is likely.
    for length in [0, 1, 55, 56, 63, 64, 65, 255, 256, 1_000, 70_000] {
        let message: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        let first = sign_right(signer, &message).await?;
        let second = sign_right(signer, &message).await?;
        if first != second {
            return Err(Violation::new("makes two different signatures over one message"));
        }
    }
    Ok(())
}

async fn check_concurrency(signer: &impl Signer) -> Result<(), Violation> {
    let messages: Vec<_> = (0..64).map(|number| format!("message {number}")).collect();
    let mut waiting: Vec<_> =
        messages.iter().map(|message| Box::pin(sign_right(signer, message.as_bytes()))).collect();
    poll_fn(|context| {
        let mut broken = None;
        waiting.retain_mut(|signature| match signature.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(outcome) => {
                broken = broken.take().or(outcome.err());
                false
            }
        });
        match broken {
            Some(violation) => Poll::Ready(Err(violation)),
            None if waiting.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}

async fn check_cancellation(signer: &impl Signer) -> Result<(), Violation> {
    for number in 0..64 {
        let message = format!("given up {number}");
        poll_once(pin!(signer.sign(message.as_bytes()))).await;
    }
    sign_right(signer, b"after all that").await.map(drop)
}

async fn poll_once(mut future: Pin<&mut impl Future>) {
    poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

async fn sign_right(signer: &impl Signer, message: &[u8]) -> Result<Vec<u8>, Violation> {
    let signature = signer.sign(message).await;
    let signature =
        signature.map_err(|source| Violation { rule: "fails to sign", source: Some(source) })?;
    let public_key =
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.public_key().pkcs1_der());
    match public_key.verify(message, signature.as_bytes()) {
        Ok(()) => Ok(signature.as_bytes().to_vec()),
        Err(_) => Err(Violation::new("makes a signature that its public key does not verify")),
    }
}

fn check_failure(failure: &SignError) -> Result<(), Violation> {
    if !failure.is_transient() {
        return Err(Violation::new(
            "says that trying again is of no use, while its key cannot be reached",
        ));
    }
    if failure.source().is_none() {
        return Err(Violation::new("fails without a cause"));
    }
    let mut rest: Option<&dyn Error> = Some(failure);
    while let Some(error) = rest {
        if format!("{error} {error:?}").contains(CANARY) {
            return Err(Violation::new("repeats the message in its error"));
        }
        rest = error.source();
    }
    Ok(())
}

/// A text that no error may contain.
const CANARY: &str = "canary-message";

#[cfg(test)]
mod tests;
