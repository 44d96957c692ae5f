//! What ties the redirect to the browser that was sent away (RFC 6749 §10.12).

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::browser::random_text;

/// The `state` of an authorization request: visible ASCII, at most 4096 characters, which is Adobe's bound.
///
/// A redirect with another state, or with none, belongs to somebody else's sign-in and is not to be followed.
#[derive(Clone)]
pub struct State(String);

impl State {
    /// A state of 256 random bits.
    ///
    /// # Panics
    /// If the system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        Self(random_text::generate())
    }

    /// Takes `text` for a state, `None` if it cannot be one. Nobody should be able to guess it.
    #[must_use]
    pub fn new(text: String) -> Option<Self> {
        random_text::is_carried(&text).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a redirect came back with this state. How long it takes does not tell how much of it was right.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), text.as_bytes()).is_ok()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_matches_itself_and_nothing_else() {
        let state = State::generate();
        assert!(state.matches(state.as_str()));
        for other in ["", "a", State::generate().as_str(), &format!("{}a", state.as_str())] {
            assert!(!state.matches(other), "{other}");
        }
    }

    #[test]
    fn a_state_is_visible_ascii_of_at_most_4096_characters() {
        let (longest, longer) = ("a".repeat(4096), "a".repeat(4097));
        for (text, is_one) in
            [("a", true), (longest.as_str(), true), ("", false), ("a b", false), (&longer, false)]
        {
            assert_eq!(State::new(text.to_owned()).is_some(), is_one, "{} bytes", text.len());
        }
    }
}
