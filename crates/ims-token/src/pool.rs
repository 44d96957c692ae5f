//! The keepers of several integrations in one process.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard},
};

use crate::{cache_key::CacheKey, keeper::TokenKeeper, sync::lock};

/// One keeper for each integration, up to a limit: a [`TokenKeeper`], or any other type that keeps a token and is cheap to
/// clone.
///
/// Keepers share no state, so failures of one integration do not delay the others.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use ims_claims::Environment;
/// use ims_token::{CacheKey, FetchError, GrantName, KeeperPool, SharedClock, SystemClock, TokenKeeper, TokenSource};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = KeeperPool::new(NonZeroUsize::new(100).ok_or("no keeper at all")?);
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
/// let keeper = pool.try_keeper(&key, || {
///     let client_id = "my-client".parse()?;
///     let source = TokenSource::new(|| async { Err(FetchError::permanent("this is an example")) });
///     let builder = TokenKeeper::builder(source, SharedClock::new(SystemClock));
///     Ok::<_, Box<dyn std::error::Error>>(builder.with_client_id(&client_id).build())
/// })?;
/// assert_eq!(keeper.client_id(), Some("my-client"));
/// # Ok(())
/// # }
/// ```
pub struct KeeperPool<K = TokenKeeper> {
    capacity: NonZeroUsize,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    keepers: HashMap<CacheKey, (K, LastUse)>,
    uses: LastUse,
}

/// Counts uses, so that the least recently used one is known.
type LastUse = u64;

impl<K: Clone> KeeperPool<K> {
    /// A pool of at most `capacity` keepers.
    #[must_use]
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self { capacity, kept: Mutex::new(Kept { keepers: HashMap::new(), uses: 0 }) }
    }

    /// The keeper of `key`, made by `make` if there is none. If there are too many then, the least recently used one is
    /// removed; anyone who still holds it can continue using it.
    ///
    /// If two callers make one at the same time, both get the same one, and the other is dropped.
    pub fn keeper(&self, key: &CacheKey, make: impl FnOnce() -> K) -> K {
        match self.try_keeper(key, || Ok::<_, Infallible>(make())) {
            Ok(keeper) => keeper,
            Err(never) => match never {},
        }
    }

    /// The keeper of `key`, like [`keeper`](Self::keeper), made by something that can fail, such as the reading of
    /// credentials. A failure is not remembered.
    ///
    /// # Errors
    /// The one of `make`.
    pub fn try_keeper<E>(
        &self,
        key: &CacheKey,
        make: impl FnOnce() -> Result<K, E>,
    ) -> Result<K, E> {
        // In its own statement, since the lock must not be held while code of the caller runs.
        let known = self.kept().find(key);
        if let Some(keeper) = known {
            return Ok(keeper);
        }
        let new = make()?;
        let mut kept = self.kept();
        if let Some(keeper) = kept.find(key) {
            return Ok(keeper);
        }
        kept.shrink_below(self.capacity);
        kept.add(key.clone(), new.clone());
        Ok(new)
    }

    /// Removes the keeper of `key`, because its credentials have changed for example.
    pub fn remove(&self, key: &CacheKey) {
        let removed = self.kept().keepers.remove(key);
        drop(removed);
    }
}

impl<K> KeeperPool<K> {
    fn kept(&self) -> MutexGuard<'_, Kept<K>> {
        lock(&self.kept)
    }
}

impl<K: Clone> Kept<K> {
    fn find(&mut self, key: &CacheKey) -> Option<K> {
        self.uses += 1;
        let (keeper, last_use) = self.keepers.get_mut(key)?;
        *last_use = self.uses;
        Some(keeper.clone())
    }

    fn shrink_below(&mut self, capacity: NonZeroUsize) {
        while capacity.get() <= self.keepers.len() {
            let oldest = self.keepers.iter().min_by_key(|(_, (_, last_use))| *last_use);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { return };
            self.keepers.remove(&key);
        }
    }

    fn add(&mut self, key: CacheKey, keeper: K) {
        self.keepers.insert(key, (keeper, self.uses));
    }
}

impl<K> fmt::Debug for KeeperPool<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeeperPool({} of {})", self.kept().keepers.len(), self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache_key::GrantName;
    use crate::{FetchError, SharedClock, SystemClock, TokenSource};
    use ims_claims::Environment;
    use std::cell::Cell;

    #[track_caller]
    fn key(client_id: &str) -> CacheKey {
        CacheKey::new(&Environment::production(), &client_id.parse().unwrap(), GrantName::JWT)
    }

    fn keeper() -> TokenKeeper {
        let source = TokenSource::new(|| async { Err(FetchError::permanent("no")) });
        TokenKeeper::new(source, SharedClock::new(SystemClock))
    }

    #[test]
    fn each_key_has_one_keeper_and_the_one_unused_for_longest_is_removed() {
        let pool = KeeperPool::new(NonZeroUsize::MIN.saturating_add(1));
        let made = Cell::new(0);
        let get = |client_id| {
            pool.keeper(&key(client_id), || {
                made.set(made.get() + 1);
                keeper()
            })
        };
        #[rustfmt::skip]
        let table = [
            // asked for, made so far
            ("a", 1), ("b", 2), ("a", 2), ("c", 3), ("a", 3), ("b", 4), ("c", 5), ("b", 5),
        ];
        for (client_id, made_so_far) in table {
            get(client_id);
            assert_eq!(made.get(), made_so_far, "{client_id}");
        }
        assert_eq!(format!("{pool:?}"), "KeeperPool(2 of 2)");
        pool.remove(&key("b"));
        get("b");
        assert_eq!(made.get(), 6);

        let failed = pool.try_keeper(&key("d"), || Err("no credentials"));
        assert_eq!(failed.err(), Some("no credentials"));
        assert_eq!(format!("{pool:?}"), "KeeperPool(2 of 2)", "a failure fills no slot");
    }
}
