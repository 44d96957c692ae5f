//! The guarantees of the pool, with a function as the key: no module is needed to hang, to fail or to be busy.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc::{self, Receiver, Sender},
};

use cryptoki::{context::Function, error::RvError};

use super::*;
use crate::pkcs11::call_error::CallError;

/// Longer than any test takes.
const NEVER: Duration = Duration::from_mins(10);

#[track_caller]
fn wait(answer: oneshot::Receiver<Reply>) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(answer).unwrap()
}

fn no_session() -> Pkcs11Error {
    let error = cryptoki::error::Error::Pkcs11(RvError::SessionCount, Function::OpenSession);
    CallError::Module(error).into()
}

/// A key that reports when it begins to sign, and signs once the test allows it.
struct Held {
    began: Receiver<Vec<u8>>,
    end: Sender<()>,
}

fn held_pool(size: usize, deadline: Duration) -> (Pool<()>, Held) {
    let (report, began) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    let ended = Mutex::new(ended);
    let pool = Pool::start(size, deadline, (), move |_, prepared| {
        report.send(prepared.to_vec()).unwrap();
        lock(&ended).recv().unwrap();
        Ok(prepared.to_vec())
    });
    (pool.unwrap(), Held { began, end })
}

#[test]
fn each_caller_gets_its_own_signature() {
    let pool = Pool::start(4, NEVER, (), |_, prepared| Ok(prepared.to_vec())).unwrap();
    let answers: Vec<_> = (0..200_u8).map(|number| (number, pool.submit(vec![number]))).collect();
    for (number, answer) in answers {
        assert_eq!(wait(answer).unwrap(), [number]);
    }
}

#[test]
fn there_are_never_more_threads_than_its_size() {
    let (busy, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let pool = Pool::start(3, NEVER, (), move |_, prepared| {
        seen.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::yield_now();
        busy.fetch_sub(1, Ordering::SeqCst);
        Ok(prepared.to_vec())
    })
    .unwrap();
    let answers: Vec<_> = (0..100).map(|_| pool.submit(vec![])).collect();
    for answer in answers {
        wait(answer).unwrap();
    }
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
}

#[test]
fn a_signature_that_no_one_waits_for_is_not_made() {
    let (pool, held) = held_pool(1, NEVER);
    let first = pool.submit(vec![1]);
    assert_eq!(held.began.recv().unwrap(), [1]);
    drop(pool.submit(vec![2]));
    let third = pool.submit(vec![3]);
    held.end.send(()).unwrap();
    held.end.send(()).unwrap();
    assert_eq!((wait(first).unwrap(), wait(third).unwrap()), (vec![1], vec![3]));
    assert_eq!(held.began.try_iter().collect::<Vec<_>>(), [[3]]);
}

#[test]
fn a_caller_of_a_hanging_key_gets_an_error_by_the_deadline_and_others_continue() {
    let (pool, held) = held_pool(1, Duration::from_millis(300));
    let stalled = pool.submit(vec![1]);
    assert_eq!(held.began.recv().unwrap(), [1]);
    assert!(matches!(wait(stalled), Err(Pkcs11Error::Stalled { .. })));

    // A second thread replaces the first. If the first call returns later, its work has been answered.
    let second = pool.submit(vec![2]);
    assert_eq!(held.began.recv().unwrap(), [2]);
    held.end.send(()).unwrap();
    held.end.send(()).unwrap();
    let answered = wait(second);
    assert!(matches!(answered, Ok(_) | Err(Pkcs11Error::Stalled { .. })), "{answered:?}");
    drop(pool);
}

#[test]
fn a_key_that_hangs_forever_takes_a_bounded_number_of_threads_and_callers_get_errors() {
    let (pool, held) = held_pool(2, Duration::from_millis(5));
    for _ in 0..12 {
        assert!(matches!(wait(pool.submit(vec![])), Err(Pkcs11Error::Stalled { .. })));
    }
    assert!(held.began.try_iter().count() <= 4);
}

#[test]
fn if_a_token_allows_only_one_session_the_first_one_signs_everything() {
    let (report, reports) = mpsc::channel();
    let (end, ended) = mpsc::channel();
    let ended = Mutex::new(ended);
    let pool = Pool::start(2, NEVER, "the one session", move |session, prepared| {
        if session.is_none() {
            report.send("refused").unwrap();
            return Err(no_session());
        }
        report.send("signing").unwrap();
        lock(&ended).recv().unwrap();
        Ok(prepared.to_vec())
    })
    .unwrap();
    let first = pool.submit(vec![1]);
    assert_eq!(reports.recv().unwrap(), "signing");
    let second = pool.submit(vec![2]);
    assert_eq!(reports.recv().unwrap(), "refused");
    end.send(()).unwrap();
    end.send(()).unwrap();
    assert_eq!((wait(first).unwrap(), wait(second).unwrap()), (vec![1], vec![2]));
}

#[test]
fn dropping_it_ends_its_threads_and_what_they_hold() {
    let connection = Arc::new(());
    let pool = Pool::start(4, NEVER, Arc::clone(&connection), {
        let connection = Arc::clone(&connection);
        move |held, prepared| {
            *held = Some(Arc::clone(&connection));
            Ok(prepared.to_vec())
        }
    })
    .unwrap();
    let answers: Vec<_> = (0..50).map(|_| pool.submit(vec![])).collect();
    for answer in answers {
        wait(answer).unwrap();
    }
    let shared = Arc::downgrade(&pool.0);
    drop(pool);
    // One reference is in the function itself, if the last thread has not dropped that yet.
    assert!(Arc::strong_count(&connection) <= 2, "{}", shared.strong_count());
}
