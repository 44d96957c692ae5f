//! What a caller requires of a token, and which tokens meet that.

use std::time::Duration;

use ims_claims::NumericDate;

use crate::{
    cached_token::CachedToken,
    clock::Reading,
    error::TokenError,
    event::RefreshReason,
    refresh_machine::{Phase, Schedule},
};

/// What a caller requires.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Requirement {
    Any,
    ValidFor(Duration),
    New,
}

/// What a refresh is to obtain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefreshRequest {
    pub(crate) reason: RefreshReason,
    /// A token from the store is used only if it can be used for so long.
    pub(crate) least_remaining: Duration,
    /// A token from the store is used only if it was requested after this.
    pub(crate) issued_after: Option<NumericDate>,
}

impl Requirement {
    /// Whether `cached`, which was there before, is good enough.
    pub(crate) fn is_met_by(self, cached: &CachedToken, now: Reading) -> bool {
        !matches!(self, Self::New) && self.accepts(cached, now)
    }

    /// Whether `cached`, which is new, is good enough.
    pub(crate) fn accepts(self, cached: &CachedToken, now: Reading) -> bool {
        let remaining = cached.schedule.remaining(now);
        !remaining.is_zero() && self.least_remaining() <= remaining
    }

    fn least_remaining(self) -> Duration {
        match self {
            Self::Any | Self::New => Duration::ZERO,
            Self::ValidFor(duration) => duration,
        }
    }

    /// Why no token can ever meet this, judging by `cached`: a new one would not live long enough either.
    pub(crate) fn excess(self, cached: &CachedToken, now: Reading) -> Option<TokenError> {
        let lifetime = Schedule::longest_use(&cached.token);
        let asked = self.least_remaining();
        let is_too_much = lifetime < asked && !cached.schedule.remaining(now).is_zero();
        is_too_much.then_some(TokenError::LivesTooShort { asked, lifetime })
    }

    /// The request for a refresh that meets this, while `cached` is held.
    pub(crate) fn request(self, cached: Option<&CachedToken>, now: Reading) -> RefreshRequest {
        let reason = match cached {
            None => RefreshReason::Empty,
            Some(cached) if cached.is_rejected => RefreshReason::Rejected,
            Some(cached) => match cached.schedule.phase(now) {
                Phase::Expired => RefreshReason::Expired,
                _ if !self.is_met_by(cached, now) => RefreshReason::Asked,
                Phase::Mandatory => RefreshReason::Mandatory,
                Phase::Fresh | Phase::Advisory => RefreshReason::Advisory,
            },
        };
        let issued_after = matches!(self, Self::New).then_some(now.wall);
        RefreshRequest { reason, least_remaining: self.least_remaining(), issued_after }
    }
}
