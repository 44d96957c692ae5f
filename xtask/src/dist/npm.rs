//! npm packages: one for each platform with the command, and one with a few lines of JavaScript that find it.
//!
//! Of the optional packages, npm installs the one whose `os` and `cpu` fit. esbuild does the same.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    about::About,
    archive::{Entry, tar_gz},
    build::{Built, PLATFORMS, Platform},
    notices,
};

const NAME: &str = "ims-emulator";
const SOURCES: &str = "xtask/packaging/npm";

/// The package with the binary of one platform.
pub(super) fn platform_package(
    built: &Built,
    extras: &Path,
    about: &About,
    folder: &Path,
) -> Result<()> {
    let Built { platform, binary } = built;
    let name = package_name(platform);
    let mut manifest = manifest(&name, about);
    manifest["os"] = json!([platform.system]);
    manifest["cpu"] = json!([platform.processor]);
    manifest["files"] = json!([platform.file(), notices::FILE]);
    manifest["description"] = json!(format!("The command ims for {name}; install {NAME} instead"));
    let others = fs::read_to_string(extras.join(notices::FILE))?;
    let entries = vec![
        Entry::program(format!("package/{}", platform.file()), binary)?,
        Entry::text(format!("package/{}", notices::FILE), others),
    ];
    pack(&name, &manifest, entries, about, folder)
}

/// The package that people install.
pub(super) fn main_package(about: &About, folder: &Path) -> Result<()> {
    let mut manifest = manifest(NAME, about);
    manifest["description"] = json!("A local Adobe IMS for tests");
    manifest["keywords"] = json!(["adobe", "ims", "oauth2", "testing", "emulator"]);
    manifest["type"] = json!("module");
    manifest["exports"] = json!({ ".": { "types": "./index.d.ts", "default": "./index.js" } });
    manifest["types"] = json!("./index.d.ts");
    manifest["bin"] = json!({ "ims": "ims.js" });
    manifest["engines"] = json!({ "node": ">=18.17" });
    let mut optional = json!({});
    for platform in PLATFORMS.iter().filter(|platform| !platform.wheel_tags.is_empty()) {
        optional[package_name(platform)] = json!(about.version);
    }
    manifest["optionalDependencies"] = optional;
    let mut entries = Vec::new();
    for file in ["index.js", "index.d.ts", "ims.js", "README.md"] {
        let path = Path::new(SOURCES).join(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let is_executable = file == "ims.js";
        entries.push(Entry { is_executable, ..Entry::text(format!("package/{file}"), text) });
    }
    pack(NAME, &manifest, entries, about, folder)
}

/// The name of the package with the command for `platform`, which index.js builds in the same way.
pub(super) fn package_name(platform: &Platform) -> String {
    format!("{NAME}-{}-{}", platform.system, platform.processor)
}

fn manifest(name: &str, about: &About) -> Value {
    let About { version, repository, licence, .. } = about;
    let address = format!("git+{repository}.git");
    json!({
        "name": name, "version": version, "license": format!("({licence})"), "homepage": repository,
        "repository": { "type": "git", "url": address },
    })
}

fn pack(
    name: &str,
    manifest: &Value,
    mut entries: Vec<Entry>,
    about: &About,
    folder: &Path,
) -> Result<()> {
    let text = serde_json::to_string_pretty(manifest)?;
    entries.push(Entry::text("package/package.json", text));
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        entries.push(Entry::text(format!("package/{licence}"), fs::read_to_string(licence)?));
    }
    Ok(fs::write(folder.join(format!("{name}-{}.tgz", about.version)), tar_gz(&entries)?)?)
}
