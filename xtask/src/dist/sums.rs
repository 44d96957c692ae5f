//! SHA256SUMS, which `sha256sum --check` reads.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::Result;

const FILE: &str = "SHA256SUMS";

/// The SHA-256 sum of each file in `folder`, by its name. They are written into a file, too.
///
/// Files called `without` have none: they are made from the sums, and may be left from an earlier run.
pub(super) fn write(folder: &Path, without: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut sums = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && name != FILE && !without.contains(&name.as_str()) {
            sums.insert(name, sum(&fs::read(&path)?));
        }
    }
    let mut text = String::new();
    for (name, sum) in &sums {
        writeln!(text, "{sum}  {name}")?;
    }
    fs::write(folder.join(FILE), text)?;
    Ok(sums)
}

/// The SHA-256 sum in hexadecimal.
pub(crate) fn sum(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in hmac_sha256::Hash::hash(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_that_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sum(b"abc"), expected);
    }

    #[test]
    fn every_file_has_a_line_but_the_sums_and_what_is_made_from_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "abc").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        fs::write(folder.path().join("formula"), "").unwrap();
        for _ in 0..2 {
            let sums = write(folder.path(), &["formula"]).unwrap();
            assert_eq!(sums.into_keys().collect::<Vec<_>>(), ["a", "b"]);
        }
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.ends_with("f20015ad  b\n"), "{text}");
    }
}
