//! How a request is examined: one check after another, each written down, until one fails.

use std::borrow::Cow;

use ims_claims::ClientId;

use crate::{refusal::Refusal, verdict::Check};

/// The checks of one request so far, and whose request it is once that is known.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    made: Vec<Check>,
    client_id: Option<ClientId>,
}

impl Checks {
    /// The check `name`, which passes if there is a value.
    pub(crate) fn given<T>(&mut self, name: &'static str, value: Option<T>) -> Pending<'_, T> {
        let check = Check { name, passed: value.is_some(), expected: "".into(), actual: "".into() };
        Pending { checks: self, check, value }
    }

    /// The check `name`, which passes if `holds`.
    pub(crate) fn that(&mut self, name: &'static str, holds: bool) -> Pending<'_, ()> {
        self.given(name, holds.then_some(()))
    }

    /// Records a check that decides what the answer says, not whether it is given.
    pub(crate) fn note(
        &mut self,
        name: &'static str,
        passed: bool,
        expected: &'static str,
        actual: Cow<'static, str>,
    ) {
        self.made.push(Check { name, passed, expected: expected.into(), actual: shown(actual) });
    }

    pub(crate) fn is_made_by(&mut self, client_id: &ClientId) {
        self.client_id = Some(client_id.clone());
    }

    pub(crate) fn into_parts(self) -> (Vec<Check>, Option<ClientId>) {
        (self.made, self.client_id)
    }
}

/// A check that is about to be written down.
#[must_use = "a check counts once its refusal is named"]
pub(crate) struct Pending<'a, T> {
    checks: &'a mut Checks,
    check: Check,
    value: Option<T>,
}

impl<T> Pending<'_, T> {
    pub(crate) fn expected(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.check.expected = expected.into();
        self
    }

    /// What the request has; never a secret.
    pub(crate) fn actual(mut self, actual: impl Into<Cow<'static, str>>) -> Self {
        self.check.actual = shown(actual.into());
        self
    }

    /// Writes the check down, and refuses the request if it failed.
    pub(crate) fn or(self, refusal: Refusal) -> Result<T, Refusal> {
        self.checks.made.push(self.check);
        self.value.ok_or(refusal)
    }
}

/// The longest part of a request that a verdict repeats, in characters.
const MAX_SHOWN: usize = 200;

/// `text` as it can be shown on a terminal: cut, and without characters that would command it.
pub(crate) fn shown(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() <= MAX_SHOWN && text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text;
    }
    let mut chars = text.chars();
    let printable = |c: char| {
        if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' { c } else { '\u{fffd}' }
    };
    let mut cut: String = chars.by_ref().take(MAX_SHOWN).map(printable).collect();
    if chars.next().is_some() {
        cut.push('…');
    }
    cut.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_failed_check_refuses_and_is_the_last_one_written_down() {
        let mut checks = Checks::default();
        let first = checks.that("first", true).expected("x").actual("x").or(Refusal::Expired);
        let second = checks.given("second", None::<u8>).actual("y").or(Refusal::JtiUsed);
        assert_eq!((first, second), (Ok(()), Err(Refusal::JtiUsed)));
        let (made, _) = checks.into_parts();
        assert_eq!(made.iter().map(|check| check.passed).collect::<Vec<_>>(), [true, false]);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_short_and_cannot_command_a_terminal(text in "\\PC{0,80}|(?s:.{0,300})") {
            let text = shown(text.into());
            prop_assert!(text.chars().count() <= MAX_SHOWN + 1);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
