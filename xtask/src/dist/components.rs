//! The list of all components of the command with their versions and licences, in the format of `CycloneDX`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    process::{cargo, find_program, run as run_command},
    workspace,
};

/// The list next to the packages.
pub(super) const FILE: &str = "ims.cdx.json";

/// Writes the list into `folder`, if the tool for it is installed.
///
/// The list is one for all platforms: it names what any of them contains. Tools for building are not in it.
pub(super) fn write(folder: &Path) -> Result<()> {
    if find_program("cargo-cyclonedx").is_none() {
        println!("no list of components: `cargo install --locked cargo-cyclonedx`");
        return Ok(());
    }
    let mut list = cargo(["cyclonedx", "--quiet", "--manifest-path", "crates/ims-cli/Cargo.toml"]);
    list.args(["--format", "json", "--spec-version", "1.5", "--describe", "binaries"]);
    run_command(list.args(["--target", "all", "--no-build-deps"]))?;
    // It writes a list next to the manifest of every package with a program, whichever manifest it is given.
    let mut of_command = None;
    for package in workspace::metadata(Path::new("."))?.packages {
        let member = package.manifest_path.with_file_name("");
        for target in package.targets.iter().filter(|target| target.is_bin()) {
            let path = member.join(format!("{}_bin.cdx.json", target.name));
            if target.name == "ims" && package.name == "ims-cli" {
                of_command = Some(fs::read_to_string(&path).context(path.clone())?);
            }
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
    }
    let text = of_command.context("cargo-cyclonedx has written no list for the command")?;
    Ok(fs::write(folder.join(FILE), without_folder(&text)?)?)
}

/// The list with paths from the root of the workspace, in place of those of the machine that made it.
fn without_folder(text: &str) -> Result<String> {
    let list: Value = serde_json::from_str(text)?;
    let command = list["metadata"]["component"]["bom-ref"].as_str();
    let root = command.and_then(|reference| reference.split_once("crates/ims-cli"));
    let (root, _) = root.context("the list does not say which package it is about")?;
    Ok(text.replace(root, "path+file:///"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_no_folder_of_the_machine() {
        let text = r#"{"metadata":{"component":{"bom-ref":"path+file:///builds/ims/crates/ims-cli#0.1.0"}},
            "components":[{"bom-ref":"path+file:///builds/ims/crates/ims#0.1.0"},{"bom-ref":"registry+x#serde@1.0.0"}]}"#;
        let list: Value = serde_json::from_str(&without_folder(text).unwrap()).unwrap();
        assert_eq!(list["metadata"]["component"]["bom-ref"], "path+file:///crates/ims-cli#0.1.0");
        assert_eq!(list["components"][0]["bom-ref"], "path+file:///crates/ims#0.1.0");
        assert_eq!(list["components"][1]["bom-ref"], "registry+x#serde@1.0.0");
        assert!(without_folder("{}").is_err());
    }
}
