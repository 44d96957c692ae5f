//! `cargo xtask model`: the long form of the models of the keeper, which the tests run for some seconds.
//!
//! Their laws are in docs/keeper.md.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

/// Tries the model of the keeper in many orders of its threads, and runs a fleet through many refreshes.
///
/// A failure prints its seed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Repeat what this seed leads to, and nothing else.
    #[arg(long)]
    seed: Option<u64>,

    /// How many orders each test of the model tries.
    #[arg(long, default_value_t = 20_000, conflicts_with = "seed")]
    orders: u64,

    /// How many refreshes the fleet has, in virtual time.
    #[arg(long, default_value_t = 1_000_000, conflicts_with = "seed")]
    refreshes: u64,
}

/// With optimised code, and with the checks of a debug build.
const PROFILE: &str = "fuzz";

pub(crate) fn run(options: &Options) -> Result<()> {
    for selection in [["--lib", "model::"], ["--test=fleet_model", ""]] {
        let mut command =
            cargo(["test", "--package", "ims-token", "--all-features", "--profile", PROFILE]);
        command.args(selection.into_iter().filter(|argument| !argument.is_empty()));
        match options.seed {
            Some(seed) => command.env("IMS_SEED", seed.to_string()),
            None => command
                .env("IMS_MODEL_ORDERS", options.orders.to_string())
                .env("IMS_FLEET_REFRESHES", options.refreshes.to_string()),
        };
        run_command(&mut command)?;
    }
    Ok(())
}
