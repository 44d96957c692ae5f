#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod access_token;
mod assertion;
mod base64url;
mod claims_error;
mod claims_set;
mod compact_jwt;
mod duration_text;
mod environment;
mod error;
mod error_line;
mod host;
mod identity;
mod metascope;
mod numeric_date;
mod plain_texts;
mod service_account;
mod strict_json;
mod strict_texts;
mod wiped_bytes;

pub use access_token::{AccessTokenClaims, AccessTokenPayload};
pub use assertion::{Algorithm, Assertion, Signature, SigningInput};
pub use claims_error::{AccessTokenError, ClaimsError};
pub use claims_set::{AssertionLifetime, Audience, ClaimsSet, JwtId};
pub use compact_jwt::{CompactJwt, JwtHeader};
pub use duration_text::DurationText;
pub use environment::Environment;
pub use error::{FormatError, JwtError};
pub use error_line::ErrorLine;
pub use identity::{ClientId, OrgId, TechnicalAccountId};
pub use metascope::Metascope;
pub use numeric_date::NumericDate;
pub use service_account::ServiceAccount;
pub use strict_json::{JsonObject, strict_object};
pub use wiped_bytes::{WipedBytes, WipedText};
