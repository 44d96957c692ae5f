//! A fresh token is given without a single allocation.
#![cfg(feature = "testing")]

use std::time::Duration;

use ims_token::{SharedClock, SystemClock, TokenKeeper, testing::ScriptedSource};

#[test]
fn a_fresh_token_is_given_without_an_allocation() {
    let clock = SharedClock::new(SystemClock);
    let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let keeper = TokenKeeper::new(source.source(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        keeper.token().await.unwrap();
        drop(keeper.peek());
        let token = keeper.token();
        let calls = allocation_counter::measure(|| {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(std::pin::pin!(token).poll(&mut context).is_ready());
            assert!(keeper.peek().is_some());
        });
        assert_eq!(calls.count_total, 0);
    });
    assert_eq!(source.requests(), 1);
}
