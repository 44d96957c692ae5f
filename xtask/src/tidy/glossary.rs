//! Words that this project does not use, in names, comments, messages and documents, with the plain ones in their place.

use super::{
    finding::Finding,
    tree::{File, Tree},
};

/// A word or a phrase, and what to write instead.
pub(super) struct Word {
    /// In small letters, the words with one space between them.
    pub(super) avoid: &'static str,
    pub(super) instead: &'static str,
    /// With this word after it, it means something else.
    pub(super) unless_before: Option<&'static str>,
    /// With these words before it, it is the text of someone else.
    pub(super) unless_after: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) const WORDS: &[Word] = &[
    word("anew",         "again"),
    word("are told",     "the active verb: IMS reports it"),
    word("be had",       "available"),
    word("belong into",  "belong in"),
    word("belongs into", "belongs in"),
    word("beside",       "next to"),
    // IMS answers "The binding requires a JTI", and adobe/jwt-auth#6 quotes "the metascopes in the binding".
    Word { unless_before: Some("requires"), unless_after: &["in the", "bindings"], ..word("binding", "integration") },
    // IMS answers "Could not match JWT signature to any of the bindings".
    Word { unless_after: &["any of the", "api", "formerly"], ..word("bindings", "integrations") },
    word("brings",       "adds"),
    word("but for",      "except for"),
    word("came about",   "happened, or the verb itself: the connection failed"),
    word("come about",   "happen, or the verb itself"),
    word("comes to a stop", "hangs or stops"),
    word("for ever",     "forever"),
    word("gone on with", "continued"),
    word("hand out",     "give or return"),
    word("handed out",   "given or returned"),
    word("hands out",    "gives or returns"),
    word("held against", "compared with, or counted"),
    word("in the place of", "in place of, or replaces"),
    word("in vain",      "without success"),
    word("is told",      "the active verb: the caller gets it"),
    word("its like",     "similar ones"),
    word("knows no",     "does not know or has no"),
    word("laid over",    "applied to"),
    word("left away",    "left out"),
    word("let go",       "dropped, removed or closed"),
    word("lies",         "is"),
    Word { unless_before: Some("than"), ..word("no more", "no longer") },
    word("nobody",       "no one, or anyone who"),
    word("nothing but",  "only"),
    word("of its own",   "its own"),
    word("of our own",   "our own"),
    word("of the wild",  "in use"),
    word("of their own", "their own"),
    word("oftener",      "more often"),
    word("once more",    "again"),
    word("passed over",  "ignored or skipped"),
    word("seldom",       "rarely"),
    word("shall",        "must, or will"),
    word("so many",      "this number of"),
    word("speaks",       "uses, supports or serves"),
    Word { unless_before: Some("for"), ..word("stands", "is") },
    word("take away",    "remove"),
    word("take the place of", "replace"),
    word("taken away",   "removed"),
    word("taken for",    "read as, or confused with"),
    word("takes away",   "removes"),
    word("takes the place of", "replaces"),
    word("told apart",   "distinguished"),
    word("told of",      "reported"),
    word("told otherwise", "set otherwise, or by default"),
    word("under way",    "in progress"),
    word("upon",         "on"),
    word("wants no",     "needs no"),
    word("whoever",      "anyone who"),
    word("whom",         "another sentence: its subject, its user, or who"),
];

const fn word(avoid: &'static str, instead: &'static str) -> Word {
    Word { avoid, instead, unless_before: None, unless_after: &[] }
}

/// Names of types, functions and constants that say nothing to a newcomer, and the usual ones.
#[rustfmt::skip]
pub(super) const NAMES: &[(&str, &str)] = &[
    ("ATTENTION",   "SPIN_TIME"),
    ("Departed",    "the state of the single-flight"),
    ("FAREWELL",    "SHUTDOWN_GRACE"),
    ("Flight",      "InFlight"),
    ("Gate",        "Backoff or CallGuard"),
    ("Glance",      "Lookup"),
    ("Landing",     "Outcome"),
    ("Line",        "Worker"),
    ("NEXT_HOLDER", "LEASE_POLL_INTERVAL"),
    ("Need",        "Requirement"),
    ("Occasion",    "the cause, such as LoginCause"),
    ("Order",       "RefreshRequest"),
    ("PATIENCE",    "a timeout, such as REFRESH_TIMEOUT"),
    ("Pilot",       "Leader"),
    ("Place",       "what it is a place of, such as Source or OutputFile"),
    ("Preferred",   "Alternatives"),
    ("Presented",   "CredentialKind"),
    ("Room",        "Capacity"),
    ("Shelf",       "CacheShard"),
    ("Side",        "what the sides are, such as CredentialKind"),
    ("Stamp",       "RequestId"),
    ("TURN",        "an interval, such as POLL_INTERVAL"),
    ("Unobtained",  "NotObtained"),
    ("Unsaved",     "UnsavedRefreshToken"),
    ("Way",         "what the ways are, such as SignInMethod"),
    ("Wish",        "AuthorizeRequest"),
    ("gives_way",   "is_older_than"),
    ("is_it",       "matches"),
    ("take_off",    "start"),
    ("telling",     "report"),
];

/// The endings of files that people read.
const ENDINGS: &[&str] = &["cjs", "html", "md", "mjs", "py", "rs", "toml", "yml"];

/// Files that have the words because they are about them.
const ABOUT_WORDS: &[&str] = &["xtask/src/tidy/glossary.rs", "xtask/src/tidy/tests.rs"];

/// Files with a word that earlier scenarios of the emulator use.
const OLD_NAMES: &[(&str, &str)] = &[
    ("crates/ims-emulator/src/admin.rs", "bindings"),
    ("crates/ims-emulator/src/scenario.rs", "bindings"),
    ("crates/ims-cli/tests/emulator.rs", "bindings"),
];

/// Every place where such a word is.
pub(super) fn occurrences(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| covers(file)) {
        findings.extend(words_in(file));
        findings.extend(names_in(file));
    }
    findings
}

fn covers(file: &File) -> bool {
    let is_read = ENDINGS.contains(&file.ending());
    is_read && !ABOUT_WORDS.contains(&file.path.as_str())
}

fn words_in(file: &File) -> Vec<Finding> {
    let text = split(&file.text);
    let mut findings = Vec::new();
    for start in 0..text.len() {
        for word in WORDS.iter().filter(|word| word.is_at(&text, start)) {
            if OLD_NAMES.contains(&(file.path.as_str(), word.avoid)) {
                continue;
            }
            findings.push(finding(file, text[start].line, word.avoid, word.instead));
        }
    }
    findings
}

impl Word {
    fn is_at(&self, text: &[TextWord], start: usize) -> bool {
        let end = start + self.avoid.split(' ').count();
        if !are_at(self.avoid, text, start) {
            return false;
        }
        let is_other_meaning = self.unless_before.is_some_and(|next| are_at(next, text, end));
        let is_quote = self.unless_after.iter().any(|words| {
            let before = start.checked_sub(words.split(' ').count());
            before.is_some_and(|before| are_at(words, text, before))
        });
        !is_other_meaning && !is_quote
    }
}

/// Whether `text` has these words from `start` on, in one sentence.
fn are_at(words: &str, text: &[TextWord], start: usize) -> bool {
    for (index, word) in words.split(' ').enumerate() {
        let Some(found) = text.get(start + index) else {
            return false;
        };
        if found.text != word || (index > 0 && !found.follows) {
            return false;
        }
    }
    true
}

fn names_in(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for token in &file.tokens {
        for (avoid, instead) in NAMES.iter().filter(|(avoid, _)| token.text == *avoid) {
            findings.push(finding(file, token.line, avoid, instead));
        }
    }
    findings
}

fn finding(file: &File, line: usize, avoid: &str, instead: &str) -> Finding {
    let message = format!("`{avoid}` is not plain English here: write {instead}");
    Finding::new(&file.path, line, message)
}

/// A word of a text, in small letters.
struct TextWord {
    text: String,
    line: usize,
    /// Whether nothing but blanks, underscores and the marks of a comment are between it and the word before.
    follows: bool,
}

fn split(text: &str) -> Vec<TextWord> {
    let mut words = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // A sentence goes on in the next line, whatever begins the line there.
        let mut follows = true;
        for part in line.split_inclusive(|c: char| !c.is_alphanumeric() && c != '\'') {
            let text = part.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '\'');
            if !text.is_empty() {
                words.push(TextWord { text: text.to_lowercase(), line: index + 1, follows });
                follows = true;
            }
            let mark = part.chars().next_back().unwrap_or(' ');
            follows &= mark.is_alphanumeric() || " _/!*#>\\".contains(mark);
        }
    }
    words
}
