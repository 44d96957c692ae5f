//! The `jti` numbers that an integration has used, for as long as their assertions could be sent again.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, PoisonError},
};

use ims_claims::NumericDate;

/// The numbers that one integration has seen. It is bounded: when it is full, the numbers whose assertions expire first are
/// removed.
#[derive(Debug, Default)]
pub(crate) struct ReplayMemory(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    numbers: HashSet<String>,
    by_end: BTreeSet<(i64, String)>,
}

impl ReplayMemory {
    /// The most numbers that are remembered. An hour of ten exchanges a second fits.
    pub(crate) const CAPACITY: usize = 36_000;

    /// Whether `jti` is remembered.
    pub(crate) fn remembers(&self, jti: &str) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.numbers.contains(jti)
    }

    /// Remembers `jti` until `end`; `false` if it was remembered already.
    pub(crate) fn remember(&self, jti: &str, end: NumericDate, now: NumericDate) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget_until(now);
        if !seen.numbers.insert(jti.to_owned()) {
            return false;
        }
        seen.by_end.insert((end.as_secs(), jti.to_owned()));
        if seen.numbers.len() > Self::CAPACITY {
            seen.forget_first();
        }
        true
    }
}

impl Seen {
    fn forget_until(&mut self, now: NumericDate) {
        while self.by_end.first().is_some_and(|(end, _)| *end < now.as_secs()) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, jti)) = self.by_end.pop_first() {
            self.numbers.remove(&jti);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: NumericDate = NumericDate::from_secs(1000);

    fn at(seconds: i64) -> NumericDate {
        NumericDate::from_secs(seconds)
    }

    #[test]
    fn a_number_is_remembered_until_its_assertion_has_ended() {
        let memory = ReplayMemory::default();
        assert!(memory.remember("1", at(1010), NOW));
        assert!(!memory.remember("1", at(1010), at(1010)));
        assert!(memory.remember("1", at(1100), at(1011)));
    }

    #[test]
    fn a_full_memory_forgets_what_expires_first() {
        let memory = ReplayMemory::default();
        for number in 0..=ReplayMemory::CAPACITY {
            let end = at(2000 + i64::try_from(number).unwrap());
            assert!(memory.remember(&number.to_string(), end, NOW));
        }
        assert!(!memory.remember(&ReplayMemory::CAPACITY.to_string(), at(3000), NOW));
        assert!(memory.remember("0", at(3000), NOW));
    }
}
