//! The replacement for tokio in the model: tasks whose order shuttle chooses, a virtual time, and a runtime that can be shut
//! down at any await.
//!
//! Outside of a model, in the other tests of this crate, everything here is tokio's.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    future::Future,
    pin::{Pin, pin},
    sync::{Mutex, TryLockError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::future::{Either, poll_fn, select};
use ims_claims::NumericDate;
use shuttle::{
    current::try_get_current_task,
    scheduler::{RandomScheduler, Schedule, Scheduler, Task, TaskId},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::clock::Clock;

thread_local! {
    /// Shuttle runs all tasks of an execution on one thread.
    static STATE: RefCell<State> = RefCell::default();
}

/// What all tasks of an execution share.
#[derive(Default)]
struct State {
    now: Duration,
    suspended: Duration,
    wall_step: i64,
    /// The tasks that wait, each with the moment for which it waits. The number distinguishes two that wait for the same
    /// moment.
    timers: BTreeMap<(Duration, u64), Waker>,
    timers_made: u64,
    clock: Option<ClockTask>,
    /// The time at which each task last read the clock.
    readings: HashMap<usize, Duration>,
    /// The time at which each refresh was decided on.
    refreshes: HashMap<usize, Duration>,
    polls_until_shutdown: Option<u32>,
    can_shut_down: bool,
    refreshes_lost: u32,
}

/// The task that lets time pass.
struct ClockTask {
    number: usize,
    pace: Pace,
    waiting: Option<Waker>,
    is_over: bool,
}

/// When time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// When nothing else can happen. Then tasks take only the time for which they wait.
    Idle,
    /// At any moment, as on a busy machine.
    Any,
}

/// Empties what another execution on this thread left, and gives `seed` to everything that is random.
pub(crate) fn reset(seed: u64) {
    STATE.take();
    fastrand::seed(seed);
}

fn task() -> Option<usize> {
    try_get_current_task().map(usize::from)
}

/// Lets the scheduler choose who continues.
pub(crate) fn switch() {
    if task().is_some() {
        AtomicBool::new(false).load(Ordering::SeqCst);
    }
}

/// Whether another task of the model has this lock.
pub(crate) fn is_locked<T>(mutex: &Mutex<T>) -> bool {
    task().is_some() && matches!(mutex.try_lock(), Err(TryLockError::WouldBlock))
}

/// Runs a future as a task of the model; see [`Handle::spawn`] for a refresh.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(shuttle::future::spawn(future));
}

pub(crate) fn now() -> Duration {
    STATE.with_borrow(|state| state.now)
}

/// The time in which the machine was not suspended.
pub(crate) fn awake() -> Duration {
    STATE.with_borrow(|state| state.now.saturating_sub(state.suspended))
}

/// The time that the current task last read.
pub(crate) fn last_reading() -> Duration {
    let task = task().unwrap_or_default();
    STATE.with_borrow(|state| state.readings.get(&task).copied().unwrap_or_default())
}

/// When the refresh that runs as the current task was decided on.
pub(crate) fn refresh_decided_at() -> Duration {
    let task = task().unwrap_or_default();
    STATE.with_borrow(|state| state.refreshes.get(&task).copied().unwrap_or_default())
}

/// Lets `duration` pass at once, as if the machine had been suspended.
pub(crate) fn suspend(duration: Duration) {
    STATE.with_borrow_mut(|state| {
        state.now += duration;
        state.suspended += duration;
    });
    fire();
}

/// Sets the wall clock forward, or back if `seconds` is negative.
pub(crate) fn step_wall(seconds: i64) {
    STATE.with_borrow_mut(|state| state.wall_step += seconds);
}

/// Shuts the runtime of the next refresh down at its await with this number; 0 is before it begins.
pub(crate) fn shut_down_at(polls: u32) {
    STATE.with_borrow_mut(|state| {
        state.polls_until_shutdown = Some(polls);
        state.can_shut_down = true;
    });
}

/// The next refresh is not lost.
pub(crate) fn shut_nothing_down() {
    STATE.with_borrow_mut(|state| state.polls_until_shutdown = None);
}

/// Whether refreshes can be lost in this execution.
pub(crate) fn can_shut_down() -> bool {
    STATE.with_borrow(|state| state.can_shut_down)
}

/// How many refreshes were lost with their runtime.
pub(crate) fn refreshes_lost() -> u32 {
    STATE.with_borrow(|state| state.refreshes_lost)
}

/// Wakes everyone whose moment has come.
fn fire() {
    let due = STATE.with_borrow_mut(|state| {
        let later = state.timers.split_off(&(state.now, u64::MAX));
        std::mem::replace(&mut state.timers, later)
    });
    due.into_values().for_each(Waker::wake);
}

/// Starts the task that lets time pass.
pub(crate) fn start_clock(pace: Pace) {
    spawn(async move {
        let number = task().unwrap_or_default();
        let clock = ClockTask { number, pace, waiting: None, is_over: false };
        STATE.with_borrow_mut(|state| state.clock = Some(clock));
        while next_moment().await {
            // Once is enough for the scheduler to leave this task for last.
            let turns = if current_pace() == Some(Pace::Any) { fastrand::u32(..60) } else { 1 };
            for _ in 0..turns {
                shuttle::future::yield_now().await;
            }
            STATE.with_borrow_mut(|state| {
                let next = state.timers.keys().next().map(|(moment, _)| *moment);
                state.now = state.now.max(next.unwrap_or_default());
            });
            fire();
        }
    });
}

fn current_pace() -> Option<Pace> {
    STATE.with_borrow(|state| state.clock.as_ref().map(|clock| clock.pace))
}

/// Whether there is a moment for which someone waits. Waits for one, until the clock is stopped.
async fn next_moment() -> bool {
    poll_fn(|context| {
        STATE.with_borrow_mut(|state| {
            let has_timers = !state.timers.is_empty();
            let Some(clock) = &mut state.clock else { return Poll::Ready(false) };
            if clock.is_over {
                return Poll::Ready(false);
            }
            clock.waiting = Some(context.waker().clone());
            if has_timers { Poll::Ready(true) } else { Poll::Pending }
        })
    })
    .await
}

/// From now on time passes only while nothing else happens.
pub(crate) fn set_idle_pace() {
    STATE.with_borrow_mut(|state| {
        if let Some(clock) = &mut state.clock {
            clock.pace = Pace::Idle;
        }
    });
}

pub(crate) fn stop_clock() {
    let waker = STATE.with_borrow_mut(|state| {
        let clock = state.clock.as_mut()?;
        clock.is_over = true;
        clock.waiting.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Both times of the model.
#[derive(Debug)]
pub(crate) struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> NumericDate {
        STATE.with_borrow(|state| {
            NumericDate::from_secs(1_700_000_000 + state.wall_step).plus(state.now)
        })
    }

    fn monotonic(&self) -> Duration {
        let task = task().unwrap_or_default();
        STATE.with_borrow_mut(|state| {
            state.readings.insert(task, state.now);
            state.now
        })
    }
}

/// The moment after `duration`, from when this is called on.
pub(crate) async fn sleep(duration: Duration) {
    if task().is_none() {
        return tokio::time::sleep(duration).await;
    }
    let key = STATE.with_borrow_mut(|state| {
        state.timers_made += 1;
        (state.now.saturating_add(duration), state.timers_made)
    });
    let _timer = Timer(key);
    poll_fn(|context| poll_timer(key, context)).await;
}

fn poll_timer(key: (Duration, u64), context: &mut Context<'_>) -> Poll<()> {
    let clock = STATE.with_borrow_mut(|state| {
        if key.0 <= state.now {
            return Err(());
        }
        state.timers.insert(key, context.waker().clone());
        Ok(state.clock.as_mut().and_then(|clock| clock.waiting.take()))
    });
    match clock {
        Err(()) => Poll::Ready(()),
        Ok(waker) => {
            waker.into_iter().for_each(Waker::wake);
            Poll::Pending
        }
    }
}

/// Forgets who waited for it when it is dropped.
struct Timer((Duration, u64));

impl Drop for Timer {
    fn drop(&mut self) {
        STATE.with_borrow_mut(|state| state.timers.remove(&self.0));
    }
}

/// The time was over first.
#[derive(Debug)]
pub(crate) struct Elapsed(());

/// The outcome of `future`, or an error after `duration`.
pub(crate) async fn timeout<T>(
    duration: Duration,
    future: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    if task().is_none() {
        return tokio::time::timeout(duration, future).await.map_err(|_| Elapsed(()));
    }
    match select(pin!(future), pin!(sleep(duration))).await {
        Either::Left((outcome, _)) => Ok(outcome),
        Either::Right(_) => Err(Elapsed(())),
    }
}

/// The runtime that a refresh runs in.
pub(crate) enum Handle {
    Tokio(tokio::runtime::Handle),
    Model,
}

impl Handle {
    pub(crate) fn try_current() -> Result<Self, tokio::runtime::TryCurrentError> {
        if task().is_some() {
            return Ok(Self::Model);
        }
        tokio::runtime::Handle::try_current().map(Self::Tokio)
    }

    pub(crate) fn spawn(&self, refresh: impl Future<Output = ()> + Send + 'static) {
        if let Self::Tokio(runtime) = self {
            runtime.spawn(refresh);
            return;
        }
        let decided_at = last_reading();
        let mut polls_left = STATE.with_borrow_mut(|state| state.polls_until_shutdown.take());
        let mut refresh: Option<Pin<Box<dyn Future<Output = ()> + Send>>> = Some(Box::pin(refresh));
        spawn(async move {
            let number = task().unwrap_or_default();
            STATE.with_borrow_mut(|state| state.refreshes.insert(number, decided_at));
            poll_fn(|context| poll_until_shutdown(&mut refresh, &mut polls_left, context)).await;
        });
    }
}

/// Polls a refresh, and drops it where its runtime is shut down: before its first poll, or while it waits.
fn poll_until_shutdown(
    refresh: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    polls_left: &mut Option<u32>,
    context: &mut Context<'_>,
) -> Poll<()> {
    let Some(running) = refresh else { return Poll::Ready(()) };
    if *polls_left != Some(0) && running.as_mut().poll(context).is_ready() {
        return Poll::Ready(());
    }
    if matches!(polls_left, Some(0 | 1)) {
        STATE.with_borrow_mut(|state| state.refreshes_lost += 1);
        drop(refresh.take());
        return Poll::Ready(());
    }
    *polls_left = polls_left.map(|polls| polls - 1);
    Poll::Pending
}

/// Drops a future that is not done after some polls, as a caller does that gives up at an await.
pub(crate) async fn give_up_after<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Some(Box::pin(future));
    let mut polls_left = polls;
    poll_fn(|context| {
        if polls_left == 0 {
            future = None;
            return Poll::Ready(None);
        }
        polls_left -= 1;
        let Some(waiting) = &mut future else { return Poll::Ready(None) };
        let polled = waiting.as_mut().poll(context).map(Some);
        if polled.is_pending() && polls_left == 0 {
            future = None;
            return Poll::Ready(None);
        }
        polled
    })
    .await
}

/// Chooses at random who continues, but leaves the clock for last if its pace is [`Pace::Idle`].
#[derive(Debug)]
pub(crate) struct RandomOrder(RandomScheduler);

impl RandomOrder {
    pub(crate) fn new(seed: u64) -> Self {
        Self(RandomScheduler::new_from_seed(seed, 1))
    }
}

impl Scheduler for RandomOrder {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.0.new_execution()
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let clock = STATE.with_borrow(|state| {
            let clock = state.clock.as_ref()?;
            (clock.pace == Pace::Idle && !clock.is_over).then_some(clock.number)
        });
        let mut others = runnable.to_vec();
        others.retain(|task| Some(usize::from(task.id())) != clock);
        let choice = if others.is_empty() { runnable } else { &others };
        self.0.next_task(choice, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
