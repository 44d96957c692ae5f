//! The errors of Adobe's API gateway, which is in front of most APIs: what each code means, and what to do.
//!
//! Sources: `validatorsHandlerErrorDecorator.lua`, `oauthTokenValidator.lua` and `hmacGenericSignatureValidator.lua` of
//! adobe-apiplatform/api-gateway-request-validation; the troubleshooting guide of Adobe Experience Platform (403025, 403027);
//! "Creating REST APIs" in the guides of Adobe I/O Runtime (401015, 403201); the guide to Marketo's Data Ingestion, which says
//! which codes APIs take over (404040), and that the first three digits of each are the HTTP status.

use serde::Serialize;
use serde_json::Value;

/// An error of the gateway, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct GatewayError {
    pub(super) code: String,
    #[serde(flatten)]
    pub(super) meaning: Meaning,
}

/// Why the gateway refuses a request, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Meaning {
    pub(super) cause: &'static str,
    pub(super) remedies: &'static [&'static str],
}

impl GatewayError {
    /// Whether the same request can succeed later. The gateway answers 403 to some of these errors.
    pub(super) fn is_temporary(&self) -> bool {
        self.code.starts_with('5') || self.code.starts_with("429")
    }
}

/// The error in the body of an answer, if it is one of the gateway.
pub(super) fn explain(body: &[u8]) -> Option<GatewayError> {
    let body: Value = serde_json::from_slice(body).ok()?;
    // APIs that write their own errors put that of the gateway into them.
    let places =
        ["/error_code", "/error/error_code", "/error/details/error_code", "/details/error_code"];
    let code = places.iter().find_map(|place| body.pointer(place))?;
    // The gateway writes a text; services behind it, which use the same codes, sometimes a number.
    let code = match code {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    let is_code = (6..=7).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
    if !is_code {
        return None;
    }
    let exact = ERRORS.iter().find(|error| error.0 == code);
    let meaning = exact.or_else(|| STATUSES.iter().find(|status| code.starts_with(status.0)))?.1;
    Some(GatewayError { code, meaning })
}

const ADD_API: &str = "add the API to the project in Adobe's Developer Console; it can take some minutes until it works";
const PROFILE: &str = "assign a product profile of this API to the credential: Developer Console, the project's API, Configure access";
const NEW_TOKEN: &str = "get a new token: ims token --fresh";
const SCOPES: &str =
    "add the scopes of the API to the credentials, then get a new token: ims token --fresh";
const FEWER: &str = "send fewer requests at a time, and wait as long as Retry-After says";
const LATER: &str = "try again later";
const SIGNATURE: &str =
    "sign the request as the documents of this API say, and add the signature with -H";
const PATH: &str = "compare the path with the documents of the API";

/// Every code once.
#[rustfmt::skip]
const ERRORS: &[(&str, Meaning)] = &[
    ("400001", Meaning { cause: "the gateway cannot make the digest of the request", remedies: &[SIGNATURE] }),
    ("400002", Meaning { cause: "the gateway cannot make the digest of the request", remedies: &[SIGNATURE] }),
    ("400003", Meaning { cause: "a header field is missing, most often x-gw-ims-org-id", remedies: &["name the organization as org_id in the credentials, or add the field with -H"] }),
    ("401013", Meaning { cause: "the API does not accept the token", remedies: &[NEW_TOKEN, "ask IMS about it: ims validate"] }),
    ("401014", Meaning { cause: "the token is of another client, or not for this API", remedies: &["compare the client of the token with x-api-key: ims token | ims jwt decode -", ADD_API] }),
    ("401015", Meaning { cause: "the token lacks a scope that the API requires", remedies: &[SCOPES, ADD_API] }),
    ("403000", Meaning { cause: "the request has no x-api-key", remedies: &["do not send an empty x-api-key with -H"] }),
    ("403003", Meaning { cause: "the API does not know this client id (x-api-key)", remedies: &[ADD_API, "compare the client id with the Developer Console: ims status"] }),
    ("403010", Meaning { cause: "the request has no token", remedies: &["use credentials that get a token; an API key alone is not enough here"] }),
    ("403011", Meaning { cause: "the token lacks a scope that the API requires", remedies: &[SCOPES, ADD_API] }),
    ("403012", Meaning { cause: "the API refuses the address of this machine", remedies: &["ask the administrator of the API which addresses may call it"] }),
    ("403013", Meaning { cause: "the address of this machine is not among those that may call the API", remedies: &["ask the administrator of the API to add it"] }),
    ("403020", Meaning { cause: "the request has no token from which the profile can be read", remedies: &[NEW_TOKEN] }),
    ("403023", Meaning { cause: "the account of the token may not use this API in this organization", remedies: &[PROFILE, "compare the organization with x-gw-ims-org-id: ims organizations"] }),
    ("403024", Meaning { cause: "the profile of the token's account may not be read", remedies: &["add the scopes openid and AdobeID to the credentials", PROFILE] }),
    ("403025", Meaning { cause: "the account of the token may not use this API in this organization", remedies: &[PROFILE, "compare the organization with x-gw-ims-org-id: ims organizations"] }),
    ("403027", Meaning { cause: "the account of the token has no product profile of this API, or the organization's id is wrong", remedies: &[PROFILE, "compare the organization with x-gw-ims-org-id: ims organizations"] }),
    ("403030", Meaning { cause: "the request has no signature, which this API requires in addition to a token", remedies: &[SIGNATURE] }),
    ("403033", Meaning { cause: "the signature of the request is wrong", remedies: &[SIGNATURE] }),
    ("403040", Meaning { cause: "the link is not valid", remedies: &["request a new link from the API"] }),
    ("403201", Meaning { cause: "this client id may not call the API", remedies: &["ask the owner of the API to add the client id to its clientIds", ADD_API] }),
    ("404040", Meaning { cause: "there is no such resource", remedies: &[PATH] }),
    ("429001", Meaning { cause: "the limit of the service is reached", remedies: &[FEWER] }),
    ("429002", Meaning { cause: "the limit of this client id is reached", remedies: &[FEWER] }),
    ("429050", Meaning { cause: "too many requests in a short time", remedies: &[FEWER] }),
    ("503000", Meaning { cause: "the gateway cannot check the client id now", remedies: &[LATER] }),
    ("503010", Meaning { cause: "the gateway cannot check the token now", remedies: &[LATER] }),
    ("503020", Meaning { cause: "the gateway cannot read the profile now", remedies: &[LATER] }),
    ("503030", Meaning { cause: "the gateway cannot check the signature now", remedies: &[LATER] }),
    ("503071", Meaning { cause: "the service asks for a pause", remedies: &[LATER] }),
];

/// What the first three digits say about a code without an entry. The other statuses are too general to help.
#[rustfmt::skip]
const STATUSES: &[(&str, Meaning)] = &[
    ("401", Meaning { cause: "the API does not accept the token", remedies: &[NEW_TOKEN, "ask IMS about it: ims validate"] }),
    ("404", Meaning { cause: "there is no such resource", remedies: &[PATH] }),
    ("429", Meaning { cause: "a limit of the API is reached", remedies: &[FEWER] }),
    ("500", Meaning { cause: "the API failed", remedies: &[LATER] }),
    ("502", Meaning { cause: "the API gave the gateway no valid answer", remedies: &[LATER] }),
    ("503", Meaning { cause: "the API is not available now", remedies: &[LATER] }),
    ("504", Meaning { cause: "the API did not answer the gateway in time", remedies: &[LATER, "ask for less at a time"] }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_text_and_as_number_and_nothing_else_is_read_as_one() {
        #[rustfmt::skip]
        let table = [
            (r#"{"error_code":"403025","message":"Profile is not valid"}"#,     Some("403025")),
            (r#"{"error_code":"429050","message":"Too many requests"}"#,        Some("429050")),
            (r#"{"error_code":401013,"message":"Oauth token is not valid"}"#,   Some("401013")),
            // Adobe Commerce's event publishing writes the gateway's error into its own.
            (r#"{"error":{"code":"Forbidden","message":"Client ID is invalid","details":{"error_code":"403003"}}}"#, Some("403003")),
            (r#"{"error_code":"504001","message":"Gateway Timeout"}"#,          Some("504001")),
            (r#"{"error_code":"4290801","message":"Daily quota reached"}"#,     Some("4290801")),
            (r#"{"error_code":"123456"}"#,                                      None),
            // A code of Lightroom's services, not of the gateway.
            (r#"{"error_code":"4300","message":"Access is forbidden"}"#,        None),
            (r#"{"error_code":"429"}"#,                                         None),
            (r#"{"error_code":"404_not_found"}"#,                               None),
            (r#"{"error_code":null}"#,                                          None),
            (r#"{"status":403003}"#,                                            None),
            ("403003",                                                          None),
            ("<html>403003</html>",                                             None),
            ("",                                                                None),
        ];
        for (body, expected) in table {
            let code = explain(body.as_bytes()).map(|error| error.code);
            assert_eq!(code.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_code_with_an_entry_comes_before_its_status() {
        let cause = |code: &str| {
            let body = format!(r#"{{"error_code":"{code}"}}"#);
            explain(body.as_bytes()).unwrap().meaning.cause
        };
        assert_eq!(cause("503010"), "the gateway cannot check the token now");
        assert_eq!(cause("503999"), "the API is not available now");
    }

    #[test]
    fn every_code_is_there_once_and_has_a_remedy() {
        for (index, (code, meaning)) in ERRORS.iter().enumerate() {
            assert!(ERRORS[index + 1..].iter().all(|other| other.0 != *code), "{code}");
            assert!(!meaning.remedies.is_empty() && code.len() == 6, "{code}");
        }
        assert!(
            STATUSES
                .iter()
                .all(|(status, meaning)| { status.len() == 3 && !meaning.remedies.is_empty() })
        );
    }
}
