#![doc = include_str!("../README.md")]

mod error;
mod ims;
mod key_cache;
mod requirements;
mod single_flight;
mod sync;
mod verdict_cache;
mod verified_token;
mod verifier;

pub use error::{Fault, NotVerified};
pub use ims::{LONGEST_RETRY_AFTER, REQUEST_TIMEOUT};
pub use key_cache::{
    FAILURE_PAUSE, KEYS_FRESH, KEYS_REFRESHED, KEYS_STALE, LEAST_REFETCH_INTERVAL,
};
pub use requirements::{Requirements, SKEW};
pub use single_flight::MAX_QUESTIONS;
pub use verdict_cache::{INVALID_REMEMBERED, MAX_INVALID, MAX_VALID, VALID_REMEMBERED};
pub use verified_token::VerifiedToken;
pub use verifier::{Authority, TokenVerifier};
