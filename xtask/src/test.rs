//! `cargo xtask test`: all checks and tests that a change must pass, in one command.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{
    deny, docs, features, fuzz, macos,
    process::{cargo, run as run_command},
    tidy, tools,
    windows::{self, Extent},
    workspace,
};

/// Installs what the tests need, then checks and tests the whole workspace.
///
/// Continues after a failed step, so that one run reports everything, and fails at the end.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only this step; may be repeated.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,

    /// Only this package, in the steps that build; may be repeated.
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,

    /// Install nothing, and do not check what is missing.
    #[arg(long)]
    no_install: bool,
}

/// In the order in which they run: steps without a build come first, and the tests come last with their summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The programs that the tests use are installed; on Debian and Ubuntu this step installs the missing ones.
    Tools,
    /// The code is formatted.
    Fmt,
    /// The source tree follows its rules.
    Tidy,
    /// No published crate uses a banned crate, licence or registry.
    Deny,
    /// Clippy finds nothing.
    Clippy,
    /// The documentation builds without broken links, and every block of the pages does what it shows.
    Docs,
    /// Each feature of each library builds without the others.
    Features,
    /// The command compiles for Windows and works there, under Wine. `--only windows` runs more tests, and fails where Wine
    /// is missing.
    Windows,
    /// The workspace compiles for macOS. It runs only if it is named.
    Macos,
    /// Unit tests, integration tests, and the examples in the documentation.
    Tests,
    /// Each fuzz target for 20 seconds. It runs only if it is named: the tests have a short form of it.
    Fuzz,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut outcomes = Vec::new();
    for step in Step::value_variants().iter().filter(|step| options.wants(**step)) {
        outcomes.push(Outcome::of(*step, options));
    }
    if outcomes.is_empty() {
        bail!("no step is left to run");
    }
    summarize(&outcomes)
}

impl Options {
    fn wants(&self, step: Step) -> bool {
        if step == Step::Tools && self.no_install {
            return false;
        }
        if [Step::Fuzz, Step::Macos].contains(&step) {
            return self.only.contains(&step);
        }
        self.only.is_empty() || self.only.contains(&step)
    }
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn run(self, options: &Options) -> Result<()> {
        match self {
            Self::Tools => tools::install_missing(),
            Self::Fmt => run_command(&mut format_check(&options.packages)),
            Self::Tidy => tidy::run(&tidy::Options::default()),
            Self::Deny => deny::run(),
            Self::Clippy => run_command(build("clippy", options).args([
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ])),
            Self::Docs => {
                run_command(
                    build("doc", options).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"),
                )?;
                docs::test(&options.packages)
            }
            Self::Features => {
                features::run(&features::Options { packages: options.packages.clone() })
            }
            Self::Windows => {
                let extent = if options.only.contains(&self) { Extent::All } else { Extent::Quick };
                windows::run(extent, !options.no_install)
            }
            Self::Macos => macos::run(!options.no_install),
            Self::Tests => run_command(build("test", options).arg("--no-fail-fast")),
            Self::Fuzz => fuzz::run_in_test_build(),
        }
    }
}

fn format_check(packages: &[String]) -> Command {
    let selection =
        if packages.is_empty() { vec!["--all"] } else { workspace::selection(packages) };
    cargo(["fmt", "--check"].into_iter().chain(selection))
}

fn build(subcommand: &str, options: &Options) -> Command {
    let selection = workspace::selection(&options.packages);
    cargo([subcommand].into_iter().chain(selection).chain(["--all-features"]))
}

/// The result of a step, and how long it took.
struct Outcome {
    step: Step,
    took: Duration,
    result: Result<()>,
}

impl Outcome {
    fn of(step: Step, options: &Options) -> Self {
        println!("\n=== {} ===", step.name());
        let start = Instant::now();
        let result = step.run(options);
        let outcome = Self { step, took: start.elapsed(), result };
        println!("{outcome}");
        outcome
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "step {} ... ", self.step.name())?;
        match &self.result {
            Ok(()) => write!(f, "ok, {:.1}s", self.took.as_secs_f32()),
            Err(error) => write!(f, "FAILED, {:.1}s: {error:#}", self.took.as_secs_f32()),
        }
    }
}

/// Prints all outcomes together, because those of the first steps are far up in the output.
fn summarize(outcomes: &[Outcome]) -> Result<()> {
    println!("\n=== summary ===");
    for outcome in outcomes {
        println!("{outcome}");
    }
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count();
    let took: Duration = outcomes.iter().map(|outcome| outcome.took).sum();
    println!(
        "\nsteps: {}. {} passed; {failed} failed; finished in {:.1}s",
        if failed == 0 { "ok" } else { "FAILED" },
        outcomes.len() - failed,
        took.as_secs_f32(),
    );
    if failed > 0 {
        bail!("{failed} of {} steps failed", outcomes.len());
    }
    Ok(())
}
