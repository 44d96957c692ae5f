//! How a request is examined: one check after another, each recorded, until one fails.

use std::borrow::Cow;

use ims_claims::ClientId;

use crate::{
    check_list::{CheckList, Text, Wording, cut},
    refusal::Refusal,
};

/// The checks of one request so far, and whose request it is once that is known.
#[derive(Debug)]
pub(crate) struct Checks {
    made: CheckList,
    /// How many bytes of text the checks have.
    size: usize,
    /// How many passed checks were left out because of the limits.
    omitted: usize,
    client_id: Option<ClientId>,
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self { made: CheckList::with_usual_capacity(), size: 0, omitted: 0, client_id: None }
    }

    /// The check `name`, which passes if there is a value.
    pub(crate) fn given<T>(&mut self, name: &'static str, value: Option<T>) -> Pending<'_, T> {
        let (expected, actual) = (Text::Constant(""), Text::Constant(""));
        Pending { checks: self, name, expected, actual, value }
    }

    /// The check `name`, which passes if `holds`.
    pub(crate) fn that(&mut self, name: &'static str, holds: bool) -> Pending<'_, ()> {
        self.given(name, holds.then_some(()))
    }

    /// Records a check that decides what the answer says, not whether it is given.
    pub(crate) fn note<'a>(
        &mut self,
        name: &'static str,
        passed: bool,
        expected: &'static str,
        actual: impl Into<Wording<'a>>,
    ) {
        let actual = self.made.write(actual, MAX_SHOWN);
        self.push(name, passed, Text::Constant(expected), actual);
    }

    /// Records a check. A request with many parts has many checks. Only a limited number of passed checks is kept, and
    /// always the failed one.
    fn push(&mut self, name: &'static str, passed: bool, expected: Text, actual: Text) {
        let size = name.len() + CheckList::length(expected) + CheckList::length(actual);
        let has_room = self.made.len() + 2 < MAX_CHECKS && self.size + size <= MAX_SIZE;
        if passed && !has_room {
            self.omitted += 1;
            // In the reverse of the order in which they are written: what follows a text is removed first.
            self.made.forget(actual);
            self.made.forget(expected);
            return;
        }
        self.size += size;
        self.made.push(name, passed, expected, actual);
    }

    pub(crate) fn is_made_by(&mut self, client_id: &ClientId) {
        self.client_id = Some(client_id.clone());
    }

    pub(crate) fn into_parts(mut self) -> (CheckList, Option<ClientId>) {
        if self.omitted > 0 {
            let actual = self.made.write(format_args!("{} that passed", self.omitted), MAX_SHOWN);
            // Only the last check can have failed.
            self.made.push_before_last("further checks", actual);
        }
        self.made.shrink();
        (self.made, self.client_id)
    }
}

/// A check that is about to be recorded.
#[must_use = "call `or` with the refusal: only then the check counts"]
pub(crate) struct Pending<'a, T> {
    checks: &'a mut Checks,
    name: &'static str,
    expected: Text,
    actual: Text,
    value: Option<T>,
}

impl<T> Pending<'_, T> {
    pub(crate) fn expected<'a>(mut self, expected: impl Into<Wording<'a>>) -> Self {
        self.expected = self.checks.made.write(expected, MAX_EXPECTED);
        self
    }

    /// What the request has; never a secret.
    pub(crate) fn actual<'a>(mut self, actual: impl Into<Wording<'a>>) -> Self {
        self.actual = self.checks.made.write(actual, MAX_SHOWN);
        self
    }

    /// Records the check, and refuses the request if it failed.
    pub(crate) fn or(self, refusal: Refusal) -> Result<T, Refusal> {
        self.checks.push(self.name, self.value.is_some(), self.expected, self.actual);
        self.value.ok_or(refusal)
    }
}

/// The most checks of one verdict.
const MAX_CHECKS: usize = 64;

/// The most bytes of text that the checks of one verdict have, without the failed one.
const MAX_SIZE: usize = 12 * 1024;

/// The longest text about what was expected, in characters.
const MAX_EXPECTED: usize = 400;

/// The longest part of a request that a verdict repeats, in characters.
const MAX_SHOWN: usize = 200;

/// `text` as it can be shown on a terminal: cut, and without characters that control it.
pub(crate) fn shown(text: Cow<'static, str>) -> Cow<'static, str> {
    match cut(&text, MAX_SHOWN) {
        Some(cut) => cut.into(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_failed_check_refuses_and_is_the_last_one_written_down() {
        let mut checks = Checks::new();
        let first = checks.that("first", true).expected("x").actual("x").or(Refusal::Expired);
        let second = checks.given("second", None::<u8>).actual("y").or(Refusal::JtiUsed);
        assert_eq!((first, second), (Ok(()), Err(Refusal::JtiUsed)));
        let (made, _) = checks.into_parts();
        assert_eq!(made.iter().map(|check| check.passed).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_verdict_is_bounded_and_keeps_the_check_that_failed() {
        let mut checks = Checks::new();
        for _ in 0..5_000 {
            let long = "x".repeat(300);
            checks.that("one of many", true).actual(long).or(Refusal::Expired).unwrap();
        }
        let failed = checks.that("the last", false).expected("y".repeat(9_000));
        failed.or(Refusal::Expired).unwrap_err();
        let (made, _) = checks.into_parts();
        let size: usize = made.iter().map(|one| one.expected.len() + one.actual.len()).sum();
        assert!(made.len() <= 64 && size <= 16 * 1024, "{} {size}", made.len());
        assert_eq!(made.last().map(|check| (check.name, check.passed)), Some(("the last", false)));
        assert!(made.iter().any(|check| check.name == "further checks"));
    }

    proptest! {
        #[test]
        fn shown_text_is_short_and_cannot_control_a_terminal(text in "\\PC{0,80}|(?s:.{0,300})") {
            let text = shown(text.into());
            prop_assert!(text.chars().count() <= MAX_SHOWN + 1);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
