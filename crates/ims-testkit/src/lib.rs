#![doc = include_str!("../README.md")]

pub mod certificates;
pub mod keys;

/// The pass phrase of every encrypted key, and a canary: no output may ever contain it.
pub const PASSPHRASE: &str = "canary-passphrase";
