#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache_key;
mod clock;
mod credential_end;
mod entry;
mod error;
mod event;
mod fetch_error;
mod flight;
mod gate;
mod health;
mod keep_fresh;
mod keeper;
mod machine;
#[cfg(feature = "metrics")]
mod metrics;
mod pool;
mod refresh;
mod source;
mod store;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;

pub use cache_key::CacheKey;
pub use clock::{Clock, SharedClock, SystemClock};
pub use entry::{Peeked, api_headers};
pub use error::TokenError;
pub use event::{Event, Origin, RefreshReason, StoreOperation};
pub use fetch_error::{Evidence, FetchError, LONGEST_RETRY_AFTER, Remedy};
pub use gate::LONGEST_PAUSE;
pub use health::Health;
pub use keep_fresh::KeepFresh;
pub use keeper::{
    ADVISORY_WINDOW, DEADLINE, MANDATORY_WINDOW, PATIENCE, RETRIES, TokenKeeper, TokenKeeperBuilder,
};
pub use machine::EXPIRY_MARGIN;
pub use pool::KeeperPool;
pub use refresh::STORE_TIMEOUT;
pub use source::TokenSource;
#[cfg(feature = "file")]
pub use store::FileStore;
pub use store::{Lease, MemoryStore, SharedStore, StoreError, TokenStore, gives_way};
#[cfg(feature = "redis")]
pub use store::{RedisStore, SealingKey};
