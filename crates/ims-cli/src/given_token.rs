//! A token as people have it: alone, after `Bearer`, in quotation marks, in the JSON of a command, or broken over lines.

use std::path::Path;

use ims::{claims::CompactJwt, exchange::TokenKind};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{failure::Failure, files};

/// How much of a token has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// All three parts, each of them base64url: what is sent to IMS.
    Whole,
    /// Enough to recognise a JWT, so that its errors can be named.
    Recognizable,
}

/// Reads the token in the file at `path`, `-` being standard input. If several are there, it is the one of `kind`.
///
/// A text without the form of a token is an error of usage, and there is no verdict about it.
pub(crate) fn read(
    path: &Path,
    kind: Option<TokenKind>,
    form: Form,
) -> Result<Zeroizing<String>, Failure> {
    let text = files::read_text(path)?;
    find(&text, kind, form).ok_or_else(|| {
        let place = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            ims_files::shown(path)
        };
        let what = if text.is_empty() {
            "is empty"
        } else if find(&text, kind, Form::Recognizable).is_some() {
            "has a token that is not complete"
        } else {
            "holds no token"
        };
        Failure::usage(format!("{place} {what}")).hint(
            "a token of IMS is a JWT, three parts with dots between them: give it alone, after Bearer, or as the JSON of \
             ims token --json",
        )
    })
}

/// The token in `text`, without what people and programs put around it.
fn find(text: &str, kind: Option<TokenKind>, form: Form) -> Option<Zeroizing<String>> {
    let text = text.trim();
    if text.starts_with('{') {
        let members: Map<String, Value> = serde_json::from_str(text).ok()?;
        let token = member(&members, kind)?;
        // A member may hold a header field, but not another object.
        return if token.trim_start().starts_with('{') { None } else { find(token, kind, form) };
    }
    let text = without_name(text);
    let text = without_name(without_quotes(text));
    let token = without_bearer(without_quotes(text));
    // Mail programs and terminals break long lines.
    let joined: Zeroizing<String> =
        Zeroizing::new(token.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let has_form = match form {
        Form::Whole => is_jwt(&joined) && !is_cut_off(&joined),
        Form::Recognizable => is_meant_as_jwt(&joined),
    };
    has_form.then_some(joined)
}

/// The member that holds the token of `kind`, else the first that holds any.
fn member(members: &Map<String, Value>, kind: Option<TokenKind>) -> Option<&str> {
    const NAMES: [&str; 7] =
        ["access_token", "accessToken", "token", "jwt_token", "refresh_token", "id_token", "jwt"];
    let wanted = kind.map(TokenKind::as_str);
    wanted.into_iter().chain(NAMES).find_map(|name| members.get(name)?.as_str())
}

fn without_quotes(text: &str) -> &str {
    let text = text.trim().trim_end_matches([',', ';']).trim_end();
    for quote in ['"', '\'', '`'] {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.trim();
        }
    }
    text
}

/// Removes the name of the token: `IMS_ACCESS_TOKEN=…`, `export …=…` and `"access_token": …`.
fn without_name(text: &str) -> &str {
    let Some((name, value)) = text.split_once(['=', ':']) else { return text };
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let name = quoted.unwrap_or(name);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    // A token whose first part is padded begins in this way.
    let is_token = name.starts_with("ey");
    if is_name && !name.is_empty() && !is_token { value.trim() } else { text }
}

/// RFC 6750 §2.1; the scheme's name may be written in any case (RFC 9110 §11.1).
fn without_bearer(text: &str) -> &str {
    match text.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    }
}

/// Whether `text` has the form of a signed JWT (RFC 7515 §3.1): three parts of base64url, the first of which is an object.
fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    // The base64url of `{"`, with which every header begins that is written without white space.
    parts.len() == 3
        && parts.iter().all(|part| is_base64url(part))
        && parts[0].starts_with("ey")
        && !parts[1].is_empty()
}

/// Whether the end of a JWT is missing. IMS would answer that such a text is not valid, but the complete token stays valid.
///
/// A signature by RSA has as many bytes as its key, a multiple of 64 (RFC 7518 §3.3, RFC 8017 §8.2.1). Shorter ones are
/// those of a test.
fn is_cut_off(jwt: &str) -> bool {
    let signature = jwt.rsplit('.').next().unwrap_or_default();
    // No number of bytes is encoded in this number of letters (RFC 4648 §5).
    if signature.len() % 4 == 1 {
        return true;
    }
    let bytes = signature.len() * 3 / 4;
    bytes > 64 && !bytes.is_multiple_of(64) && is_by_rsa(jwt)
}

/// Whether the header says that the signature is by RSA, or cannot be read.
fn is_by_rsa(jwt: &str) -> bool {
    let Ok(jwt) = CompactJwt::parse(jwt) else { return true };
    let algorithm = jwt.header().get("alg").and_then(Value::as_str).unwrap_or_default();
    algorithm.starts_with("RS") || algorithm.starts_with("PS")
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether `text` begins as a JWT does and is written with the letters of one, padding included.
fn is_meant_as_jwt(text: &str) -> bool {
    text.starts_with("ey")
        && text.contains('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoiYWNjZXNzX3Rva2VuIn0.c2lnbmF0dXJl";
    const OTHER: &str = "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaF90b2tlbiJ9.c2lnbmF0dXJl";

    #[test]
    fn a_token_is_found_in_whatever_people_have() {
        let (first, rest) = JWT.split_at(30);
        for text in [
            JWT.to_owned(),
            format!(" {JWT}\r\n"),
            format!("Bearer {JWT}"),
            format!("bearer   {JWT}"),
            format!("Authorization: Bearer {JWT}"),
            format!("authorization:bearer {JWT}\n"),
            format!("\"{JWT}\""),
            format!("'{JWT}'"),
            format!("\"Bearer {JWT}\""),
            format!("\"{JWT}\","),
            format!("IMS_ACCESS_TOKEN={JWT}"),
            format!("export IMS_ACCESS_TOKEN=\"{JWT}\""),
            format!("\"access_token\": \"{JWT}\","),
            format!("{first}\n{rest}"),
            format!("Bearer {first}\r\n  {rest}\n"),
            format!(r#"{{"access_token":"{JWT}","expires_in":86399}}"#),
            format!(r#"{{"token_type":"bearer", "access_token" : "{JWT}", "refresh_token":"x"}}"#),
            format!(r#"{{"accessToken":"Bearer {JWT}"}}"#),
            format!(r#"{{"token":"{JWT}","expiry":1800000000000}}"#),
            format!(r#"{{"jwt_token":"{JWT}","client_id":"a"}}"#),
        ] {
            assert_eq!(
                find(&text, None, Form::Whole).as_deref().map(String::as_str),
                Some(JWT),
                "{text}"
            );
        }
    }

    #[test]
    fn the_token_of_the_right_kind_is_chosen_from_several() {
        let both = format!(r#"{{"access_token":"{JWT}","refresh_token":"{OTHER}"}}"#);
        let found = |kind| find(&both, kind, Form::Whole).unwrap().to_string();
        assert_eq!(found(None), JWT);
        assert_eq!(found(Some(TokenKind::AccessToken)), JWT);
        assert_eq!(found(Some(TokenKind::RefreshToken)), OTHER);
        assert_eq!(found(Some(TokenKind::DeviceToken)), JWT);
    }

    #[test]
    fn a_token_whose_end_is_missing_is_not_whole() {
        let (unsigned, _) = JWT.rsplit_once('.').unwrap();
        let signed = |letters: usize| format!("{unsigned}.{}", "A".repeat(letters));
        // 256 bytes are 342 letters.
        assert!(find(&signed(342), None, Form::Whole).is_some());
        for missing in [1, 2, 3, 4, 5, 9, 10, 100, 200] {
            assert!(find(&signed(342 - missing), None, Form::Whole).is_none(), "{missing}");
            assert!(find(&signed(342 - missing), None, Form::Recognizable).is_some(), "{missing}");
        }
        // ECDSA on P-521 has 132 bytes.
        let header = "eyJhbGciOiJFUzUxMiJ9";
        let other = format!("{header}.e30.{}", "A".repeat(176));
        assert!(find(&other, None, Form::Whole).is_some());
    }

    #[test]
    fn what_is_not_a_token_is_not_read_as_one() {
        for text in [
            "",
            "hello",
            "Bearer",
            "Bearer hello",
            "hello world",
            "a.b.c",
            "eyJhbGciOiJSUzI1NiJ9.eyJ0eXBlIjoiYWNjZXNzX3Rva2VuIn0",
            "eyJhbGciOiJSUzI1NiJ9..c2ln",
            "eyJh bGci.eyJ0.c2ln, and some more words",
            &format!("{JWT}.more"),
            &format!("{JWT} {OTHER}"),
            "{}",
            r#"{"access_token":null}"#,
            r#"{"access_token":"hello"}"#,
            r#"{"access_token":"{\"access_token\":1}"}"#,
            r#"{"error":"invalid_token"}"#,
            "{not JSON",
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        ] {
            assert!(find(text, None, Form::Whole).is_none(), "{text}");
        }
    }

    #[test]
    fn a_jwt_with_a_fault_is_recognized_where_its_faults_are_named() {
        for (text, is_recognized) in [
            (JWT.to_owned(), true),
            (format!("{JWT}=="), true),
            (format!("{JWT}.more"), true),
            (JWT.rsplit_once('.').unwrap().0.to_owned(), true),
            ("hello".to_owned(), false),
            ("eye.".to_owned(), true),
            (String::new(), false),
            ("{\"alg\":\"none\"}".to_owned(), false),
        ] {
            let found = find(&text, None, Form::Recognizable);
            assert_eq!(found.is_some(), is_recognized, "{text}");
        }
    }
}
