//! What a verdict shows of a request next to its checks: the parameters without what is secret, and the JWT in it, decoded.

use std::{borrow::Cow, fmt::Write};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::value::RawValue;

use crate::{
    call::Call,
    checks::shown,
    verdict::{DecodedJwt, Parameter},
};

/// The parameters of `call` in their order, and its JWT if it has one that can be decoded.
pub(crate) fn of(call: &Call) -> (Vec<Parameter>, Option<DecodedJwt>) {
    let mut parameters = Vec::new();
    for (name, value) in call.parameters.iter().take(MAX_PARAMETERS) {
        let value = if HARMLESS.contains(&name) {
            shown(value.to_owned().into())
        } else {
            format!("{} characters, not shown", value.chars().count()).into()
        };
        parameters.push(Parameter { name: shown_name(name), value });
    }
    for name in WITH_JWT {
        let jwt = call.parameters.get(name).and_then(|text| decoded(name, text));
        if jwt.is_some() {
            return (parameters, jwt);
        }
    }
    (parameters, call.bearer().and_then(|token| decoded("authorization", token)))
}

/// The name of a parameter, nearly always one of the constants.
fn shown_name(name: &str) -> Cow<'static, str> {
    for known in HARMLESS.iter().chain(WITH_JWT).chain(&["client_secret"]) {
        if *known == name {
            return Cow::Borrowed(known);
        }
    }
    shown(name.to_owned().into())
}

fn decoded(parameter: &'static str, text: &str) -> Option<DecodedJwt> {
    let text = text.trim();
    if text.len() > MAX_JWT {
        return None;
    }
    let mut parts = text.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    parts.next()?;
    Some(DecodedJwt { parameter, header: object(header)?, payload: object(payload)? })
}

/// The JSON object in a part of a JWT, on one line.
fn object(part: &str) -> Option<Box<RawValue>> {
    let octets = BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    // Without line breaks, and without escapes that could hide a secret, it is shown as it was sent.
    let is_plain = octets.iter().all(|b| (b' '..=b'~').contains(b) && *b != b'\\');
    if is_plain && octets.first() == Some(&b'{') {
        return RawValue::from_string(String::from_utf8(octets).ok()?).ok();
    }
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&octets).ok()?;
    let text = serde_json::to_string(&object).ok()?;
    RawValue::from_string(without_controls(&text)).ok()
}

/// JSON in which the characters that control a terminal are escaped. There are some in strings only.
fn without_controls(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() {
            // Writing to a string never fails.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The most parameters that are shown.
const MAX_PARAMETERS: usize = 24;

/// The longest JWT that is decoded, in bytes.
const MAX_JWT: usize = 6 * 1024;

/// The parameters whose values are shown. All others may be secret: secrets, codes, tokens, and unknown parameters.
const HARMLESS: &[&str] = &[
    "auth_src",
    "cascading",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "consent",
    "grant_type",
    "guid",
    "login_hint",
    "nonce",
    "org_id",
    "owning_org_id",
    "promise_definition_id",
    "prompt",
    "redirect_uri",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "subject_token_type",
    "token_type",
    "token_type_hint",
    "type",
    "user",
    "user_id",
];

/// The parameters in which clients send JWTs. The first one that is a JWT is decoded.
const WITH_JWT: &[&str] = &[
    "jwt_token",
    "token",
    "subject_token",
    "user_token",
    "authenticating_token",
    "access_token",
    "code",
    "refresh_token",
    "promise_token",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(header: &str, payload: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.signature", part(header), part(payload))
    }

    #[test]
    fn a_jwt_is_decoded_on_one_line_and_nothing_else_is() {
        let payload = "{\n\"iss\": \"A@AdobeOrg\", \"x\": \"\u{9b}\"\n}";
        let good = jwt("{\"alg\": \"RS256\"}", payload);
        let decoded = decoded("jwt_token", &format!("{good}\n")).unwrap();
        assert_eq!(decoded.header(), r#"{"alg": "RS256"}"#);
        assert_eq!(decoded.payload(), r#"{"iss":"A@AdobeOrg","x":"\u009b"}"#);
        for text in ["", "a.b", "a.b.c", &jwt("[]", "{}"), &jwt("{}", "1"), &good.repeat(200)] {
            assert!(super::decoded("jwt_token", text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_escape_does_not_hide_a_secret() {
        let escaped = r#"{"x":"my\u002dsecret"}"#;
        let decoded = decoded("token", &jwt("{}", escaped)).unwrap();
        assert_eq!(decoded.payload(), r#"{"x":"my-secret"}"#);
    }

    #[test]
    fn no_parameter_that_carries_a_secret_or_a_token_is_harmless() {
        for name in WITH_JWT.iter().chain(&["client_secret", "code_verifier", "password"]) {
            assert!(!HARMLESS.contains(name), "{name}");
        }
    }
}
