//! The errors of Adobe's API gateway, which is in front of most APIs: what each code means, and what to do.
//!
//! Sources: `validatorsHandlerErrorDecorator.lua` of adobe-apiplatform/api-gateway-request-validation, and the troubleshooting
//! guide of Adobe Experience Platform, which has 403025.

use serde::Serialize;
use serde_json::Value;

/// An error of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct GatewayError {
    pub(super) code: &'static str,
    pub(super) cause: &'static str,
    pub(super) remedies: &'static [&'static str],
}

/// The error in the body of an answer, if it is one of the gateway.
pub(super) fn explain(body: &[u8]) -> Option<GatewayError> {
    let body: Value = serde_json::from_slice(body).ok()?;
    // The gateway writes a text; services behind it, which use the same codes, sometimes a number.
    let code = match body.get("error_code")? {
        Value::String(code) => code.clone(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    ERRORS.iter().find(|error| error.code == code).copied()
}

const ADD_API: &str = "add the API to the project in Adobe's Developer Console; it can take some minutes until it works";
const PROFILE: &str = "assign a product profile of this API to the credential: Developer Console, the project's API, Configure access";
const NEW_TOKEN: &str = "get a new token: ims token --fresh";
const SCOPES: &str =
    "add the scopes of the API to the credentials, then get a new token: ims token --fresh";
const FEWER: &str = "send fewer requests at a time, and wait as long as Retry-After says";
const LATER: &str = "try again later";

/// Every code once.
const ERRORS: &[GatewayError] = &[
    GatewayError {
        code: "400003",
        cause: "a header field is missing, most often x-gw-ims-org-id",
        remedies: &["name the organization as org_id in the credentials, or add the field with -H"],
    },
    GatewayError {
        code: "401013",
        cause: "the API does not accept the token",
        remedies: &[NEW_TOKEN, "ask IMS about it: ims validate"],
    },
    GatewayError {
        code: "401014",
        cause: "the token is of another client, or not for this API",
        remedies: &[
            "compare the client of the token with x-api-key: ims token | ims jwt decode -",
            ADD_API,
        ],
    },
    GatewayError {
        code: "401015",
        cause: "the token lacks a scope that the API requires",
        remedies: &[SCOPES, ADD_API],
    },
    GatewayError {
        code: "403000",
        cause: "the request has no x-api-key",
        remedies: &["do not send an empty x-api-key with -H"],
    },
    GatewayError {
        code: "403003",
        cause: "the API does not know this client id (x-api-key)",
        remedies: &[ADD_API, "compare the client id with the Developer Console: ims status"],
    },
    GatewayError {
        code: "403010",
        cause: "the request has no token",
        remedies: &["use credentials that get a token; an API key alone is not enough here"],
    },
    GatewayError {
        code: "403011",
        cause: "the token lacks a scope that the API requires",
        remedies: &[SCOPES, ADD_API],
    },
    GatewayError {
        code: "403012",
        cause: "the API refuses the address of this machine",
        remedies: &["ask the administrator of the API which addresses may call it"],
    },
    GatewayError {
        code: "403013",
        cause: "the address of this machine is not among those that may call the API",
        remedies: &["ask the administrator of the API to add it"],
    },
    GatewayError {
        code: "403020",
        cause: "the request has no token from which the profile can be read",
        remedies: &[NEW_TOKEN],
    },
    GatewayError {
        code: "403023",
        cause: "the account of the token may not use this API in this organization",
        remedies: &[PROFILE, "compare the organization with x-gw-ims-org-id: ims organizations"],
    },
    GatewayError {
        code: "403024",
        cause: "the profile of the token's account may not be read",
        remedies: &["add the scopes openid and AdobeID to the credentials", PROFILE],
    },
    GatewayError {
        code: "403025",
        cause: "the account of the token may not use this API in this organization",
        remedies: &[PROFILE, "compare the organization with x-gw-ims-org-id: ims organizations"],
    },
    GatewayError {
        code: "429001",
        cause: "the limit of the service is reached",
        remedies: &[FEWER],
    },
    GatewayError {
        code: "429002",
        cause: "the limit of this client id is reached",
        remedies: &[FEWER],
    },
    GatewayError { code: "429050", cause: "too many requests in a short time", remedies: &[FEWER] },
    GatewayError {
        code: "503000",
        cause: "the gateway cannot check the client id now",
        remedies: &[LATER],
    },
    GatewayError {
        code: "503010",
        cause: "the gateway cannot check the token now",
        remedies: &[LATER],
    },
    GatewayError {
        code: "503020",
        cause: "the gateway cannot read the profile now",
        remedies: &[LATER],
    },
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
            (r#"{"error_code":"123456"}"#,                                      None),
            (r#"{"error_code":null}"#,                                          None),
            (r#"{"status":403003}"#,                                            None),
            ("403003",                                                          None),
            ("<html>403003</html>",                                             None),
            ("",                                                                None),
        ];
        for (body, expected) in table {
            assert_eq!(explain(body.as_bytes()).map(|error| error.code), expected, "{body}");
        }
    }

    #[test]
    fn every_code_is_there_once_and_has_a_remedy() {
        for (index, error) in ERRORS.iter().enumerate() {
            assert!(ERRORS[index + 1..].iter().all(|other| other.code != error.code), "{error:?}");
            assert!(!error.remedies.is_empty() && error.code.len() == 6, "{error:?}");
        }
    }
}
