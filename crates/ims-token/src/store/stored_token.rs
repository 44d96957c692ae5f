//! A token as it is written into a file or sealed for Redis: JSON that names the key it was saved under.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{cache_key::CacheKey, store::StoreError};
#[cfg(feature = "file")]
use ims_exchange::BearerToken;

/// No member may be missing: a token without an expiry would be kept forever.
#[derive(Serialize, Deserialize)]
struct StoredToken<'a> {
    /// [`CacheKey::canonical`], so that a moved file or a colliding hash is not read as another token.
    key: &'a str,
    access_token: &'a str,
    /// Seconds since 1970.
    obtained_at: i64,
    /// Seconds since 1970.
    expires_at: i64,
}

/// The time before which IMS must not be asked.
#[derive(Serialize, Deserialize)]
struct StoredNotBefore<'a> {
    key: &'a str,
    /// Seconds since 1970.
    not_before: i64,
}

/// `token` in bytes, to be kept under `key`.
pub(super) fn encode(
    key: &CacheKey,
    token: &AccessToken,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let stored = StoredToken {
        key: &key.canonical(),
        access_token: token.expose_secret(),
        obtained_at: token.obtained_at().as_secs(),
        expires_at: token.expires_at().as_secs(),
    };
    // With the capacity given, nothing is moved and no copy is left in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    serde_json::to_writer(&mut *bytes, &stored).map_err(|_| StoreError::Garbled)?;
    if bytes.len() <= MAX_BYTES { Ok(bytes) } else { Err(StoreError::Garbled) }
}

/// The token in `bytes`, if it was saved under `key`.
pub(crate) fn decode(key: &CacheKey, bytes: &[u8]) -> Result<AccessToken, StoreError> {
    // The canonical text of a key and tokens have no characters that JSON escapes, unless an account does.
    let stored: StoredToken<'_> = serde_json::from_slice(bytes).map_err(|_| StoreError::Garbled)?;
    let date = NumericDate::from_secs;
    let obtained_at = date(stored.obtained_at);
    let lifetime = date(stored.expires_at).since(obtained_at);
    let token = AccessToken::new(stored.access_token.to_owned(), obtained_at, lifetime);
    let token = token.map_err(|_| StoreError::Garbled)?;
    if stored.key == key.canonical() { Ok(token) } else { Err(StoreError::Garbled) }
}

/// `not_before` in bytes, to be kept under `key`.
pub(super) fn encode_not_before(
    key: &CacheKey,
    not_before: NumericDate,
) -> Result<Vec<u8>, StoreError> {
    let stored = StoredNotBefore { key: &key.canonical(), not_before: not_before.as_secs() };
    serde_json::to_vec(&stored).map_err(|_| StoreError::Garbled)
}

/// The time in `bytes`, if it was saved under `key`.
pub(crate) fn decode_not_before(key: &CacheKey, bytes: &[u8]) -> Result<NumericDate, StoreError> {
    let stored: StoredNotBefore<'_> =
        serde_json::from_slice(bytes).map_err(|_| StoreError::Garbled)?;
    let not_before = NumericDate::from_secs(stored.not_before);
    if stored.key == key.canonical() { Ok(not_before) } else { Err(StoreError::Garbled) }
}

/// Whether `bytes` hold `token`, whatever key it was saved under.
#[cfg(feature = "file")]
pub(super) fn holds(bytes: &[u8], token: &BearerToken) -> bool {
    serde_json::from_slice(bytes)
        .is_ok_and(|stored: StoredToken<'_>| stored.access_token == token.expose_secret())
}

/// The key of the token in `bytes`, when it was obtained, and when it expires.
#[cfg(feature = "file")]
pub(super) fn dates(bytes: &[u8]) -> Option<(CacheKey, NumericDate, NumericDate)> {
    let stored: StoredToken<'_> = serde_json::from_slice(bytes).ok()?;
    let date = NumericDate::from_secs;
    let key = CacheKey::from_canonical(stored.key)?;
    Some((key, date(stored.obtained_at), date(stored.expires_at)))
}

/// The key in `bytes`, and the time before which IMS must not be asked for its token.
#[cfg(feature = "file")]
pub(super) fn key_and_not_before(bytes: &[u8]) -> Option<(CacheKey, NumericDate)> {
    let stored: StoredNotBefore<'_> = serde_json::from_slice(bytes).ok()?;
    Some((CacheKey::from_canonical(stored.key)?, NumericDate::from_secs(stored.not_before)))
}

/// A token may have 64 KiB, and a key some more.
pub(super) const MAX_BYTES: usize = 128 * 1024;

/// The SHA-256 of the key's canonical text, in 64 hexadecimal digits.
pub(super) fn entry_name(key: &CacheKey) -> String {
    let hash = digest(&SHA256, key.canonical().as_bytes());
    hash.as_ref().iter().fold(String::with_capacity(64), |mut name, byte| {
        write!(name, "{byte:02x}").expect("writing to a String never fails");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache_key::GrantName;
    use ims_claims::Environment;

    #[test]
    fn a_name_is_the_sha_256_of_the_canonical_key() {
        let key = CacheKey::new(&Environment::stage(), &"a".parse().unwrap(), GrantName::JWT);
        // printf %s 'ims-token 1 35:https://ims-na1-stg1.adobelogin.com,1:a,3:jwt,1:-,0:,' | sha256sum
        assert_eq!(
            entry_name(&key),
            "6db7a0b95ea7fc4a0b6556620028e541744e40037944db85e944b8e9e34eea6b"
        );
    }
}
