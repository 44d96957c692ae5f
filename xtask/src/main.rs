//! `cargo xtask …`: the automation of the workspace, one file per subcommand. CI and contributors run the same code.
//! Nothing here is published.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod bench;
mod coverage;
mod deny;
mod dist;
mod docs;
mod features;
mod fuzz;
mod golden;
mod interop;
mod links;
mod macos;
mod minimal;
mod model;
mod mutants;
mod process;
mod release;
mod test;
mod tidy;
mod tools;
mod windows;
mod workspace;

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// The automation of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Test(test::Options),
    Tidy(tidy::Options),
    Features(features::Options),
    /// Checks which third-party crates, licences and registries the published crates use.
    Deny,
    Docs(docs::Options),
    Golden(golden::Options),
    Bench(bench::Options),
    Fuzz(fuzz::Options),
    Model(model::Options),
    Mutants(mutants::Options),
    Coverage(coverage::Options),
    Interop(interop::Options),
    /// Checks that the workspace compiles with the oldest dependencies that the manifests allow.
    Minimal,
    Dist(dist::Options),
    /// Finds out which functions a start of the command runs, for the order in which `dist` links them.
    LinkOrder,
    Release(release::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match enter_workspace().and_then(|()| run(&arguments.task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<()> {
    match task {
        Task::Test(options) => test::run(options),
        Task::Tidy(options) => tidy::run(options),
        Task::Features(options) => features::run(options),
        Task::Deny => deny::run(),
        Task::Docs(options) => docs::run(options),
        Task::Golden(options) => golden::run(options),
        Task::Bench(options) => bench::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::Model(options) => model::run(options),
        Task::Mutants(options) => mutants::run(options),
        Task::Coverage(options) => coverage::run(options),
        Task::Interop(options) => interop::run(options),
        Task::Minimal => minimal::run(),
        Task::Dist(options) => dist::run(options),
        Task::LinkOrder => dist::write_order(),
        Task::Release(options) => release::run(options),
    }
}

/// Changes to the root of the workspace, so that every path in the other files is relative to it.
fn enter_workspace() -> Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    std::env::set_current_dir(root).with_context(|| format!("cannot enter {}", root.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
