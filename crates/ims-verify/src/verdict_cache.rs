//! Verdicts about tokens, for a limited time and a limited number of tokens, under a digest and never under the token
//! itself.
//!
//! Valid and invalid tokens are kept separately, so that millions of invalid tokens remove no valid one.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use ims_claims::NumericDate;
use ims_sign::VerifyError;

use crate::{
    error::{Fault, NotVerified},
    ims::distance,
    sync::lock,
    verified_token::VerifiedToken,
};

/// How long a valid token is remembered at most. Its expiry is checked each time, so that no token is accepted after it has
/// expired.
pub const VALID_REMEMBERED: Duration = Duration::from_mins(5);

/// How long an invalid token is remembered.
pub const INVALID_REMEMBERED: Duration = Duration::from_mins(1);

/// How many valid tokens a verifier remembers at most: 16,384. A new one replaces the one that has been known longest.
pub const MAX_VALID: usize = SHARDS * 1024;

/// How many invalid tokens a verifier remembers at most: 4,096.
pub const MAX_INVALID: usize = SHARDS * 256;

/// The verdicts, valid and invalid ones separately.
pub(crate) struct VerdictCache {
    valid: Verdicts<VerifiedToken>,
    invalid: Verdicts<Fault>,
}

impl VerdictCache {
    pub(crate) fn new() -> Self {
        Self {
            valid: Verdicts::new(MAX_VALID, VALID_REMEMBERED),
            invalid: Verdicts::new(MAX_INVALID, INVALID_REMEMBERED),
        }
    }

    /// The verdict about the token, if it is still cached at `now`.
    pub(crate) fn recall(
        &self,
        digest: &TokenDigest,
        now: NumericDate,
    ) -> Option<Result<VerifiedToken, Fault>> {
        let valid = self.valid.get(digest, now).map(Ok);
        valid.or_else(|| self.invalid.get(digest, now).map(Err))
    }

    /// Remembers a verdict. An error is not a verdict: then nothing is known about the token.
    pub(crate) fn remember(
        &self,
        digest: TokenDigest,
        verdict: &Result<VerifiedToken, NotVerified>,
        now: NumericDate,
    ) {
        match verdict {
            Ok(token) => self.keep(digest, token, now),
            Err(NotVerified::Bad(
                fault @ (Fault::Signature(VerifyError::Signature) | Fault::RefusedByIms { .. }),
            )) => self.refuse(digest, fault, now),
            Err(_) => {}
        }
    }

    // Both add the new verdict before they remove the old one. In the other order, two threads with different verdicts could
    // leave both, and the refusal would be ignored; in this order they leave none in the worst case.

    fn keep(&self, digest: TokenDigest, token: &VerifiedToken, now: NumericDate) {
        self.valid.insert(digest, token.clone(), now);
        self.invalid.remove(&digest);
    }

    fn refuse(&self, digest: TokenDigest, fault: &Fault, now: NumericDate) {
        self.invalid.insert(digest, fault.clone(), now);
        self.valid.remove(&digest);
    }
}

impl fmt::Debug for VerdictCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerdictCache(..)")
    }
}

/// The SHA-256 of a token, which does not reveal the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        let mut octets = [0; 32];
        octets.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(octets)
    }
}

/// How many locks a kind of verdict has, so that threads rarely wait for the same one.
const SHARDS: usize = 16;

struct Verdicts<T> {
    shards: [Mutex<CacheShard<T>>; SHARDS],
    remembered: Duration,
}

impl<T: Clone> Verdicts<T> {
    fn new(capacity: usize, remembered: Duration) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(CacheShard::new(capacity / SHARDS)));
        Self { shards, remembered }
    }

    fn get(&self, digest: &TokenDigest, now: NumericDate) -> Option<T> {
        let shard = self.shard(digest);
        let entry = shard.entries.get(digest)?;
        entry.is_remembered(now, self.remembered).then(|| entry.verdict.clone())
    }

    fn insert(&self, digest: TokenDigest, verdict: T, now: NumericDate) {
        self.shard(&digest).insert(digest, Entry { verdict, learned_at: now }, self.remembered);
    }

    fn remove(&self, digest: &TokenDigest) {
        let mut shard = self.shard(digest);
        if shard.entries.remove(digest).is_some() {
            shard.arrivals.retain(|other| other != digest);
        }
    }

    /// The shard that a token belongs to.
    fn shard(&self, digest: &TokenDigest) -> MutexGuard<'_, CacheShard<T>> {
        lock(&self.shards[usize::from(digest.0[0]) % SHARDS])
    }
}

struct CacheShard<T> {
    capacity: usize,
    entries: HashMap<TokenDigest, Entry<T>>,
    /// Every entry once, in the order in which they came.
    arrivals: VecDeque<TokenDigest>,
}

struct Entry<T> {
    verdict: T,
    learned_at: NumericDate,
}

impl<T> Entry<T> {
    fn is_remembered(&self, now: NumericDate, time: Duration) -> bool {
        distance(self.learned_at, now) < time
    }
}

impl<T> CacheShard<T> {
    fn new(capacity: usize) -> Self {
        Self { capacity, entries: HashMap::new(), arrivals: VecDeque::new() }
    }

    fn insert(&mut self, digest: TokenDigest, entry: Entry<T>, remembered: Duration) {
        let now = entry.learned_at;
        if self.entries.insert(digest, entry).is_some() {
            return;
        }
        while let Some(oldest) = self.arrivals.front().copied() {
            let entry = self.entries.get(&oldest);
            let is_over = entry.is_none_or(|entry| !entry.is_remembered(now, remembered));
            if !is_over && self.arrivals.len() < self.capacity {
                break;
            }
            self.entries.remove(&oldest);
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(digest);
    }
}

#[cfg(test)]
mod tests;
