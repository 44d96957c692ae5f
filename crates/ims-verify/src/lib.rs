#![doc = include_str!("../README.md")]

mod authority;
mod error;
mod failure;
mod flight;
mod ims;
mod key_cache;
mod memory;
mod questions;
mod requirements;
mod verified_token;
mod verifier;

pub use authority::Authority;
pub use error::{Fault, NotVerified};
pub use failure::LONGEST_RETRY_AFTER;
pub use ims::REQUEST_TIMEOUT;
pub use key_cache::{
    FAILURE_PAUSE, KEYS_FRESH, KEYS_REFRESHED, KEYS_STALE, LEAST_REFETCH_INTERVAL,
};
pub use memory::{INVALID_REMEMBERED, MOST_INVALID, MOST_VALID, VALID_REMEMBERED};
pub use questions::MOST_QUESTIONS;
pub use requirements::{Requirements, SKEW};
pub use verified_token::VerifiedToken;
pub use verifier::TokenVerifier;
