//! The token that a thread got last. Reading it takes two atomic operations less than reading the keeper's token.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
};

use ims_exchange::{AccessToken, WeakAccessToken};

use crate::{
    cached_token::CachedToken,
    clock::Reading,
    refresh_machine::{Phase, Schedule},
};

/// How many keepers a thread can remember; further ones replace others.
const PLACES: usize = 8;

thread_local! {
    static RECENT: [RefCell<Option<Recent>>; PLACES] = const { [const { RefCell::new(None) }; PLACES] };
}

/// What a thread remembers of one keeper.
struct Recent {
    id: u64,
    version: u64,
    schedule: Schedule,
    /// A weak reference, so that no thread keeps a token in memory that its keeper has dropped.
    token: WeakAccessToken,
}

/// Identifies a keeper for the threads, and shows whether they have its newest token.
#[derive(Debug)]
pub(crate) struct Version {
    /// Unique in this process.
    id: u64,
    current: AtomicU64,
}

impl Version {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), current: AtomicU64::new(0) }
    }

    /// Makes all threads read the token again: call it after the token of the keeper was replaced.
    pub(crate) fn advance(&self) {
        // A thread that sees the new version also sees the token.
        self.current.fetch_add(1, Ordering::Release);
    }

    /// Read this before the token that is stored with it: if the token is replaced meanwhile, the thread reads it again.
    pub(crate) fn current(&self) -> u64 {
        self.current.load(Ordering::Acquire)
    }

    /// The token that this thread got last, if it is the newest one and still fresh.
    #[inline]
    pub(crate) fn recall(&self, now: Reading) -> Option<AccessToken> {
        self.with_place(|place| {
            let recent = place.try_borrow().ok()?;
            let recent = recent.as_ref()?;
            let is_newest = recent.id == self.id && recent.version == self.current();
            if !is_newest || recent.schedule.phase(now) != Phase::Fresh {
                return None;
            }
            recent.token.upgrade()
        })
    }

    /// Remembers for this thread what was in the keeper after it had this `version`.
    pub(crate) fn remember(&self, version: u64, cached: &CachedToken) {
        let (id, token) = (self.id, cached.token.downgrade());
        let recent = Recent { id, version, schedule: cached.schedule, token };
        self.with_place(|place| Some(place.replace(Some(recent))));
    }

    /// `None` when the thread is ending.
    fn with_place<T>(
        &self,
        use_place: impl FnOnce(&RefCell<Option<Recent>>) -> Option<T>,
    ) -> Option<T> {
        let place = usize::try_from(self.id % PLACES as u64).unwrap_or_default();
        RECENT.try_with(|places| use_place(&places[place])).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use crate::{
        clock::SharedClock,
        keeper::TokenKeeper,
        testing::{FakeClock, ScriptedSource},
    };
    use futures_util::FutureExt;
    use ims_claims::NumericDate;

    fn keeper() -> (TokenKeeper, FakeClock) {
        let fake = FakeClock::new(NumericDate::from_secs(1_800_000_000));
        let clock = SharedClock::new(fake.clone());
        let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
        (TokenKeeper::new(source.source(), clock), fake)
    }

    fn warm(keeper: &TokenKeeper) -> Option<String> {
        let token = keeper.token().now_or_never()?.ok()?;
        Some(token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn every_thread_sees_a_new_token_and_none_that_has_aged_or_was_rejected() {
        let (keeper, clock) = keeper();
        let first = keeper.token().await.unwrap();
        let on_another = |keeper: &TokenKeeper| {
            let keeper = keeper.clone();
            thread::spawn(move || (warm(&keeper), warm(&keeper))).join().unwrap()
        };
        let expected = Some(first.expose_secret().to_owned());
        assert_eq!((warm(&keeper), warm(&keeper)), (expected.clone(), expected.clone()));
        assert_eq!(on_another(&keeper), (expected.clone(), expected));

        keeper.report_rejected(&first);
        assert_eq!(warm(&keeper), None, "it waits for another");
        let second = keeper.token().await.unwrap();
        assert_ne!(second.expose_secret(), first.expose_secret());
        assert_eq!(warm(&keeper).as_deref(), Some(second.expose_secret()));

        clock.advance(Duration::from_hours(25));
        assert_eq!(warm(&keeper), None, "it has expired");
    }

    #[tokio::test]
    async fn keepers_do_not_get_each_others_tokens_however_many_a_thread_asks() {
        let keepers: Vec<_> = (0..3 * super::PLACES).map(|_| keeper().0).collect();
        for (number, keeper) in keepers.iter().enumerate() {
            for _ in 0..number {
                keeper.refresh().await.unwrap();
            }
            keeper.token().await.unwrap();
        }
        for _ in 0..2 {
            for (number, keeper) in keepers.iter().enumerate() {
                let expected = format!("token-{}", number.max(1));
                assert_eq!(warm(keeper), Some(expected));
            }
        }
    }

    #[tokio::test]
    async fn no_thread_keeps_a_token_that_its_keeper_has_dropped() {
        let (keeper, _) = keeper();
        let token = keeper.token().await.unwrap();
        warm(&keeper);
        let weak = token.downgrade();
        drop((keeper, token));
        assert!(weak.upgrade().is_none());
    }
}
