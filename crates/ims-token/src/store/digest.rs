//! Names for keys where names are seen by others: in a folder and in Redis.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use crate::cache_key::CacheKey;

/// The SHA-256 of the key's canonical text, in 64 hexadecimal digits.
pub(super) fn name(key: &CacheKey) -> String {
    let hash = digest(&SHA256, key.canonical().as_bytes());
    hash.as_ref().iter().fold(String::with_capacity(64), |mut name, byte| {
        write!(name, "{byte:02x}").expect("a String takes all that is written");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ims_claims::Environment;

    #[test]
    fn a_name_is_the_sha_256_of_the_canonical_key() {
        let key = CacheKey::new(&Environment::stage(), &"a".parse().unwrap(), "jwt");
        // printf %s 'ims-token 1 35:https://ims-na1-stg1.adobelogin.com,1:a,3:jwt,1:-,0:,' | sha256sum
        assert_eq!(name(&key), "6db7a0b95ea7fc4a0b6556620028e541744e40037944db85e944b8e9e34eea6b");
    }
}
