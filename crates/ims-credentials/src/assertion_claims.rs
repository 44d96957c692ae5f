//! The claims of a service account's next assertion, with a `jti` that no assertion before it had.

use std::sync::atomic::{AtomicU64, Ordering};

use ims_claims::{AssertionLifetime, ClaimsSet, Environment, JwtId, NumericDate};

use crate::credential::ServiceAccountCredential;

impl ServiceAccountCredential {
    /// The claims of the next assertion at `now`, with a `jti` if the credentials ask for one. Two calls never give the same
    /// `jti` in one process.
    ///
    /// ```
    /// use ims_claims::{AssertionLifetime, Environment, NumericDate};
    /// use ims_credentials::ServiceAccountCredential;
    ///
    /// fn example(credential: &ServiceAccountCredential) {
    ///     let now = NumericDate::from_secs(1_550_001_138);
    ///     let claims = credential.claims(&Environment::production(), now, AssertionLifetime::default());
    ///     assert!(claims.expires_at() > now);
    /// }
    /// ```
    #[must_use]
    pub fn claims(
        &self,
        environment: &Environment,
        now: NumericDate,
        lifetime: AssertionLifetime,
    ) -> ClaimsSet {
        let claims = self.account.claims(environment, now, lifetime);
        if self.sends_jti { claims.with_jti(next_jti(now)) } else { claims }
    }
}

/// A number greater than any before in this process: Unix time in microseconds. The part below a second is
/// random, so that two processes rarely choose the same number.
fn next_jti(now: NumericDate) -> JwtId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let seconds = u64::try_from(now.as_secs()).unwrap_or_default();
    // Microseconds stay below 2^53 until the year 2255, so that a JSON reader with doubles keeps them exactly.
    let micros = seconds.saturating_mul(1_000_000) + fastrand::u64(..1_000_000);
    let last = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(micros.max(last + 1)))
        .expect("the closure always returns a value, so the update cannot fail");
    JwtId::from_number(micros.max(last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_jti_is_greater_than_the_one_before_even_if_the_clock_goes_back() {
        let mut last = 0;
        for seconds in [1_550_001_138, 1_550_001_138, 1_550_001_139, 1_550_001_000, 0, -1] {
            let jti = next_jti(NumericDate::from_secs(seconds)).as_number();
            assert!(jti > last, "{jti} after {last}");
            last = jti;
        }
    }
}
