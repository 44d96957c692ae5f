//! `cargo xtask tidy`: the rules which the compiler and clippy do not know, in one table.

mod banned_code;
mod glossary;
mod imports;
mod layers;
mod layout;
mod manifests;
mod tokens;
mod tree;

use std::{fmt, path::Path};

use anyhow::{Result, bail};

use tree::Tree;

/// Checks that the tree keeps its own rules.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Print the rules instead.
    #[arg(long)]
    list: bool,
}

/// One rule: what it wants, and what finds the places that break it.
struct Rule {
    wants: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { wants: "a crate imports only from layers below it",                          check: layers::arrows },
    Rule { wants: "no two files of a crate import each other",                          check: imports::circles },
    Rule { wants: "a file imports from the module that defines an item",                check: imports::through_root },
    Rule { wants: "every crate takes the lints of the workspace",                       check: manifests::lints },
    Rule { wants: "every dependency is inherited from the workspace",                   check: manifests::dependencies },
    Rule { wants: "a crate's README is its front page in the documentation",            check: manifests::readme },
    Rule { wants: "what serves only this workspace is never published",                 check: manifests::publishing },
    Rule { wants: "a file begins by saying what lives in it",                           check: layout::headers },
    Rule { wants: "a module stands beside its folder, in no mod.rs",                    check: layout::no_mod_rs },
    Rule { wants: "a file has at most 600 lines, tests not counted",                    check: layout::sizes },
    Rule { wants: "nothing is left for later in a comment",                             check: layout::no_notes },
    Rule { wants: "no path of one machine is in the tree",                              check: layout::no_machine_paths },
    Rule { wants: "names and texts use plain words (see glossary.rs)",                  check: glossary::occurrences },
    Rule { wants: "every dependency of the workspace is used, and every one of a crate", check: manifests::unused },
    Rule { wants: "no code is written that has a better way (see banned_code.rs)",      check: banned_code::occurrences },
];

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    /// What is wrong, a colon, and what to do.
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

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
        bail!("places that break a rule: {}", findings.len());
    }
    println!("{} rules are kept", RULES.len());
    Ok(())
}

fn print_rules() {
    for rule in RULES {
        println!("{}", rule.wants);
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

/// All places below `root` that break a rule, in the order of their paths.
pub(crate) fn findings(root: &Path) -> Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let mut findings = tree.unreadable();
    findings.extend(RULES.iter().flat_map(|rule| (rule.check)(&tree)));
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests;
