//! The verifier against a maker of tokens and a publisher of keys that share no code with it.

mod bad_tokens;
mod fixture;
mod keys;
mod leaks;
mod with_ims;
