//! The verifier with tokens and published keys that are made by other code.

mod bad_tokens;
mod fixture;
mod keys;
mod leaks;
mod with_ims;
