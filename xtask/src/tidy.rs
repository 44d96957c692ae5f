//! `cargo xtask tidy`: the rules that the compiler and clippy do not know, in one table.

mod banned_code;
mod closures;
mod finding;
mod glossary;
mod imports;
mod layers;
mod layout;
mod manifests;
mod readmes;
mod tokens;
mod tree;

use std::path::Path;

use anyhow::{Result, bail};

use finding::Finding;
use tree::Tree;

/// Checks the rules of this source tree.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Print the rules instead.
    #[arg(long)]
    list: bool,
}

/// One rule, and the function that finds the places that break it.
struct Rule {
    text: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { text: "a crate imports only from layers below it",                          check: layers::imports },
    Rule { text: "no files of a crate import each other in a circle",                        check: imports::circles },
    Rule { text: "a file imports from the module that defines an item",                check: imports::through_root },
    Rule { text: "every crate takes the lints of the workspace",                       check: manifests::lints },
    Rule { text: "every dependency is inherited from the workspace",                   check: manifests::dependencies },
    Rule { text: "a crate's README is the front page of its documentation",            check: manifests::readme },
    Rule { text: "a README reads well where rustdoc does not process it",               check: readmes::without_rustdoc },
    Rule { text: "crates for this workspace only are not published",                 check: manifests::publishing },
    Rule { text: "a file begins with its documentation",                           check: layout::headers },
    Rule { text: "a module with a folder is in a file next to it, not in mod.rs",        check: layout::no_mod_rs },
    Rule { text: "a file has at most 600 lines, tests not counted",                    check: layout::sizes },
    Rule { text: "a link to a file or a heading of this repository leads there",       check: layout::links },
    Rule { text: "no comment leaves work for later",                             check: layout::no_notes },
    Rule { text: "no text contains a path of one machine",                              check: layout::no_machine_paths },
    Rule { text: "names and texts use plain words (see glossary.rs)",                  check: glossary::occurrences },
    Rule { text: "a closure that is used once has no name",                            check: closures::used_once },
    Rule { text: "every dependency is used", check: manifests::unused },
    Rule { text: "no banned code is used (see banned_code.rs)",      check: banned_code::occurrences },
];

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.list {
        print_rules();
        return Ok(());
    }
    let findings = findings(Path::new("."))?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} places break a rule", findings.len());
    }
    println!("all {} rules hold", RULES.len());
    Ok(())
}

fn print_rules() {
    for rule in RULES {
        println!("{}", rule.text);
    }
    for word in glossary::WORDS {
        println!("`{}`: write {}", word.avoid, word.instead);
    }
    for (name, instead) in glossary::NAMES {
        println!("`{name}`: write {instead}");
    }
    for ban in banned_code::BANS {
        println!("`{}` {}", ban.patterns.join("`, `"), ban.reason);
    }
}

/// All places below `root` that break a rule, ordered by path.
pub(crate) fn findings(root: &Path) -> Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let mut findings = tree.unreadable();
    findings.extend(RULES.iter().flat_map(|rule| (rule.check)(&tree)));
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests;
