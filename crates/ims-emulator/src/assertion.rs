//! Reading the claims of an assertion as IMS reads them: which are integers, and which have a special form.
//! It is deliberately another reader than that of ims-claims: a mistake in both client and emulator would not be noticed.

use std::fmt;

use ims_claims::{CompactJwt, JsonObject, Metascope, OrgId, TechnicalAccountId};
use jsonwebtoken::{Header, crypto::JwtVerifier};
use serde_json::Value;

use crate::{checks::Checks, refusal::Refusal};

/// The claims of an assertion whose form is right. None of them has been compared with anything.
#[derive(Debug)]
pub(crate) struct Claims {
    pub(crate) exp: i64,
    pub(crate) iat: Option<i64>,
    pub(crate) nbf: Option<i64>,
    pub(crate) jti: Option<String>,
    pub(crate) iss: OrgId,
    pub(crate) sub: TechnicalAccountId,
    pub(crate) aud: String,
    pub(crate) metascopes: Vec<ClaimedMetascope>,
}

/// A claim `<base URL>/s/<code>`, of which the code may be none.
#[derive(Debug)]
pub(crate) struct ClaimedMetascope {
    pub(crate) base_url: String,
    pub(crate) code: String,
    pub(crate) metascope: Option<Metascope>,
}

/// An assertion as two readers have read it: the strict one of ims-claims, and `jsonwebtoken`, which verifies it.
pub(crate) struct Assertion<'a> {
    jwt: CompactJwt<'a>,
    /// None if `jsonwebtoken` cannot use it, such as a `kid` that is a list: nothing is signed then.
    header: Option<Header>,
}

impl Assertion<'_> {
    /// Whether it is signed by the algorithm and the key of `verifier`.
    pub(crate) fn is_signed_for(&self, verifier: &dyn JwtVerifier) -> bool {
        let Some(header) = &self.header else { return false };
        let signature = self.jwt.signature().as_bytes().to_vec();
        header.alg == verifier.algorithm()
            && verifier.verify(self.jwt.signing_input().as_bytes(), &signature).is_ok()
    }
}

/// Takes the JWT apart and checks its header.
pub(crate) fn decode<'a>(jwt: &'a str, checks: &mut Checks) -> Result<Assertion<'a>, Refusal> {
    // It is nearly always ASCII, which is checked much faster.
    let has_white_space = if jwt.is_ascii() {
        jwt.bytes().any(|b| b.is_ascii_whitespace() || b == b'\x0b')
    } else {
        jwt.contains(char::is_whitespace)
    };
    checks
        .that("jwt_token has no white space", !has_white_space)
        .expected("no space and no line break in it, before it or after it")
        .actual(if has_white_space { "white space" } else { "none" })
        .or(Refusal::JwtUndecodable)?;
    let parsed = CompactJwt::parse(jwt);
    let fault = parsed.as_ref().err().map(ToString::to_string);
    let strict = checks
        .given("JWT can be decoded", parsed.ok())
        .expected("three parts of base64url without padding, the first two JSON objects")
        .actual(fault.unwrap_or_default())
        .or(Refusal::JwtUndecodable)?;
    let algorithm = strict.header().get("alg");
    checks
        .that("alg is RS256", algorithm.and_then(Value::as_str) == Some("RS256"))
        .expected("RS256")
        .actual(format_args!("{}", Shown(algorithm)))
        .or(Refusal::AlgorithmMismatch)?;
    // An extension that is not understood must be refused (RFC 7515 §4.1.11), and none is understood here.
    let crit = strict.header().get("crit");
    checks
        .that("header has no crit", crit.is_none())
        .expected("no crit")
        .actual(format_args!("{}", Shown(crit)))
        .or(Refusal::AlgorithmMismatch)?;
    let header = jsonwebtoken::decode_header(jwt).ok();
    Ok(Assertion { jwt: strict, header })
}

/// Reads the claims, each in the form it must have.
pub(crate) fn read(assertion: &Assertion<'_>, checks: &mut Checks) -> Result<Claims, Refusal> {
    let payload = assertion.jwt.payload_object();
    let fault = payload.as_ref().err().map(ToString::to_string);
    let payload = checks
        .given("payload can be decoded", payload.ok())
        .expected("a JSON object that names each member once")
        .actual(fault.unwrap_or_default())
        .or(Refusal::JwtUndecodable)?;
    Ok(Claims {
        exp: required(&payload, "exp", integer, checks, Refusal::ExpNotInteger)?,
        jti: optional(&payload, "jti", decimal, checks, Refusal::JtiNotInteger)?,
        iss: required(&payload, "iss", parsed, checks, Refusal::FieldMalformed)?,
        sub: required(&payload, "sub", parsed, checks, Refusal::FieldMalformed)?,
        aud: required(&payload, "aud", text, checks, Refusal::FieldMalformed)?,
        iat: optional(&payload, "iat", integer, checks, Refusal::FieldMalformed)?,
        nbf: optional(&payload, "nbf", integer, checks, Refusal::FieldMalformed)?,
        metascopes: metascopes(&payload, checks)?,
    })
}

/// The check of each claim's form: what the verdict calls it, and what it must be.
fn form(claim: &str) -> (&'static str, &'static str) {
    match claim {
        "exp" => ("exp is an integer", "an integer of seconds since 1970"),
        "jti" => ("jti is an integer", "a decimal number, bare or in a string"),
        "iss" => ("iss has its form", "an Organization ID, …@AdobeOrg"),
        "sub" => ("sub has its form", "a Technical Account ID, …@techacct.adobe.com"),
        "aud" => ("aud is one text", "one string, no list"),
        "iat" => ("iat is an integer", "an integer of seconds since 1970"),
        _ => ("nbf is an integer", "an integer of seconds since 1970"),
    }
}

fn required<T>(
    payload: &JsonObject,
    claim: &str,
    read: fn(&Value) -> Option<T>,
    checks: &mut Checks,
    refusal: Refusal,
) -> Result<T, Refusal> {
    let (name, expected) = form(claim);
    let value = payload.get(claim);
    checks
        .given(name, value.and_then(read))
        .expected(expected)
        .actual(format_args!("{}", Shown(value)))
        .or(refusal)
}

fn optional<T>(
    payload: &JsonObject,
    claim: &str,
    read: fn(&Value) -> Option<T>,
    checks: &mut Checks,
    refusal: Refusal,
) -> Result<Option<T>, Refusal> {
    if !payload.contains_key(claim) {
        return Ok(None);
    }
    required(payload, claim, read, checks, refusal).map(Some)
}

fn metascopes(payload: &JsonObject, checks: &mut Checks) -> Result<Vec<ClaimedMetascope>, Refusal> {
    let mut metascopes = Vec::new();
    for (name, value) in payload {
        let Some((base_url, code)) = name.rsplit_once("/s/") else { continue };
        checks
            .that("metascope has the value true", *value == Value::Bool(true))
            .expected("true")
            .actual(format_args!("{}", Shown(Some(value))))
            .or(Refusal::FieldMalformed)?;
        metascopes.push(ClaimedMetascope {
            base_url: base_url.to_owned(),
            code: code.to_owned(),
            metascope: code.parse().ok(),
        });
    }
    Ok(metascopes)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64()
}

/// Adobe's documents ask for an integer and for "a string created from a decimal number", so both are accepted.
/// Leading zeros do not make another number.
fn decimal(value: &Value) -> Option<String> {
    let text = value.as_u64().map(|number| number.to_string());
    let text = text.or_else(|| value.as_str().map(str::to_owned))?;
    let is_number = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.trim_start_matches('0').to_owned())
}

fn parsed<T: std::str::FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A member as a verdict shows it: a string without quotation marks, and one that is missing as nothing.
struct Shown<'a>(Option<&'a Value>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(Value::String(text)) => f.write_str(text),
            Some(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn examine(header: &str, payload: &str) -> Result<Claims, Refusal> {
        let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
        let jwt = format!("{}.{}.AA", encode(header), encode(payload));
        let mut checks = Checks::new();
        read(&decode(&jwt, &mut checks)?, &mut checks)
    }

    #[test]
    fn a_jti_is_a_decimal_number_bare_or_in_a_string() {
        #[rustfmt::skip]
        let table = [
            ("7",    Some("7")), ("\"7\"",  Some("7")), ("\"007\"", Some("7")),
            ("7.5",  None),      ("-7",     None),      ("\"\"",    None),
            ("\"x\"", None),     ("null",   None),      ("[7]",     None),
        ];
        for (json, number) in table {
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(decimal(&value).as_deref(), number, "{json}");
        }
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in "\\{(\"(exp|iss|sub|aud|jti|x/s/y)\":(1|\"a\"|true|null|\\[\\]),?){0,6}\\}|\\PC{0,40}") {
            let _ = examine(r#"{"alg":"RS256"}"#, &payload);
            let _ = examine(&payload, "{}");
        }
    }
}
