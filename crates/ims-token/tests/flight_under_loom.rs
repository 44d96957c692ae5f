//! The flight under loom, which tries every order in which threads can meet in it.

mod sync {
    //! What `flight.rs` takes from `crate::sync`: here loom's locks.

    pub(crate) use loom::sync::{Arc, Mutex};
}

#[path = "../src/flight.rs"]
mod flight;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use flight::take_off;
use loom::{future::block_on, thread};

/// Tries all orders in which a thread loses its turn three times where it could have gone on; more would take hours.
fn check(meeting: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(meeting);
}

#[test]
fn all_who_wait_get_the_outcome_whenever_they_begin() {
    check(|| {
        let (flight, pilot) = take_off();
        assert!(flight.is_of(&pilot) && flight.is_flying());
        let early = flight.outcome();
        let waiting = thread::spawn(move || block_on(early));
        let landing = thread::spawn(move || pilot.land(7));
        assert_eq!(block_on(flight.outcome()), Some(7));
        assert_eq!(waiting.join().unwrap(), Some(7));
        landing.join().unwrap();
        assert!(!flight.is_flying());
        assert_eq!(block_on(flight.outcome()), Some(7));
    });
}

#[test]
fn a_pilot_that_is_gone_leaves_nobody_waiting() {
    check(|| {
        let (flight, pilot) = take_off::<u8>();
        let other = flight.clone();
        let waiting = thread::spawn(move || block_on(other.outcome()));
        let leaving = thread::spawn(move || drop(pilot));
        assert_eq!(block_on(flight.outcome()), None);
        assert_eq!(waiting.join().unwrap(), None);
        leaving.join().unwrap();
    });
}

#[test]
fn who_gives_up_takes_nobody_along() {
    check(|| {
        let (flight, pilot) = take_off();
        let other = flight.clone();
        let giving_up = thread::spawn(move || {
            let mut waiting = pin!(other.outcome());
            waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        });
        let landing = thread::spawn(move || pilot.land(7));
        assert_eq!(block_on(flight.outcome()), Some(7));
        giving_up.join().unwrap();
        landing.join().unwrap();
    });
}
