//! The trait for one private key that signs, wherever it is kept.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use ims_claims::{Algorithm, Assertion, ClaimsSet, Signature};

use crate::{error::SignError, public_key::PublicKey};

/// Signs with one private key, which the caller never sees.
///
/// The key may be in memory ([`PemSigner`](crate::PemSigner)), in a hardware security module or behind a network
/// service; implementers write a plain `async fn sign`.
///
/// ```
/// use ims_claims::{Algorithm, Signature};
/// use ims_sign::{PublicKey, SignError, Signer};
///
/// /// A key behind a service on the network.
/// #[derive(Debug)]
/// struct RemoteKey {
///     public_key: PublicKey,
/// }
///
/// impl Signer for RemoteKey {
///     fn algorithm(&self) -> Algorithm {
///         Algorithm::Rs256
///     }
///
///     fn public_key(&self) -> &PublicKey {
///         &self.public_key
///     }
///
///     async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
///         let octets = ask_the_service(message).await.map_err(SignError::unavailable)?;
///         Ok(Signature::from_bytes(octets))
///     }
/// }
/// # async fn ask_the_service(_: &[u8]) -> Result<Vec<u8>, String> { Err("offline".into()) }
/// ```
pub trait Signer: fmt::Debug + Send + Sync {
    /// The `alg` of every signature this signer makes (RFC 7518 §3.1).
    fn algorithm(&self) -> Algorithm;

    /// The public half of the key. With it, a certificate is compared before anything is sent.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message`; hashing it is the signer's work. The message is the
    /// [`SigningInput`](ims_claims::SigningInput) of an assertion, or the part of a certificate or request that is signed.
    ///
    /// # Errors
    /// [`SignError::Unavailable`]: try again. [`SignError::Refused`]: a person must act first; trying again may do
    /// harm, since a hardware module counts wrong PINs.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Signature, SignError>> + Send;
}

/// Any [`Signer`], shared. Cheap to clone, and types that hold it need no type parameter.
///
/// ```no_run
/// use ims_sign::{PemSigner, SharedSigner, Signer};
///
/// let signer = PemSigner::from_bytes(&std::fs::read("private.key")?, None)?;
/// let shared = SharedSigner::new(signer);
/// let for_another_task = shared.clone();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedSigner(Arc<dyn DynSigner>);

impl SharedSigner {
    /// Shares `signer`.
    pub fn new(signer: impl Signer + 'static) -> Self {
        Self(Arc::new(signer))
    }
}

impl Signer for SharedSigner {
    fn algorithm(&self) -> Algorithm {
        self.0.dyn_algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.0.dyn_public_key()
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        self.0.dyn_sign(message).await
    }
}

impl fmt::Debug for SharedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Signs `claims`: the assertion, ready for the exchange.
///
/// ```
/// use ims_claims::{AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount};
/// use ims_sign::{PemSigner, sign_assertion};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let metascopes = vec![Metascope::ENT_DATASERVICES_SDK];
/// # let account = ServiceAccount::new("my-client".parse()?, "MY@AdobeOrg".parse()?, "MY@techacct.adobe.com".parse()?, metascopes)?;
/// let signer = PemSigner::from_bytes(ims_testkit::keys::FIRST.as_bytes(), None)?; // the file of the key
/// let now = NumericDate::from_secs(1_800_000_000); // by your clock
/// let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
/// let assertion = sign_assertion(&claims, &signer).await?;
/// assert!(assertion.expose_secret().starts_with("eyJ"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`Signer::sign`].
pub async fn sign_assertion(
    claims: &ClaimsSet,
    signer: &impl Signer,
) -> Result<Assertion, SignError> {
    let input = claims.signing_input(signer.algorithm());
    let signature = signer.sign(input.as_bytes()).await?;
    Ok(Assertion::new(&input, &signature))
}

/// [`Signer`] with a boxed future, so that it can be a trait object.
trait DynSigner: fmt::Debug + Send + Sync {
    fn dyn_algorithm(&self) -> Algorithm;
    fn dyn_public_key(&self) -> &PublicKey;
    fn dyn_sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Signature, SignError>> + Send + 'a>>;
}

impl<S: Signer> DynSigner for S {
    fn dyn_algorithm(&self) -> Algorithm {
        self.algorithm()
    }

    fn dyn_public_key(&self) -> &PublicKey {
        self.public_key()
    }

    fn dyn_sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Signature, SignError>> + Send + 'a>> {
        Box::pin(self.sign(message))
    }
}
