//! The checks of one request as a verdict keeps them. There are dozens, so their texts are parts of one string.

use std::{
    fmt::{self, Write},
    slice,
};

use serde::{Serialize, Serializer};

/// One check of a request.
///
/// ```
/// # use ims_emulator::Verdict;
/// fn show(verdict: &Verdict) {
///     for check in &verdict.checks {
///         println!("{}: expected {}, got {}", check.name, check.expected, check.actual);
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check<'a> {
    /// What was checked.
    pub name: &'static str,
    /// Whether it was as expected.
    pub passed: bool,
    /// What was expected.
    pub expected: &'a str,
    /// What the request has, cut to 200 characters; secrets are only described.
    pub actual: &'a str,
}

/// The checks of one request, in the order in which they were made. Only the last can have failed.
///
/// ```
/// # use ims_emulator::Verdict;
/// fn show(verdict: &Verdict) {
///     if let Some(check) = verdict.checks.failed() {
///         println!("of {} checks the last one failed: {check}", verdict.checks.len());
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct CheckList {
    entries: Vec<Entry>,
    text: String,
}

#[derive(Clone)]
struct Entry {
    name: &'static str,
    passed: bool,
    expected: Text,
    actual: Text,
}

/// A text of a check: a constant, or a part of the text of its list.
#[derive(Clone, Copy)]
pub(crate) enum Text {
    Constant(&'static str),
    Part { start: u32, end: u32 },
}

/// The texts of a check, before they are stored.
pub(crate) enum Wording<'a> {
    Constant(&'static str),
    Formatted(fmt::Arguments<'a>),
    Made(String),
}

impl CheckList {
    /// Room for the checks of a usual exchange, which are the most.
    pub(crate) fn with_usual_capacity() -> Self {
        Self { entries: Vec::with_capacity(40), text: String::with_capacity(1024) }
    }

    /// How many checks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The checks, the first one first.
    pub fn iter(&self) -> CheckIter<'_> {
        CheckIter { list: self, entries: self.entries.iter() }
    }

    /// The last check.
    #[must_use]
    pub fn last(&self) -> Option<Check<'_>> {
        self.iter().next_back()
    }

    /// The check that failed, if the request was refused because of one.
    #[must_use]
    pub fn failed(&self) -> Option<Check<'_>> {
        self.last().filter(|check| !check.passed)
    }

    /// Stores a text of the next check, as it can be shown: with at most `limit` characters.
    pub(crate) fn write<'a>(&mut self, wording: impl Into<Wording<'a>>, limit: usize) -> Text {
        let start = self.text.len();
        match wording.into() {
            Wording::Constant(text) => return Text::Constant(text),
            Wording::Formatted(arguments) => {
                // Writing to a string never fails.
                let _ = self.text.write_fmt(arguments);
            }
            Wording::Made(text) => self.text.push_str(&text),
        }
        if let Some(cut) = cut(&self.text[start..], limit) {
            self.text.truncate(start);
            self.text.push_str(&cut);
        }
        let place = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Text::Part { start: place(start), end: place(self.text.len()) }
    }

    /// Adds a check whose texts are stored.
    pub(crate) fn push(&mut self, name: &'static str, passed: bool, expected: Text, actual: Text) {
        self.entries.push(Entry { name, passed, expected, actual });
    }

    /// Adds a check before the last one.
    pub(crate) fn push_before_last(&mut self, name: &'static str, actual: Text) {
        let place = self.entries.len().saturating_sub(1);
        let entry = Entry { name, passed: true, expected: Text::Constant(""), actual };
        self.entries.insert(place, entry);
    }

    /// Removes `text`, which belongs to no check, if nothing was written after it.
    pub(crate) fn forget(&mut self, text: Text) {
        if let Text::Part { start, end } = text
            && end as usize == self.text.len()
        {
            self.text.truncate(start as usize);
        }
    }

    /// How long `text` is, in bytes.
    pub(crate) fn length(text: Text) -> usize {
        match text {
            Text::Constant(text) => text.len(),
            Text::Part { start, end } => (end - start) as usize,
        }
    }

    /// Replaces what the request has by `description` in each check that `is_secret` says holds a secret.
    pub(crate) fn mask(&mut self, description: &'static str, is_secret: impl Fn(&str) -> bool) {
        // This is rare: if the secret is not in the whole text, it is in none of its parts.
        if !is_secret(&self.text) {
            return;
        }
        for entry in &mut self.entries {
            let Text::Part { start, end } = entry.actual else { continue };
            let part = start as usize..end as usize;
            if is_secret(&self.text[part.clone()]) {
                let blank = " ".repeat(part.len());
                self.text.replace_range(part, &blank);
                entry.actual = Text::Constant(description);
            }
        }
    }

    /// Gives back the memory that is not used, since a verdict is kept for long. A usual exchange fills nearly all of it, and
    /// giving back the little that is left would take longer than it is worth.
    pub(crate) fn shrink(&mut self) {
        if self.entries.capacity() > self.entries.len() + self.entries.len() / 4 {
            self.entries.shrink_to_fit();
        }
        if self.text.capacity() > self.text.len() + self.text.len() / 4 {
            self.text.shrink_to_fit();
        }
    }

    fn text(&self, text: Text) -> &str {
        match text {
            Text::Constant(text) => text,
            Text::Part { start, end } => &self.text[start as usize..end as usize],
        }
    }

    fn check(&self, entry: &Entry) -> Check<'_> {
        Check {
            name: entry.name,
            passed: entry.passed,
            expected: self.text(entry.expected),
            actual: self.text(entry.actual),
        }
    }
}

impl<'a> IntoIterator for &'a CheckList {
    type Item = Check<'a>;
    type IntoIter = CheckIter<'a>;

    fn into_iter(self) -> CheckIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for CheckList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Serialize for CheckList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl fmt::Display for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, passed, expected, actual } = self;
        match (passed, actual.is_empty()) {
            (true, true) => write!(f, "ok   {name}"),
            (true, false) => write!(f, "ok   {name}: {actual}"),
            (false, true) => write!(f, "FAIL {name}: expected {expected}, there is none"),
            (false, false) => write!(f, "FAIL {name}: expected {expected}, got {actual}"),
        }
    }
}

/// The checks of a [`CheckList`], from either end.
///
/// ```
/// # use ims_emulator::Verdict;
/// fn count_passed(verdict: &Verdict) -> usize {
///     verdict.checks.iter().filter(|check| check.passed).count()
/// }
/// ```
#[derive(Clone)]
pub struct CheckIter<'a> {
    list: &'a CheckList,
    entries: slice::Iter<'a, Entry>,
}

impl<'a> Iterator for CheckIter<'a> {
    type Item = Check<'a>;

    fn next(&mut self) -> Option<Check<'a>> {
        self.entries.next().map(|entry| self.list.check(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl DoubleEndedIterator for CheckIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.entries.next_back().map(|entry| self.list.check(entry))
    }
}

impl ExactSizeIterator for CheckIter<'_> {}

impl fmt::Debug for CheckIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl From<&'static str> for Wording<'_> {
    fn from(text: &'static str) -> Self {
        Self::Constant(text)
    }
}

impl<'a> From<fmt::Arguments<'a>> for Wording<'a> {
    fn from(arguments: fmt::Arguments<'a>) -> Self {
        Self::Formatted(arguments)
    }
}

impl From<String> for Wording<'_> {
    fn from(text: String) -> Self {
        Self::Made(text)
    }
}

/// `text` as it can be shown on a terminal if it is not so already: with at most `limit` characters, and none that controls
/// it.
pub(crate) fn cut(text: &str, limit: usize) -> Option<String> {
    if text.len() <= limit && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return None;
    }
    let mut chars = text.chars();
    let mut cut = String::new();
    for c in chars.by_ref().take(limit) {
        let is_printable = c.is_alphanumeric() || c.is_ascii_graphic() || " …≤".contains(c);
        cut.push(if is_printable { c } else { '\u{fffd}' });
    }
    if chars.next().is_some() {
        cut.push('…');
    }
    Some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_checks_are_kept_apart() {
        let mut list = CheckList::default();
        for number in 0..3 {
            let expected = list.write(format_args!("number {number}"), 100);
            let actual = list.write("a constant", 100);
            list.push("is right", number != 2, expected, actual);
        }
        let passed: Vec<_> = list.iter().map(|check| (check.expected, check.passed)).collect();
        assert_eq!(passed, [("number 0", true), ("number 1", true), ("number 2", false)]);
        assert_eq!(list.failed().map(|check| check.expected), Some("number 2"));
        assert_eq!(list.iter().next_back(), list.last());
    }

    #[test]
    fn a_secret_is_masked_where_it_is_and_is_nowhere_afterwards() {
        let mut list = CheckList::default();
        for actual in ["before", "it is my-secret.", "my-", "secret"] {
            let actual = list.write(format_args!("{actual}"), 100);
            list.push("is right", true, Text::Constant("x"), actual);
        }
        list.mask("a client secret", |text| text.contains("my-secret"));
        let actual: Vec<_> = list.iter().map(|check| check.actual).collect();
        assert_eq!(actual, ["before", "a client secret", "my-", "secret"]);
        assert!(!list.text[.."before it is my-secret.".len()].contains("my-secret"));
    }
}
