//! A failure of IMS, and how long it is left alone after that.

use std::time::Duration;

use ims_claims::NumericDate;

use crate::{NotVerified, memory::distance};

/// The longest that a `Retry-After` is honoured.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Failure {
    error: NotVerified,
    asked_at: NumericDate,
}

impl Failure {
    pub(crate) fn new(error: &NotVerified, asked_at: NumericDate) -> Self {
        Self { error: error.clone(), asked_at }
    }

    /// The failure again, if IMS is still left alone at `now`: for `pause`, or for as long as it has asked.
    pub(crate) fn within(&self, pause: Duration, now: NumericDate) -> Option<NotVerified> {
        let asked = match &self.error {
            NotVerified::Unavailable(error) => error.retry_after().unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let pause = pause.max(asked.min(LONGEST_RETRY_AFTER));
        (distance(self.asked_at, now) < pause).then(|| self.error.clone())
    }
}
