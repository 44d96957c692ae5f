//! A wheel for each platform, with the command and a fixture for pytest.
//!
//! Source: Python Packaging User Guide, "Binary distribution format".

use std::{fs, path::Path};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{
    about::About,
    archive::{Entry, zip},
    build::{Built, Platform},
    notices,
};

const NAME: &str = "ims_emulator";
const SOURCES: &str = "xtask/packaging/python";

pub(super) fn wheel(built: &Built, extras: &Path, about: &About, folder: &Path) -> Result<()> {
    let Built { platform, binary } = built;
    let About { version, description, repository, licence } = about;
    let info = format!("{NAME}-{version}.dist-info");
    let mut entries = Vec::new();
    for file in ["__init__.py", "py.typed"] {
        entries.push(Entry::text(format!("{NAME}/{file}"), read(&format!("{NAME}/{file}"))?));
    }
    // The installer puts the files of this folder among the programs of the environment.
    let scripts = format!("{NAME}-{version}.data/scripts/{}", platform.file());
    entries.push(Entry::program(scripts, binary)?);
    let readme = read("README.md")?;
    let others = notices::FILE;
    let metadata = format!(
        "Metadata-Version: 2.4\nName: ims-emulator\nVersion: {version}\n\
         Summary: A local Adobe IMS for tests, with a fixture for pytest\nLicense-Expression: {licence}\n\
         License-File: LICENSE-APACHE\nLicense-File: LICENSE-MIT\n\
         License-File: {others}\nRequires-Python: >=3.9\n\
         Keywords: adobe,ims,oauth2,testing\nProject-URL: Source, {repository}\nClassifier: Framework :: Pytest\n\
         Description-Content-Type: text/markdown\n\n{readme}\n{description}.\n"
    );
    entries.push(Entry::text(format!("{info}/METADATA"), metadata));
    for licence in ["LICENSE-APACHE", "LICENSE-MIT", others] {
        let text = fs::read_to_string(extras.join(licence))?;
        entries.push(Entry::text(format!("{info}/licenses/{licence}"), text));
    }
    let mut wheel = vec![
        "Wheel-Version: 1.0".to_owned(),
        format!("Generator: cargo xtask dist ({version})"),
        "Root-Is-Purelib: false".to_owned(),
    ];
    wheel.extend(platform.wheel_tags.iter().map(|tag| format!("Tag: py3-none-{tag}")));
    entries.push(Entry::text(format!("{info}/WHEEL"), wheel.join("\n") + "\n"));
    let record = record(&entries, &info);
    entries.push(record);
    Ok(fs::write(folder.join(file_name(platform, about)), zip(&entries)?)?)
}

/// The name of the wheel for `platform`.
pub(super) fn file_name(platform: &Platform, about: &About) -> String {
    format!("{NAME}-{}-py3-none-{}.whl", about.version, platform.wheel_tags.join("."))
}

/// The list of all files with their sums. Its own line has no hash.
fn record(entries: &[Entry], info: &str) -> Entry {
    let mut lines = Vec::new();
    for entry in entries {
        let sum = BASE64_URL_SAFE_NO_PAD.encode(hmac_sha256::Hash::hash(&entry.contents));
        lines.push(format!("{},sha256={sum},{}\n", entry.path, entry.contents.len()));
    }
    lines.push(format!("{info}/RECORD,,\n"));
    Entry::text(format!("{info}/RECORD"), lines.concat())
}

fn read(file: &str) -> Result<String> {
    let path = Path::new(SOURCES).join(file);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
