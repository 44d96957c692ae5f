//! What can be wrong with the text of a value or of a JWT. No error repeats the text itself, since a secret pasted into
//! the wrong field would be printed with it.

use core::{error::Error, fmt};

/// A text that does not have the form which a standard or Adobe prescribes for it.
///
/// ```
/// use ims_claims::{FormatError, OrgId};
///
/// let error: FormatError = "no organization".parse::<OrgId>().unwrap_err();
/// // It says what is wrong, and does not repeat the text.
/// assert!(!error.to_string().contains("no organization"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// Give the Organization ID of the Developer Console, `…@AdobeOrg`.
    OrgId {
        /// What is wrong with the text.
        reason: &'static str,
    },
    /// Give the Technical Account ID of the Developer Console, `…@techacct.adobe.com`.
    TechnicalAccountId {
        /// What is wrong with the text.
        reason: &'static str,
    },
    /// Give the Client ID (API Key) of the Developer Console.
    ClientId {
        /// What is wrong with the text.
        reason: &'static str,
    },
    /// Give a metascope as bare code, as `/s/code` or as the whole URL.
    Metascope,
    /// Give one OAuth scope, without commas or spaces.
    Scope,
    /// Give a base URL: `https://host[:port][/prefix]`.
    Environment {
        /// What is wrong with the text.
        reason: &'static str,
    },
    /// Use `https`: plain `http` is accepted for loopback addresses and for nothing else.
    PlainHttp,
    /// Name at least one metascope.
    NoMetascopes,
    /// Choose a lifetime of at least one second and at most 24 hours.
    AssertionLifetime,
    /// Use a date that the operating system's clock can count to.
    SystemTime,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OrgId { reason } => {
                write!(f, "not an organization id of the form \"…@AdobeOrg\": {reason}")
            }
            Self::TechnicalAccountId { reason } => {
                write!(f, "not a technical account id of the form \"…@techacct.adobe.com\": {reason}")
            }
            Self::ClientId { reason } => write!(f, "not a client id: {reason}"),
            Self::Metascope => f.write_str(
                "not a metascope, which is a code such as \"ent_dataservices_sdk\", alone, after \"/s/\" or at the \
                 end of a URL",
            ),
            Self::Scope => {
                f.write_str("not an OAuth scope, which is one word of visible ASCII without a comma")
            }
            Self::Environment { reason } => {
                write!(f, "not a base URL of the form \"https://host[:port][/prefix]\": {reason}")
            }
            Self::PlainHttp => {
                f.write_str("plain http is accepted for loopback addresses only, use https")
            }
            Self::NoMetascopes => f.write_str("a service account needs at least one metascope"),
            Self::AssertionLifetime => {
                f.write_str("an assertion lives at least one second and at most 24 hours")
            }
            Self::SystemTime => f.write_str("the system's clock cannot count to this date"),
        }
    }
}

impl Error for FormatError {}

/// A text that is not a JWT in compact serialization, or whose parts are not those of a JWT.
///
/// ```
/// use ims_claims::{CompactJwt, JwtError};
///
/// let error = CompactJwt::parse("header.payload").unwrap_err();
/// assert_eq!(error, JwtError::NotThreeParts);
/// assert_eq!(error.to_string(), "not three parts separated by dots");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtError {
    /// Give a JWT of at most [`CompactJwt::MAX_LENGTH`](crate::CompactJwt::MAX_LENGTH) bytes.
    TooLong,
    /// Give exactly three parts, separated by dots (RFC 7515 §7.1).
    NotThreeParts,
    /// Encode the named part as base64url without padding and in its one canonical form (RFC 7515 §2).
    Base64 {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// Make the named part one JSON object in UTF-8.
    NotAnObject {
        /// `header`, `payload`, or what the caller calls it.
        part: &'static str,
    },
    /// Name each member of the named part once (RFC 7515 §4, RFC 7519 §4).
    DuplicateMember {
        /// `header`, `payload`, or what the caller calls it.
        part: &'static str,
    },
    /// Nest the named part at most 16 levels deep.
    TooDeep {
        /// `header`, `payload`, or what the caller calls it.
        part: &'static str,
    },
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_JWT_LENGTH} bytes"),
            Self::NotThreeParts => f.write_str("not three parts separated by dots"),
            Self::Base64 { part } => {
                write!(f, "the {part} is not canonical base64url without padding")
            }
            Self::NotAnObject { part } => write!(f, "the {part} is not a JSON object"),
            Self::DuplicateMember { part } => write!(f, "the {part} names a member twice"),
            Self::TooDeep { part } => write!(f, "the {part} is nested too deeply"),
        }
    }
}

impl Error for JwtError {}

/// The longest JWT that is read, in bytes.
pub(crate) const MAX_JWT_LENGTH: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_error_of_a_jwt_says_which_part_is_wrong_and_how() {
        let part = "payload";
        #[rustfmt::skip]
        let table = [
            (JwtError::TooLong,                  "longer than 65536 bytes"),
            (JwtError::NotThreeParts,            "not three parts separated by dots"),
            (JwtError::Base64 { part },          "the payload is not canonical base64url without padding"),
            (JwtError::NotAnObject { part },     "the payload is not a JSON object"),
            (JwtError::DuplicateMember { part }, "the payload names a member twice"),
            (JwtError::TooDeep { part },         "the payload is nested too deeply"),
        ];
        for (error, text) in table {
            assert_eq!(error.to_string(), text);
        }
    }
}
