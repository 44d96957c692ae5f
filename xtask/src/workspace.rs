//! What cargo knows about the workspace.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The manifests of the workspace at `root`. Dependencies are not resolved, so that nothing is downloaded.
pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .with_context(|| format!("cargo cannot read the workspace in {}", root.display()))
}

/// Whether `package` is meant for a registry.
pub(crate) fn is_published(package: &Package) -> bool {
    package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
}

/// Whether `package` has a library.
pub(crate) fn is_library(package: &Package) -> bool {
    package.targets.iter().any(cargo_metadata::Target::is_lib)
}

/// `-p NAME` for each of `names`, or `--workspace` if there are none.
pub(crate) fn selection(names: &[String]) -> Vec<&str> {
    if names.is_empty() {
        return vec!["--workspace"];
    }
    names.iter().flat_map(|name| ["-p", name]).collect()
}

/// Makes cargo compile our crates again in the build folder `build`. A crate of a registry is unchanged for cargo as long as its
/// version is the same, which is so when it is packaged again before a release.
pub(crate) fn forget_published(packages: &[Package], build: &Path) -> Result<()> {
    let folder = build.join("debug/.fingerprint");
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        // NAME-0123456789abcdef
        let Some((name, _)) = name.to_str().and_then(|name| name.rsplit_once('-')) else {
            continue;
        };
        if packages.iter().any(|package| package.name == name) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// `link` in the file at `path`, relative to the root.
pub(crate) fn resolve_link(path: &str, link: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_forgets_our_crates_and_no_other() {
        let packages = metadata(Path::new("..")).unwrap().packages;
        let build = tempfile::tempdir().unwrap();
        let folder = build.path().join("debug/.fingerprint");
        for name in ["ims-0a1b", "ims-claims-0a1b", "serde-0a1b", "ims-other-0a1b"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        forget_published(&packages, build.path()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["ims-other-0a1b", "serde-0a1b"]);
    }

    #[test]
    fn without_a_name_all_packages_are_selected() {
        assert_eq!(selection(&[]), ["--workspace"]);
        assert_eq!(
            selection(&["ims".to_owned(), "xtask".to_owned()]),
            ["-p", "ims", "-p", "xtask"]
        );
    }
}
