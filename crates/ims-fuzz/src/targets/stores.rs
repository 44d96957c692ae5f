//! What the stores of tokens find: files and entries that others may have written.

use std::sync::LazyLock;

use ims_claims::Environment;
use ims_token::{
    CacheKey, GrantName, SealingKey,
    testing::{open_sealed, seal, stored_not_before, stored_token as read},
};

pub(crate) fn stored_token(input: &[u8]) {
    if let Some(token) = read(&KEY, input) {
        assert!(!token.expose_secret().is_empty());
    }
    let _ = stored_not_before(&KEY, input);
}

/// No bytes open without the key, and what is sealed opens again.
pub(crate) fn sealed_token(input: &[u8]) {
    let sealing_key = &*SEALING_KEY;
    assert_eq!(open_sealed(sealing_key, &KEY, input), None, "something opened without the key");
    let sealed = seal(sealing_key, &KEY, input).expect("anything can be sealed");
    let opened = open_sealed(sealing_key, &KEY, &sealed).expect("what is sealed opens again");
    assert_eq!(opened, input);
    if let Some(last) = input.last() {
        let mut changed = sealed;
        let position = usize::from(*last) % changed.len();
        changed[position] ^= 1;
        assert_eq!(open_sealed(sealing_key, &KEY, &changed), None, "a changed entry opened");
    }
}

static KEY: LazyLock<CacheKey> = LazyLock::new(|| {
    let client_id = "client".parse().expect("a client id");
    CacheKey::new(&Environment::production(), &client_id, GrantName::JWT)
});

static SEALING_KEY: LazyLock<SealingKey> = LazyLock::new(|| SealingKey::derive(b"a secret"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_entries_are_read() {
        let entry = include_bytes!("../../corpus/stored_token/token");
        assert!(read(&KEY, entry).is_some());
        assert!(
            stored_not_before(&KEY, include_bytes!("../../corpus/stored_token/not-before"))
                .is_some()
        );
    }
}
