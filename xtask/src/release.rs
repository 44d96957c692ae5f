//! `cargo xtask release`: prepares a version, checks whether it can be released, and publishes it.

mod checks;
mod prepare;
mod publish;

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::workspace::metadata;

const CHANGELOG: &str = "CHANGELOG.md";

/// Checks that a version can be released, and prints the commands for the release.
///
/// Publishes nothing unless `--execute` is given.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["version", "dry_run"]))]
pub(crate) struct Options {
    /// The version of the release, such as 0.1.0, which the manifests must already have.
    #[arg(value_name = "VERSION")]
    version: Option<String>,

    /// Check the version that is in the manifests.
    #[arg(long)]
    dry_run: bool,

    /// Write the version into the manifests and the changelog, with today's date, and stop.
    // `requires = "version"` would not do: clap drops it where --dry-run, which excludes a version, is given.
    #[arg(long, conflicts_with = "dry_run")]
    prepare: bool,

    /// Publish the crates, which cannot be undone. Crates of this version that the registry already has are left out, so a
    /// stopped run can be repeated.
    #[arg(long, conflicts_with_all = ["dry_run", "prepare"])]
    execute: bool,

    /// Publish to this registry of cargo's configuration instead of crates.io.
    #[arg(long, value_name = "NAME", default_value = "crates-io")]
    registry: String,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let packages = metadata(Path::new("."))?.packages;
    let version = match &options.version {
        Some(version) => version.clone(),
        None => packages.first().context("the workspace has no members")?.version.to_string(),
    };
    if options.prepare {
        return prepare::prepare(&version);
    }
    let mut faults = checks::faults(&version, &packages)?;
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
    publish::rehearse()?;
    if options.execute {
        return publish::publish(&packages, &version, &options.registry);
    }
    println!("\n{version} can be released:\n");
    println!("    git tag --sign v{version} --message 'Release {version}'");
    println!("    cargo xtask release {version} --execute");
    println!("    git push origin v{version}");
    Ok(())
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
        let table: [(&[&str], Option<bool>); 9] = [
            (&[],                                  None),
            (&["0.1.0"],                           Some(false)),
            (&["--dry-run"],                       Some(false)),
            (&["0.1.0", "--prepare"],              Some(false)),
            (&["0.1.0", "--execute"],              Some(true)),
            (&["--execute"],                       None),
            (&["--dry-run", "--execute"],          None),
            (&["0.1.0", "--dry-run", "--execute"], None),
            (&["0.1.0", "--prepare", "--execute"], None),
        ];
        for (arguments, publishes) in table {
            let given = Release::try_parse_from(["release"].iter().chain(arguments));
            assert_eq!(given.ok().map(|given| given.options.execute), publishes, "{arguments:?}");
        }
    }
}
