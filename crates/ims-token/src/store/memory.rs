//! A store in memory, for several keepers of one process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;

use crate::{
    cache_key::CacheKey,
    clock::{Clock, SharedClock},
    store::{Lease, StoreError, TokenStore, is_older_than},
    sync::lock,
};

/// Keeps tokens in memory: they are shared by the keepers of this process, and lost when it ends.
///
/// ```
/// use std::time::Duration;
/// use ims_claims::{Environment, NumericDate};
/// use ims_token::{CacheKey, GrantName, MemoryStore, SharedClock, SystemClock, TokenStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # async fn load() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new(SharedClock::new(SystemClock));
/// let client_id = "my-client".parse()?;
/// let key = CacheKey::new(&Environment::production(), &client_id, GrantName::CLIENT_CREDENTIALS);
/// let is_leased = store.lease(&key, Duration::from_secs(10)).await?.is_some();
/// assert!(is_leased, "this caller refreshes the token, the others wait for it");
/// # Ok(())
/// # }
/// # let _ = load;
/// # Ok(())
/// # }
/// ```
pub struct MemoryStore {
    clock: SharedClock,
    contents: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    tokens: HashMap<CacheKey, AccessToken>,
    not_before: HashMap<CacheKey, NumericDate>,
    leases: HashMap<CacheKey, Holder>,
    holders: u128,
}

struct Holder {
    number: u128,
    /// By the monotonic clock.
    until: Duration,
}

impl MemoryStore {
    /// An empty store. Its leases and tokens expire by `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, contents: Mutex::default() }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        lock(&self.contents)
    }
}

impl TokenStore for MemoryStore {
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        let mut contents = self.contents();
        let now = self.clock.now();
        contents.tokens.retain(|_, token| now < token.expires_at());
        Ok(contents.tokens.get(key).cloned())
    }

    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        let mut contents = self.contents();
        if contents.tokens.get(key).is_none_or(|saved| is_older_than(saved, token)) {
            contents.tokens.insert(key.clone(), token.clone());
        }
        Ok(())
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        let mut contents = self.contents();
        let now = self.clock.now();
        contents.not_before.retain(|_, not_before| now < *not_before);
        Ok(contents.not_before.get(key).copied())
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        self.contents().not_before.insert(key.clone(), not_before);
        Ok(())
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let mut contents = self.contents();
        let now = self.clock.monotonic();
        if contents.leases.get(key).is_some_and(|holder| now < holder.until) {
            return Ok(None);
        }
        contents.holders += 1;
        let number = contents.holders;
        let until = now.saturating_add(lasting);
        contents.leases.insert(key.clone(), Holder { number, until });
        Ok(Some(Lease::of_owner(number)))
    }

    async fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        let until = self.clock.monotonic().saturating_add(lasting);
        let mut contents = self.contents();
        if let Some(holder) = contents.holder(key, lease) {
            holder.until = until;
        }
        Ok(())
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        let mut contents = self.contents();
        if contents.holder(key, &lease).is_some() {
            contents.leases.remove(key);
        }
        Ok(())
    }
}

impl Contents {
    /// The entry of `lease`, unless another lease has replaced it.
    fn holder(&mut self, key: &CacheKey, lease: &Lease) -> Option<&mut Holder> {
        let number = lease.owner()?;
        self.leases.get_mut(key).filter(|holder| holder.number == number)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} tokens)", self.contents().tokens.len())
    }
}
