//! Threads that sign, each with its own session, behind a queue; and one that watches the clock.
//!
//! A call into a module cannot be cancelled, so a thread that does not come back in time is left alone: the caller is
//! answered, another thread takes its place, and should it come back after all, it works on or ends.

use std::{
    collections::VecDeque,
    io, mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use super::{Pkcs11Error, clock, gate::lock};

pub(super) type Reply = Result<Vec<u8>, Pkcs11Error>;

/// Signs with the connection that a thread holds, and may replace or open it.
type Sign<C> = Box<dyn Fn(&mut Option<C>, &[u8]) -> Reply + Send + Sync>;

/// Threads that sign. They end when it is dropped.
pub(super) struct Pool<C: Send + 'static>(Arc<Shared<C>>);

struct Shared<C> {
    sign: Sign<C>,
    size: usize,
    deadline: Duration,
    state: Mutex<State>,
    /// How many jobs there have been.
    submitted: AtomicU64,
    /// There is work, or the pool is closed.
    work: Condvar,
    /// There is a deadline where there was none, or the pool is closed.
    watch: Condvar,
    /// A worker has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    running: Vec<(Ticket, Job)>,
    next_ticket: Ticket,
    /// Workers that are not stalled.
    workers: usize,
    stalled: usize,
    is_watched: bool,
    is_closed: bool,
}

type Ticket = u64;

struct Job {
    prepared: Arc<[u8]>,
    reply: oneshot::Sender<Reply>,
    deadline: Instant,
}

impl<C: Send + 'static> Pool<C> {
    /// Starts with one thread, which holds `connection`; up to `size` come when there is work for them.
    ///
    /// # Errors
    /// Those of the operating system, if it has no room for a thread.
    pub(super) fn start(
        size: usize,
        deadline: Duration,
        connection: C,
        sign: impl Fn(&mut Option<C>, &[u8]) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Shared {
            sign: Box::new(sign),
            size,
            deadline,
            state: Mutex::default(),
            submitted: AtomicU64::new(0),
            work: Condvar::new(),
            watch: Condvar::new(),
            ended: Condvar::new(),
        };
        let pool = Self(Arc::new(shared));
        let shared = Arc::clone(&pool.0);
        spawn(move || shared.watch())?;
        pool.0.hire(&mut lock(&pool.0.state), Some(connection))?;
        Ok(pool)
    }

    /// Puts a signature in the queue. It is answered by the deadline.
    pub(super) fn submit(&self, prepared: Vec<u8>) -> oneshot::Receiver<Reply> {
        let (reply, answer) = oneshot::channel();
        let deadline = clock::now() + self.0.deadline;
        let mut state = lock(&self.0.state);
        state.queue.push_back(Job { prepared: prepared.into(), reply, deadline });
        self.0.hire_for_queue(&mut state);
        // Later deadlines come later, so one that is waited for already is the next one.
        let is_watched = mem::replace(&mut state.is_watched, true);
        // Whoever is woken wants the lock at once.
        drop(state);
        self.0.submitted.fetch_add(1, Ordering::Relaxed);
        self.0.work.notify_one();
        if !is_watched {
            self.0.watch.notify_one();
        }
        answer
    }
}

impl<C: Send + 'static> Drop for Pool<C> {
    /// Waits until all threads have ended and their sessions are closed, but not for stalled ones.
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.is_closed = true;
        self.0.work.notify_all();
        self.0.watch.notify_all();
        let is_working = |state: &mut State| state.workers > 0;
        let _ = self.0.ended.wait_timeout_while(state, self.0.deadline, is_working);
    }
}

impl<C: Send + 'static> Shared<C> {
    fn hire_for_queue(self: &Arc<Self>, state: &mut State) {
        let free = state.workers - state.running.len();
        let is_needed = state.queue.len() > free;
        // As many again may be stalled; then the queue waits, each job until its deadline.
        let has_room = state.workers < self.size && state.workers + state.stalled < 2 * self.size;
        if is_needed && has_room {
            // Without room for another thread, those that are there do the work.
            let _ = self.hire(state, None);
        }
    }

    fn hire(self: &Arc<Self>, state: &mut State, connection: Option<C>) -> io::Result<()> {
        let shared = Arc::clone(self);
        spawn(move || shared.work(connection))?;
        state.workers += 1;
        Ok(())
    }

    /// What a thread does.
    fn work(&self, mut connection: Option<C>) {
        let mut counts = true;
        while counts && let Some((ticket, prepared)) = self.take() {
            let reply = (self.sign)(&mut connection, &prepared);
            counts = self.finish(ticket, reply, connection.is_some());
        }
        drop(connection);
        if counts {
            lock(&self.state).workers -= 1;
            self.ended.notify_all();
        }
    }

    /// Waits for a job; `None` when the pool is closed.
    fn take(&self) -> Option<(Ticket, Arc<[u8]>)> {
        let mut state = lock(&self.state);
        while !state.is_closed {
            match state.queue.pop_front() {
                // Nobody waits for this one any more.
                Some(job) if job.reply.is_canceled() => {}
                Some(job) => return Some(state.begin(job)),
                None => state = self.rest(state),
            }
        }
        None
    }

    /// Waits for work. The next job of a caller that signs without a pause comes before a sleeping thread could wake up,
    /// so for that long the thread only lets others go first.
    fn rest<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let submitted = self.submitted.load(Ordering::Relaxed);
        drop(state);
        let begin = clock::now();
        while self.submitted.load(Ordering::Relaxed) == submitted && begin.elapsed() < ATTENTION {
            thread::yield_now();
        }
        let nothing_to_do = |state: &mut State| state.queue.is_empty() && !state.is_closed;
        let state = self.work.wait_while(lock(&self.state), nothing_to_do);
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a job, and says whether the worker is still counted among those that work.
    fn finish(&self, ticket: Ticket, reply: Reply, is_connected: bool) -> bool {
        let mut state = lock(&self.state);
        let Some(job) = state.end(ticket) else {
            return state.return_of_a_stalled_worker(self.size);
        };
        let has_no_session =
            matches!(&reply, Err(error) if error.is_for_want_of_sessions()) && !is_connected;
        if has_no_session && state.workers > 1 {
            // The token has no room for one more session; those who have one do the work.
            state.queue.push_front(job);
            state.workers -= 1;
            self.work.notify_one();
            return false;
        }
        drop(state);
        // Whoever asked may have gone away.
        let _ = job.reply.send(reply);
        true
    }

    /// Answers what is overdue, until the pool is closed.
    fn watch(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        while !state.is_closed {
            for job in state.overdue(clock::now()) {
                let _ = job.reply.send(Err(Pkcs11Error::Stalled { deadline: self.deadline }));
            }
            self.hire_for_queue(&mut state);
            let next = state.next_deadline();
            state.is_watched = next.is_some();
            state = match next.map(|deadline| deadline.saturating_duration_since(clock::now())) {
                None => self.watch.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    self.watch.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl State {
    fn begin(&mut self, job: Job) -> (Ticket, Arc<[u8]>) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let prepared = Arc::clone(&job.prepared);
        self.running.push((ticket, job));
        (ticket, prepared)
    }

    fn end(&mut self, ticket: Ticket) -> Option<Job> {
        let place = self.running.iter().position(|(running, _)| *running == ticket)?;
        Some(self.running.swap_remove(place).1)
    }

    /// A worker that was given up is back, and takes its place again if that is still free.
    fn return_of_a_stalled_worker(&mut self, size: usize) -> bool {
        self.stalled -= 1;
        let has_room = self.workers < size && !self.is_closed;
        self.workers += usize::from(has_room);
        has_room
    }

    /// Takes out the jobs whose time is over, and counts those who have them as stalled.
    fn overdue(&mut self, now: Instant) -> Vec<Job> {
        let in_time = self.queue.partition_point(|job| job.deadline <= now);
        let mut overdue: Vec<_> = self.queue.drain(..in_time).collect();
        let stalled =
            self.running.extract_if(.., |(_, job)| job.deadline <= now).map(|(_, job)| job);
        let waiting = overdue.len();
        overdue.extend(stalled);
        self.workers -= overdue.len() - waiting;
        self.stalled += overdue.len() - waiting;
        overdue
    }

    fn next_deadline(&self) -> Option<Instant> {
        let running = self.running.iter().map(|(_, job)| job.deadline);
        running.chain(self.queue.front().map(|job| job.deadline)).min()
    }
}

/// How long a thread that has just signed looks out for more: a few times as long as it takes to wake one up, and less
/// than a signature takes.
const ATTENTION: Duration = Duration::from_micros(200);

/// Runs `task` in a thread of its own.
pub(super) fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("ims-pkcs11".to_owned()).spawn(task).map(drop)
}

#[cfg(test)]
mod tests;
