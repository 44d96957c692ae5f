//! Code that this project does not use and clippy cannot find, and what to write instead.

use super::{
    finding::Finding,
    layers::BELOW_IMS,
    manifests::UNPUBLISHED,
    tokens::Token,
    tree::{File, Tree},
};

/// The crate that reads environment variables, since some of them are credentials.
const CREDENTIALS: &str = "ims-credentials";

/// Token sequences that are wrong in one part of the tree.
pub(super) struct Ban {
    /// `…` stands for anything but a semicolon.
    pub(super) patterns: &'static [&'static str],
    scope: Scope,
    /// Why it is banned, a colon, and what to do instead.
    pub(super) reason: &'static str,
}

/// The part of the tree in which a ban holds.
#[derive(Clone, Copy)]
enum Scope {
    Everywhere,
    /// Not in `clock.rs`, in tests, in the automation or in measurements.
    OutsideClock,
    /// The published crates, tests not counted.
    Published,
    /// The crates below the facade but the one that reads credentials, tests not counted.
    BelowIms,
}

use Scope::{BelowIms, Everywhere, OutsideClock, Published};

#[rustfmt::skip]
pub(super) const BANS: &[Ban] = &[
    Ban { patterns: &["#[ignore"],                                  scope: Everywhere,   reason: "hides a test: repair the test or remove it" },
    Ban { patterns: &["#[should_panic"],                            scope: Everywhere,   reason: "passes for any panic: return an error and compare it" },
    Ban { patterns: &["pub use…*", "pub(crate)use…*", "pub(super)use…*"], scope: Everywhere, reason: "exports what no one chose: name each item" },
    Ban { patterns: &["mod utils", "mod common", "mod types", "mod misc", "mod helpers"], scope: Everywhere, reason: "names no concept: name the module for its contents" },
    Ban { patterns: &["SystemTime::now", "Instant::now"],           scope: OutsideClock, reason: "reads the clock outside clock.rs: take `now` as an argument" },
    Ban { patterns: &["env::", "env;", "env,", "env}", "env as"],   scope: BelowIms,     reason: "reads the environment below the crate ims, where only ims-credentials does: take the value as an argument" },
    Ban { patterns: &[".display()"],                                scope: Published,    reason: "repeats what was given for a path, which may be a document or a secret: ims_files::shown in messages, to_string_lossy for data" },
];

/// Every place with banned code.
pub(super) fn occurrences(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        findings.extend(BANS.iter().flat_map(|ban| ban.occurrences(file)));
    }
    findings
}

impl Ban {
    fn occurrences(&self, file: &File) -> Vec<Finding> {
        if !self.scope.covers(file) {
            return Vec::new();
        }
        let mut findings = Vec::new();
        for pattern in self.patterns {
            let words = words(pattern);
            for start in 0..file.tokens.len() {
                let token = &file.tokens[start];
                if matches(&file.tokens[start..], &words)
                    && !(token.in_test && self.scope.excludes_tests())
                {
                    findings.push(Finding::new(
                        &file.path,
                        token.line,
                        format!("`{pattern}` {}", self.reason),
                    ));
                }
            }
        }
        findings
    }
}

impl Scope {
    fn covers(self, file: &File) -> bool {
        let published = file.crate_name().filter(|name| !UNPUBLISHED.contains(name));
        match self {
            Everywhere => true,
            Published => published.is_some(),
            OutsideClock => published.is_some() && file.name() != "clock.rs",
            BelowIms => {
                published.is_some_and(|name| BELOW_IMS.contains(&name) && name != CREDENTIALS)
            }
        }
    }

    fn excludes_tests(self) -> bool {
        !matches!(self, Everywhere)
    }
}

/// Whether `tokens` begin with `words`.
fn matches(tokens: &[Token], words: &[String]) -> bool {
    let Some((word, rest)) = words.split_first() else { return true };
    if word == "…" {
        let statement = tokens.iter().take_while(|token| token.text != ";").count();
        return (0..statement).any(|skipped| matches(&tokens[skipped..], rest));
    }
    tokens.split_first().is_some_and(|(token, after)| token.text == *word && matches(after, rest))
}

/// Splits a pattern into the tokens of Rust; each character of punctuation is one token.
fn words(pattern: &str) -> Vec<String> {
    let characters: Vec<char> = pattern.chars().collect();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let words = characters.chunk_by(|one, next| is_word(one) && is_word(next));
    words.map(|word| word.iter().collect::<String>()).filter(|word| word != " ").collect()
}
