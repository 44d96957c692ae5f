//! A store with the failures that a test asks for.

use std::{fmt, time::Duration};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{
    cache_key::CacheKey,
    store::{Lease, StoreError, TokenStore, memory::MemoryStore},
};

/// A store in memory that asks a test before each operation: the test can make it fail, wait, hang or panic.
///
/// ```
/// use ims_claims::{Environment, NumericDate};
/// use ims_token::{
///     CacheKey, GrantName, MemoryStore, SharedClock, StoreError, TokenStore,
///     testing::{FakeClock, UnreliableStore},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(1_800_000_000)));
/// let garbled = || std::future::ready(Err(StoreError::Garbled));
/// let store = UnreliableStore::new(MemoryStore::new(clock), garbled);
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
/// assert!(matches!(store.load(&key).await, Err(StoreError::Garbled)));
/// # Ok(())
/// # }
/// ```
pub struct UnreliableStore<B> {
    memory: MemoryStore,
    before: B,
}

impl<B> UnreliableStore<B> {
    /// Asks `before` at the beginning of each operation. After an error of it, the operation does nothing.
    #[must_use]
    pub fn new(memory: MemoryStore, before: B) -> Self {
        Self { memory, before }
    }
}

impl<B> fmt::Debug for UnreliableStore<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreliableStore").field("memory", &self.memory).finish_non_exhaustive()
    }
}

impl<B, F> TokenStore for UnreliableStore<B>
where
    B: Fn() -> F + Send + Sync,
    F: Future<Output = Result<(), StoreError>> + Send,
{
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        (self.before)().await?;
        self.memory.load(key).await
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        (self.before)().await?;
        self.memory.save(key, token).await
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        (self.before)().await?;
        self.memory.load_not_before(key).await
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        (self.before)().await?;
        self.memory.save_not_before(key, not_before).await
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        (self.before)().await?;
        self.memory.lease(key, lasting).await
    }

    async fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        (self.before)().await?;
        self.memory.renew(key, lease, lasting).await
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        (self.before)().await?;
        self.memory.release(key, lease).await
    }
}
