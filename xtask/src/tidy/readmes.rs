//! READMEs that read well where rustdoc does not process them: on a forge and on crates.io.

use super::{
    finding::Finding,
    tree::{File, Tree},
};

/// The languages of code blocks that rustdoc compiles.
const RUST: &[&str] =
    &["", "compile_fail", "edition2024", "ignore", "no_run", "rust", "should_panic"];

/// Lines of an example that rustdoc hides, and names in brackets that only rustdoc turns into links.
pub(super) fn without_rustdoc(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| is_covered(file)) {
        findings.extend(findings_in(file));
    }
    findings
}

fn is_covered(file: &File) -> bool {
    let name = file.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/README.md"));
    name.is_some_and(|name| !name.contains('/'))
}

fn findings_in(file: &File) -> Vec<Finding> {
    const HIDDEN: &str =
        "a hidden line is visible on a forge: remove `# `, or make the example simpler";
    let mut findings = Vec::new();
    let mut block = None;
    for (index, line) in file.text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(is_rust(language)) };
            continue;
        }
        match block {
            Some(true) if line == "#" || line.starts_with("# ") => {
                findings.push(Finding::new(&file.path, index + 1, HIDDEN));
            }
            None => {
                for name in names_without_target(line, &file.text) {
                    let message = format!(
                        "[`{name}`] is not a link on a forge: remove the brackets, or add a target"
                    );
                    findings.push(Finding::new(&file.path, index + 1, message));
                }
            }
            Some(_) => {}
        }
    }
    findings
}

fn is_rust(language: &str) -> bool {
    language.split(',').all(|word| RUST.contains(&word.trim()))
}

/// The names in ``[`Name`]`` without a target behind it or in `text`.
fn names_without_target<'a>(line: &'a str, text: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for after in line.split("[`").skip(1) {
        let Some((name, rest)) = after.split_once("`]") else {
            continue;
        };
        let has_target =
            rest.starts_with(['(', '[', ':']) || text.contains(&format!("\n[`{name}`]: "));
        if !name.contains('`') && !has_target {
            names.push(name);
        }
    }
    names
}
