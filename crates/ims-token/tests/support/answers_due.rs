//! Virtual time next to a real server: paused time jumps to the next timer as soon as no task can run, and tokio does not
//! know of an answer that is still in a socket.

use std::sync::{Arc, Condvar, Mutex};

/// Holds virtual time while answers are due.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswersDue(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    due: usize,
    will_not_come: bool,
    is_watched: bool,
}

/// One answer, until it is dropped.
pub(crate) struct Due(AnswersDue);

impl AnswersDue {
    /// From now on, an answer is due.
    pub(crate) fn begin(&self) -> Due {
        let mut state = self.0.0.lock().unwrap();
        state.due += 1;
        if !state.is_watched {
            state.is_watched = true;
            let answers = self.clone();
            // As long as a blocking task runs, tokio does not let paused time jump.
            tokio::task::spawn_blocking(move || answers.wait());
        }
        Due(self.clone())
    }

    /// Whether the server answers at all. If not, time continues while answers are due.
    pub(crate) fn will_come(&self, will_come: bool) {
        self.0.0.lock().unwrap().will_not_come = !will_come;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let (state, changed) = &*self.0;
        let are_awaited = |state: &mut State| state.due > 0 && !state.will_not_come;
        let mut state = changed.wait_while(state.lock().unwrap(), are_awaited).unwrap();
        state.is_watched = false;
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        let (state, changed) = &*self.0.0;
        state.lock().unwrap().due -= 1;
        changed.notify_all();
    }
}
