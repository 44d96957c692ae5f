//! `cargo xtask release VERSION --prepare`: writes a version into the manifests, and its date into the changelog.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::semver::Version;
use time::OffsetDateTime;

use super::checks::CHANGELOG;
use crate::process::{cargo, run as run_command};

const MANIFEST: &str = "Cargo.toml";
const UNRELEASED: &str = "## [Unreleased]\n";

pub(super) fn prepare(version: &str) -> Result<()> {
    Version::parse(version).with_context(|| format!("{version} is not a version"))?;
    let manifest = fs::read_to_string(MANIFEST)?;
    let changelog = fs::read_to_string(CHANGELOG)?;
    let (manifest, changelog) =
        (with_version(&manifest, version)?, with_section(&changelog, version, &today())?);
    fs::write(MANIFEST, manifest)?;
    fs::write(CHANGELOG, changelog)?;
    run_command(&mut cargo(["update", "--workspace"]))?;
    println!(
        "\n{MANIFEST}, Cargo.lock and {CHANGELOG} are ready. Review and commit them, then run:\n"
    );
    println!("    cargo xtask release {version}");
    Ok(())
}

/// The changelog as [`prepare`] writes it, or as it is if that was done before.
pub(super) fn with_section_once(changelog: &str, version: &str) -> Result<String> {
    if changelog.contains(&heading(version)) {
        return Ok(changelog.to_owned());
    }
    with_section(changelog, version, &today())
}

fn today() -> String {
    OffsetDateTime::now_utc().date().to_string()
}

fn heading(version: &str) -> String {
    format!("## [{version}]")
}

/// The root manifest with `version` for the workspace and for each of our crates in its dependencies.
fn with_version(manifest: &str, version: &str) -> Result<String> {
    let document: toml::Table = manifest.parse()?;
    let package = document.get("workspace").and_then(|workspace| workspace.get("package"));
    let old = package.and_then(|package| package.get("version")).and_then(toml::Value::as_str);
    let old = old.context("[workspace.package] has no version")?;
    let (old, new) = (format!("version = \"{old}\""), format!("version = \"{version}\""));
    let mut lines = Vec::new();
    for line in manifest.lines() {
        let is_ours = line.starts_with("version = ") || line.contains("path = \"crates/");
        lines.push(if is_ours { line.replace(&old, &new) } else { line.to_owned() });
    }
    Ok(lines.join("\n") + "\n")
}

/// The changelog with what is unreleased as the section of `version`.
fn with_section(changelog: &str, version: &str, date: &str) -> Result<String> {
    let heading = heading(version);
    ensure!(!changelog.contains(&heading), "{CHANGELOG} already has a section {heading}");
    if !changelog.contains(UNRELEASED) {
        bail!("{CHANGELOG} has no section {}", UNRELEASED.trim_end());
    }
    Ok(changelog.replacen(UNRELEASED, &format!("{UNRELEASED}\n{heading} - {date}\n"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_written_for_the_workspace_and_its_crates_only() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\n\
                        ims = { path = \"crates/ims\", version = \"0.1.0\" }\nother = { version = \"0.1.0\" }\n";
        let expected = "[workspace.package]\nversion = \"0.2.0\"\n[workspace.dependencies]\n\
                        ims = { path = \"crates/ims\", version = \"0.2.0\" }\nother = { version = \"0.1.0\" }\n";
        assert_eq!(with_version(manifest, "0.2.0").unwrap(), expected);
        assert!(with_version("[workspace.package]\n", "0.2.0").is_err());
    }

    #[test]
    fn what_is_unreleased_becomes_a_dated_section_once() {
        let changelog = "# Changelog\n\n## [Unreleased]\n\n- x\n";
        let dated = with_section(changelog, "0.2.0", "2026-12-01").unwrap();
        assert_eq!(dated, "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n- x\n");
        assert!(with_section(&dated, "0.2.0", "2026-12-02").is_err());
        assert_eq!(with_section_once(&dated, "0.2.0").unwrap(), dated);
        assert!(with_section_once(changelog, "0.2.0").unwrap().contains("\n## [0.2.0] - 20"));
        assert!(with_section("# Changelog\n", "0.2.0", "2026-12-02").is_err());
    }
}
