//! Thirty days of a service with many failures: outages, throttling, refusals, clocks that are set, a machine that is
//! suspended.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fastrand::Rng;
use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use ims_token::{Clock, FetchError, SharedClock, TokenKeeper, TokenSource, testing::FakeClock};
use tokio::time::sleep;

const DAY: Duration = Duration::from_hours(24);
const MINUTES: u64 = 30 * 24 * 60;

/// What IMS and the machine do to the service.
struct World {
    clock: FakeClock,
    random: Rng,
    ims: Arc<Mutex<Ims>>,
    outage_minutes: u64,
}

#[derive(Default)]
struct Ims {
    trouble: Option<FetchError>,
    /// When each token truly expires, by a clock that no test sets.
    issued: Vec<Duration>,
    requests: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let clock = FakeClock::following_tokio(NumericDate::from_secs(1_700_000_000));
        Self { clock, random: Rng::with_seed(seed), ims: Arc::default(), outage_minutes: 0 }
    }

    fn source(&self) -> TokenSource {
        let (clock, ims) = (self.clock.clone(), Arc::clone(&self.ims));
        TokenSource::new(move || {
            let (clock, ims) = (clock.clone(), Arc::clone(&ims));
            async move {
                let sent_at = clock.now();
                ims.lock().unwrap().requests += 1;
                sleep(Duration::from_millis(200)).await;
                let mut ims = ims.lock().unwrap();
                if let Some(trouble) = &ims.trouble {
                    return Err(trouble.clone());
                }
                ims.issued.push(clock.monotonic() + DAY);
                let text = format!("{}", ims.issued.len() - 1);
                Ok(AccessToken::new(text, sent_at, DAY).unwrap())
            }
        })
    }

    /// One minute, and what may happen in it.
    async fn minute(&mut self) {
        sleep(Duration::from_mins(1)).await;
        if self.random.u32(0..2_000) == 0 {
            self.clock.advance(Duration::from_hours(8));
        }
        if self.random.u32(0..1_000) == 0 {
            self.clock.step_wall(self.random.i64(-3_600..3_600));
        }
        self.outage_minutes = self.outage_minutes.saturating_sub(1);
        if self.outage_minutes == 0 {
            self.ims.lock().unwrap().trouble = None;
            if self.random.u32(0..500) == 0 {
                self.outage_minutes = self.random.u64(1..180);
                self.ims.lock().unwrap().trouble = Some(self.trouble());
            }
        }
    }

    fn trouble(&mut self) -> FetchError {
        let retry_after = Duration::from_secs(self.random.u64(0..300));
        match self.random.u32(0..4) {
            0 => FetchError::transient("no connection", None),
            1 => FetchError::transient("throttled", Some(retry_after)),
            2 => FetchError::sign_again("invalid_jti"),
            _ => FetchError::permanent("invalid_client"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_is_used_past_its_end_and_no_call_fails_while_one_is_held() {
    for seed in 0..8 {
        let mut world = World::new(seed);
        let keeper = TokenKeeper::new(world.source(), SharedClock::new(world.clock.clone()));
        // When the token ends that the keeper gave last, by each of its two clocks.
        let mut held: Option<(NumericDate, Duration)> = None;
        let mut failed_since = None;
        for minute in 0..MINUTES {
            world.minute().await;
            let asked_at = world.clock.monotonic();
            match keeper.token().await {
                Ok(token) => {
                    let number: usize = token.expose_secret().parse().unwrap();
                    let truly_ends = world.ims.lock().unwrap().issued[number];
                    assert!(world.clock.monotonic() < truly_ends, "seed {seed}, minute {minute}");
                    // The request was sent 0.2 s before the answer.
                    let ends = truly_ends.saturating_sub(Duration::from_millis(200));
                    held = Some((token.expires_at(), ends));
                    failed_since = None;
                }
                Err(error) => {
                    let margin = Duration::from_secs(2);
                    let is_held = held.is_some_and(|(wall, monotonic)| {
                        world.clock.now() < wall.minus(margin) && asked_at + margin < monotonic
                    });
                    assert!(!is_held, "seed {seed}, minute {minute}: {error}");
                    if world.outage_minutes == 0 {
                        let since = *failed_since.get_or_insert(asked_at);
                        // A Retry-After may hold some minutes longer than the outage.
                        assert!(asked_at < since + Duration::from_mins(6), "seed {seed}: {error}");
                    }
                }
            }
        }
        let requests = world.ims.lock().unwrap().requests;
        assert!((28..6_000).contains(&requests), "seed {seed}: {requests}");
    }
}
