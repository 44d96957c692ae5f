//! A queue, a pool of threads that sign, each with its own session, and one thread for the deadlines.
//!
//! A call into a module cannot be cancelled. When a thread does not return in time, its caller gets an error and another
//! thread takes its place. If the first one returns later, it continues or ends.

use std::{
    collections::VecDeque,
    io, mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use super::{
    clock,
    error::Pkcs11Error,
    sync::{lock, wait_until, wait_while, wait_while_at_most},
};

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
    /// A job is in the queue, or the pool is closed.
    job_queued: Condvar,
    /// A job has a deadline and none had one before, or the pool is closed.
    deadline_set: Condvar,
    /// A worker has ended.
    worker_ended: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    running: Vec<(JobId, Job)>,
    next_id: JobId,
    /// Workers that are not stalled.
    workers: usize,
    stalled: usize,
    has_deadline: bool,
    is_closed: bool,
}

type JobId = u64;

struct Job {
    prepared: Arc<[u8]>,
    reply: oneshot::Sender<Reply>,
    deadline: Instant,
}

impl<C: Send + 'static> Pool<C> {
    /// Starts one thread, which holds `connection`. Up to `size` are started when there are jobs for them.
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
            job_queued: Condvar::new(),
            deadline_set: Condvar::new(),
            worker_ended: Condvar::new(),
        };
        let pool = Self(Arc::new(shared));
        let shared = Arc::clone(&pool.0);
        spawn(move || shared.expire_jobs())?;
        pool.0.start_worker(&mut lock(&pool.0.state), Some(connection))?;
        Ok(pool)
    }

    /// Puts a job into the queue. It is answered by the deadline.
    pub(super) fn submit(&self, prepared: Vec<u8>) -> oneshot::Receiver<Reply> {
        let (reply, answer) = oneshot::channel();
        let deadline = clock::now() + self.0.deadline;
        let mut state = lock(&self.0.state);
        state.queue.push_back(Job { prepared: prepared.into(), reply, deadline });
        self.0.start_worker_if_needed(&mut state);
        // Deadlines have the order of the jobs, so if the thread waits for one already, it is the earliest.
        let has_deadline = mem::replace(&mut state.has_deadline, true);
        // The thread that is woken needs the lock at once.
        drop(state);
        self.0.submitted.fetch_add(1, Ordering::Relaxed);
        self.0.job_queued.notify_one();
        if !has_deadline {
            self.0.deadline_set.notify_one();
        }
        answer
    }
}

impl<C: Send + 'static> Drop for Pool<C> {
    /// Waits until all threads have ended and their sessions are closed, but not for stalled ones.
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.is_closed = true;
        self.0.job_queued.notify_all();
        self.0.deadline_set.notify_all();
        let condvar = &self.0.worker_ended;
        let _ = wait_while_at_most(condvar, state, self.0.deadline, |state| state.workers > 0);
    }
}

impl<C: Send + 'static> Shared<C> {
    fn start_worker_if_needed(self: &Arc<Self>, state: &mut State) {
        let free = state.workers - state.running.len();
        let is_needed = state.queue.len() > free;
        // As many again may be stalled; then the queue waits, each job until its deadline.
        let has_room = state.workers < self.size && state.workers + state.stalled < 2 * self.size;
        if is_needed && has_room {
            // If the system cannot start another thread, the existing ones do the work.
            let _ = self.start_worker(state, None);
        }
    }

    fn start_worker(self: &Arc<Self>, state: &mut State, connection: Option<C>) -> io::Result<()> {
        let shared = Arc::clone(self);
        spawn(move || shared.work(connection))?;
        state.workers += 1;
        Ok(())
    }

    /// What each worker thread does.
    fn work(&self, mut connection: Option<C>) {
        let mut counts = true;
        while counts && let Some((id, prepared)) = self.next_job() {
            let reply = (self.sign)(&mut connection, &prepared);
            counts = self.finish(id, reply, connection.is_some());
        }
        drop(connection);
        if counts {
            lock(&self.state).workers -= 1;
            self.worker_ended.notify_all();
        }
    }

    /// Waits for a job; `None` when the pool is closed.
    fn next_job(&self) -> Option<(JobId, Arc<[u8]>)> {
        let mut state = lock(&self.state);
        while !state.is_closed {
            match state.queue.pop_front() {
                // No one waits for this one any longer.
                Some(job) if job.reply.is_canceled() => {}
                Some(job) => return Some(state.begin(job)),
                None => state = self.wait_for_work(state),
            }
        }
        None
    }

    /// Waits for a job. A caller that signs without a pause sends the next job before a sleeping thread could wake up, so
    /// for a short time the thread only yields.
    fn wait_for_work<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let submitted = self.submitted.load(Ordering::Relaxed);
        drop(state);
        let begin = clock::now();
        while self.submitted.load(Ordering::Relaxed) == submitted && begin.elapsed() < SPIN_TIME {
            thread::yield_now();
        }
        wait_while(&self.job_queued, lock(&self.state), |state| {
            state.queue.is_empty() && !state.is_closed
        })
    }

    /// Answers a job, and returns whether the worker still counts as working.
    fn finish(&self, id: JobId, reply: Reply, is_connected: bool) -> bool {
        let mut state = lock(&self.state);
        let Some(job) = state.end(id) else {
            return state.take_back_stalled(self.size);
        };
        let has_no_session = matches!(reply, Err(Pkcs11Error::NoSession { .. })) && !is_connected;
        if has_no_session && state.workers > 1 {
            // The token cannot open another session, so the workers that have one do the work.
            state.queue.push_front(job);
            state.workers -= 1;
            self.job_queued.notify_one();
            return false;
        }
        drop(state);
        // The caller may have stopped waiting.
        let _ = job.reply.send(reply);
        true
    }

    /// Answers the jobs that are overdue, until the pool is closed.
    fn expire_jobs(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        while !state.is_closed {
            for job in state.overdue(clock::now()) {
                let _ = job.reply.send(Err(Pkcs11Error::Stalled { deadline: self.deadline }));
            }
            self.start_worker_if_needed(&mut state);
            let next = state.next_deadline();
            state.has_deadline = next.is_some();
            state = wait_until(&self.deadline_set, state, next);
        }
    }
}

impl State {
    fn begin(&mut self, job: Job) -> (JobId, Arc<[u8]>) {
        let id = self.next_id;
        self.next_id += 1;
        let prepared = Arc::clone(&job.prepared);
        self.running.push((id, job));
        (id, prepared)
    }

    fn end(&mut self, id: JobId) -> Option<Job> {
        let index = self.running.iter().position(|(running, _)| *running == id)?;
        Some(self.running.swap_remove(index).1)
    }

    /// A worker that was given up has returned; it counts again if its place is still free.
    fn take_back_stalled(&mut self, size: usize) -> bool {
        self.stalled -= 1;
        let has_room = self.workers < size && !self.is_closed;
        self.workers += usize::from(has_room);
        has_room
    }

    /// Removes the jobs whose deadline has passed, and counts the workers that have them as stalled.
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

/// How long a thread that has just signed looks for the next job without sleeping: a few times as long as waking up
/// takes, and less than a signature takes.
const SPIN_TIME: Duration = Duration::from_micros(200);

/// Runs `task` in a new thread.
pub(super) fn spawn(task: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("ims-pkcs11".to_owned()).spawn(task).map(drop)
}

#[cfg(test)]
mod tests;
