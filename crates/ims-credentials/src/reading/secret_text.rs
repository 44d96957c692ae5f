//! Which texts can be a secret, decided in one place for all forms: never an empty one, and never one with white space or
//! quotation marks by mistake.
//!
//! Adobe's client secrets are printable ASCII without white space. If one with a line break was sent, IMS would only answer
//! that the secret is wrong. So it is refused here, and the error names the line break.

use base64::{Engine, prelude::BASE64_STANDARD};
use ims_exchange::ClientSecret;
use zeroize::Zeroizing;

use crate::error::{CredentialsError, SecretFault};

/// A client secret of the member or variable `name`.
pub(crate) fn client_secret(name: &str, text: &str) -> Result<ClientSecret, CredentialsError> {
    if is_placeholder(text.trim()) {
        return Err(CredentialsError::Placeholder { name: name.to_owned() });
    }
    match fault(text) {
        None => Ok(ClientSecret::new(text.to_owned())),
        Some(fault) => Err(CredentialsError::SecretText { name: name.to_owned(), fault }),
    }
}

/// Refuses a secret that has no visible character, whatever kind of secret it is.
pub(crate) fn not_blank(name: &str, text: &str) -> Result<(), CredentialsError> {
    if is_blank(text) {
        let fault = SecretFault::Blank;
        return Err(CredentialsError::SecretText { name: name.to_owned(), fault });
    }
    Ok(())
}

fn fault(text: &str) -> Option<SecretFault> {
    if is_blank(text) {
        return Some(SecretFault::Blank);
    }
    if text.ends_with(['\n', '\r']) {
        return Some(SecretFault::LineBreakAtEnd);
    }
    // This comes before the check for white space: the character also counts as white space, but a person must know that it
    // is not a normal blank.
    if text.contains('\u{a0}') {
        return Some(SecretFault::NoBreakSpace);
    }
    if text.trim() != text {
        return Some(SecretFault::WhiteSpaceAround);
    }
    if text.contains(INVISIBLE) {
        return Some(SecretFault::Invisible);
    }
    if text.contains(char::is_control) {
        return Some(SecretFault::ControlCharacter);
    }
    let first = text.chars().next().filter(|c| QUOTES.contains(c));
    if first.is_some() && text.chars().last().is_some_and(|c| QUOTES.contains(&c)) {
        return Some(SecretFault::Quotes);
    }
    if text.ends_with("@AdobeOrg") || text.ends_with("@techacct.adobe.com") {
        return Some(SecretFault::Identifier);
    }
    None
}

/// Whether `text` is a placeholder: a variable of a shell, of GitHub Actions or of a template, or the text of a sample.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let variable = text.strip_prefix('$').is_some_and(is_name);
    let of_windows = text.strip_prefix('%').and_then(|text| text.strip_suffix('%'));
    let is_between = |start, end| text.starts_with(start) && text.ends_with(end);
    let lower = text.to_ascii_lowercase();
    let is_sample =
        ["your-", "your_", "your ", "<your"].iter().any(|start| lower.starts_with(start));
    let is_crossed_out =
        text.len() > 3 && text.bytes().all(|b| matches!(b, b'x' | b'X' | b'*' | b'.'));
    variable
        || of_windows.is_some_and(is_name)
        || is_between("${", "}")
        || is_between("{{", "}}")
        || is_between("<", ">")
        || is_sample
        || is_crossed_out
}

/// Whether `text` is completely invisible.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || INVISIBLE.contains(&c))
}

/// Invisible characters: soft hyphen, zero width spaces, joiners and marks of direction, byte order mark.
const INVISIBLE: &[char] =
    &['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}'];

/// The marks that editors and chat programs put around a text.
const QUOTES: &[char] =
    &['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'];

/// The contents of a key's file or variable. If a PEM file is encoded in base64 again, as CI systems require it, it is
/// decoded. Two different private keys in one file are refused, since it is not known which of them is meant.
pub(crate) fn key(
    name: &str,
    contents: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    // CI systems keep a secret in one line, so a PEM file is often encoded again.
    let contents = without_base64(&contents).unwrap_or(contents);
    if contents.trim_ascii().is_empty() {
        let fault = SecretFault::Blank;
        return Err(CredentialsError::SecretText { name: name.to_owned(), fault });
    }
    if has_two_keys(&contents) {
        return Err(CredentialsError::TwoKeys { name: name.to_owned() });
    }
    Ok(contents)
}

/// The PEM text or the PKCS#12 file that `contents` is the base64 encoding of.
fn without_base64(contents: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if contents.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return None;
    }
    let mut packed = Zeroizing::new(Vec::with_capacity(contents.len()));
    packed.extend(contents.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(&*packed).ok()?);
    let is_pem = decoded.windows(BEGIN.len()).any(|window| window == BEGIN);
    (is_pem || is_pkcs12(&decoded)).then_some(decoded)
}

/// Whether these bytes begin as PKCS#12 does: a sequence whose first element is the version 3 (RFC 7292 §4). A key in DER has
/// the version 0 or 1 there.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else { return false };
    let longer = if *length & 0x80 == 0 { 0 } else { usize::from(*length & 0x7F) };
    rest.get(longer..).is_some_and(|inner| inner.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// Whether there are two different private keys. The same key twice, or a key with its certificate, is fine.
fn has_two_keys(contents: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(contents) else { return false };
    let mut first: Option<&str> = None;
    for block in text.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = block.split_once("-----") else { continue };
        if !label.ends_with("PRIVATE KEY") {
            continue;
        }
        let body = rest.split("-----END").next().unwrap_or_default();
        match first {
            None => first = Some(body),
            Some(first) => {
                let is_space = |c: &char| !c.is_whitespace();
                if !first.chars().filter(is_space).eq(body.chars().filter(is_space)) {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether `text` can be the contents of a private key: the shortest that is accepted, RSA with 2048 bits, has 1,600
/// characters in base64. A shorter text without a PEM header is likely the path of a key.
pub(crate) fn can_be_key(text: &str) -> bool {
    text.contains("-----BEGIN") || text.trim().len() > SHORTEST_KEY
}

const SHORTEST_KEY: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_secret_is_refused_for_what_cannot_be_meant_and_for_nothing_else() {
        #[rustfmt::skip]
        let table = [
            ("",                   Some(SecretFault::Blank)),
            (" \t",                Some(SecretFault::Blank)),
            ("\u{a0}",             Some(SecretFault::Blank)),
            ("p8e-x\n",            Some(SecretFault::LineBreakAtEnd)),
            ("p8e-x\r\n",          Some(SecretFault::LineBreakAtEnd)),
            ("p8e-x ",             Some(SecretFault::WhiteSpaceAround)),
            (" p8e-x",             Some(SecretFault::WhiteSpaceAround)),
            ("p8e\u{a0}x",         Some(SecretFault::NoBreakSpace)),
            ("\u{a0}p8e-x",        Some(SecretFault::NoBreakSpace)),
            ("p8e\tx",             Some(SecretFault::ControlCharacter)),
            ("\"p8e-x\"",          Some(SecretFault::Quotes)),
            ("'p8e-x'",            Some(SecretFault::Quotes)),
            ("\u{201c}p8e-x\u{201d}", Some(SecretFault::Quotes)),
            ("`p8e-x`",            Some(SecretFault::Quotes)),
            ("\"p8e-x",            None),
            ("p8e-x\"",            None),
            ("p8e\u{200b}x",       Some(SecretFault::Invisible)),
            ("\u{feff} \u{200b}",  Some(SecretFault::Blank)),
            ("A@AdobeOrg",         Some(SecretFault::Identifier)),
            ("A@techacct.adobe.com", Some(SecretFault::Identifier)),
            ("A@AdobeOrg-p8e",     None),
            ("p8e-x",              None),
            ("[p8e-x",             None),
            ("p8e-\"x\"y",         None),
            ("$p8e=x#y",           None),
            ("\u{1f511}",          None),
        ];
        for (text, expected) in table {
            assert_eq!(fault(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_stands_for_a_value_is_known_from_a_value() {
        #[rustfmt::skip]
        let table = [
            ("$OAUTH_CLIENT_ID",                   true),
            ("${ADOBE_CLIENT_SECRET}",             true),
            ("${ADOBE_CLIENT_SECRET:-}",           true),
            ("${{ secrets.CLIENTSECRET }}",        true),
            ("{{client_id}}",                      true),
            ("%ADOBE_CLIENT_ID%",                  true),
            ("<client id>",                        true),
            ("your_client_secret",                 true),
            ("YOUR-CLIENT-ID",                     true),
            ("$A_1",                               true),
            ("$",                                  false),
            ("$a",                                 false),
            ("%A_1%",                              true),
            ("%%",                                 false),
            ("%A_1",                               false),
            ("${a",                                false),
            ("a}",                                 false),
            ("{{a",                                false),
            ("a}}",                                false),
            ("<a",                                 false),
            ("a>",                                 false),
            ("<your id",                           true),
            ("your secret",                        true),
            ("xxxx",                               true),
            ("XX..",                               true),
            ("xxx",                                false),
            ("xxxxxxxxxxxx",                       true),
            ("********",                           true),
            ("x",                                  false),
            ("yourself",                           false),
            ("$p8e=x#y",                           false),
            ("%p8e%",                              false),
            ("p8e-Xxxx",                           false),
            ("a64f5f10849a410a97ffdac8ae1",        false),
            ("cm-p123-e1234-integration-1",        false),
            ("",                                   false),
        ];
        for (text, expected) in table {
            assert_eq!(is_placeholder(text), expected, "{text}");
        }
        let error = client_secret("SECRET", "${SECRET}").unwrap_err();
        assert_eq!(error.to_string(), "SECRET is a placeholder, not a value");
    }

    #[test]
    fn pkcs12_is_a_sequence_that_begins_with_version_3_and_a_sequence() {
        for (bytes, expected) in [
            (&[0x30, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00][..], true),
            (&[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80], true),
            (&[0x30, 0x81, 0x80, 0x02, 0x01, 0x03, 0x30], true),
            (&[0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x03, 0x30], true),
            (&[0x30, 0x05, 0x02, 0x01, 0x00, 0x30, 0x00], false),
            (&[0x30, 0x81, 0x02, 0x01, 0x03, 0x30], false),
            (&[0x31, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00], false),
            (&[0x30, 0x82, 0x01], false),
            (&[0x30], false),
        ] {
            assert_eq!(is_pkcs12(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_text_can_be_a_key_by_its_header_or_its_length() {
        for (text, expected) in [
            ("-----BEGIN PRIVATE KEY-----".to_owned(), true),
            ("a".repeat(601), true),
            ("a".repeat(600), false),
            (format!("  {}\n\n\n", "a".repeat(600)), false),
            ("p8e-x".to_owned(), false),
        ] {
            assert_eq!(can_be_key(&text), expected, "{text}");
        }
    }

    #[test]
    fn base64_around_pem_is_undone_and_two_different_keys_are_refused() {
        let first = ims_testkit::keys::FIRST;
        let encoded = BASE64_STANDARD.encode(first);
        let wrapped: Vec<&str> =
            encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        for text in [first.to_owned(), encoded.clone(), wrapped.join("\n") + "\n"] {
            let key = key("k", Zeroizing::new(text.into_bytes())).unwrap();
            assert_eq!(&**key, first.as_bytes());
        }
        // A PKCS#12 file: SEQUENCE { INTEGER 3, SEQUENCE …
        let pkcs12 = [0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x03, 0x30, 0x82];
        let text = BASE64_STANDARD.encode(pkcs12) + "\n";
        assert_eq!(**key("k", Zeroizing::new(text.into_bytes())).unwrap(), pkcs12);
        let twice = format!("{first}\n{first}");
        assert!(key("k", Zeroizing::new(twice.into_bytes())).is_ok());
        let with_certificate = format!("{}{first}", ims_testkit::certificates::FIRST);
        assert!(key("k", Zeroizing::new(with_certificate.into_bytes())).is_ok());
        let two = format!("{first}{}", ims_testkit::keys::SECOND);
        let error = key("k", Zeroizing::new(two.into_bytes())).unwrap_err();
        assert!(matches!(error, CredentialsError::TwoKeys { .. }), "{error:?}");
        // DER is not text, and base64 of DER is left for the reader of keys.
        let longer = BASE64_STANDARD.encode([0x30; 40]).into_bytes();
        for text in [b"\x30\x82\x04\xff".to_vec(), b"MIIEvQIBADANBg==".to_vec(), longer] {
            assert_eq!(**key("k", Zeroizing::new(text.clone())).unwrap(), text);
        }
    }
}
