//! Laws of the keeper that hold for any events in any order.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use ims_token::{
    Clock, EXPIRY_MARGIN, FetchError, SharedClock, TokenError, TokenKeeper, TokenSource,
    testing::FakeClock,
};
use proptest::{collection::vec, prelude::*};
use tokio::time::sleep;

const DAY: Duration = Duration::from_hours(24);

/// An event in the life of a service.
#[derive(Debug, Clone)]
enum Happening {
    Pass {
        seconds: u64,
    },
    /// Time passes until `seconds` after the real expiry of the newest token, or before it if negative.
    PassToItsEnd {
        seconds: i64,
    },
    Suspend {
        hours: u64,
    },
    StepWall {
        seconds: i64,
    },
    Trouble(Option<FetchError>),
    Call,
    CallFor {
        hours: u64,
    },
    Refresh,
    Reject,
}

fn happening() -> impl Strategy<Value = Happening> {
    let after = |seconds| FetchError::transient("throttled", Some(Duration::from_secs(seconds)));
    let trouble = prop_oneof![
        Just(None),
        Just(Some(FetchError::transient("torn", None))),
        Just(Some(FetchError::unsent("no connection"))),
        Just(Some(FetchError::sign_again("invalid_jti"))),
        Just(Some(FetchError::permanent("invalid_client"))),
        (0_u64..3_600).prop_map(move |seconds| Some(after(seconds))),
    ];
    prop_oneof![
        4 => prop_oneof![0_u64..5, 0_u64..600, 0_u64..90_000].prop_map(|seconds| Happening::Pass { seconds }),
        2 => (-4_000_i64..10).prop_map(|seconds| Happening::PassToItsEnd { seconds }),
        1 => (1_u64..30).prop_map(|hours| Happening::Suspend { hours }),
        1 => (-3_600_i64..3_600).prop_map(|seconds| Happening::StepWall { seconds }),
        3 => trouble.prop_map(Happening::Trouble),
        6 => Just(Happening::Call),
        1 => (0_u64..30).prop_map(|hours| Happening::CallFor { hours }),
        1 => Just(Happening::Refresh),
        1 => Just(Happening::Reject),
    ]
}

/// An IMS that remembers what it issued and when it asked to wait, by a clock that no test sets.
#[derive(Default)]
struct Ims {
    trouble: Option<FetchError>,
    /// When each token truly ends.
    ends: Vec<Duration>,
    not_before: Duration,
    came_too_early: bool,
}

struct World {
    clock: FakeClock,
    ims: Arc<Mutex<Ims>>,
    keeper: TokenKeeper,
    /// When the last token that was given ends, by both clocks.
    held: Option<(NumericDate, Duration)>,
}

impl World {
    fn new() -> Self {
        let clock = FakeClock::following_tokio(NumericDate::from_secs(1_700_000_000));
        let ims = Arc::new(Mutex::new(Ims::default()));
        let (its_clock, its_ims) = (clock.clone(), Arc::clone(&ims));
        let source = TokenSource::new(move || answer(its_clock.clone(), Arc::clone(&its_ims)));
        let keeper = TokenKeeper::new(source, SharedClock::new(clock.clone()));
        Self { clock, ims, keeper, held: None }
    }

    async fn live_through(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass { seconds } => sleep(Duration::from_secs(*seconds)).await,
            Happening::PassToItsEnd { seconds } => {
                let ends = self.ims.lock().unwrap().ends.last().copied().unwrap_or_default();
                let moment = ends.as_secs().saturating_add_signed(*seconds);
                sleep(Duration::from_secs(moment).saturating_sub(self.clock.monotonic())).await;
            }
            Happening::Suspend { hours } => self.clock.advance(Duration::from_hours(*hours)),
            Happening::StepWall { seconds } => self.clock.step_wall(*seconds),
            Happening::Trouble(trouble) => self.ims.lock().unwrap().trouble.clone_from(trouble),
            Happening::Call => {
                let asked = self.clock.both();
                let answer = self.keeper.token().await;
                self.judge(answer, asked, Duration::ZERO);
            }
            Happening::CallFor { hours } => {
                let (asked, needed) = (self.clock.both(), Duration::from_hours(*hours));
                let answer = self.keeper.token_valid_for(needed).await;
                self.judge(answer, asked, needed);
            }
            Happening::Refresh => {
                if let Ok(token) = self.keeper.refresh().await {
                    self.hold(&token);
                }
            }
            Happening::Reject => {
                if let Some(token) = self.keeper.peek() {
                    self.keeper.report_rejected(&token);
                }
            }
        }
    }

    /// No expired token is given, and a usable one is always given.
    fn judge(
        &mut self,
        answer: Result<AccessToken, TokenError>,
        asked: (NumericDate, Duration),
        needed: Duration,
    ) {
        match answer {
            Ok(token) => {
                let ends = self.hold(&token);
                assert!(self.clock.monotonic() + needed < ends);
            }
            Err(error) => {
                let least = needed + EXPIRY_MARGIN + Duration::from_secs(1);
                let (wall, monotonic) = asked;
                let would_do = self.held.is_some_and(|(wall_end, end)| {
                    wall.plus(least) < wall_end && monotonic + least < end
                });
                assert!(!would_do, "{error}");
            }
        }
    }

    /// Remembers `token`, and returns when it truly ends.
    fn hold(&mut self, token: &AccessToken) -> Duration {
        let number: usize = token.expose_secret().parse().unwrap();
        let ends = self.ims.lock().unwrap().ends[number];
        // Its lifetime counts from the request, which was sent before the answer came.
        self.held = Some((token.expires_at(), ends.saturating_sub(LATENCY)));
        ends
    }
}

async fn answer(clock: FakeClock, ims: Arc<Mutex<Ims>>) -> Result<AccessToken, FetchError> {
    let sent_at = clock.now();
    {
        let mut ims = ims.lock().unwrap();
        ims.came_too_early |= clock.monotonic() < ims.not_before;
    }
    sleep(LATENCY).await;
    let mut ims = ims.lock().unwrap();
    if let Some(trouble) = ims.trouble.clone() {
        ims.not_before = clock.monotonic() + trouble.retry_after().unwrap_or_default();
        return Err(trouble);
    }
    ims.ends.push(clock.monotonic() + DAY);
    Ok(AccessToken::new((ims.ends.len() - 1).to_string(), sent_at, DAY).unwrap())
}

const LATENCY: Duration = Duration::from_millis(200);

proptest! {
    #[test]
    fn after_any_sequence_of_events_callers_get_a_usable_token_and_ims_gets_its_pause(
        happenings in vec(happening(), 1..60)
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let mut world = World::new();
            for happening in &happenings {
                world.live_through(happening).await;
            }
            assert!(!world.ims.lock().unwrap().came_too_early);
            // No state is terminal: an hour after the last trouble, a caller that calls repeatedly gets a token.
            world.live_through(&Happening::Trouble(None)).await;
            sleep(Duration::from_hours(1)).await;
            assert!(world.keeper.token().await.is_ok());
        });
    }
}
