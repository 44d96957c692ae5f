//! What a caller wants, and which tokens will do for it.

use std::time::Duration;

use crate::{
    RefreshReason, TokenError,
    entry::Entry,
    machine::{Phase, Reading, Schedule},
    refresh::Order,
};

/// What a caller wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    Any,
    ValidFor(Duration),
    New,
}

impl Need {
    /// Whether `entry` will do as it is.
    pub(super) fn is_met_by(self, entry: &Entry, now: Reading) -> bool {
        !matches!(self, Self::New) && self.accepts(entry, now)
    }

    /// Whether `entry`, which is new, will do.
    pub(super) fn accepts(self, entry: &Entry, now: Reading) -> bool {
        let remaining = entry.schedule.remaining(now);
        !remaining.is_zero() && self.least_remaining() <= remaining
    }

    fn least_remaining(self) -> Duration {
        match self {
            Self::Any | Self::New => Duration::ZERO,
            Self::ValidFor(duration) => duration,
        }
    }

    /// Why no token will ever do, judging by `entry`: a new one would not live long enough either.
    pub(super) fn excess(self, entry: &Entry, now: Reading) -> Option<TokenError> {
        let lifetime = Schedule::longest_use(&entry.token);
        let asked = self.least_remaining();
        let is_too_much = lifetime < asked && !entry.schedule.remaining(now).is_zero();
        is_too_much.then_some(TokenError::LivesTooShort { asked, lifetime })
    }

    pub(super) fn order(self, held: Option<&Entry>, now: Reading) -> Order {
        let reason = match held {
            None => RefreshReason::Empty,
            Some(entry) if entry.is_rejected => RefreshReason::Rejected,
            Some(entry) => match entry.schedule.phase(now) {
                Phase::Expired => RefreshReason::Expired,
                _ if !self.is_met_by(entry, now) => RefreshReason::Asked,
                Phase::Mandatory => RefreshReason::Mandatory,
                Phase::Fresh | Phase::Advisory => RefreshReason::Advisory,
            },
        };
        let issued_after = matches!(self, Self::New).then_some(now.wall);
        Order { reason, least_remaining: self.least_remaining(), issued_after }
    }
}
