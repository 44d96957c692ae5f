//! Rules of the machine as tables, and its laws for arbitrary sequences of events.

use super::*;
use crate::FetchError;
use proptest::{collection::vec, prelude::*};

const WINDOWS: Windows =
    Windows { advisory: Duration::from_hours(1), mandatory: Duration::from_mins(1) };
const START: i64 = 1_700_000_000;

fn reading(wall: i64, monotonic: u64) -> Reading {
    let wall = NumericDate::from_secs(START + wall);
    Reading { wall, monotonic: Duration::from_secs(monotonic) }
}

#[track_caller]
fn schedule(lifetime: u64, random: f64) -> Schedule {
    let seen = reading(0, 0);
    let lifetime = Duration::from_secs(lifetime);
    let token = AccessToken::new("token".to_owned(), seen.wall, lifetime).unwrap();
    Schedule::new(&token, seen, WINDOWS, random)
}

#[test]
fn the_windows_of_a_token_are_shorter_if_its_lifetime_is() {
    #[rustfmt::skip]
    let table = [
        // lifetime random  advisory mandatory expired, in seconds after it was asked for
        (86_400,    0.0,    82_799,  86_339,   86_399),
        (86_400,    1.0,    83_699,  86_339,   86_399),
        (3_600,     0.0,    2_699,   3_539,    3_599),
        (600,       0.0,    449,     569,      599),
        (20,        0.0,    14,      18,       19),
        (1,         0.0,    1,       1,        1),
    ];
    for (lifetime, random, advisory, mandatory, expired) in table {
        let at_second = |at: u64| reading(0, at);
        let schedule = schedule(lifetime, random);
        let first =
            |phase: Phase| (0..=lifetime).find(|at| phase <= schedule.phase(at_second(*at)));
        let ages = [Phase::Advisory, Phase::Mandatory, Phase::Expired].map(first);
        assert_eq!(ages, [Some(advisory), Some(mandatory), Some(expired)], "{lifetime} {random}");
    }
}

#[test]
fn each_of_the_two_clocks_can_make_a_token_old() {
    let schedule = schedule(86_400, 0.0);
    for (wall, monotonic, phase) in [
        (0, 0, Phase::Fresh),
        (82_799, 0, Phase::Advisory),
        (0, 82_799, Phase::Advisory),
        (-86_400, 86_340, Phase::Mandatory),
        (86_399, 0, Phase::Expired),
        (-86_400, 86_399, Phase::Expired),
    ] {
        assert_eq!(schedule.phase(reading(wall, monotonic)), phase, "{wall} {monotonic}");
    }
}

#[test]
fn the_decision_follows_from_the_age_and_the_backoff() {
    use Decision::{Refresh, RefreshOrServe, Refuse, Serve, ServeAndRefresh};
    let schedule = schedule(86_400, 0.0);
    let mut closed = Backoff::default();
    closed.record(
        FetchError::transient("busy", Some(Duration::from_hours(1))),
        reading(0, 86_000),
        0.0,
    );
    let mut left = Backoff::default();
    left.leave_to_another(reading(0, 86_338), 0.5);
    #[rustfmt::skip]
    let table = [
        // at        open             closed  left to another
        (Some(0),      Serve,           Serve,  Serve),
        (Some(83_000), ServeAndRefresh, Serve,  Serve),
        (Some(86_338), ServeAndRefresh, Serve,  Serve),
        (Some(86_339), RefreshOrServe,  Serve,  RefreshOrServe),
        (Some(86_399), Refresh,         Refuse, Refresh),
        (None,         Refresh,         Refuse, Refresh),
    ];
    for (at, open, when_closed, when_left) in table {
        let now = reading(at.unwrap_or(0), at.map_or(0, i64::unsigned_abs));
        let held = at.map(|_| &schedule);
        let decisions =
            [&Backoff::default(), &closed, &left].map(|backoff| classify(held, backoff, now));
        assert_eq!(decisions, [open, when_closed, when_left], "{at:?}");
    }
}

#[test]
fn a_token_from_a_store_is_not_used_longer_than_it_lives() {
    let obtained_at = NumericDate::from_secs(START);
    let lifetime = Duration::from_hours(24);
    let token = AccessToken::new("token".to_owned(), obtained_at, lifetime).unwrap();
    // Loaded when half of its lifetime was over by the wall clock, and with a wall clock that is an hour slow.
    for (wall, remaining) in [(43_200, 43_199), (-3_600, 86_399)] {
        let seen = reading(wall, 500);
        let schedule = Schedule::new(&token, seen, WINDOWS, 0.0);
        assert_eq!(schedule.remaining(seen).as_secs(), remaining);
    }
}

#[test]
fn of_two_tokens_the_one_that_can_be_used_longer_is_kept() {
    let (short, long) = (schedule(3_600, 0.0), schedule(86_400, 0.0));
    let outlives =
        |at| (long.outlives(&short, reading(at, 0)), short.outlives(&long, reading(at, 0)));
    assert_eq!(outlives(0), (true, false));
    assert_eq!(outlives(10_000), (true, false));
    assert_eq!(outlives(90_000), (false, false), "neither of two that have expired");
    assert!(!long.outlives(&schedule(86_400, 1.0), reading(0, 0)), "nor of two with the same end");
}

/// What can happen to a keeper.
#[derive(Debug, Clone)]
enum Happening {
    Pass { seconds: u64 },
    StepWall { seconds: i64 },
    Obtain { lifetime: u64, took: u64, random: f64 },
    Fail { is_permanent: bool, retry_after: Option<u64>, random: f64 },
    Reject { kept: u64 },
    LeaveToAnother { random: f64 },
}

fn happening() -> impl Strategy<Value = Happening> {
    let lifetime = prop_oneof![1_u64..100, 100_u64..10_000, Just(86_400_u64)];
    let retry_after = proptest::option::of(0_u64..10_000);
    prop_oneof![
        4 => prop_oneof![0_u64..100, 0_u64..100_000].prop_map(|seconds| Happening::Pass { seconds }),
        1 => (-90_000_i64..90_000).prop_map(|seconds| Happening::StepWall { seconds }),
        2 => (lifetime, 0_u64..30, 0.0..1.0)
            .prop_map(|(lifetime, took, random)| Happening::Obtain { lifetime, took, random }),
        2 => (any::<bool>(), retry_after, 0.0..1.0).prop_map(|(is_permanent, retry_after, random)| {
            Happening::Fail { is_permanent, retry_after, random }
        }),
        1 => (0_u64..60).prop_map(|kept| Happening::Reject { kept }),
        1 => (0.0..1.0).prop_map(|random| Happening::LeaveToAnother { random }),
    ]
}

/// The state of a keeper without callers, and the token according to IMS.
struct Model {
    now: Reading,
    backoff: Backoff,
    held: Option<Schedule>,
    /// By the monotonic clock, which is never set in these tests.
    truly_expires_at: Duration,
}

impl Model {
    fn apply(&mut self, happening: &Happening) {
        match *happening {
            Happening::Pass { seconds } => self.pass(seconds),
            Happening::StepWall { seconds } => {
                let wall = self.now.wall.as_secs() + seconds;
                self.now.wall = NumericDate::from_secs(wall);
            }
            Happening::Obtain { lifetime, took, random } => {
                let seen = self.now;
                self.pass(took);
                let lifetime = Duration::from_secs(lifetime);
                let token = AccessToken::new("t".to_owned(), seen.wall, lifetime);
                self.held = token.ok().map(|token| Schedule::new(&token, seen, WINDOWS, random));
                // IMS counts from when it answers, so later.
                self.truly_expires_at = seen.monotonic + lifetime;
                self.backoff.clear();
            }
            Happening::Fail { is_permanent, retry_after, random } => {
                let retry_after = retry_after.map(Duration::from_secs);
                let error = if is_permanent {
                    FetchError::permanent("no")
                } else {
                    FetchError::transient("busy", retry_after)
                };
                self.backoff.record(error, self.now, random);
            }
            Happening::Reject { kept } => {
                self.held = self.held.map(Schedule::rejected);
                self.backoff.clear_for_rejected(self.now.monotonic + Duration::from_secs(kept));
            }
            Happening::LeaveToAnother { random } => self.backoff.leave_to_another(self.now, random),
        }
    }

    fn pass(&mut self, seconds: u64) {
        let passed = Duration::from_secs(seconds);
        self.now.wall = self.now.wall.plus(passed);
        self.now.monotonic += passed;
    }
}

proptest! {
    #[test]
    fn no_sequence_of_events_breaks_a_law_of_the_machine(happenings in vec(happening(), 0..60)) {
        let mut model = Model {
            now: reading(0, 1_000),
            backoff: Backoff::default(),
            held: None,
            truly_expires_at: Duration::ZERO,
        };
        for happening in &happenings {
            model.apply(happening);
            let decision = classify(model.held.as_ref(), &model.backoff, model.now);
            let is_usable = model.held.is_some_and(|held| !held.remaining(model.now).is_zero());
            let (serves, asks) = match decision {
                Decision::Serve => (true, false),
                Decision::ServeAndRefresh | Decision::RefreshOrServe => (true, true),
                Decision::Refresh => (false, true),
                Decision::Refuse => (false, false),
            };
            // A token that can be used is served, one that cannot is not, and none is used after its end.
            prop_assert_eq!(serves, is_usable, "{:?}", decision);
            prop_assert!(!serves || model.now.monotonic < model.truly_expires_at);
            // No request is sent while IMS asked to wait, and it never waits for longer than an hour.
            prop_assert!(!asks || model.backoff.is_over(model.now));
            prop_assert!(model.backoff.remaining(model.now) <= crate::LONGEST_RETRY_AFTER);
        }
        // No state is terminal: an hour later, IMS is asked again if nothing is held.
        model.pass(3_600);
        let later = classify(None, &model.backoff, model.now);
        prop_assert_eq!(later, Decision::Refresh);
    }

    #[test]
    fn a_token_never_becomes_younger(lifetime in 1_u64..100_000, random in 0.0..1.0, times in vec(0_u64..110_000, 2..20)) {
        let schedule = schedule(lifetime, random);
        let mut times = times;
        times.sort_unstable();
        let phases: Vec<_> = times.iter().map(|at| schedule.phase(reading(0, *at))).collect();
        prop_assert!(phases.is_sorted(), "{:?}", phases);
        let ends = times.iter().filter(|at| lifetime <= **at);
        prop_assert!(ends.map(|at| schedule.phase(reading(0, *at))).all(|phase| phase == Phase::Expired));
    }
}
