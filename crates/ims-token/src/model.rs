//! A model of the keeper: the code of this crate, with the order of its threads chosen at random from a seed, and with an
//! IMS, a signer, a store and a clock that fail.
//!
//! `shuttle` chooses who continues at each lock, each read of the shared token and each await. Time is virtual. Everything
//! random comes from one seed, which a failure prints: `IMS_SEED=17 cargo test -p ims-token --all-features --lib model`
//! repeats it alone. `cargo xtask model` tries more of them. Not modelled: the inside of `arc-swap` and of tokio's `Notify`,
//! each step of which is one step here.
//!
//! The laws by their numbers are those of `docs/keeper.md`.

pub(crate) mod runtime;
mod tests;
mod world;
