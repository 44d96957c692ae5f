//! The boundary to a store that several processes share. A store is an optimisation: whatever it does, callers are served.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use ims_claims::{DurationText, NumericDate};
use ims_exchange::AccessToken;

use crate::cache_key::CacheKey;

#[cfg(feature = "file")]
pub(crate) mod file;
pub(crate) mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(feature = "file")]
pub(crate) mod stored_entry;
#[cfg(any(feature = "file", feature = "redis"))]
pub(crate) mod stored_token;

/// Keeps tokens for several processes, and lets one of them at a time obtain a new one.
///
/// The keeper asks it only when a refresh is due, gives it a second for each answer, and bypasses it when it fails.
/// Tokens are secrets: anyone who can read the store should still not be able to use them.
///
/// ```
/// use ims_claims::{Environment, NumericDate};
/// use ims_exchange::AccessToken;
/// use ims_token::{CacheKey, GrantName, MemoryStore, SharedClock, StoreError, SystemClock, TokenStore};
///
/// # async fn use_it(token: &AccessToken) -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new(SharedClock::new(SystemClock));
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
/// store.save(&key, token).await?;
/// assert!(store.load(&key).await?.is_some());
/// # Ok(())
/// # }
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync {
    /// The token that was saved under `key`, `None` if there is none. It may have expired: the keeper checks that.
    ///
    /// # Errors
    /// [`StoreError`]; a value that cannot be read is an error and not a token.
    fn load(
        &self,
        key: &CacheKey,
    ) -> impl Future<Output = Result<Option<AccessToken>, StoreError>> + Send;

    /// Saves `token` under `key`, unless the store has a better one: see [`is_older_than`]. A value that cannot be read is
    /// replaced.
    ///
    /// # Errors
    /// [`StoreError`]; what was there before is then still there.
    fn save(
        &self,
        key: &CacheKey,
        token: &AccessToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The time before which IMS must not be asked for the token of `key`, as it was saved by
    /// [`save_not_before`](Self::save_not_before). It may have passed.
    ///
    /// # Errors
    /// [`StoreError`]
    fn load_not_before(
        &self,
        key: &CacheKey,
    ) -> impl Future<Output = Result<Option<NumericDate>, StoreError>> + Send;

    /// Saves the time before which IMS must not be asked for the token of `key`: IMS named that time to one process, and
    /// all others wait as well. A later call replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError`]
    fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Leases the right to refresh the token of `key`; `None` if another process has it. If it is not renewed, it ends
    /// after `lasting`, or earlier when the process that has it ends.
    ///
    /// # Errors
    /// [`StoreError`]
    fn lease(
        &self,
        key: &CacheKey,
        lasting: Duration,
    ) -> impl Future<Output = Result<Option<Lease>, StoreError>> + Send;

    /// Lets a lease last for `lasting` from now. If the lease has expired and another process holds it now, that lease is
    /// kept.
    ///
    /// # Errors
    /// [`StoreError`]
    fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives a lease back. If the lease has expired and another process holds it now, that lease is kept.
    ///
    /// # Errors
    /// [`StoreError`]
    fn release(
        &self,
        key: &CacheKey,
        lease: Lease,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Whether the new `token` should replace `saved`, the one in a store. It should not if `saved` expires later and can be
/// trusted.
///
/// Without this check, a token that claims to live for years, or one that a process with a wrong clock has saved, would
/// prevent every later token.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::NumericDate;
/// use ims_exchange::AccessToken;
/// use ims_token::is_older_than;
///
/// let at = NumericDate::from_secs;
/// let day = Duration::from_hours(24);
/// let saved = AccessToken::new("eyJ.saved".to_owned(), at(1_000), day)?;
/// let new = AccessToken::new("eyJ.new".to_owned(), at(1_060), day)?;
/// assert!(is_older_than(&saved, &new) && !is_older_than(&new, &saved));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn is_older_than(saved: &AccessToken, token: &AccessToken) -> bool {
    // Of two with the same expiry the new one is kept: the old one may have been rejected.
    saved.expires_at() <= token.expires_at() || !is_credible(saved, token.obtained_at())
}

/// Whether the dates of `token`, which comes from a store, can be true at `now`: anyone may have written them.
pub(crate) fn is_credible(token: &AccessToken, now: NumericDate) -> bool {
    token.lifetime() <= LONGEST_LIFETIME && token.obtained_at() <= now.plus(CLOCKS_APART)
}

/// Tokens of IMS live for a day. A token from a store with a longer lifetime than this is not used: otherwise it could be
/// kept forever.
const LONGEST_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// How far the clock of a process may be ahead of another's. Tokens with a later date are not used.
const CLOCKS_APART: Duration = Duration::from_mins(5);

/// The right to refresh a token, for a time.
///
/// ```
/// use ims_token::Lease;
///
/// let lease = Lease::of_owner(7);
/// assert_eq!(lease.owner(), Some(7));
/// assert!(lease.renewal().is_none(), "it ends by itself, at the time that the store keeps");
/// ```
pub struct Lease(Proof);

/// The proof of a process that it has a lease.
enum Proof {
    Owner(u128),
    Lock(Arc<Renewal>),
}

type Renewal = dyn Fn() -> Result<(), StoreError> + Send + Sync;

impl Lease {
    /// A lease that the store keeps under the number of its owner, which no one else has.
    #[must_use]
    pub fn of_owner(number: u128) -> Self {
        Self(Proof::Owner(number))
    }

    /// A lease that lasts as long as a lock, which ends with the process. `renew` holds the lock, and shows others that
    /// this process is still running. It may block. When the lease is dropped, `renew` is dropped, and the lock with it.
    ///
    /// ```
    /// use std::fs::File;
    ///
    /// use ims_token::{Lease, StoreError};
    ///
    /// // The lock of a file ends when `lock` is dropped, with the lease.
    /// fn lease(lock: File) -> Lease {
    ///     Lease::of_lock(move || lock.sync_all().map_err(StoreError::unavailable))
    /// }
    /// ```
    #[must_use]
    pub fn of_lock(renew: impl Fn() -> Result<(), StoreError> + Send + Sync + 'static) -> Self {
        Self(Proof::Lock(Arc::new(renew)))
    }

    /// The number of its owner, `None` if it is a lock.
    #[must_use]
    pub fn owner(&self) -> Option<u128> {
        match &self.0 {
            Proof::Owner(number) => Some(*number),
            Proof::Lock(_) => None,
        }
    }

    /// What renews it, `None` if it is not a lock.
    #[must_use]
    pub fn renewal(&self) -> Option<Arc<dyn Fn() -> Result<(), StoreError> + Send + Sync>> {
        match &self.0 {
            Proof::Owner(_) => None,
            Proof::Lock(renew) => Some(Arc::clone(renew)),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// A store that did not do what it should. No caller of the keeper gets it; events report it.
///
/// ```
/// use ims_token::StoreError;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = StoreError::unavailable(std::io::Error::other("the disk is full"));
/// assert!(error.is_transient(), "the keeper continues without the store");
/// assert!(!StoreError::Unsafe { problem: "others can read it".to_owned() }.is_transient());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Check the store: it cannot be reached, it is full, or it may not be written.
    #[error("the store cannot be used")]
    Unavailable {
        /// What the system said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Check the store: it takes too long.
    #[error("the store did not answer within {}", DurationText(*.timeout))]
    Timeout {
        /// The time that was given.
        timeout: Duration,
    },
    /// Wait: what is in the store cannot be read, and the next refresh replaces it. If this error comes again, another
    /// program writes there, or seals with another key.
    #[error("what is in the store is not what was saved there")]
    Garbled,
    /// Ask a person: the store is not safe to use.
    #[error("the store is not safe to use: {problem}")]
    Unsafe {
        /// What is wrong.
        problem: String,
    },
    /// Report it to the author of the store: it panicked.
    #[error("the store panicked")]
    Panicked,
}

impl StoreError {
    /// Whether the store can do better later, without anyone's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Timeout { .. } | Self::Garbled)
    }

    /// The store cannot be used, and `source` says why.
    pub fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable { source: Arc::new(source) }
    }
}

/// Any [`TokenStore`], shared. Cheap to clone, and types that hold it need no type parameter.
///
/// ```
/// use ims_token::{MemoryStore, SharedClock, SharedStore, SystemClock};
///
/// let store = SharedStore::new(MemoryStore::new(SharedClock::new(SystemClock)));
/// let same_store = store.clone();
/// ```
#[derive(Clone)]
pub struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    /// Shares `store`.
    pub fn new(store: impl TokenStore + 'static) -> Self {
        Self(Arc::new(store))
    }
}

impl TokenStore for SharedStore {
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        self.0.dyn_load(key).await
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        self.0.dyn_save(key, token).await
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        self.0.dyn_load_not_before(key).await
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        self.0.dyn_save_not_before(key, not_before).await
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        self.0.dyn_lease(key, lasting).await
    }

    async fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        self.0.dyn_renew(key, lease, lasting).await
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        self.0.dyn_release(key, lease).await
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The object-safe twin of [`TokenStore`].
trait DynStore: fmt::Debug + Send + Sync {
    fn dyn_load<'a>(&'a self, key: &'a CacheKey) -> BoxFuture<'a, Option<AccessToken>>;
    fn dyn_save<'a>(&'a self, key: &'a CacheKey, token: &'a AccessToken) -> BoxFuture<'a, ()>;
    fn dyn_load_not_before<'a>(&'a self, key: &'a CacheKey) -> BoxFuture<'a, Option<NumericDate>>;
    fn dyn_save_not_before<'a>(
        &'a self,
        key: &'a CacheKey,
        not_before: NumericDate,
    ) -> BoxFuture<'a, ()>;
    fn dyn_lease<'a>(
        &'a self,
        key: &'a CacheKey,
        lasting: Duration,
    ) -> BoxFuture<'a, Option<Lease>>;
    fn dyn_renew<'a>(
        &'a self,
        key: &'a CacheKey,
        lease: &'a Lease,
        lasting: Duration,
    ) -> BoxFuture<'a, ()>;
    fn dyn_release<'a>(&'a self, key: &'a CacheKey, lease: Lease) -> BoxFuture<'a, ()>;
}

impl<S: TokenStore> DynStore for S {
    fn dyn_load<'a>(&'a self, key: &'a CacheKey) -> BoxFuture<'a, Option<AccessToken>> {
        Box::pin(self.load(key))
    }

    fn dyn_save<'a>(&'a self, key: &'a CacheKey, token: &'a AccessToken) -> BoxFuture<'a, ()> {
        Box::pin(self.save(key, token))
    }

    fn dyn_lease<'a>(
        &'a self,
        key: &'a CacheKey,
        lasting: Duration,
    ) -> BoxFuture<'a, Option<Lease>> {
        Box::pin(self.lease(key, lasting))
    }

    fn dyn_load_not_before<'a>(&'a self, key: &'a CacheKey) -> BoxFuture<'a, Option<NumericDate>> {
        Box::pin(self.load_not_before(key))
    }

    fn dyn_save_not_before<'a>(
        &'a self,
        key: &'a CacheKey,
        not_before: NumericDate,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.save_not_before(key, not_before))
    }

    fn dyn_renew<'a>(
        &'a self,
        key: &'a CacheKey,
        lease: &'a Lease,
        lasting: Duration,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.renew(key, lease, lasting))
    }

    fn dyn_release<'a>(&'a self, key: &'a CacheKey, lease: Lease) -> BoxFuture<'a, ()> {
        Box::pin(self.release(key, lease))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_says_is_believed_for_a_month_and_five_minutes_ahead_of_the_clock() {
        let now = NumericDate::from_secs(1_800_000_000);
        let (minute, day) = (Duration::from_mins(1), Duration::from_hours(24));
        let token = |obtained_at, lifetime| {
            AccessToken::new("t".to_owned(), obtained_at, lifetime).unwrap()
        };
        #[rustfmt::skip]
        let table = [
            (now,                    day,                         true),
            (now.minus(day),         day,                         true),
            (now,                    day * 30,                    true),
            (now,                    day * 30 + minute,           false),
            (now.plus(minute * 5),   day,                         true),
            (now.plus(minute * 6),   day,                         false),
        ];
        for (obtained_at, lifetime, is_believed) in table {
            let saved = token(obtained_at, lifetime);
            assert_eq!(is_credible(&saved, now), is_believed, "{obtained_at} {lifetime:?}");
        }
        // A token with impossible dates counts as older than any other; otherwise the later expiry decides.
        let new = token(now, day);
        #[rustfmt::skip]
        let table = [
            (token(now.minus(minute), day), true),
            (token(now, day),               true),
            (token(now.plus(minute), day),  false),
            (token(now, day * 31),          true),
        ];
        for (saved, is_older) in table {
            assert_eq!(is_older_than(&saved, &new), is_older, "{saved:?}");
        }
    }

    #[test]
    fn a_lease_is_of_an_owner_or_of_a_lock_that_can_be_renewed() {
        let of_owner = Lease::of_owner(7);
        assert!(of_owner.owner() == Some(7) && of_owner.renewal().is_none());
        let of_lock = Lease::of_lock(|| Err(StoreError::Garbled));
        assert_eq!(of_lock.owner(), None);
        let renew = of_lock.renewal().unwrap();
        assert!(matches!(renew(), Err(StoreError::Garbled)));
    }

    #[test]
    fn a_store_that_cannot_be_used_now_may_be_later_and_one_that_is_not_safe_may_not() {
        let timeout = Duration::from_secs(1);
        #[rustfmt::skip]
        let table = [
            (StoreError::unavailable(std::io::Error::other("full")), true),
            (StoreError::Timeout { timeout },                        true),
            (StoreError::Garbled,                                    true),
            (StoreError::Unsafe { problem: "open".to_owned() },      false),
            (StoreError::Panicked,                                   false),
        ];
        for (error, is_transient) in table {
            assert_eq!(error.is_transient(), is_transient, "{error}");
        }
    }
}
