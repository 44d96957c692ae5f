//! The keepers of several integrations in one process.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    num::NonZeroUsize,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{CacheKey, TokenKeeper};

/// One [`TokenKeeper`] for each credential, at most as many as were allowed.
///
/// Keepers share nothing but the pool, and the pool only hands them out, so that trouble with one credential delays no
/// other.
pub struct KeeperPool {
    capacity: NonZeroUsize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    keepers: HashMap<CacheKey, (TokenKeeper, LastUse)>,
    uses: LastUse,
}

/// Counts uses, so that the one longest ago is known.
type LastUse = u64;

impl KeeperPool {
    /// A pool of at most `capacity` keepers.
    #[must_use]
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self { capacity, kept: Mutex::default() }
    }

    /// The keeper of `key`, made by `make` if there is none. If there are too many then, the one that was not asked for for
    /// the longest time is let go; whoever still holds it can go on using it.
    ///
    /// Two callers at once may both make one, of which one is kept and given to both.
    pub fn keeper(&self, key: &CacheKey, make: impl FnOnce() -> TokenKeeper) -> TokenKeeper {
        let kept: Result<_, Infallible> = self.try_keeper(key, || Ok(make()));
        match kept {
            Ok(keeper) => keeper,
            Err(never) => match never {},
        }
    }

    /// The keeper of `key`, made by `make` if there is none, which may fail: a key file may be missing, for example.
    ///
    /// # Errors
    /// The error of `make`. The pool is as it was then, and the next caller tries again.
    pub fn try_keeper<E>(
        &self,
        key: &CacheKey,
        make: impl FnOnce() -> Result<TokenKeeper, E>,
    ) -> Result<TokenKeeper, E> {
        // In a statement of its own, for the lock is not to be held while foreign code runs.
        let there = self.kept().find(key);
        if let Some(keeper) = there {
            return Ok(keeper);
        }
        let new = make()?;
        let mut kept = self.kept();
        if let Some(keeper) = kept.find(key) {
            return Ok(keeper);
        }
        kept.make_room(self.capacity);
        Ok(kept.add(key.clone(), new))
    }

    /// Lets the keeper of `key` go, because its credentials have changed for example.
    pub fn remove(&self, key: &CacheKey) {
        let removed = self.kept().keepers.remove(key);
        drop(removed);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, key: &CacheKey) -> Option<TokenKeeper> {
        self.uses += 1;
        let (keeper, last_use) = self.keepers.get_mut(key)?;
        *last_use = self.uses;
        Some(keeper.clone())
    }

    fn make_room(&mut self, capacity: NonZeroUsize) {
        while capacity.get() <= self.keepers.len() {
            let oldest = self.keepers.iter().min_by_key(|(_, (_, last_use))| *last_use);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { return };
            self.keepers.remove(&key);
        }
    }

    fn add(&mut self, key: CacheKey, keeper: TokenKeeper) -> TokenKeeper {
        self.keepers.insert(key, (keeper.clone(), self.uses));
        keeper
    }
}

impl fmt::Debug for KeeperPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeeperPool({} of {})", self.kept().keepers.len(), self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FetchError, SharedClock, SystemClock, TokenSource};
    use ims_claims::Environment;
    use std::cell::Cell;

    #[track_caller]
    fn key(client_id: &str) -> CacheKey {
        CacheKey::new(&Environment::production(), &client_id.parse().unwrap(), "jwt")
    }

    fn keeper() -> TokenKeeper {
        let source = TokenSource::new(|| async { Err(FetchError::permanent("no")) });
        TokenKeeper::new(source, SharedClock::new(SystemClock))
    }

    #[test]
    fn each_key_has_one_keeper_and_the_one_unused_for_longest_is_let_go() {
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

        let failed = pool.try_keeper(&key("d"), || Err("no key"));
        assert_eq!(failed.err(), Some("no key"));
        assert_eq!(format!("{pool:?}"), "KeeperPool(2 of 2)", "what fails displaces nothing");
    }
}
