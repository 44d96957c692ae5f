//! ID tokens (`OpenID` Connect Core 1.0 §2): who has signed in, for the client.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{clock::date, token_key::KeyRing};

/// What an ID token is issued for.
pub(crate) struct NewIdToken<'a> {
    /// The base URL that the client has called, as discovery names it.
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user_id: &'a str,
    /// The organization whose administrator has allowed the client, if that is what the token says.
    pub(crate) org_id: Option<&'a str>,
    /// A value from the client's request, by which it recognizes the answer.
    pub(crate) nonce: Option<&'a str>,
    /// What the browser gets with it: the ID token has a hash of it, so that neither can be replaced.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) lifetime: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
}

impl NewIdToken<'_> {
    /// Issues the token at `now_ms`.
    pub(crate) fn issue(&self, keys: &KeyRing, now_ms: u64) -> String {
        let now = date(now_ms);
        let claims = Claims {
            iss: self.issuer,
            sub: self.user_id,
            aud: self.client_id,
            exp: now.plus(self.lifetime).as_secs(),
            iat: now.as_secs(),
            auth_time: now.as_secs(),
            org_id: self.org_id,
            nonce: self.nonce,
            at_hash: self.access_token.map(left_half),
            c_hash: self.code.map(left_half),
        };
        let claims = serde_json::to_vec(&claims).expect("a struct of strings is always JSON");
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, keys.key_id());
        let mut signing_input = BASE64_URL_SAFE_NO_PAD.encode(header);
        signing_input.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut signing_input);
        keys.sign(signing_input)
    }
}

/// The hash of a token or code for `at_hash` and `c_hash` (`OpenID` Connect Core 1.0 §3.1.3.6, §3.3.2.11).
fn left_half(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standards_example() {
        // OpenID Connect Core 1.0, appendix A.3 and A.4.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(left_half(token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(left_half(code), "LDktKdoQak3Pk0cnXxCltA");
    }
}
