//! PEM as people have it (RFC 7468 §2, and the forms that it has after mail, Windows, JSON and environment variables): byte
//! order marks, CRLF, indentation, text in any encoding around the blocks, `\n` written out, all on one line, or the whole
//! file again in base64.
//!
//! This crate has its own reader because a private key passes through it: every buffer that holds a part of the key is
//! wiped. The crates that read PEM leave copies in freed memory, silently find nothing in a damaged block, or put a line of
//! the key into their error.

use std::{
    fmt,
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{DecodeSliceError, Engine, prelude::BASE64_STANDARD};
use ims_claims::WipedBytes;
use memchr::arch::all::memchr::One;
use pem_rfc7468::LineEnding;

/// One `-----BEGIN …-----` block. It may hold a private key, so `Debug` shows its length alone.
pub struct Block {
    label: String,
    /// RFC 1421 header fields, such as `DEK-Info`.
    headers: Vec<(String, String)>,
    der: WipedBytes,
}

impl Block {
    /// The text after `BEGIN`, such as `CERTIFICATE`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The decoded bytes, wiped from memory when the block is dropped.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the content is a certificate (RFC 7468 §5, and OpenSSL's older and extended labels).
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        matches!(self.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
    }

    /// The value of an RFC 1421 header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(own, _)| own == name)?;
        Some(value)
    }

    /// Whether the content is encrypted by RFC 1421, and not by PKCS#8.
    pub(crate) fn is_legacy_encrypted(&self) -> bool {
        self.header("Proc-Type").is_some_and(|kind| kind.ends_with("ENCRYPTED"))
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes)", self.der.len())
    }
}

/// A PEM file that is damaged, or too long. Nothing of it is repeated.
///
/// ```
/// use ims_sign::pem::{self, PemError};
///
/// let error = pem::blocks(b"-----BEGIN CERTIFICATE-----\nAQID").unwrap_err();
/// assert_eq!(error, PemError::NoEnd);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// Give a file of at most [`MAX_LENGTH`] bytes.
    #[error("longer than 1 MiB, which no key or certificate is")]
    TooLong,
    /// Get the file again: its end is missing.
    #[error("a PEM block has no END line")]
    NoEnd,
    /// Get the file again: it is damaged.
    #[error("a PEM block is not base64")]
    NotBase64,
}

/// The longest file that is read, in bytes: a thousand times the length of a key.
pub const MAX_LENGTH: usize = 1 << 20;

/// All blocks of a file, in order; none if it is not PEM.
///
/// Text between the blocks may have any encoding. `\n` and `\r` that are written out count as line breaks, and PEM that
/// is encoded in base64 again is decoded.
///
/// ```
/// use ims_sign::pem;
///
/// let file = b"my key\n-----BEGIN PUBLIC KEY-----\nAQID\n-----END PUBLIC KEY-----\n";
/// let blocks = pem::blocks(file)?;
/// assert_eq!((blocks[0].label(), blocks[0].der()), ("PUBLIC KEY", &[1, 2, 3][..]));
/// # Ok::<(), pem::PemError>(())
/// ```
///
/// # Errors
/// [`PemError`] if the file is too long, or a block has no end or is not base64.
pub fn blocks(file: &[u8]) -> Result<Vec<Block>, PemError> {
    expect_length(file)?;
    let own = unescaped(file);
    let text = own.as_deref().map_or(file, Vec::as_slice);
    let blocks = blocks_of_text(text)?;
    if blocks.is_empty()
        && let Some(inner) = decode(text).filter(|inner| find(inner, BEGIN).is_some())
    {
        let own = unescaped(&inner);
        return blocks_of_text(own.as_deref().unwrap_or(&inner));
    }
    Ok(blocks)
}

/// The bytes of a file that is DER, or DER in base64 without the lines of PEM around it.
///
/// ```
/// use ims_sign::pem;
///
/// let der = pem::bare_der(b"MAMCAQA=").ok_or("not DER")?;
/// assert_eq!(*der, [0x30, 3, 2, 1, 0]);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn bare_der(file: &[u8]) -> Option<Der> {
    expect_length(file).ok()?;
    if is_der(file) {
        return Some(Der(WipedBytes::new(file.to_vec())));
    }
    let own = unescaped(file);
    decode(own.as_deref().map_or(file, Vec::as_slice)).filter(|der| is_der(der)).map(Der)
}

/// DER, which is wiped from memory when it is dropped: it may be a private key. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Der(WipedBytes);

impl Deref for Der {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Der {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Der({} bytes)", self.len())
    }
}

/// Writes PEM as OpenSSL writes it: lines of 64 characters, each with a line feed (RFC 7468 §2).
///
/// ```
/// use ims_sign::pem;
///
/// let file = "-----BEGIN PUBLIC KEY-----\nAQID\n-----END PUBLIC KEY-----\n";
/// assert_eq!(pem::encode("PUBLIC KEY", &[1, 2, 3]), file);
/// ```
///
/// # Panics
/// If `label` is not one of RFC 7468 §3: printable ASCII without two hyphens or two spaces in a row.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der)
        .expect("the label is one of PEM's and the DER shorter than the address space")
}

/// Whether `file` begins like a DER SEQUENCE and is not text.
pub(crate) fn is_der(file: &[u8]) -> bool {
    file.first() == Some(&0x30) && file.iter().any(|b| *b == 0 || !b.is_ascii())
}

/// Decodes a text that is base64 from its beginning to its end, except for white space and a byte order mark.
pub(crate) fn decode(text: &[u8]) -> Option<WipedBytes> {
    let text = std::str::from_utf8(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)).ok()?;
    decode_words(text.split_whitespace())
}

fn expect_length(file: &[u8]) -> Result<(), PemError> {
    if file.len() > MAX_LENGTH { Err(PemError::TooLong) } else { Ok(()) }
}

fn blocks_of_text(text: &[u8]) -> Result<Vec<Block>, PemError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = split_once(rest, BEGIN) {
        let (label, after) = split_once(after, b"-----").ok_or(PemError::NoEnd)?;
        let end = [b"-----END ", label, b"-----"].concat();
        let (body, after) = split_once(after, &end).ok_or(PemError::NoEnd)?;
        blocks.push(read_block(label, body)?);
        rest = after;
    }
    Ok(blocks)
}

/// Header fields are pairs of words, `Name: value`; what is left is base64.
fn read_block(label: &[u8], body: &[u8]) -> Result<Block, PemError> {
    let label = String::from_utf8_lossy(label).into_owned();
    if let Some(der) = decode_lines(body) {
        return Ok(Block { label, headers: Vec::new(), der });
    }
    let body = std::str::from_utf8(body).map_err(|_| PemError::NotBase64)?;
    let mut words = body.split_whitespace().peekable();
    let mut headers = Vec::new();
    while let Some(name) = words.next_if(|word| word.ends_with(':')) {
        let value = words.next().unwrap_or_default();
        headers.push((name.trim_end_matches(':').to_owned(), value.to_owned()));
    }
    let der = decode_words(words).ok_or(PemError::NotBase64)?;
    Ok(Block { label, headers, der })
}

/// Decodes lines as OpenSSL writes them, without header fields, in a fraction of the time that [`decode_words`] takes.
/// `None` for any other text, even if it is valid.
fn decode_lines(body: &[u8]) -> Option<WipedBytes> {
    let mut base64 = WipedBytes::new(Vec::with_capacity(body.len()));
    let mut rest = body;
    while !rest.is_empty() {
        let end = position(rest, b'\n').unwrap_or(rest.len());
        base64.extend_from_slice(rest[..end].trim_ascii());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    decode_joined(&base64)
}

fn decode_words<'a>(words: impl Iterator<Item = &'a str>) -> Option<WipedBytes> {
    // The buffer gets its capacity at once: a growing one would leave copies of a key in freed memory.
    let words: Vec<&str> = words.collect();
    let mut base64 = WipedBytes::new(Vec::with_capacity(words.iter().map(|word| word.len()).sum()));
    for word in words {
        base64.extend_from_slice(word.as_bytes());
    }
    decode_joined(&base64)
}

fn decode_joined(base64: &[u8]) -> Option<WipedBytes> {
    static DECODED: AtomicUsize = AtomicUsize::new(0);

    let mut der = WipedBytes::new(vec![0; base64::decoded_len_estimate(base64.len())]);
    let written = if DECODED.load(Ordering::Relaxed) < FEW {
        DECODED.fetch_add(1, Ordering::Relaxed);
        BASE64_STANDARD.decode_slice(base64, &mut der)
    } else {
        decode_by_vectors(base64, &mut der)
    };
    der.truncate(written.ok()?);
    Some(der)
}

/// Decodes 32 characters at a time where the processor can.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn decode_by_vectors(base64: &[u8], der: &mut [u8]) -> Result<usize, DecodeSliceError> {
    use base64::engine::{general_purpose::PAD, simd::Simd};

    static ENGINE: std::sync::LazyLock<Simd> = std::sync::LazyLock::new(|| Simd::standard(PAD));
    ENGINE.decode_slice(base64, der)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn decode_by_vectors(base64: &[u8], der: &mut [u8]) -> Result<usize, DecodeSliceError> {
    BASE64_STANDARD.decode_slice(base64, der)
}

/// How many texts are decoded without vectors. To ask the processor whether it has them takes as much time as they save in
/// some forty certificates, and most programs read one key.
const FEW: usize = 8;

/// The file with the texts `\n` and `\r`, as JSON and shells write them, replaced by line breaks; `None` if there are none.
fn unescaped(file: &[u8]) -> Option<WipedBytes> {
    position(file, b'\\')?;
    let mut text = WipedBytes::new(Vec::with_capacity(file.len()));
    let mut rest = file;
    while let Some(start) = position(rest, b'\\') {
        let (before, backslash) = rest.split_at(start);
        text.extend_from_slice(before);
        if let [_, b'n' | b'r', after @ ..] = backslash {
            text.push(b'\n');
            rest = after;
        } else {
            text.push(b'\\');
            rest = &backslash[1..];
        }
    }
    text.extend_from_slice(rest);
    Some(text)
}

fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = find(text, separator)?;
    Some((&text[..start], &text[start + separator.len()..]))
}

/// Where `separator`, which begins with a hyphen, is in `text`.
fn find(text: &[u8], separator: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        start += position(&text[start..], b'-')?;
        if text[start..].starts_with(separator) {
            return Some(start);
        }
        start += 1;
    }
}

/// Where `byte` is in `text`, by comparing a word at a time. The search with vectors, which is `memchr::memchr`, first asks
/// the processor what it can do. That takes 40 µs in a virtual machine: longer than it saves in any key or certificate.
fn position(text: &[u8], byte: u8) -> Option<usize> {
    One::new(byte).find(text)
}

const BEGIN: &[u8] = b"-----BEGIN ";
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

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
    fn what_mail_windows_json_and_shells_do_to_pem_changes_nothing() {
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
            ("six dashes",    pem.replace("-----BEGIN", "------BEGIN")),
            ("blank lines",   pem.replace('\n', "\n\n")),
            ("no-break space", pem.replace('\n', "\u{a0}\n")),
            ("base64",        BASE64_STANDARD.encode(pem)),
            ("base64 of it written out", BASE64_STANDARD.encode(pem.replace('\n', "\\n"))),
            ("base64 in lines", BASE64_STANDARD.encode(pem).replace('A', "A\r\n")),
        ];
        for (what, text) in table {
            assert_eq!(read(text.as_bytes()), plain, "{what}");
        }
    }

    #[test]
    fn text_around_a_block_may_have_any_encoding() {
        let plain = read(keys::FIRST.as_bytes());
        for comment in [&b"Schl\xfcssel von J\xf6rg"[..], b"\x93key\x94", b"\xff\xfe", b"\x00"] {
            let before = [comment, b"\n", keys::FIRST.as_bytes()].concat();
            let after = [keys::FIRST.as_bytes(), comment].concat();
            assert_eq!(read(&before), plain, "{comment:02x?}");
            assert_eq!(read(&after), plain, "{comment:02x?}");
        }
    }

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_not_read() {
        let padded = |length: usize| {
            let padding = " ".repeat(length - keys::FIRST.len());
            format!("{}{padding}", keys::FIRST)
        };
        assert_eq!(read(padded(MAX_LENGTH).as_bytes()).len(), 1);
        let too_long = padded(MAX_LENGTH + 1);
        assert_eq!(blocks(too_long.as_bytes()).err(), Some(PemError::TooLong));
        assert_eq!(bare_der(&vec![0x30; MAX_LENGTH + 1]), None);
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
        let not_base64 = keys::FIRST.replacen("MII", "M!I", 1);
        #[rustfmt::skip]
        let table = [
            (no_end,                               PemError::NoEnd),
            ("-----BEGIN X",                       PemError::NoEnd),
            ("-----BEGIN A-----\n-----END B-----", PemError::NoEnd),
            (not_base64.as_str(),                  PemError::NotBase64),
            ("-----BEGIN A-----\u{fc}-----END A-----", PemError::NotBase64),
        ];
        for (file, error) in table {
            assert_eq!(blocks(file.as_bytes()).err(), Some(error), "{error}");
        }
    }

    #[test]
    fn der_is_accepted_bare_or_in_base64() {
        let base64 = BASE64_STANDARD.encode(certificates::FIRST_DER);
        let wrapped = format!("{}\n{}\n", &base64[..64], &base64[64..]);
        for file in [certificates::FIRST_DER, base64.as_bytes(), wrapped.as_bytes()] {
            assert_eq!(&*bare_der(file).unwrap(), certificates::FIRST_DER);
        }
        #[rustfmt::skip]
        let table: [&[u8]; 4] = [
            b"hello",
            // Each is base64 of something else. The first begins like a SEQUENCE, whose tag is a 0 in ASCII.
            b"0123",
            b"hello123",
            // Not text, and not a SEQUENCE.
            b"hello\xff\0",
        ];
        for file in table {
            assert!(bare_der(file).is_none(), "{file:02x?}");
        }
        // A SEQUENCE need not have a byte beyond ASCII, if it has a zero byte.
        assert!(bare_der(&[0x30, 3, 2, 1, 0]).is_some());
        assert!(bare_der(&[0x30, 3, 2, 1, 0x80]).is_some());
    }

    #[test]
    fn a_text_that_is_read_after_many_others_is_read_as_the_first() {
        let texts = [keys::FIRST, certificates::FIRST].map(str::as_bytes);
        let first = texts.map(read);
        for _ in 0..2 * FEW {
            assert_eq!(texts.map(read), first);
        }
    }

    proptest! {
        #[test]
        fn vectors_decode_what_is_decoded_without_them_and_refuse_the_same(
            text in "[A-Za-z0-9+/]{60,200}[A-Za-z0-9+/= _-]{0,5}"
        ) {
            let mut der = [vec![0; text.len()], vec![0; text.len()]];
            let expected = BASE64_STANDARD.decode_slice(&text, &mut der[0]).ok();
            prop_assert_eq!(decode_by_vectors(text.as_bytes(), &mut der[1]).ok(), expected);
            if expected.is_some() {
                prop_assert_eq!(&der[0], &der[1]);
            }
        }

        #[test]
        fn lines_say_the_same_as_words(
            der in proptest::collection::vec(any::<u8>(), 0..200),
            width in 1_usize..80,
            damage in proptest::option::of(("[ =\r\n:A\u{a0}]", any::<proptest::sample::Index>())),
        ) {
            let text = BASE64_STANDARD.encode(&der);
            let lines: Vec<&str> = text.as_bytes().chunks(width).filter_map(|line| str::from_utf8(line).ok()).collect();
            let mut body = lines.join("\n");
            if let Some((inserted, place)) = damage {
                body.insert_str(place.index(body.len() + 1), &inserted);
            }
            if let Some(read) = decode_lines(body.as_bytes()) {
                prop_assert_eq!(Some(read), decode_words(body.split_whitespace()));
            } else {
                prop_assert!(width % 4 != 0 || body != lines.join("\n"), "{}", body);
            }
        }

        #[test]
        fn no_file_makes_it_panic(
            file in proptest::collection::vec(any::<u8>(), 0..80),
            text in "(-----BEGIN [A-Z]{0,3}-----)?[A-Za-z: \\\\n=]{0,30}(-----END [A-Z]{0,3}-----)?",
        ) {
            for file in [file.as_slice(), text.as_bytes()] {
                let _ = (blocks(file), bare_der(file));
            }
        }
    }
}
