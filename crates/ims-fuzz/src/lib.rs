#![doc = include_str!("../README.md")]

pub mod mutator;
pub mod run;
pub mod target;
mod targets;
