//! `cargo xtask release`: prepares a version, checks whether it can be released, and publishes it.

mod checks;
mod gates;
mod prepare;
mod publish;
mod registry;
mod rehearsal;
mod tarballs;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use self::publish::Target;
use crate::{
    dist,
    process::{output, run as run_command},
    workspace::metadata,
};

/// Checks that a version can be released, builds what users install, and with `--execute` tags and publishes it.
///
/// Publishes nothing unless `--execute` is given.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option by itself")]
pub(crate) struct Options {
    /// The version of the release, such as 0.1.0, which the manifests must already have.
    #[arg(value_name = "VERSION", required_unless_present_any = ["dry_run", "rehearse", "continue_rehearsal"])]
    version: Option<String>,

    /// Only the checks that take minutes, of the version that is in the manifests.
    #[arg(long, conflicts_with = "version")]
    dry_run: bool,

    /// Write the version into the manifests and the changelog, with today's date, and stop.
    // `requires = "version"` is not enough: clap ignores it where --dry-run, which excludes a version, is given.
    #[arg(long, conflicts_with_all = ["dry_run", "rehearse"])]
    prepare: bool,

    /// Publish the crates, which cannot be undone. Crates of this version that the registry already has are left out, so a
    /// stopped run can be repeated.
    #[arg(long, conflicts_with_all = ["dry_run", "prepare", "rehearse"])]
    execute: bool,

    /// Publish to this registry of cargo's configuration instead of crates.io.
    #[arg(long, value_name = "NAME", default_value = "crates-io")]
    registry: String,

    /// Publish all crates to an empty registry on this machine, stop in the middle, continue, and install the command
    /// from there.
    ///
    /// With a version, everything that its release does comes before: the checks, the tests, and what users install. No
    /// tag is made, and the manifests and the changelog stay as they are.
    #[arg(long, conflicts_with = "dry_run")]
    rehearse: bool,

    /// Publish to the registry of a rehearsal, which started this.
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "version")]
    continue_rehearsal: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // Asked for now: the tests build this program again, and then the system calls the running one deleted.
    let program = env::current_exe()?;
    let packages = metadata(Path::new("."))?.packages;
    let version = match &options.version {
        Some(version) => version.clone(),
        None => packages.first().context("the workspace has no members")?.version.to_string(),
    };
    if options.prepare {
        return prepare::prepare(&version);
    }
    if options.rehearse && options.version.is_none() {
        return rehearsal::rehearse(&program, &packages);
    }
    if let Some(configuration) = &options.continue_rehearsal {
        return publish::publish(&packages, &version, &rehearsal::target(configuration));
    }
    let mut changelog = fs::read_to_string(checks::CHANGELOG).context(checks::CHANGELOG)?;
    if options.rehearse {
        changelog = prepare::with_section_once(&changelog, &version)?;
    }
    let mut faults = checks::faults(&version, &packages, &changelog)?;
    if options.execute {
        let code_owners = fs::read_to_string(checks::CODE_OWNERS)?;
        faults.extend(checks::placeholder_faults(&packages, &code_owners));
    }
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{version} cannot be released yet, see above");
    }
    publish::build_all(&packages)?;
    if options.dry_run {
        println!("\n{version} can be released, as far as the quick checks say");
        return Ok(());
    }
    tarballs::compile_tests(&packages)?;
    let rust_version = packages.iter().find_map(|package| package.rust_version.as_ref());
    let rust_version = rust_version.context("no manifest says the oldest supported Rust")?;
    let unchecked = gates::run(&rust_version.to_string())?;
    dist::run(&dist::Options::of_a_release())?;
    if options.rehearse {
        rehearsal::rehearse(&program, &packages)?;
    }
    for line in &unchecked {
        println!("{line}");
    }
    if options.rehearse {
        println!(
            "\nthe release of {version} was rehearsed; nothing was tagged, and nothing left this machine"
        );
        return Ok(());
    }
    if options.execute {
        gates::expect_all_checked(&unchecked)?;
        tag(&version)?;
        let target = Target { registry: options.registry.clone(), configuration: None };
        publish::publish(&packages, &version, &target)?;
    } else {
        println!("\n{version} can be released:\n\n    cargo xtask release {version} --execute");
    }
    println!("{}", by_hand(&version));
    Ok(())
}

/// Names the commit of the release, unless an earlier run has done so.
fn tag(version: &str) -> Result<()> {
    let name = format!("v{version}");
    let question = format!("{name}^{{commit}}");
    let tagged = output(Command::new("git").args(["rev-parse", "--quiet", "--verify", &question]));
    let Ok(tagged) = tagged else {
        let message = format!("Release {version}");
        let mut tag = Command::new("git");
        return run_command(tag.args(["tag", "--annotate", &name, "--message", &message]));
    };
    let head = output(Command::new("git").args(["rev-parse", "HEAD"]))?;
    ensure!(tagged == head, "{name} is another commit: remove the tag, or release its commit");
    Ok(())
}

/// What only a person can do, because it needs that person's key or account.
fn by_hand(version: &str) -> String {
    format!(
        "\nBy hand afterwards, since nothing is signed here:\n\n    \
         git tag --sign --force v{version} v{version}^{{commit}} --message 'Release {version}'\n    \
         git push origin v{version}    # the workflow builds the other platforms, and attests where it did\n    \
         gpg --armor --detach-sign target/packages/SHA256SUMS"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, clap::Parser)]
    struct Release {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn only_a_named_version_is_ever_published() {
        #[rustfmt::skip]
        let table: [(&[&str], Option<bool>); 14] = [
            (&[],                                  None),
            (&["0.1.0"],                           Some(false)),
            (&["--dry-run"],                       Some(false)),
            (&["0.1.0", "--prepare"],              Some(false)),
            (&["0.1.0", "--execute"],              Some(true)),
            (&["--execute"],                       None),
            (&["--dry-run", "--execute"],          None),
            (&["0.1.0", "--dry-run", "--execute"], None),
            (&["0.1.0", "--prepare", "--execute"], None),
            (&["--rehearse"],                      Some(false)),
            (&["0.1.0", "--rehearse"],             Some(false)),
            (&["0.1.0", "--rehearse", "--execute"], None),
            (&["0.1.0", "--rehearse", "--prepare"], None),
            (&["--rehearse", "--dry-run"],         None),
        ];
        for (arguments, publishes) in table {
            let given = Release::try_parse_from(["release"].iter().chain(arguments));
            assert_eq!(given.ok().map(|given| given.options.execute), publishes, "{arguments:?}");
        }
    }
}
