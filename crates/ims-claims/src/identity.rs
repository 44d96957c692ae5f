//! Who an integration is: the identifiers that Adobe's Developer Console shows.

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

use crate::FormatError;

const MAX_LENGTH: usize = 255;

/// Gives a text type its reading, its printing and its serde form, all through one `fn holds(&str) -> bool`.
macro_rules! text_type {
    ($name:ident, $error:expr) => {
        impl $name {
            /// The text, as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = FormatError;

            fn from_str(text: &str) -> Result<Self, FormatError> {
                if Self::holds(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde_core::Serialize for $name {
            fn serialize<S: serde_core::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde_core::Deserialize<'de> for $name {
            fn deserialize<D: serde_core::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde_core::de::Error::custom)
            }
        }
    };
}

/// The organization that owns the integration: the Organization ID of the Developer Console, `iss` of the
/// assertion.
///
/// `…@AdobeOrg`, at most 255 visible ASCII characters. Source: Adobe, "JWT Authentication", Required Claims.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(String);

impl OrgId {
    fn holds(text: &str) -> bool {
        is_address(text, "@AdobeOrg")
    }
}

text_type!(OrgId, FormatError::OrgId);

/// The account in whose name the integration acts: the Technical Account ID of the Developer Console, `sub`
/// of the assertion. It is not the Technical Account Email.
///
/// `…@techacct.adobe.com`, at most 255 visible ASCII characters. Source: Adobe, "JWT Authentication",
/// Required Claims.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechnicalAccountId(String);

impl TechnicalAccountId {
    fn holds(text: &str) -> bool {
        is_address(text, "@techacct.adobe.com")
    }
}

text_type!(TechnicalAccountId, FormatError::TechnicalAccountId);

/// The integration itself: the Client ID, or API Key, of the Developer Console (RFC 6749 §2.2).
///
/// At most 255 characters that a URL path segment holds as they are (RFC 3986 §3.3), since the client id is
/// the end of the assertion's `aud`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

impl ClientId {
    fn holds(text: &str) -> bool {
        let is_pchar = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b);
        (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_pchar)
    }
}

text_type!(ClientId, FormatError::ClientId);

fn is_address(text: &str, suffix: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_graphic() && b != b'@';
    text.len() <= MAX_LENGTH
        && text
            .strip_suffix(suffix)
            .is_some_and(|ident| !ident.is_empty() && ident.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};
    use proptest::prelude::*;

    #[test]
    fn each_identifier_takes_its_own_form_and_no_other() {
        #[rustfmt::skip]
        let table = [
            // text                               org    account client
            ("C74F69D7594880280@AdobeOrg",        true,  false,  true),
            ("6657031C5C095BB40A4@techacct.adobe.com", false, true, true),
            ("6657031C5C095BB40A4@techacct.adobe.org", false, false, true),
            ("cm-p1-e2-integration",              false, false,  true),
            ("@AdobeOrg",                         false, false,  true),
            ("a@b@AdobeOrg",                      false, false,  true),
            ("A@adobeorg",                        false, false,  true),
            (" A@AdobeOrg",                       false, false,  false),
            ("A@AdobeOrg\n",                      false, false,  false),
            ("a/b",                               false, false,  false),
            ("a%20b",                             false, false,  false),
            ("",                                  false, false,  false),
        ];
        for (text, org, account, client) in table {
            assert_eq!(text.parse::<OrgId>().is_ok(), org, "org {text:?}");
            assert_eq!(text.parse::<TechnicalAccountId>().is_ok(), account, "account {text:?}");
            assert_eq!(text.parse::<ClientId>().is_ok(), client, "client {text:?}");
        }
    }

    #[test]
    fn an_identifier_of_more_than_255_characters_is_refused() {
        assert!("a".repeat(255).parse::<ClientId>().is_ok());
        assert_eq!("a".repeat(256).parse::<ClientId>(), Err(FormatError::ClientId));
    }

    proptest! {
        #[test]
        fn an_org_id_survives_print_and_parse(ident in "[0-9A-F]{1,40}") {
            let text = format!("{ident}@AdobeOrg");
            prop_assert_eq!(text.parse::<OrgId>()?.to_string(), text);
        }

        #[test]
        fn an_identifier_survives_json(text in "[a-z0-9-]{1,40}") {
            let client_id: ClientId = text.parse()?;
            let json = serde_json::to_string(&client_id)?;
            prop_assert_eq!(serde_json::from_str::<ClientId>(&json)?, client_id);
        }
    }
}
