//! The clock of this machine next to that of IMS, which each answer has in its `Date`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ims::{
    claims::NumericDate,
    exchange::{Request, Response, SharedTransport, Transport, TransportError},
};

use super::{checklist::Check, diagnosis::SET_CLOCK};
use crate::when;

/// How far this machine's clock is ahead of IMS's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Skew {
    pub(super) seconds: i64,
}

impl Skew {
    /// Whether it is more than requests take.
    pub(super) fn is_off(self) -> bool {
        self.seconds.unsigned_abs() > TOLERATED
    }

    /// It failed only if it can be what IMS refused.
    pub(super) fn check(self, is_to_blame: bool) -> Check {
        if !self.is_off() {
            return Check::ok("clock", "as that of IMS");
        }
        let direction = if self.seconds < 0 { "behind" } else { "ahead of" };
        let amount = rounded(self.seconds.unsigned_abs());
        let evidence = format!("this machine is {amount} {direction} IMS");
        let new = if is_to_blame { Check::failed } else { Check::warning };
        new("clock", evidence).next(SET_CLOCK)
    }
}

/// A time in the largest unit of which there are at least two.
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

/// A transport that looks at the `Date` of each answer (RFC 9110 §6.6.1).
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) transport: SharedTransport,
    pub(super) skew: Arc<Mutex<Option<Skew>>>,
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
