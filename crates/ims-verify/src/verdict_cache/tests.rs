//! How long verdicts are cached, and how many.

use ims_claims::AccessTokenClaims;

use super::*;
use crate::verified_token::Parts;

const NOW: NumericDate = NumericDate::from_secs(1_550_001_138);

const REFUSED: Fault = Fault::RefusedByIms { reason: None };

fn token(client_id: &str) -> VerifiedToken {
    let json = br#"{"created_at":"1550001138000","expires_in":"86400000"}"#;
    let claims = AccessTokenClaims::read(json).unwrap();
    VerifiedToken::new(client_id.parse().unwrap(), Parts::of(&claims, json), json.to_vec())
}

fn digest(number: usize) -> TokenDigest {
    TokenDigest::of(&number.to_string())
}

/// The client of a good token, or what is wrong with a bad one.
#[track_caller]
fn recalled(
    cache: &VerdictCache,
    number: usize,
    now: NumericDate,
) -> Option<Result<String, Fault>> {
    let recalled = cache.recall(&digest(number), now)?;
    Some(recalled.map(|token| token.client_id().to_string()))
}

#[test]
fn a_good_token_is_remembered_for_five_minutes_and_a_bad_one_for_one() {
    let cache = VerdictCache::new();
    cache.keep(digest(1), &token("client"), NOW);
    cache.refuse(digest(2), &REFUSED, NOW);
    let (good, bad) = (Some(Ok("client".to_owned())), Some(Err(REFUSED)));
    #[rustfmt::skip]
    let table = [
        // seconds later, which may be earlier
        (0,    good.clone(), bad.clone()),
        (59,   good.clone(), bad.clone()),
        (60,   good.clone(), None),
        (299,  good.clone(), None),
        (300,  None,         None),
        (-59,  good.clone(), bad),
        (-60,  good,         None),
        (-300, None,         None),
    ];
    for (seconds, first, second) in table {
        let now = NumericDate::from_secs(NOW.as_secs() + seconds);
        assert_eq!(recalled(&cache, 1, now), first, "{seconds}");
        assert_eq!(recalled(&cache, 2, now), second, "{seconds}");
    }
}

#[test]
fn the_newest_verdict_on_a_token_counts() {
    let cache = VerdictCache::new();
    cache.keep(digest(1), &token("client"), NOW);
    cache.refuse(digest(1), &REFUSED, NOW);
    assert_eq!(recalled(&cache, 1, NOW), Some(Err(REFUSED)));
    cache.keep(digest(1), &token("client"), NOW);
    assert_eq!(recalled(&cache, 1, NOW), Some(Ok("client".to_owned())));
}

#[test]
fn a_hundred_thousand_bad_tokens_remove_no_good_one_and_need_no_additional_memory() {
    let cache = VerdictCache::new();
    cache.keep(digest(0), &token("client"), NOW);
    for number in 1..=100_000 {
        cache.refuse(digest(number), &REFUSED, NOW);
    }
    assert_eq!(recalled(&cache, 0, NOW), Some(Ok("client".to_owned())));
    assert_eq!(recalled(&cache, 100_000, NOW), Some(Err(REFUSED)));
    assert_eq!(recalled(&cache, 1, NOW), None);
    assert_eq!(sizes_of(&cache.invalid), (4_096, 4_096));
    assert_eq!(MAX_INVALID, 4_096);
}

#[test]
fn the_oldest_verdict_on_a_good_token_is_removed_first() {
    let cache = VerdictCache::new();
    let token = token("client");
    for number in 0..100_000 {
        cache.keep(digest(number), &token, NOW);
    }
    assert_eq!(sizes_of(&cache.valid), (16_384, 16_384));
    assert_eq!(MAX_VALID, 16_384);
    assert_eq!(recalled(&cache, 0, NOW), None);
    assert_eq!(recalled(&cache, 99_999, NOW), Some(Ok("client".to_owned())));
}

#[test]
fn outdated_verdicts_are_removed_before_the_cache_is_full() {
    let cache = VerdictCache::new();
    for number in 0..1_000 {
        cache.keep(digest(number), &token("client"), NOW);
    }
    for number in 1_000..2_000 {
        cache.keep(digest(number), &token("client"), NOW.plus(VALID_REMEMBERED));
    }
    assert_eq!(sizes_of(&cache.valid), (1_000, 1_000));
}

#[test]
fn a_changed_verdict_takes_no_second_entry() {
    let cache = VerdictCache::new();
    for _ in 0..10_000 {
        cache.keep(digest(1), &token("client"), NOW);
        assert_eq!((sizes_of(&cache.valid), sizes_of(&cache.invalid)), ((1, 1), (0, 0)));
        cache.refuse(digest(1), &REFUSED, NOW);
        assert_eq!((sizes_of(&cache.valid), sizes_of(&cache.invalid)), ((0, 0), (1, 1)));
    }
}

#[test]
fn only_verdicts_that_do_not_change_and_are_slow_to_find_are_cached() {
    let transport = ims_exchange::TransportError::TooLong;
    #[rustfmt::skip]
    let table = [
        (Ok(token("client")),                                               true),
        (Err(Fault::Signature(VerifyError::Signature).into()),              true),
        (Err(REFUSED.into()),                                               true),
        (Err(Fault::Signature(VerifyError::Critical).into()),               false),
        (Err(Fault::Expired { expired_at: NOW }.into()),                    false),
        (Err(Fault::FromTheFuture { created_at: NOW }.into()),              false),
        (Err(Fault::ClientNotAllowed.into()),                               false),
        (Err(NotVerified::KeyNotPublished),                                 false),
        (Err(NotVerified::Unavailable(transport.into())),                   false),
    ];
    for (number, (verdict, is_remembered)) in table.into_iter().enumerate() {
        let cache = VerdictCache::new();
        cache.remember(digest(number), &verdict, NOW);
        let recalled = recalled(&cache, number, NOW);
        assert_eq!(recalled.is_some(), is_remembered, "{verdict:?}");
        let fault = recalled.and_then(Result::err);
        assert_eq!(
            fault.as_ref(),
            verdict.as_ref().err().and_then(NotVerified::fault).filter(|_| is_remembered)
        );
    }
}

#[test]
fn debug_shows_nothing_that_is_cached() {
    let cache = VerdictCache::new();
    cache.keep(digest(1), &token("canary"), NOW);
    assert_eq!(format!("{cache:?}"), "VerdictCache(..)");
}

/// How many entries and arrivals a room holds.
fn sizes_of<T>(room: &Verdicts<T>) -> (usize, usize) {
    let shards = || room.shards.iter().map(|shard| shard.lock().unwrap());
    (
        shards().map(|shard| shard.entries.len()).sum(),
        shards().map(|shard| shard.arrivals.len()).sum(),
    )
}
