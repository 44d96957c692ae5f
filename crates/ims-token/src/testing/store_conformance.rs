//! The rules that every store must follow, as checks for any store.

use std::time::Duration;

use ims_claims::{Environment, NumericDate};
use ims_exchange::AccessToken;

use crate::{
    cache_key::{CacheKey, GrantName},
    store::TokenStore,
};

/// Checks what every store must do. `one` and `other` are two handles to the same store, as two processes have them; it
/// must be empty. `now` is the time by the store's clock.
///
/// ```
/// use ims_token::{Clock, MemoryStore, SharedClock, SystemClock, testing::check_store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = SharedClock::new(SystemClock);
/// let store = MemoryStore::new(clock.clone()); // or two connections to a store of your own
/// check_store(&store, &store, clock.now()).await;
/// # }
/// ```
///
/// # Panics
/// If the store breaks a rule, with the rule.
pub async fn check_store(one: &impl TokenStore, other: &impl TokenStore, now: NumericDate) {
    tokens_come_back_as_they_went(one, other, now).await;
    later_expiry_wins(one, other, now).await;
    what_cannot_be_believed_is_replaced(one, other, now).await;
    keys_are_kept_apart(one, other, now).await;
    a_time_before_which_ims_is_left_alone_is_shared(one, other, now).await;
    one_at_a_time_has_the_lease(one, other).await;
}

/// Checks that a lease which is neither renewed nor released lapses: that `other` obtains it within `attempts` attempts,
/// before each of which `wait` lets some time pass. `lasting` has to be longer than what `wait` lets pass.
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::NumericDate;
/// use ims_token::{MemoryStore, SharedClock, testing::{FakeClock, check_lease_lapses}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = FakeClock::new(NumericDate::from_secs(1_800_000_000));
/// let store = MemoryStore::new(SharedClock::new(clock.clone()));
/// let wait = async || clock.advance(Duration::from_millis(500));
/// check_lease_lapses(&store, &store, Duration::from_secs(4), 20, wait).await;
/// # }
/// ```
///
/// # Panics
/// If it is obtained at once or never, or if its first holder can then release it.
pub async fn check_lease_lapses(
    one: &impl TokenStore,
    other: &impl TokenStore,
    lasting: Duration,
    attempts: u32,
    wait: impl AsyncFn(),
) {
    let key = key("lapses");
    let lapsed = one.lease(&key, lasting).await.expect("a lease").expect("no one has it");
    let mut theirs = other.lease(&key, lasting).await.expect("an answer");
    assert!(theirs.is_none(), "a lease is not for two");
    for _ in 0..attempts.min(8) {
        wait().await;
        one.renew(&key, &lapsed, lasting).await.expect("a renewal");
        theirs = other.lease(&key, lasting).await.expect("an answer");
        assert!(theirs.is_none(), "a lease that is renewed does not lapse");
    }
    for _ in 0..attempts {
        wait().await;
        theirs = other.lease(&key, Duration::from_hours(1)).await.expect("an answer");
        if theirs.is_some() {
            break;
        }
    }
    let theirs = theirs.expect("a lease lapses");
    one.renew(&key, &lapsed, lasting).await.expect("renewing what has lapsed is not a failure");
    one.release(&key, lapsed).await.expect("releasing what has lapsed is not a failure");
    let again = one.lease(&key, lasting).await.expect("an answer");
    assert!(again.is_none(), "releasing a lapsed lease does not end the one of another");
    other.release(&key, theirs).await.expect("a release");
}

async fn tokens_come_back_as_they_went(
    one: &impl TokenStore,
    other: &impl TokenStore,
    now: NumericDate,
) {
    let key = key("round-trip");
    assert!(one.load(&key).await.expect("an answer").is_none(), "an empty store has no token");
    let saved = token("eyJ.round-trip._-", now, 3_600);
    one.save(&key, &saved).await.expect("a save");
    let loaded = other.load(&key).await.expect("an answer").expect("the saved token is there");
    let parts = |token: &AccessToken| {
        (token.expose_secret().to_owned(), token.obtained_at(), token.expires_at())
    };
    assert_eq!(parts(&loaded), parts(&saved), "a token is loaded as it was saved");
}

async fn later_expiry_wins(one: &impl TokenStore, other: &impl TokenStore, now: NumericDate) {
    let key = key("newer");
    let expectations = [("b", 2_000, "b"), ("a", 1_000, "b"), ("c", 3_000, "c")];
    for (text, lifetime, expected) in expectations {
        one.save(&key, &token(text, now, lifetime)).await.expect("a save");
        let there = other.load(&key).await.expect("an answer").expect("a token is there");
        assert_eq!(there.expose_secret(), expected, "the token that expires later wins");
    }
}

async fn what_cannot_be_believed_is_replaced(
    one: &impl TokenStore,
    other: &impl TokenStore,
    now: NumericDate,
) {
    let year = Duration::from_hours(365 * 24);
    for (name, obtained_at, lifetime) in
        [("everlasting", now, 1 << 32), ("from-the-future", now.plus(year), 86_400)]
    {
        let key = key(name);
        one.save(&key, &token(name, obtained_at, lifetime)).await.expect("a save");
        one.save(&key, &token("true", now, 86_400)).await.expect("a save");
        let there = other.load(&key).await.expect("an answer").expect("a token is there");
        assert_eq!(there.expose_secret(), "true", "an impossible token does not prevent another");
    }
}

async fn keys_are_kept_apart(one: &impl TokenStore, other: &impl TokenStore, now: NumericDate) {
    let client_id = "apart".parse().expect("a client id");
    let production = CacheKey::new(&Environment::production(), &client_id, GrantName::JWT);
    let keys = [
        key("another-client"),
        CacheKey::new(&Environment::stage(), &client_id, GrantName::JWT),
        CacheKey::new(&Environment::production(), &client_id, GrantName::CLIENT_CREDENTIALS),
        production.clone().with_account("a@techacct.adobe.com"),
        production.clone().with_scopes(["openid"]),
        production.clone().with_scopes(["openid", "AdobeID"]),
        production,
    ];
    for (number, key) in keys.iter().enumerate() {
        one.save(key, &token(&format!("apart-{number}"), now, 3_600)).await.expect("a save");
    }
    for (number, key) in keys.iter().enumerate() {
        let there = other.load(key).await.expect("an answer").expect("a token is there");
        assert_eq!(there.expose_secret(), format!("apart-{number}"), "keys are kept apart");
    }
}

async fn a_time_before_which_ims_is_left_alone_is_shared(
    one: &impl TokenStore,
    other: &impl TokenStore,
    now: NumericDate,
) {
    let (key, another_key) = (key("throttled"), key("not-throttled"));
    assert!(one.load_not_before(&key).await.expect("an answer").is_none(), "no time is saved");
    for seconds in [60, 30, 90] {
        let not_before = now.plus(Duration::from_secs(seconds));
        one.save_not_before(&key, not_before).await.expect("a save");
        let there = other.load_not_before(&key).await.expect("an answer");
        assert_eq!(there, Some(not_before), "the time that was saved last is there");
    }
    let there = other.load_not_before(&another_key).await.expect("an answer");
    assert!(there.is_none(), "each key has its time");
    assert!(other.load(&key).await.expect("an answer").is_none(), "a time is not a token");
}

async fn one_at_a_time_has_the_lease(one: &impl TokenStore, other: &impl TokenStore) {
    let (key, another_key, hour) = (key("lease"), key("another-lease"), Duration::from_hours(1));
    let lease = one.lease(&key, hour).await.expect("a lease").expect("no one has it");
    assert!(other.lease(&key, hour).await.expect("an answer").is_none(), "a lease is not for two");
    assert!(one.lease(&key, hour).await.expect("an answer").is_none(), "a lease is not for two");
    let apart = other.lease(&another_key, hour).await.expect("an answer");
    other.release(&another_key, apart.expect("each key has its lease")).await.expect("a release");
    one.release(&key, lease).await.expect("a release");
    let theirs = other.lease(&key, hour).await.expect("an answer");
    other.release(&key, theirs.expect("what was released is free")).await.expect("a release");
}

fn key(client_id: &str) -> CacheKey {
    CacheKey::new(
        &Environment::production(),
        &client_id.parse().expect("a client id"),
        GrantName::JWT,
    )
}

fn token(text: &str, now: NumericDate, lifetime: u64) -> AccessToken {
    let lifetime = Duration::from_secs(lifetime);
    AccessToken::new(text.to_owned(), now, lifetime).expect("visible ASCII")
}
