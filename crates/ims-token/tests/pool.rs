//! The keepers of several integrations: the failure of one does not affect the others.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{num::NonZeroUsize, sync::Barrier, thread, time::Duration};

use ims_claims::{Environment, NumericDate};
use ims_token::{
    CacheKey, FetchError, KeeperPool, SharedClock, TokenKeeper,
    testing::{FakeClock, ScriptedSource},
};
use tokio::time::Instant;

fn key(client_id: &str) -> CacheKey {
    CacheKey::new(
        &Environment::production(),
        &client_id.parse().unwrap(),
        ims_token::GrantName::JWT,
    )
}

fn pool() -> KeeperPool {
    KeeperPool::new(NonZeroUsize::new(3).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_hangs_or_is_refused_does_not_delay_others() {
    let clock = SharedClock::new(FakeClock::following_tokio(NumericDate::from_secs(0)));
    let source = || ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let (hanging, refused) = (source().with_latency(Duration::from_hours(1)), source());
    refused.begin_outage(FetchError::permanent("no"));
    let pool = pool();
    let keeper = |name: &str, source: &ScriptedSource| {
        pool.keeper(&key(name), || TokenKeeper::new(source.source(), clock.clone()))
    };
    let call = |keeper: TokenKeeper| tokio::spawn(async move { keeper.token().await.is_ok() });
    let stuck: Vec<_> = (0..1_000).map(|_| call(keeper("hanging", &hanging))).collect();

    let start = Instant::now();
    assert!(keeper("refused", &refused).token().await.is_err());
    assert!(keeper("well", &source()).token().await.is_ok());
    assert_eq!(start.elapsed(), Duration::ZERO);
    for caller in stuck {
        assert!(!caller.await.unwrap());
    }
    assert_eq!(hanging.requests(), 1);
}

#[test]
fn a_keeper_that_takes_long_to_make_does_not_delay_others() {
    let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(0)));
    let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let make = || TokenKeeper::new(source.source(), clock.clone());
    let pool = pool();
    let (has_begun, may_finish) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            pool.keeper(&key("slow"), || {
                has_begun.wait();
                // Until the other one has its keeper.
                may_finish.wait();
                make()
            });
        });
        has_begun.wait();
        pool.keeper(&key("quick"), make);
        may_finish.wait();
    });
    assert_eq!(format!("{pool:?}"), "KeeperPool(2 of 3)");
}
