//! Files by which package managers find the archives: a Debian package, a formula for Homebrew, a manifest for winget.

use std::{collections::BTreeMap, fs, io::Write, path::Path, process::Command};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};

use super::{
    about::About,
    build::{Built, Platform},
    notices,
};
use crate::process::{find_program, output, run as run_command};

/// The name in the package managers. Others may use a name as short as `ims` already.
const NAME: &str = "adobe-ims";

/// Homebrew and Debian allow fewer than 80 characters.
const SUMMARY: &str =
    "Keys, certificates and access tokens of Adobe IMS, and a local IMS for tests";

const FORMULA: &str = "adobe-ims.rb";
const MANIFEST: &str = "winget.yaml";

/// The files that are made from the checksums of the archives.
pub(super) const FILES: &[&str] = &[FORMULA, MANIFEST];

/// A Debian package, if this machine has the tool that builds one.
pub(super) fn debian_package(
    built: &Built,
    extras: &Path,
    about: &About,
    folder: &Path,
) -> Result<()> {
    if find_program("dpkg-deb").is_none() {
        println!("no Debian package: this machine has no `dpkg-deb`");
        return Ok(());
    }
    let tree = folder.join("debian");
    let copies = [
        ("completions/ims.bash", "usr/share/bash-completion/completions/ims"),
        ("completions/_ims", "usr/share/zsh/vendor-completions/_ims"),
        ("completions/ims.fish", "usr/share/fish/vendor_completions.d/ims.fish"),
        // Debian's policy, §12.5: the licence of a package is in this file.
        ("LICENSE-MIT", "usr/share/doc/adobe-ims/copyright"),
        ("LICENSE-APACHE", "usr/share/doc/adobe-ims/LICENSE-APACHE"),
    ];
    copy(&built.binary, &tree.join("usr/bin/ims"))?;
    for (from, to) in copies {
        copy(&extras.join(from), &tree.join(to))?;
    }
    for page in fs::read_dir(extras.join("man"))? {
        let page = page?;
        let name = format!("usr/share/man/man1/{}.gz", page.file_name().to_string_lossy());
        compress(&page.path(), &tree.join(name))?;
    }
    let others = format!("usr/share/doc/adobe-ims/{}.gz", notices::FILE);
    compress(&extras.join(notices::FILE), &tree.join(others))?;
    compress(&extras.join("CHANGELOG.md"), &tree.join("usr/share/doc/adobe-ims/changelog.gz"))?;
    let architecture = architecture(built.platform);
    let libc = oldest_libc(&built.binary)?;
    let control = format!(
        "Package: {NAME}\nVersion: {version}\nArchitecture: {architecture}\nSection: utils\nPriority: optional\n\
         Maintainer: the maintainers of ims <{repository}>\nHomepage: {repository}\n\
         Depends: libc6 (>= {libc})\nRecommends: ca-certificates\nDescription: {SUMMARY}\n",
        version = about.version,
        repository = about.repository,
    );
    fs::create_dir_all(tree.join("DEBIAN"))?;
    fs::write(tree.join("DEBIAN/control"), control)?;
    let package = folder.join(debian_file(built.platform, about));
    let mut packing = Command::new("dpkg-deb");
    packing.args(["--build", "--root-owner-group"]).arg(&tree).arg(package);
    run_command(&mut packing)?;
    Ok(fs::remove_dir_all(tree)?)
}

/// The name of the Debian package for `platform`.
pub(super) fn debian_file(platform: &Platform, about: &About) -> String {
    format!("{NAME}_{}_{}.deb", about.version, architecture(platform))
}

/// What Debian calls the processor.
fn architecture(platform: &Platform) -> &'static str {
    if platform.processor == "x64" { "amd64" } else { "arm64" }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    fs::copy(from, to).with_context(|| format!("{} is not there", from.display()))?;
    Ok(())
}

/// Debian's policy, §12.1 and §12.7: manual pages and changelogs are compressed. No date is in the result.
fn compress(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(from)?)?;
    Ok(fs::write(to, encoder.finish()?)?)
}

/// The newest version of glibc of which the binary needs a function.
fn oldest_libc(binary: &Path) -> Result<String> {
    let symbols = output(Command::new("objdump").arg("-T").arg(binary))?;
    newest_version(&symbols).context("the binary needs no glibc, or objdump does not say which")
}

fn newest_version(symbols: &str) -> Option<String> {
    let words = symbols.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    let versions = words.filter_map(|word| word.strip_prefix("GLIBC_"));
    versions.max_by_key(|version| numbers(version)).map(str::to_owned)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// The formula for Homebrew and the manifest for winget, of those archives that have a sum.
pub(super) fn write(sums: &BTreeMap<String, String>, about: &About, folder: &Path) -> Result<()> {
    if let Some(formula) = formula(sums, about) {
        fs::write(folder.join(FORMULA), formula)?;
    }
    if let Some(manifest) = winget(sums, about) {
        fs::write(folder.join(MANIFEST), manifest)?;
    }
    Ok(())
}

/// Homebrew, "Formula Cookbook": one archive for each system and processor.
fn formula(sums: &BTreeMap<String, String>, about: &About) -> Option<String> {
    let mut cases = Vec::new();
    for (system, processor, target) in [
        ("macos", "arm", "aarch64-apple-darwin"),
        ("macos", "intel", "x86_64-apple-darwin"),
        ("linux", "arm", "aarch64-unknown-linux-gnu"),
        ("linux", "intel", "x86_64-unknown-linux-gnu"),
    ] {
        let name = format!("ims-{}-{target}.tar.gz", about.version);
        if let Some(sum) = sums.get(&name) {
            let url = about.download(&name);
            cases.push(format!(
                "  on_{system} do\n    on_{processor} do\n      url \"{url}\"\n      sha256 \"{sum}\"\n    end\n  end\n"
            ));
        }
    }
    if cases.is_empty() {
        return None;
    }
    let cases = cases.concat();
    let About { version, repository, licence, .. } = about;
    let licence = match licence.split_once(" OR ") {
        Some((one, other)) => format!("any_of: [\"{one}\", \"{other}\"]"),
        None => format!("\"{licence}\""),
    };
    Some(format!(
        "class AdobeIms < Formula\n  desc \"{SUMMARY}\"\n  homepage \"{repository}\"\n  version \"{version}\"\n  \
         license {licence}\n\n{cases}\n  def install\n    bin.install \"ims\"\n    man1.install Dir[\"man/*.1\"]\n    \
         bash_completion.install \"completions/ims.bash\" => \"ims\"\n    zsh_completion.install \"completions/_ims\"\n    \
         fish_completion.install \"completions/ims.fish\"\n  end\n\n  test do\n    system bin/\"ims\", \"demo\"\n  end\nend\n"
    ))
}

/// winget, "Create your package manifest": a zip with a program, as a singleton.
fn winget(sums: &BTreeMap<String, String>, about: &About) -> Option<String> {
    let targets = ["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"];
    let found = targets.iter().find_map(|target| {
        let name = format!("ims-{}-{target}", about.version);
        sums.get(&format!("{name}.zip")).map(|sum| (name, sum.to_uppercase()))
    });
    let (name, sum) = found?;
    let url = about.download(&format!("{name}.zip"));
    let About { version, description, repository, licence } = about;
    Some(format!(
        "# yaml-language-server: $schema=https://aka.ms/winget-manifest.singleton.1.9.0.schema.json\n\
         PackageIdentifier: AdobeIms.Ims\nPackageVersion: {version}\nPackageLocale: en-US\nPublisher: the maintainers of ims\n\
         PackageName: ims\nPackageUrl: {repository}\nLicense: {licence}\nShortDescription: '{description}'\nCommands: [ims]\n\
         InstallerType: zip\nNestedInstallerType: portable\nNestedInstallerFiles:\n- RelativeFilePath: {name}\\ims.exe\n  \
         PortableCommandAlias: ims\nInstallers:\n- Architecture: x64\n  InstallerUrl: {url}\n  InstallerSha256: {sum}\n\
         ManifestType: singleton\nManifestVersion: 1.9.0\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            version: "1.2.3".into(),
            description: "The command".into(),
            repository: "https://example.com/x".into(),
            licence: "Apache-2.0 OR MIT".into(),
        }
    }

    #[test]
    fn the_newest_symbol_decides_which_glibc_is_needed() {
        let symbols = "0 DF *UND* 0 (GLIBC_2.2.5) read\n0 DF *UND* 0 (GLIBC_2.34) x\n0 DF *UND* 0 (GLIBC_2.9) y\n";
        assert_eq!(newest_version(symbols).as_deref(), Some("2.34"));
        assert_eq!(newest_version("not a dynamic object"), None);
    }

    #[test]
    fn the_summary_is_as_short_as_package_managers_require() {
        assert!(SUMMARY.len() < 80 && !SUMMARY.ends_with('.'));
    }

    #[test]
    fn a_formula_has_the_archives_that_were_built_and_their_sums() {
        let name = "ims-1.2.3-x86_64-unknown-linux-gnu.tar.gz";
        let sums = BTreeMap::from([(name.to_owned(), "abc".to_owned())]);
        let formula = formula(&sums, &about()).unwrap();
        assert!(
            formula.contains(&format!("https://example.com/x/releases/download/v1.2.3/{name}"))
        );
        assert!(formula.contains("sha256 \"abc\"") && !formula.contains("on_macos"), "{formula}");
        assert!(formula.contains("any_of: [\"Apache-2.0\", \"MIT\"]"), "{formula}");
        assert!(winget(&sums, &about()).is_none(), "there is no archive for Windows");
    }

    #[test]
    fn winget_gets_the_archive_for_windows_with_its_sum_in_capitals() {
        let sums = BTreeMap::from([("ims-1.2.3-x86_64-pc-windows-gnu.zip".into(), "abc".into())]);
        let manifest = winget(&sums, &about()).unwrap();
        assert!(manifest.contains("InstallerSha256: ABC\n"), "{manifest}");
        assert!(manifest.contains("RelativeFilePath: ims-1.2.3-x86_64-pc-windows-gnu\\ims.exe\n"));
        assert!(formula(&sums, &about()).is_none());
    }
}
