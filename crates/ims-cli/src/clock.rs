//! The clock of this machine next to that of IMS, which each answer has in its `Date`.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ims::{
    cert::Validity,
    claims::NumericDate,
    exchange::{Request, Response, SharedTransport, Transport, TransportError},
};

use crate::when;

/// How far this machine's clock is ahead of IMS's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Skew {
    /// Negative if it is behind.
    seconds: i64,
}

impl Skew {
    /// Whether the difference is more than the duration of a request can explain.
    pub(crate) fn is_off(self) -> bool {
        self.seconds.unsigned_abs() > TOLERATED
    }

    pub(crate) fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whether a certificate that is valid here is not valid by the clock of IMS.
    pub(crate) fn hides(self, validity: Validity) -> bool {
        let here = when::now();
        let at_ims = NumericDate::from_secs(here.as_secs().saturating_sub(self.seconds));
        self.is_off() && validity.contains(here) && !validity.contains(at_ims)
    }
}

impl fmt::Display for Skew {
    /// A sentence about this machine.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.seconds < 0 { "behind" } else { "ahead of" };
        let amount = rounded(self.seconds.unsigned_abs());
        write!(f, "this machine is {amount} {direction} IMS")
    }
}

/// How a machine sets its clock by the network.
pub(crate) const SET_CLOCK: &str = "set the clock of this machine: timedatectl set-ntp true";

/// A duration in the largest unit in which it is at least two.
fn rounded(seconds: u64) -> String {
    let (amount, unit) = match seconds {
        0..120 => (seconds, "seconds"),
        120..7_200 => (seconds / 60, "minutes"),
        7_200..172_800 => (seconds / 3_600, "hours"),
        172_800.. => (seconds / 86_400, "days"),
    };
    format!("{amount} {unit}")
}

/// Seconds of difference that do not matter: `Date` has no fractions, and an answer takes its time.
const TOLERATED: u64 = 30;

/// A transport that reads the `Date` of each answer (RFC 9110 §6.6.1). Clones share the dates that they have seen.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    transport: SharedTransport,
    skew: Arc<Mutex<Option<Skew>>>,
}

impl Watched {
    pub(crate) fn new(transport: SharedTransport) -> Self {
        Self { transport, skew: Arc::default() }
    }

    /// The skew according to the last answer, if that had a date.
    pub(crate) fn skew(&self) -> Option<Skew> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Watched {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let response = self.transport.send(request, timeout).await?;
        if let Some(server) = date(&response) {
            let seconds = when::now().as_secs().saturating_sub(server.as_secs());
            *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(Skew { seconds });
        }
        Ok(response)
    }
}

/// The time that a server says it is, if it says one.
fn date(response: &Response) -> Option<NumericDate> {
    let date = response.headers().get(http::header::DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(NumericDate::from_secs(0).plus(since_epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_clock_hides_a_certificate() {
        const DAY: i64 = 86_400;
        let validity = |from_days: i64, to_days: i64| {
            let now = when::now().as_secs();
            let [from, to] =
                [from_days, to_days].map(|days| NumericDate::from_secs(now + days * DAY));
            Validity::new(from, to).unwrap()
        };
        #[rustfmt::skip]
        let table = [
            // Ahead of IMS by,  valid from and to, in days from now.
            (2 * DAY,            (-1, 365),         true),
            (2 * DAY,            (-3, 365),         false),
            (-2 * DAY,           (-100, 1),         true),
            (-2 * DAY,           (-100, 3),         false),
            (0,                  (-1, 365),         false),
            // It is not valid here, so the clock of this machine is not the cause.
            (2 * DAY,            (-9, -1),          false),
            (2 * DAY,            (1, 365),          false),
        ];
        for (seconds, (from, to), is_hidden) in table {
            let skew = Skew { seconds };
            assert_eq!(skew.hides(validity(from, to)), is_hidden, "{seconds} {from} {to}");
        }
    }
}
