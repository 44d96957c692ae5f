//! What prevents a release: one line for each fault, with what to do.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use cargo_metadata::Package;

use crate::{
    process::{cargo, output},
    tidy,
    workspace::{is_library, is_published},
};

pub(super) const CHANGELOG: &str = "CHANGELOG.md";

/// What every tarball must contain besides the code.
const IN_EVERY_TARBALL: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The owner in the repository URL as long as the project has no public address.
const PLACEHOLDER: &str = "/OWNER/";
const OWNER: &str = "@OWNER/";
pub(super) const CODE_OWNERS: &str = ".github/CODEOWNERS";

/// Everything that prevents the release of `version` with this `changelog`, one line each.
pub(super) fn faults(version: &str, packages: &[Package], changelog: &str) -> Result<Vec<String>> {
    let mut faults = changed_files()?;
    faults.extend(tidy::findings(Path::new("."))?.iter().map(ToString::to_string));
    faults.extend(packages.iter().flat_map(|package| version_faults(package, version)));
    for package in packages.iter().filter(|package| is_published(package)) {
        faults.extend(metadata_faults(package));
        faults.extend(tarball_faults(package)?);
    }
    faults.extend(changelog_fault(changelog, version));
    Ok(faults)
}

fn changed_files() -> Result<Vec<String>> {
    let status = output(Command::new("git").args(["status", "--porcelain"]))?;
    Ok(status
        .lines()
        .map(|line| format!("{line}: not committed: commit it or remove it"))
        .collect())
}

/// The package itself and each package of this workspace that it imports must have the one version.
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

/// Fields of the manifest that crates.io and docs.rs show.
fn metadata_faults(package: &Package) -> Vec<String> {
    let docs_rs = &package.metadata["docs"]["rs"];
    let documentation = format!("https://docs.rs/{}", package.name);
    #[rustfmt::skip]
    let table = [
        (package.repository.is_some(),                                   "write `repository.workspace = true`"),
        (package.license.is_some(),                                      "write `license.workspace = true`"),
        (package.description.is_some(),                                  "write a `description`"),
        (!package.keywords.is_empty(),                                   "write `keywords.workspace = true`"),
        (!package.categories.is_empty(),                                 "write `categories`"),
        (package.readme.is_some(),                                       "write a README.md"),
        (!is_library(package) || package.documentation.as_ref() == Some(&documentation), "write `documentation = \"https://docs.rs/…\"` with its name"),
        (!is_library(package) || docs_rs["all-features"] == true,        "write `all-features = true` in [package.metadata.docs.rs]"),
    ];
    let mut faults = Vec::new();
    for (is_right, remedy) in table {
        if !is_right {
            faults.push(format!("{}: {remedy}", package.manifest_path));
        }
    }
    faults
}

/// The texts that must be in the tarball, and the licences as the root of the repository has them.
fn tarball_faults(package: &Package) -> Result<Vec<String>> {
    let list = output(&mut cargo(["package", "--list", "--allow-dirty", "-p", &package.name]))?;
    let mut faults = missing_files(&package.name, &list);
    let folder = package.manifest_path.parent().context("a manifest is in a folder")?;
    for file in list.lines().filter(|file| Path::new(file).extension().is_some_and(|it| it == "rs"))
    {
        let code = fs::read_to_string(folder.join(file)).unwrap_or_default();
        for included in outside(file, &code) {
            faults.push(format!(
                "{}: {file} includes {included}, which is in no tarball: exclude it in [package]",
                package.name
            ));
        }
    }
    for licence in IN_EVERY_TARBALL.iter().filter(|name| name.starts_with("LICENSE")) {
        // A link that a checkout on Windows has turned into a text file is in the list, but is not a licence.
        let own = fs::read(folder.join(licence)).unwrap_or_default();
        if own != fs::read(licence)? {
            faults.push(format!(
                "{}: {licence} differs from that of the repository: link it",
                package.name
            ));
        }
    }
    Ok(faults)
}

/// The files outside of the package that `code`, which is in `file`, includes: a user's build would not find them.
fn outside<'a>(file: &str, code: &'a str) -> Vec<&'a str> {
    let depth = file.matches('/').count();
    let mut found = Vec::new();
    for start in ["include_str!(\"", "include_bytes!(\"", "#[path = \""] {
        for part in code.split(start).skip(1) {
            let path = part.split('"').next().unwrap_or_default();
            let up = path.split('/').take_while(|part| *part == "..").count();
            if up > depth {
                found.push(path);
            }
        }
    }
    found
}

fn missing_files(package: &str, list: &str) -> Vec<String> {
    let missing = IN_EVERY_TARBALL.iter().filter(|name| !list.lines().any(|line| line == **name));
    missing.map(|name| format!("{package}: its tarball has no {name}: add the file")).collect()
}

/// An address that is still a placeholder.
pub(super) fn placeholder_faults(packages: &[Package], code_owners: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut repositories = packages.iter().filter_map(|package| package.repository.as_ref());
    if repositories.any(|repository| repository.contains(PLACEHOLDER)) {
        faults.push(
            "Cargo.toml: the repository is a placeholder: write its address in [workspace.package]"
                .into(),
        );
    }
    if code_owners.contains(OWNER) {
        faults
            .push(format!("{CODE_OWNERS}: the owner is a placeholder: write a real organization"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::metadata;

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

    #[test]
    fn a_file_that_is_included_from_outside_of_its_package_is_found() {
        // In two parts, so that this line is none itself.
        let code = ["include_str", "!(\"../../x.md\") include_str", "!(\"../y\")"].concat();
        assert_eq!(outside("tests/a.rs", &code), ["../../x.md"]);
        assert!(outside("tests/a/b.rs", &code).is_empty());
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

    #[test]
    fn a_tarball_must_have_both_licences_and_the_readme() {
        assert_eq!(
            missing_files("ims", "Cargo.toml\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\n"),
            [""; 0]
        );
        assert_eq!(
            missing_files("ims", "Cargo.toml\nLICENSE-APACHE\ndocs/README.md\n"),
            [
                "ims: its tarball has no LICENSE-MIT: add the file",
                "ims: its tarball has no README.md: add the file"
            ]
        );
    }

    #[test]
    fn a_manifest_must_have_what_the_registry_shows_and_no_placeholder() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        fs::write(folder.path().join("README.md"), "# x\n").unwrap();
        let base = "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        let rest = "license = \"MIT\"\ndescription = \"x\"\nkeywords = [\"x\"]\ncategories = [\"x\"]\n\
                    repository = \"https://example.com/OWNER/x\"\ndocumentation = \"https://docs.rs/x\"\n\
                    [package.metadata.docs.rs]\nall-features = true\n";
        let read = |text: &str| {
            fs::write(&manifest, text).unwrap();
            metadata(folder.path()).unwrap().packages
        };
        let complete = read(&format!("{base}{rest}"));
        assert_eq!(metadata_faults(&complete[0]), [""; 0]);
        assert_eq!(placeholder_faults(&complete, "* @OWNER/x").len(), 2);
        let incomplete = read(base);
        assert_eq!(
            metadata_faults(&incomplete[0]).len(),
            7,
            "{:?}",
            metadata_faults(&incomplete[0])
        );
        assert_eq!(placeholder_faults(&incomplete, "* @adobe/x"), [""; 0]);
    }
}
