//! What the emulator stores about each client secret: an id, when it was added, and when it was used last.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use secrecy::{ExposeSecret, SecretString};

use crate::integration::Integration;

/// One client secret without its text.
#[derive(Debug)]
pub(crate) struct SecretRecord {
    /// 32 hexadecimal digits, the same for the same secret of the same client, so that a state file needs no more than the
    /// secret.
    pub(crate) id: String,
    /// In milliseconds since 1970.
    pub(crate) created_ms: u64,
    last_use: Mutex<Option<LastUse>>,
}

/// The last request that was made with a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastUse {
    /// In milliseconds since 1970.
    pub(crate) at_ms: u64,
    pub(crate) grant_type: &'static str,
}

impl SecretRecord {
    /// The records of the secrets of `integration`, in their order. The records of `before` stay the same.
    pub(crate) fn all_of(
        integration: &Integration,
        before: &[Arc<Self>],
        now_ms: u64,
    ) -> Vec<Arc<Self>> {
        let mut records = Vec::new();
        for secret in integration.client_secrets() {
            let id = id_of(integration, secret);
            let known = before.iter().find(|record| record.id == id).cloned();
            let new = || Arc::new(Self { id, created_ms: now_ms, last_use: Mutex::new(None) });
            records.push(known.unwrap_or_else(new));
        }
        records
    }

    /// Remembers a use.
    pub(crate) fn use_now(&self, last_use: LastUse) {
        *self.last_use.lock().unwrap_or_else(PoisonError::into_inner) = Some(last_use);
    }

    /// The last use, if there was one.
    pub(crate) fn last_use(&self) -> Option<LastUse> {
        *self.last_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id_of(integration: &Integration, secret: &SecretString) -> String {
    let mut digest = Context::new(&SHA256);
    digest.update(integration.client_id().as_str().as_bytes());
    digest.update(b"\n");
    digest.update(secret.expose_secret().as_bytes());
    let digest = digest.finish();
    let first_half = digest.as_ref().first_chunk::<16>().expect("SHA-256 has 32 bytes");
    format!("{:032x}", u128::from_be_bytes(*first_half))
}
