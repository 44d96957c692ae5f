//! An existing access token: the local development token of AEM, the output of `ims token --json`, an answer of IMS, the
//! token alone as a person pastes it, and the environment variables of a program.
//!
//! Source of `accessToken`: Adobe Experience League, "Generating Access Tokens for Server-Side APIs" of AEM as a Cloud
//! Service, where the local development token is a JSON with this member.

use ims_claims::{CompactJwt, Environment};

use crate::{
    credential::{Credential, TokenCredential},
    error::CredentialsError,
    reading::{
        fields::{Document, Fields},
        read_context::ReadContext,
        secret_file::is_jwt,
    },
};

type Read = Result<(Environment, Credential), CredentialsError>;

const TOKEN: &[&str] = &["access_token", "accessToken"];

/// Credentials in our own format that also name a token are refused for that member, and are not read as a token.
pub(super) fn matches(fields: &Fields<'_>) -> bool {
    TOKEN.iter().any(|name| fields.has(name)) && !fields.values().any(|(name, _)| gets_tokens(name))
}

fn gets_tokens(name: &str) -> bool {
    name.starts_with("client_secret") || name.starts_with("private_key")
}

pub(super) fn credential(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    read(fields, fields.name_of(TOKEN), "client_id", "org_id", "ims_url")
}

/// What `ims exec` gives to a program. If there is also a secret, the secret gets new tokens.
pub(super) fn is_variables(fields: &Fields<'_>) -> bool {
    let gets_tokens = ["IMS_CLIENT_SECRET", "IMS_PRIVATE_KEY", "IMS_PRIVATE_KEY_FILE"];
    fields.has("IMS_ACCESS_TOKEN") && !gets_tokens.iter().any(|name| fields.has(name))
}

pub(super) fn of_variables(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    read(fields, "IMS_ACCESS_TOKEN", "IMS_CLIENT_ID", "IMS_ORG_ID", "IMS_URL")
}

/// What adobe/aio-apps-action sets for the steps after it: the token of aio's context `cli`.
const OF_CLI: &str = "AIO_IMS_CONTEXTS_CLI_ACCESS__TOKEN_TOKEN";

pub(super) fn is_cli_variable(fields: &Fields<'_>) -> bool {
    fields.has(OF_CLI)
}

pub(super) fn of_cli_variable(fields: &Fields<'_>, _at: &ReadContext<'_>) -> Read {
    read(fields, OF_CLI, "IMS_CLIENT_ID", "IMS_ORG_ID", "IMS_URL")
}

fn read(fields: &Fields<'_>, token: &str, client_id: &str, org_id: &str, url: &str) -> Read {
    let text = without_header(fields.text(token)?);
    // The client id in the file is used if the token has none.
    let credential =
        TokenCredential::read(&fields.path_of(token), text, || fields.required(client_id))?;
    let credential = match fields.optional(org_id)? {
        Some(org_id) => credential.with_org(org_id),
        None => credential,
    };
    let environment = match fields.optional(url)? {
        Some(environment) => environment,
        None => issued_by(text),
    };
    Ok((environment, Credential::Token(credential)))
}

/// The IMS that the token says it is from, `as`. Source: adobe/aio-lib-ims, `Ims.fromToken`.
fn issued_by(token: &str) -> Environment {
    let payload = CompactJwt::parse(token).and_then(|jwt| jwt.payload_object());
    let cluster = payload.ok().and_then(|members| Some(members.get("as")?.as_str()?.to_owned()));
    if cluster.as_deref() == Some("ims-na1-stg1") {
        Environment::stage()
    } else {
        Environment::production()
    }
}

/// A document for `text`, if `text` is only a token.
pub(crate) fn alone(text: &str) -> Option<Document> {
    let token = without_header(text);
    if !is_jwt(token) {
        return None;
    }
    Some([("access_token".to_owned(), token.into())].into_iter().collect())
}

/// The token without `Authorization:` and `Bearer` (RFC 6750 §2.1; the name of a scheme has no case, RFC 9110 §11.1), and
/// without quotation marks.
fn without_header(text: &str) -> &str {
    let mut text = text.trim().trim_matches(['"', '\'']).trim();
    for prefix in ["authorization:", "bearer "] {
        if let (Some(start), Some(rest)) = (text.get(..prefix.len()), text.get(prefix.len()..))
            && start.eq_ignore_ascii_case(prefix)
        {
            text = rest.trim_start();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_alone_is_not_read_as_a_path_or_another_text() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl", "eyJ0eXBlIjoi".repeat(4));
        for text in [
            token.clone(),
            format!("{token}\n"),
            format!("Bearer {token}"),
            format!("bearer  {token}\r\n"),
            format!("Authorization: Bearer {token}"),
            format!("\"{token}\""),
        ] {
            let document = alone(&text).unwrap();
            assert_eq!(document.fields().unwrap().text("access_token").unwrap(), token, "{text}");
        }
        for text in ["", "eyJ.a.b", "Bearer", "eyJhbGciOiJSUzI1NiJ9", "client_id = \"a\"", "a.b.c"]
        {
            assert!(alone(text).is_none(), "{text}");
        }
        assert!(alone(&format!("{token}/x")).is_none());
        assert!(alone(&format!("{token}.x")).is_none());
    }
}
