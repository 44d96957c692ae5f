//! A store in memory, for several keepers of one process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ims_exchange::AccessToken;

use super::gives_way;
use crate::{CacheKey, Clock, Lease, SharedClock, StoreError, TokenStore};

/// Keeps tokens in memory: they are shared by the keepers of this process and gone with it.
pub struct MemoryStore {
    clock: SharedClock,
    contents: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    tokens: HashMap<CacheKey, AccessToken>,
    leases: HashMap<CacheKey, Holder>,
    holders: u64,
}

struct Holder {
    number: u64,
    /// By the monotonic clock.
    until: Duration,
}

impl MemoryStore {
    /// An empty store, whose leases lapse and whose tokens expire by `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, contents: Mutex::default() }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
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
        if contents.tokens.get(key).is_none_or(|saved| gives_way(saved, token)) {
            contents.tokens.insert(key.clone(), token.clone());
        }
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
        Ok(Some(Lease::new(number)))
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        let mut contents = self.contents();
        let number = lease.into_held::<u64>();
        if contents.leases.get(key).is_some_and(|holder| Some(holder.number) == number) {
            contents.leases.remove(key);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} tokens)", self.contents().tokens.len())
    }
}
