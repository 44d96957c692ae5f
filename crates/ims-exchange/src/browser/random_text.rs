//! Texts that nobody can guess.

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// 256 random bits as 43 characters of base64url, which is what RFC 7636 §4.1 recommends for a code verifier.
///
/// # Panics
/// If the system has no random numbers, without which nothing here is safe.
pub(crate) fn generate() -> String {
    let mut octets = Zeroizing::new([0; 32]);
    rand::fill(&mut *octets)
        .expect("AWS-LC ends the process before it goes without random numbers");
    BASE64_URL_SAFE_NO_PAD.encode(*octets)
}

/// Whether a redirect carries `text` back as it is: visible ASCII (RFC 6749, appendix A.5), at most 4096 characters, which
/// is Adobe's bound for `state`.
pub(crate) fn is_carried(text: &str) -> bool {
    (1..=4096).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
