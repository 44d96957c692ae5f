//! PEM as it is met in the wild (RFC 7468 §2, and what mail, Windows, JSON and environment variables make of it): byte
//! order marks, CRLF, indentation, text around the blocks, `\n` written out, or all on one line.
//!
//! This reader is our own because the usual ones return nothing, without a word, for a byte order mark or for
//! indentation, and one of them prints the private key in its error.

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::{KeyError, der_kind};

/// One `-----BEGIN …-----` block. It may hold a private key, so it prints nothing of itself.
pub struct Block {
    pub(crate) label: String,
    /// RFC 1421 header fields, such as `DEK-Info`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

impl Block {
    /// What stands after `BEGIN`, such as `CERTIFICATE`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The bytes that the base64 stands for, wiped from memory when the block is dropped.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// All blocks of a file, in order; none if it is not PEM.
///
/// # Errors
/// [`KeyError::Malformed`] if a block has no end or is not base64.
pub fn blocks(file: &[u8]) -> Result<Vec<Block>, KeyError> {
    let mut unescaped = Zeroizing::default();
    let Some(mut rest) = text(file, &mut unescaped) else { return Ok(Vec::new()) };
    let mut blocks = Vec::new();
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let no_end = KeyError::Malformed { reason: "a PEM block has no END line" };
        let (label, after) = after.split_once("-----").ok_or(no_end.clone())?;
        let (body, after) = after.split_once(&format!("-----END {label}-----")).ok_or(no_end)?;
        blocks.push(block(label, body)?);
        rest = after;
    }
    Ok(blocks)
}

/// The bytes of a file that is DER, or DER in base64 without the lines of PEM around it.
#[must_use]
pub fn bare_der(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if is_der(file) {
        return Some(Zeroizing::new(file.to_vec()));
    }
    decode(text(file, &mut Zeroizing::default())?.split_whitespace()).filter(|der| is_der(der))
}

/// Whether `file` begins like a DER SEQUENCE and is not text.
pub(crate) fn is_der(file: &[u8]) -> bool {
    file.first() == Some(&0x30) && file.iter().any(|b| *b == 0 || !b.is_ascii())
}

/// What a file holds, for an error that has to say so.
#[must_use]
pub fn describe(file: &[u8]) -> String {
    if file.trim_ascii().is_empty() {
        return "an empty file".to_owned();
    }
    if file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]) {
        return "UTF-16 text, which has to be saved as UTF-8".to_owned();
    }
    match blocks(file).ok().and_then(|blocks| blocks.into_iter().next()) {
        Some(block) => match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                "a certificate".to_owned()
            }
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request".to_owned(),
            "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key".to_owned(),
            "OPENSSH PRIVATE KEY" => {
                "a key in OpenSSH's own format, which ssh-keygen -p -m PKCS8 converts".to_owned()
            }
            label if label.ends_with("PRIVATE KEY") => "a private key".to_owned(),
            _ => "a PEM block of another kind".to_owned(),
        },
        None if is_der(file) => der_kind::describe(file).to_owned(),
        None => "neither PEM nor DER".to_owned(),
    }
}

/// The file as text, with `\n` and `\r` that are written out turned into what they mean. Only then there is a copy.
fn text<'a>(file: &'a [u8], unescaped: &'a mut Zeroizing<String>) -> Option<&'a str> {
    let text = std::str::from_utf8(file).ok()?;
    if !text.contains('\\') {
        return Some(text);
    }
    // Each copy is wiped, also the one in between.
    let text = Zeroizing::new(text.replace("\\r", "\r"));
    *unescaped = Zeroizing::new(text.replace("\\n", "\n"));
    Some(unescaped.as_str())
}

/// Header fields are pairs of words, `Name: value`; what is left is base64.
fn block(label: &str, body: &str) -> Result<Block, KeyError> {
    let mut words = body.split_whitespace().peekable();
    let mut headers = Vec::new();
    while let Some(name) = words.next_if(|word| word.ends_with(':')) {
        let value = words.next().unwrap_or_default();
        headers.push((name.trim_end_matches(':').to_owned(), value.to_owned()));
    }
    let der = decode(words).ok_or(KeyError::Malformed { reason: "a PEM block is not base64" })?;
    Ok(Block { label: label.to_owned(), headers, der })
}

fn decode<'a>(words: impl Iterator<Item = &'a str>) -> Option<Zeroizing<Vec<u8>>> {
    // Both buffers get their room at once: growing would leave copies of a key behind in freed memory.
    let words: Vec<&str> = words.collect();
    let length = words.iter().map(|word| word.len()).sum();
    let mut base64 = Zeroizing::new(String::with_capacity(length));
    base64.extend(words);
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(length)]);
    let written = BASE64_STANDARD.decode_slice(base64.as_bytes(), &mut der).ok()?;
    der.truncate(written);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_testkit::{certificates, keys};
    use proptest::prelude::*;

    #[track_caller]
    fn read(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        blocks(file).unwrap().into_iter().map(|block| (block.label, block.der.to_vec())).collect()
    }

    #[test]
    fn what_the_wild_does_to_pem_changes_nothing() {
        let plain = read(keys::FIRST.as_bytes());
        assert_eq!((plain.len(), plain[0].0.as_str()), (1, "PRIVATE KEY"));
        let pem = keys::FIRST;
        #[rustfmt::skip]
        let table = [
            ("crlf",          pem.replace('\n', "\r\n")),
            ("byte order",    format!("\u{feff}{pem}")),
            ("indented",      pem.replace('\n', "\n    ")),
            ("spaces at end", pem.replace('\n', "  \n")),
            ("one line",      pem.replace('\n', " ")),
            ("no breaks",     pem.replace('\n', "")),
            ("written out",   pem.replace('\n', "\\n")),
            ("both written",  pem.replace('\n', "\\r\\n")),
            ("quoted",        format!("\"{pem}\"")),
            ("text before",   format!("Bag Attributes\n    localKeyID: 01\n{pem}")),
        ];
        for (what, text) in table {
            assert_eq!(read(text.as_bytes()), plain, "{what}");
        }
    }

    #[test]
    fn a_bundle_is_read_in_order() {
        let bundle = format!("{}{}{}", certificates::FIRST, keys::FIRST, certificates::SECOND);
        let labels: Vec<_> = read(bundle.as_bytes()).into_iter().map(|(label, _)| label).collect();
        assert_eq!(labels, ["CERTIFICATE", "PRIVATE KEY", "CERTIFICATE"]);
    }

    #[test]
    fn a_damaged_block_is_an_error_and_not_nothing() {
        let no_end = &keys::FIRST[..keys::FIRST.len() - 30];
        let no_base64 = keys::FIRST.replacen("MII", "M!I", 1);
        for file in
            [no_end, no_base64.as_str(), "-----BEGIN X", "-----BEGIN A-----\n-----END B-----"]
        {
            assert!(
                matches!(blocks(file.as_bytes()), Err(KeyError::Malformed { .. })),
                "{}",
                &file[..12]
            );
        }
    }

    #[test]
    fn der_is_taken_bare_or_in_base64() {
        let base64 = BASE64_STANDARD.encode(certificates::FIRST_DER);
        let wrapped = format!("{}\n{}\n", &base64[..64], &base64[64..]);
        for file in [certificates::FIRST_DER, base64.as_bytes(), wrapped.as_bytes()] {
            assert_eq!(bare_der(file).unwrap().as_slice(), certificates::FIRST_DER);
        }
        assert!(bare_der(b"hello").is_none());
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(
            file in proptest::collection::vec(any::<u8>(), 0..80),
            text in "(-----BEGIN [A-Z]{0,3}-----)?[A-Za-z: \\\\n=]{0,30}(-----END [A-Z]{0,3}-----)?",
        ) {
            for file in [file.as_slice(), text.as_bytes()] {
                let _ = (blocks(file), bare_der(file), describe(file));
            }
        }
    }
}
