//! What cargo knows about the workspace.

use std::path::Path;

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
    fn without_a_name_all_packages_are_selected() {
        assert_eq!(selection(&[]), ["--workspace"]);
        assert_eq!(
            selection(&["ims".to_owned(), "xtask".to_owned()]),
            ["-p", "ims", "-p", "xtask"]
        );
    }
}
