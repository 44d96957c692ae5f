//! What packages say about the project, taken from the manifest of the command.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::Package;

use crate::workspace::metadata;

/// What packages say about the project.
pub(super) struct About {
    pub(super) version: String,
    pub(super) description: String,
    pub(super) repository: String,
    pub(super) licence: String,
}

impl About {
    pub(super) fn read() -> Result<Self> {
        let packages = metadata(Path::new("."))?.packages;
        let command = packages.iter().find(|package| package.name == "ims-cli");
        let command: &Package = command.context("there is no package ims-cli")?;
        let say = |what: &Option<String>, name| {
            what.clone().with_context(|| format!("ims-cli has no {name}"))
        };
        Ok(Self {
            version: command.version.to_string(),
            description: say(&command.description, "description")?,
            repository: say(&command.repository, "repository")?,
            licence: say(&command.license, "licence")?,
        })
    }

    /// Where the archive `name` of this version is once it is published.
    pub(super) fn download(&self, name: &str) -> String {
        format!("{}/releases/download/v{}/{name}", self.repository, self.version)
    }
}
