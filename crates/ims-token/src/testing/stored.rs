//! For tests: the entries of the stores as bytes, without a store.

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{
    cache_key::CacheKey,
    store::{StoreError, redis::sealing::SealingKey, stored_token as format},
};

/// The token that a store finds in these bytes under `key`: a file, or an entry of Redis that was opened.
#[must_use]
pub fn stored_token(key: &CacheKey, bytes: &[u8]) -> Option<AccessToken> {
    format::decode(key, bytes).ok()
}

/// The time before which IMS must not be asked that a store finds in these bytes under `key`.
#[must_use]
pub fn stored_not_before(key: &CacheKey, bytes: &[u8]) -> Option<NumericDate> {
    format::decode_not_before(key, bytes).ok()
}

/// An entry of Redis, sealed for `key`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_token::{CacheKey, GrantName, SealingKey, testing::{open_sealed, seal}};
///
/// let sealing_key = SealingKey::derive(b"a secret of all processes");
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
/// let sealed = seal(&sealing_key, &key, b"token")?;
/// assert_eq!(open_sealed(&sealing_key, &key, &sealed).as_deref(), Some(&b"token"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`StoreError`] if the system's random number generator failed.
pub fn seal(sealing_key: &SealingKey, key: &CacheKey, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    sealing_key.seal(key, plain)
}

/// What is in an entry of Redis; `None` if it was not sealed for `key` with this key.
///
/// ```
/// use ims_claims::Environment;
/// use ims_token::{CacheKey, GrantName, SealingKey, testing::open_sealed};
///
/// let sealing_key = SealingKey::derive(b"a secret of all processes");
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
/// assert!(open_sealed(&sealing_key, &key, b"not sealed").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn open_sealed(sealing_key: &SealingKey, key: &CacheKey, sealed: &[u8]) -> Option<Vec<u8>> {
    Some(sealing_key.open(key, sealed.to_vec()).ok()?.to_vec())
}
