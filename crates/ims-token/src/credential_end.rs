//! When the credential ends that tokens are obtained with, and when that is worth a word. What kind of credential it is,
//! the keeper does not know.

use std::time::Duration;

use ims_claims::NumericDate;

use crate::{clock::Reading, event::Event};

/// The end of a credential.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CredentialEnd {
    pub(crate) ends_at: NumericDate,
    /// How long before it to begin to speak of it.
    pub(crate) margin: Duration,
}

/// When it was last spoken of, by the monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastWarning(Option<Duration>);

impl CredentialEnd {
    /// What to tell at `now`: nothing before the margin, and nothing within a day of `last`.
    pub(crate) fn warning(self, last: &mut LastWarning, now: Reading) -> Option<Event> {
        let remaining = self.ends_at.since(now.wall);
        let was_told = last.0.is_some_and(|at| now.monotonic < at.saturating_add(ONCE_IN));
        if was_told || self.margin < remaining {
            return None;
        }
        *last = LastWarning(Some(now.monotonic));
        Some(Event::CredentialEndsSoon { ends_at: self.ends_at, remaining })
    }
}

/// Less than a day, since tokens of 24 hours are refreshed an hour before they end.
const ONCE_IN: Duration = Duration::from_hours(22);

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    #[test]
    fn a_credential_that_ends_is_spoken_of_from_the_margin_on_and_once_a_day() {
        let hours = Duration::from_hours;
        let end = CredentialEnd { ends_at: NumericDate::from_secs(100 * 3_600), margin: hours(50) };
        let mut last = LastWarning::default();
        #[rustfmt::skip]
        let table = [
            // at hour  what remains of it, if that is reported
            (0,         None),
            (49,        None),
            (50,        Some(50)),
            (51,        None),
            (71,        None),
            (73,        Some(27)),
            (96,        Some(4)),
            (99,        None),
            (119,       Some(0)),
            (999,       Some(0)),
        ];
        for (hour, told) in table {
            let wall = NumericDate::from_secs(0).plus(hours(hour));
            let now = Reading { wall, monotonic: Duration::from_secs(7 + hour * HOUR) };
            let remaining = end.warning(&mut last, now).map(|event| match event {
                Event::CredentialEndsSoon { remaining, .. } => remaining,
                other => panic!("{other:?}"),
            });
            assert_eq!(remaining, told.map(hours), "at hour {hour}");
        }
    }
}
