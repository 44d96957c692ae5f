//! How IMS names a user.

use std::{fmt, str::FromStr};

/// The id of a user, `GUID@AUTH_SRC`: who the user is, and who authenticates the user, for example `AdobeID` for Adobe itself.
///
/// At most 255 characters of visible ASCII, with one `@`. Sources: adobe/ims-go, `ims/get_admin_profile.go`, for the two
/// parts; AdobeDocs/adobeio-auth, `OAuth/Scopes.md`, for the whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId {
    text: String,
    at: usize,
}

/// Give a user id of the form `GUID@AUTH_SRC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a user id, which has the form \"GUID@AdobeID\"")]
pub struct UserIdError;

impl UserId {
    /// The part in front of the `@`, which IMS calls `guid`.
    #[must_use]
    pub fn guid(&self) -> &str {
        &self.text[..self.at]
    }

    /// The part after the `@`, which IMS calls `auth_src`.
    #[must_use]
    pub fn auth_src(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for UserId {
    type Err = UserIdError;

    fn from_str(text: &str) -> Result<Self, UserIdError> {
        let (guid, auth_src) = text.split_once('@').ok_or(UserIdError)?;
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
        };
        if text.len() > 255 || !is_part(guid) || !is_part(auth_src) {
            return Err(UserIdError);
        }
        Ok(Self { text: text.to_owned(), at: guid.len() })
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_two_parts_of_visible_ascii() {
        let longest = format!("{}@AdobeID", "A".repeat(247));
        let longer = format!("A{longest}");
        #[rustfmt::skip]
        let table = [
            ("B0DC@AdobeID", true), ("B0DC@c62f24cc5b5b7e0e0a494004", true), (longest.as_str(), true),
            ("", false), ("B0DC", false), ("@AdobeID", false), ("B0DC@", false), ("a@b@c", false),
            ("B 0@AdobeID", false), ("B\n@AdobeID", false), ("\u{e4}@AdobeID", false), (longer.as_str(), false),
        ];
        for (text, is_one) in table {
            assert_eq!(text.parse::<UserId>().is_ok(), is_one, "{text:?}");
        }
        let user_id: UserId = "B0DC@AdobeID".parse().unwrap();
        assert_eq!((user_id.guid(), user_id.auth_src()), ("B0DC", "AdobeID"));
        assert_eq!(user_id.to_string(), "B0DC@AdobeID");
    }
}
