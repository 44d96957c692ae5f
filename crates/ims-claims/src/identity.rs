//! The identifiers of an integration, as Adobe's Developer Console shows them.

use alloc::{borrow::ToOwned, string::String};
use core::{borrow::Borrow, fmt, str::FromStr};

use crate::error::FormatError;

/// Gives a text type its reading, its printing and its serde form, all through one
/// `fn check(&str) -> Result<(), &'static str>`.
macro_rules! text_type {
    ($name:ident) => {
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
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = FormatError;

            fn try_from(text: String) -> Result<Self, FormatError> {
                match Self::check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(reason) => Err(FormatError::$name { reason }),
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
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
                text.try_into().map_err(serde_core::de::Error::custom)
            }
        }
    };
}

/// The organization that owns the integration: the Organization ID of the Developer Console, `iss` of the
/// assertion.
///
/// `…@AdobeOrg`, at most 255 visible ASCII characters. Source: Adobe, "JWT Authentication", Required Claims.
///
/// ```
/// use ims_claims::OrgId;
///
/// let org_id: OrgId = "C74F69D7594880280@AdobeOrg".parse()?;
/// assert_eq!(org_id.as_str(), "C74F69D7594880280@AdobeOrg");
///
/// let error = "C74F69D7594880280".parse::<OrgId>().unwrap_err();
/// assert!(error.to_string().ends_with("it does not end with @AdobeOrg"));
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgId(String);

impl OrgId {
    fn check(text: &str) -> Result<(), &'static str> {
        expect_clean(text)?;
        if text.ends_with(ACCOUNT_SUFFIX) {
            return Err("it is a technical account id");
        }
        let Some(ident) = text.strip_suffix(ORG_SUFFIX) else {
            return Err("it does not end with @AdobeOrg");
        };
        expect_ident(ident)
    }
}

text_type!(OrgId);

/// The account in whose name the integration acts: the Technical Account ID of the Developer Console, `sub`
/// of the assertion. It is not the Technical Account Email, although both have the same form.
///
/// `…@techacct.adobe.com`, at most 255 visible ASCII characters. Source: Adobe, "JWT Authentication",
/// Required Claims.
///
/// ```
/// use ims_claims::TechnicalAccountId;
///
/// let account: TechnicalAccountId = "6657031C5C095BB40A4@techacct.adobe.com".parse()?;
/// assert_eq!(account.to_string(), "6657031C5C095BB40A4@techacct.adobe.com");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TechnicalAccountId(String);

impl TechnicalAccountId {
    fn check(text: &str) -> Result<(), &'static str> {
        expect_clean(text)?;
        if text.ends_with(ORG_SUFFIX) {
            return Err("it is an organization id");
        }
        let Some(ident) = text.strip_suffix(ACCOUNT_SUFFIX) else {
            return Err("it does not end with @techacct.adobe.com");
        };
        expect_ident(ident)
    }
}

text_type!(TechnicalAccountId);

/// The integration itself: the Client ID, or API Key, of the Developer Console (RFC 6749 §2.2).
///
/// At most 255 characters that a URL path segment holds as they are (RFC 3986 §3.3), since the client id is
/// the end of the assertion's `aud`.
///
/// ```
/// use ims_claims::ClientId;
///
/// let client_id = ClientId::try_from("a64f5f10849a410a97ffdac8ae1".to_owned())?;
/// let error = "a64f5f10849a410a97ffdac8ae1\n".parse::<ClientId>().unwrap_err();
/// assert_eq!(error.to_string(), "not a client id: it ends with a line break");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(String);

impl ClientId {
    fn check(text: &str) -> Result<(), &'static str> {
        expect_clean(text)?;
        if text.bytes().all(is_path_character) {
            Ok(())
        } else {
            Err("it has a character that a URL path cannot hold as it is")
        }
    }
}

text_type!(ClientId);

/// A character that a segment of a URL path may contain unencoded: `pchar` of RFC 3986 §3.3.
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Accepts a text of an acceptable length, without what is often copied along with an identifier.
fn expect_clean(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.ends_with(['\n', '\r']) {
        return Err("it ends with a line break");
    }
    if text.trim() != text {
        return Err("it begins or ends with white space");
    }
    if text.starts_with(['"', '\'', '\u{201c}']) && text.ends_with(['"', '\'', '\u{201d}']) {
        return Err("it is in quotation marks");
    }
    if text.len() > MAX_LENGTH {
        return Err("it is longer than 255 characters");
    }
    Ok(())
}

/// Accepts the part in front of the `@`.
fn expect_ident(ident: &str) -> Result<(), &'static str> {
    if ident.is_empty() {
        return Err("nothing is in front of its @");
    }
    if ident.bytes().all(|b| b.is_ascii_graphic() && b != b'@') {
        Ok(())
    } else {
        Err("it has a second @ or a character that is not visible ASCII")
    }
}

const ORG_SUFFIX: &str = "@AdobeOrg";
const ACCOUNT_SUFFIX: &str = "@techacct.adobe.com";
const MAX_LENGTH: usize = 255;

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
        let reason = "it is longer than 255 characters";
        assert_eq!("a".repeat(256).parse::<ClientId>(), Err(FormatError::ClientId { reason }));
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_repeats_nothing() {
        #[rustfmt::skip]
        let table = [
            (org(""),                        "it is empty"),
            (org("canary"),                  "it does not end with @AdobeOrg"),
            (org("canary@adobeorg"),         "it does not end with @AdobeOrg"),
            (org("canary@techacct.adobe.com"), "it is a technical account id"),
            (org("@AdobeOrg"),               "nothing is in front of its @"),
            (org("ca@nary@AdobeOrg"),        "it has a second @ or a character that is not visible ASCII"),
            (org("canary\u{a0}@AdobeOrg"),   "it has a second @ or a character that is not visible ASCII"),
            (org("canary@AdobeOrg "),        "it begins or ends with white space"),
            (org("\u{a0}canary@AdobeOrg"),   "it begins or ends with white space"),
            (org("canary@AdobeOrg\r\n"),     "it ends with a line break"),
            (org("\"canary@AdobeOrg\""),     "it is in quotation marks"),
            (account("canary@AdobeOrg"),     "it is an organization id"),
            (account("canary@techacct.adobe.org"), "it does not end with @techacct.adobe.com"),
            (account("@techacct.adobe.com"), "nothing is in front of its @"),
            (client(" "),                    "it begins or ends with white space"),
            (client("'canary'"),             "it is in quotation marks"),
            // One quotation mark does not put it in quotation marks.
            (client("'canary/"),             "it has a character that a URL path cannot hold as it is"),
            (client("canary/\""),            "it has a character that a URL path cannot hold as it is"),
            (client("canary/"),              "it has a character that a URL path cannot hold as it is"),
            (client("can%61ry"),             "it has a character that a URL path cannot hold as it is"),
        ];
        for (error, reason) in table {
            let text = error.to_string();
            assert!(text.ends_with(&format!(": {reason}")), "{text}");
            assert!(!format!("{text} {error:?}").contains("canary"), "{text}");
        }
    }

    fn org(text: &str) -> FormatError {
        text.parse::<OrgId>().unwrap_err()
    }

    fn account(text: &str) -> FormatError {
        text.parse::<TechnicalAccountId>().unwrap_err()
    }

    fn client(text: &str) -> FormatError {
        text.parse::<ClientId>().unwrap_err()
    }

    proptest! {
        #[test]
        fn an_org_id_survives_print_and_parse(ident in "[0-9A-F]{1,40}") {
            let text = format!("{ident}@AdobeOrg");
            let org_id: OrgId = text.parse()?;
            prop_assert_eq!(org_id.to_string(), text.as_str());
            prop_assert_eq!(org_id.as_ref(), text.as_str());
            prop_assert_eq!(String::from(org_id), text);
        }

        #[test]
        fn an_identifier_survives_json(text in "[a-z0-9-]{1,40}") {
            let client_id: ClientId = text.parse()?;
            let json = serde_json::to_string(&client_id)?;
            prop_assert_eq!(serde_json::from_str::<ClientId>(&json)?, client_id);
        }
    }
}
