//! Base64url without padding (RFC 7515 §2), with the vector instructions of the processor where that pays.

use alloc::string::String;
use core::sync::atomic::{AtomicUsize, Ordering};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Writes `octets` at the end of `text`.
pub(crate) fn push(text: &mut String, octets: &[u8]) {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);

    if WRITTEN.load(Ordering::Relaxed) < FEW {
        WRITTEN.fetch_add(1, Ordering::Relaxed);
        BASE64_URL_SAFE_NO_PAD.encode_string(octets, text);
    } else {
        engine().encode_string(octets, text);
    }
}

/// Reads and writes 32 characters at a time where the processor can. It refuses padding and trailing bits that are not zero, so
/// each value has one spelling.
#[cfg(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn engine() -> &'static impl Engine {
    use base64::engine::{general_purpose::NO_PAD, simd::Simd};

    static ENGINE: std::sync::LazyLock<Simd> = std::sync::LazyLock::new(|| Simd::url_safe(NO_PAD));
    &*ENGINE
}

/// Without the standard library, the features of the processor cannot be detected.
#[cfg(not(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) fn engine() -> &'static impl Engine {
    &BASE64_URL_SAFE_NO_PAD
}

/// How many texts are written without vectors: to detect the features of the processor takes as long as vectors save in a hundred
/// assertions, and a command signs one.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_and_all_later_texts_are_written_in_the_same_way(
            octets in proptest::collection::vec(any::<u8>(), 0..400)
        ) {
            let mut text = String::from("before.");
            push(&mut text, &octets);
            let written = text.strip_prefix("before.").unwrap();
            prop_assert_eq!(written, BASE64_URL_SAFE_NO_PAD.encode(&octets));
            let read: Vec<u8> = engine().decode(written).unwrap();
            prop_assert_eq!(read, octets);
        }
    }
}
