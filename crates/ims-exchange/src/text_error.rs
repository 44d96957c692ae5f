//! Why a text is not accepted. No error repeats the text: it may be a secret, even where no secret belongs.

use std::ops::RangeInclusive;

/// Give another text: this one cannot be a token, or another of the values that IMS and its clients exchange as text.
///
/// ```
/// use ims_exchange::{RefreshToken, TextError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = "two words".parse::<RefreshToken>().unwrap_err();
/// assert!(matches!(error, TextError::Character { position: 4, .. }));
/// assert_eq!(error.to_string(), "a refresh token cannot have the character at byte 4");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// There is no text.
    #[error("{what} cannot be empty")]
    Empty {
        /// What was expected, such as `an access token`.
        what: &'static str,
    },
    /// The text is too short or too long.
    #[error("{what} has {} to {} bytes, and this text has {found}", .allowed.start(), .allowed.end())]
    Length {
        /// What was expected.
        what: &'static str,
        /// How many bytes it may have.
        allowed: RangeInclusive<usize>,
        /// How many this text has.
        found: usize,
    },
    /// There is a character that is not allowed, such as a space or the end of a line.
    #[error("{what} cannot have the character at byte {position}")]
    Character {
        /// What was expected.
        what: &'static str,
        /// Where it is, counted from 1.
        position: usize,
    },
    /// The URI does not begin with a scheme, such as `https:`, or has nothing after it.
    #[error("{what} is an absolute URI, such as https://api.example")]
    NotAbsolute {
        /// What was expected.
        what: &'static str,
    },
}

/// Accepts a text of an allowed length with only allowed bytes.
pub(crate) fn check(
    what: &'static str,
    text: &str,
    allowed: RangeInclusive<usize>,
    is_allowed: impl Fn(u8) -> bool,
) -> Result<(), TextError> {
    if text.is_empty() {
        return Err(TextError::Empty { what });
    }
    // This is checked before the length: for a document in place of a token, its first line break is a better reason than
    // its length. The first pass does not stop at a wrong byte, so that the compiler can check many bytes at once.
    let are_allowed = text.bytes().fold(true, |all, byte| all & is_allowed(byte));
    if !are_allowed && let Some(index) = text.bytes().position(|byte| !is_allowed(byte)) {
        return Err(TextError::Character { what, position: index + 1 });
    }
    if !allowed.contains(&text.len()) {
        return Err(TextError::Length { what, allowed, found: text.len() });
    }
    Ok(())
}

/// Visible ASCII (RFC 6749, appendix A): no space, no control character.
pub(crate) fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_and_never_repeats_the_text() {
        #[rustfmt::skip]
        let table = [
            ("",            "a token cannot be empty"),
            ("canary one",  "a token cannot have the character at byte 7"),
            ("canary\n",    "a token cannot have the character at byte 7"),
            ("canary\u{e4}", "a token cannot have the character at byte 7"),
            ("canary1234",  "a token has 1 to 8 bytes, and this text has 10"),
        ];
        for (text, said) in table {
            let error = check("a token", text, 1..=8, is_visible).unwrap_err();
            assert_eq!(error.to_string(), said);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        assert_eq!(check("a token", "eyJ.x-_~", 1..=8, is_visible), Ok(()));
    }
}
