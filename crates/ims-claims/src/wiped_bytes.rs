//! Bytes and texts that are wiped from memory.

use alloc::{string::String, vec::Vec};
use core::{
    fmt, mem,
    ops::{Deref, DerefMut},
};

/// Bytes that are overwritten with zeros when they are dropped, in the whole of their memory.
///
/// `zeroize::Zeroizing<Vec<u8>>` does the same, but writes one byte after the other. For a token or a PEM file, that takes
/// longer than to read it.
///
/// If bytes grow beyond their capacity, they are moved, and a copy stays in memory. `Debug` shows only their number.
///
/// ```
/// use ims_claims::WipedBytes;
///
/// let mut secret = WipedBytes::new(Vec::with_capacity(64));
/// secret.extend_from_slice(b"p8e-secret");
/// assert_eq!(secret.len(), 10);
/// assert_eq!(format!("{secret:?}"), "WipedBytes(10 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WipedBytes(Vec<u8>);

impl WipedBytes {
    /// Takes `bytes`, with all of their memory.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, which are no longer wiped.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        mem::take(&mut self.0)
    }
}

impl Deref for WipedBytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for WipedBytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for WipedBytes {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for WipedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WipedBytes({} bytes)", self.0.len())
    }
}

/// A text that is overwritten with zeros when it is dropped, like [`WipedBytes`].
///
/// It cannot be changed, so it stays where it is, and no copy is left in memory. `Debug` shows only its length.
///
/// ```
/// use ims_claims::WipedText;
///
/// let secret = WipedText::new("p8e-secret".to_owned());
/// assert!(secret.starts_with("p8e-"));
/// assert_eq!(format!("{secret:?}"), "WipedText(10 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WipedText(String);

impl WipedText {
    /// Takes `text`, with all of its memory.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, which is no longer wiped.
    #[must_use]
    pub fn into_string(mut self) -> String {
        mem::take(&mut self.0)
    }
}

impl Deref for WipedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for WipedText {
    fn drop(&mut self) {
        wipe(&mut mem::take(&mut self.0).into_bytes());
    }
}

impl fmt::Debug for WipedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WipedText({} bytes)", self.0.len())
    }
}

/// Fills all the memory of `bytes` with zeros.
fn wipe(bytes: &mut Vec<u8>) {
    let capacity = bytes.capacity();
    bytes.clear();
    bytes.resize(capacity, 0);
    // The compiler must not remove this write, although nothing reads it.
    zeroize::optimization_barrier(bytes.as_slice());
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString};

    #[test]
    fn all_the_memory_is_filled_with_zeros_where_it_is() {
        let mut bytes = Vec::with_capacity(100);
        bytes.extend_from_slice(&[7; 90]);
        bytes.truncate(10);
        let (start, capacity) = (bytes.as_ptr(), bytes.capacity());
        wipe(&mut bytes);
        assert_eq!((bytes.as_ptr(), bytes.len()), (start, capacity));
        assert!(bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn what_is_taken_out_is_kept() {
        let bytes = WipedBytes::new(b"canary".to_vec());
        assert_eq!(format!("{bytes:?}"), "WipedBytes(6 bytes)");
        assert_eq!(bytes.into_vec(), b"canary");
        let text = WipedText::new("canary".to_string());
        assert_eq!(format!("{text:?}"), "WipedText(6 bytes)");
        assert_eq!(text.into_string(), "canary");
    }

    #[test]
    fn a_text_keeps_its_place_and_its_memory() {
        let mut text = String::with_capacity(100);
        text.push_str("canary");
        let (start, capacity) = (text.as_ptr(), text.capacity());
        let text = WipedText::new(text);
        assert_eq!((text.as_ptr(), &*text), (start, "canary"));
        let text = text.into_string();
        assert_eq!((text.as_ptr(), text.capacity()), (start, capacity));
    }
}
