//! A keeper of an API key alone: header fields, and no token. Nothing here runs within a runtime that could refresh.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use ims_token::{SharedClock, SystemClock, TokenError, TokenKeeper, TokenSource};

fn keeper() -> TokenKeeper {
    let keeper = TokenKeeper::new(TokenSource::none(), SharedClock::new(SystemClock));
    keeper.with_client_id(&"my-client".parse().expect("a client id"))
}

/// What `future` brings at once.
#[track_caller]
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something"),
    }
}

#[test]
fn the_header_fields_are_there_without_a_token_and_at_once() {
    let headers = at_once(keeper().headers()).unwrap();
    assert_eq!(headers["x-api-key"], "my-client");
    assert_eq!(headers.len(), 1);
}

#[test]
fn every_call_for_a_token_says_that_there_is_none_and_asks_nobody() {
    let keeper = keeper();
    for error in [at_once(keeper.token()), at_once(keeper.refresh())].map(Result::unwrap_err) {
        assert!(matches!(error, TokenError::ApiKeyAlone), "{error:?}");
        assert!(!error.is_transient() && error.retry_after().is_none());
    }
    assert!(keeper.peek().is_none());
    let health = keeper.health();
    assert!(!health.is_serving() && !health.is_refreshing && health.failures == 0);
}
