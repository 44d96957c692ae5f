//! Files that people give instead of credentials, and what they are.

use std::path::Path;

use crate::error::{CredentialsError, EMPTY, PROGRAM};

/// What a text is, if it is certainly not credentials.
pub(crate) fn of_text(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    if start.starts_with("<?php") {
        return Some(PROGRAM);
    }
    if start.starts_with('<') {
        return Some("a web page or XML");
    }
    if text.trim().is_empty() {
        return Some(EMPTY);
    }
    let label = start.strip_prefix("-----BEGIN ")?;
    let label = label.split("-----").next().unwrap_or_default();
    Some(match label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" => "a certificate",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request",
        _ if label.ends_with("PRIVATE KEY") => "a private key",
        _ if label.ends_with("PUBLIC KEY") => "a public key",
        _ => "a PEM file",
    })
}

/// Whether the name is that of a program's source, which is not data: its values are known only when it runs.
pub(crate) fn is_program(path: &Path) -> bool {
    const ENDINGS: &[&str] = &[
        "py", "ipynb", "js", "mjs", "cjs", "ts", "rb", "php", "java", "kt", "cs", "go", "r", "tf",
    ];
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// Why bytes that are not text in UTF-8 are not credentials.
pub(crate) fn of_bytes(bytes: &[u8]) -> CredentialsError {
    match bytes {
        // A SEQUENCE of more than 127 bytes (X.690 §8.1.3.5).
        [0x30, 0x81 | 0x82, ..] => {
            CredentialsError::NotCredentials { kind: "a key or a certificate in binary form (DER)" }
        }
        _ => CredentialsError::NotText,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_credentials_is_called_what_it_is() {
        #[rustfmt::skip]
        let table = [
            ("",                                            Some(EMPTY)),
            (" \n\t",                                     Some(EMPTY)),
            ("<?php\n$a = 1;",                              Some(PROGRAM)),
            ("\n<html>",                                    Some("a web page or XML")),
            ("-----BEGIN CERTIFICATE-----\n",               Some("a certificate")),
            ("-----BEGIN TRUSTED CERTIFICATE-----\n",       Some("a certificate")),
            ("-----BEGIN CERTIFICATE REQUEST-----\n",       Some("a certificate request")),
            ("-----BEGIN NEW CERTIFICATE REQUEST-----\n",   Some("a certificate request")),
            ("-----BEGIN PRIVATE KEY-----\n",               Some("a private key")),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n",     Some("a private key")),
            ("\n-----BEGIN RSA PRIVATE KEY-----\n",        Some("a private key")),
            ("-----BEGIN PUBLIC KEY-----\n",                Some("a public key")),
            ("-----BEGIN RSA PUBLIC KEY-----\n",            Some("a public key")),
            ("-----BEGIN X509 CRL-----\n",                  Some("a PEM file")),
            ("{}",                                          None),
            ("client_id=a",                                 None),
        ];
        for (text, kind) in table {
            assert_eq!(of_text(text), kind, "{text:?}");
        }
        for (bytes, said) in [
            (
                &[0x30, 0x81, 0xFF][..],
                "this is a key or a certificate in binary form (DER), not credentials",
            ),
            (
                &[0x30, 0x82, 0xFF],
                "this is a key or a certificate in binary form (DER), not credentials",
            ),
            (&[0x30, 0x80, 0xFF], "not UTF-8 text"),
            (&[0xFF, 0xFE], "not UTF-8 text"),
        ] {
            assert_eq!(of_bytes(bytes).to_string(), said, "{bytes:?}");
        }
    }

    #[test]
    fn the_source_of_a_program_is_known_by_its_name() {
        for (path, expected) in [
            ("config.py", true),
            ("a/config.JS", true),
            ("main.tf", true),
            ("config.json", false),
            ("py", false),
            (".env", false),
        ] {
            assert_eq!(is_program(Path::new(path)), expected, "{path}");
        }
    }
}
