#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod cache_key;
mod cached_token;
mod clock;
mod error;
mod event;
mod fetch_error;
mod keeper;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(test)]
mod model;
mod pool;
mod refresh;
mod refresh_machine;
mod runtime;
mod source;
mod store;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use backoff::LONGEST_PAUSE;
pub use cache_key::{CacheKey, GrantName};
pub use cached_token::{Peeked, api_headers};
pub use clock::{Clock, SharedClock, SystemClock};
pub use error::TokenError;
pub use event::{Alternative, Event, Observer, Origin, RefreshReason, StoreOperation};
pub use fetch_error::{Evidence, FetchError, LONGEST_RETRY_AFTER, Remedy};
pub use keeper::{
    Health, KeepFresh, TokenKeeper,
    builder::{ADVISORY_WINDOW, DEADLINE, MANDATORY_WINDOW, TokenKeeperBuilder},
    obtain::REFRESH_TIMEOUT,
    shared::RETRIES,
};
pub use pool::KeeperPool;
pub use refresh::store_access::{LEASE_TIME, STORE_TIMEOUT};
pub use refresh_machine::EXPIRY_MARGIN;
pub use source::{ReadyTokenError, TokenSource};
#[cfg(feature = "file")]
pub use store::file::FileStore;
#[cfg(feature = "redis")]
pub use store::redis::{RedisStore, sealing::SealingKey};
#[cfg(feature = "file")]
pub use store::stored_entry::{StoredDates, StoredEntry};
pub use store::{Lease, SharedStore, StoreError, TokenStore, is_older_than, memory::MemoryStore};
