//! What cargo knows of the workspace.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The members of the workspace at `root` and what they declare; dependencies are not resolved, so that nothing
/// is fetched.
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

/// Whether `package` has a library to depend on.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_package_named_means_all_of_them() {
        assert_eq!(selection(&[]), ["--workspace"]);
        assert_eq!(
            selection(&["ims".to_owned(), "xtask".to_owned()]),
            ["-p", "ims", "-p", "xtask"]
        );
    }
}
