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
