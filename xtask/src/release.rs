//! `cargo xtask release`: whether the source tree can be released, and the commands for the release.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use cargo_metadata::Package;

use crate::{
    process::{cargo, output, run as run_command},
    tidy,
    workspace::metadata,
};

const CHANGELOG: &str = "CHANGELOG.md";

/// cargo orders the crates by their dependencies and leaves out those that are not for a registry.
const PUBLISH: &[&str] = &["publish", "--workspace", "--locked"];

/// Checks that the tree can be released, packages every published crate, and prints the commands to go on with.
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

    /// Publish the crates to the registry, which cannot be undone.
    // `requires = "version"` would not do: clap drops it where --dry-run, which excludes a version, is given.
    #[arg(long, conflicts_with = "dry_run")]
    execute: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let packages = metadata(Path::new("."))?.packages;
    let version = match &options.version {
        Some(version) => version.clone(),
        None => packages.first().context("the workspace has no members")?.version.to_string(),
    };
    let faults = faults(&version, &packages)?;
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{version} cannot be released yet, see above");
    }
    run_command(cargo(PUBLISH.iter().copied()).arg("--dry-run"))?;
    if options.execute && !options.dry_run {
        return run_command(&mut cargo(PUBLISH.iter().copied()));
    }
    println!("\n{version} can be released. To do it:\n");
    println!("    git tag --sign v{version} --message 'Release {version}'");
    println!("    cargo {}", PUBLISH.join(" "));
    println!("    git push origin v{version}");
    Ok(())
}

/// All that keeps the tree from being released as `version`, one line each.
fn faults(version: &str, packages: &[Package]) -> Result<Vec<String>> {
    let mut faults = changed_files()?;
    faults.extend(tidy::findings(Path::new("."))?.iter().map(ToString::to_string));
    faults.extend(packages.iter().flat_map(|package| version_faults(package, version)));
    let changelog = fs::read_to_string(CHANGELOG).context(CHANGELOG)?;
    faults.extend(changelog_fault(&changelog, version));
    Ok(faults)
}

fn changed_files() -> Result<Vec<String>> {
    let status = output(Command::new("git").args(["status", "--porcelain"]))?;
    Ok(status
        .lines()
        .map(|line| format!("{line}: not committed: commit it or remove it"))
        .collect())
}

/// The package itself and each of ours that it imports must have the one version.
fn version_faults(package: &Package, version: &str) -> Vec<String> {
    let package_name = &package.name;
    let own = (package.version.to_string() != version).then(|| {
        format!("{package_name}: its version is {}, not {version}: set it", package.version)
    });
    let imported = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
    let imports = imported
        .filter(|dependency| dependency.req.to_string() != format!("^{version}"))
        .filter(|dependency| dependency.req != cargo_metadata::semver::VersionReq::STAR)
        .map(|dependency| {
            let cargo_metadata::Dependency { name, req, .. } = dependency;
            format!("{package_name}: imports {name} {req}, not {version}: set it in [workspace.dependencies]")
        });
    own.into_iter().chain(imports).collect()
}

fn changelog_fault(changelog: &str, version: &str) -> Option<String> {
    let heading = format!("## [{version}]");
    let mut section = changelog.lines().skip_while(|line| !line.starts_with(&heading));
    if section.next().is_none() {
        return Some(format!(
            "{CHANGELOG}: no section \"{heading}\": make it of \"## [Unreleased]\""
        ));
    }
    let is_empty =
        section.take_while(|line| !line.starts_with("## ")).all(|line| line.trim().is_empty());
    is_empty
        .then(|| format!("{CHANGELOG}: the section \"{heading}\" is empty: say what has changed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn the_changelog_must_have_a_section_with_text() {
        const MISSING: Option<&str> =
            Some("CHANGELOG.md: no section \"## [0.2.0]\": make it of \"## [Unreleased]\"");
        const EMPTY: Option<&str> =
            Some("CHANGELOG.md: the section \"## [0.2.0]\" is empty: say what has changed");
        #[rustfmt::skip]
        let table = [
            ("# Changelog\n",                                              MISSING),
            ("## [Unreleased]\n- x\n## [0.1.0] - 2026-12-01\n- y\n",       MISSING),
            ("## [0.2.0] - 2027-01-01\n\n## [0.1.0]\n- y\n",               EMPTY),
            ("## [0.2.0] - 2027-01-01\n\n- x\n\n## [0.1.0]\n- y\n",        None),
        ];
        for (changelog, fault) in table {
            assert_eq!(changelog_fault(changelog, "0.2.0").as_deref(), fault, "{changelog:?}");
        }
    }

    #[derive(Debug, clap::Parser)]
    struct Release {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn only_a_named_version_is_ever_published() {
        #[rustfmt::skip]
        let table: [(&[&str], Option<bool>); 7] = [
            (&[],                                  None),
            (&["0.1.0"],                           Some(false)),
            (&["--dry-run"],                       Some(false)),
            (&["0.1.0", "--execute"],              Some(true)),
            (&["--execute"],                       None),
            (&["--dry-run", "--execute"],          None),
            (&["0.1.0", "--dry-run", "--execute"], None),
        ];
        for (arguments, publishes) in table {
            let given = Release::try_parse_from(["release"].iter().chain(arguments));
            assert_eq!(given.ok().map(|given| given.options.execute), publishes, "{arguments:?}");
        }
    }

    #[test]
    fn a_member_of_another_version_and_an_import_of_another_version_are_faults() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let package = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.1\"\nedition = \"2024\"\n{more}")
        };
        write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\"]\n");
        write("a/Cargo.toml", &package("a", ""));
        write(
            "b/Cargo.toml",
            &package("b", "[dependencies]\na = { path = \"../a\", version = \"0.1.0\" }\n"),
        );
        write("a/src/lib.rs", "");
        write("b/src/lib.rs", "");

        let packages = metadata(folder.path()).unwrap().packages;
        let faults = |version: &str| -> Vec<_> {
            let found = packages.iter().flat_map(|package| version_faults(package, version));
            found.collect()
        };
        assert_eq!(
            faults("0.1.1"),
            ["b: imports a ^0.1.0, not 0.1.1: set it in [workspace.dependencies]"]
        );
        assert_eq!(
            faults("0.1.0"),
            [
                "a: its version is 0.1.1, not 0.1.0: set it",
                "b: its version is 0.1.1, not 0.1.0: set it"
            ]
        );
    }
}
