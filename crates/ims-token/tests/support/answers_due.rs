//! Where virtual time meets a real server: time that is paused jumps to the next timer as soon as nothing is left to do,
//! and an answer that is on its way through a socket looks like nothing to do.

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
