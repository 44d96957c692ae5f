//! A store in Redis, for a fleet. What it keeps is sealed: someone who can read Redis still cannot use IMS.

pub(crate) mod sealing;

use std::{fmt, time::Duration};

use ims_claims::NumericDate;
use ims_exchange::AccessToken;
use redis::{
    Client, Cmd, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use sealing::{SealingKey, random_owner};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::{
    cache_key::CacheKey,
    refresh::store_access::STORE_TIMEOUT,
    store::{Lease, StoreError, TokenStore, is_older_than, stored_token},
};

/// Keeps tokens in Redis 2.6.12 or newer, each sealed and until it expires, and the leases for their refreshes.
///
/// The names of keys are hashes, all in the same slot of a cluster: `ims:v1:{…}` for a token, `ims:v1:{…}:lease` for its
/// lease, `ims:v1:{…}:not_before` for the time before which no request is sent to IMS. One connection is made when it is
/// needed, and again when it breaks.
///
/// ```
/// use ims_token::{RedisStore, SealingKey, SharedStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sealing_key = SealingKey::from_bytes(&[7; 32]); // 32 random bytes, the same in every process
/// let store = RedisStore::new("redis://127.0.0.1:6379", sealing_key)?;
/// let store = SharedStore::new(store); // for TokenKeeperBuilder::with_store
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
pub struct RedisStore {
    client: Client,
    sealing_key: SealingKey,
    connection: OnceCell<ConnectionManager>,
}

impl RedisStore {
    /// Keeps tokens in the Redis at `url`: `redis://host:port/db`, `redis+unix:///path`, or `rediss://host:port/db` with the
    /// feature `redis-tls`. Nothing is sent yet.
    ///
    /// All processes that share tokens need the same `sealing_key`. With another one, tokens cannot be read and are
    /// replaced, which costs only a request to IMS.
    ///
    /// ```
    /// use ims_token::{RedisStore, SealingKey};
    ///
    /// let store = RedisStore::new("redis://redis:6379/0", SealingKey::derive(b"the client secret"))?;
    /// assert_eq!(format!("{store:?}"), "RedisStore", "a password in the address is not shown");
    /// # Ok::<(), ims_token::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if this store does not support `url`.
    pub fn new(url: &str, sealing_key: SealingKey) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(StoreError::unavailable)?;
        #[cfg(feature = "redis-tls")]
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // The crate redis uses the provider of the process, and rustls would choose this one by itself unless a program
            // has two of them built in: then it would panic. An error means that another thread has installed one meanwhile.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Ok(Self { client, sealing_key, connection: OnceCell::new() })
    }

    /// Sends `command`, and again if the connection was broken: by then a new one is being made.
    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection().await.map_err(StoreError::unavailable)?;
        let answer = command.query_async(&mut connection).await;
        match answer {
            Err(error) if error.is_io_error() && !error.is_timeout() => {
                let answer = command.query_async(&mut connection).await;
                answer.map_err(StoreError::unavailable)
            }
            answer => answer.map_err(StoreError::unavailable),
        }
    }

    /// The connection, which connects when it is first used, and again after a network error. It retries nothing by
    /// itself: the callers decide how often to try.
    async fn connection(&self) -> Result<ConnectionManager, RedisError> {
        self.connection.get_or_try_init(async || self.new_connection()).await.cloned()
    }

    fn new_connection(&self) -> Result<ConnectionManager, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(STORE_TIMEOUT))
            .set_response_timeout(Some(STORE_TIMEOUT));
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
    }

    async fn sealed(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(redis::cmd("GET").arg(name)).await
    }

    fn open(&self, key: &CacheKey, sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.sealing_key.open(key, sealed)
    }

    fn open_token(&self, key: &CacheKey, sealed: Vec<u8>) -> Result<AccessToken, StoreError> {
        stored_token::decode(key, &self.open(key, sealed)?)
    }
}

impl TokenStore for RedisStore {
    async fn load(&self, key: &CacheKey) -> Result<Option<AccessToken>, StoreError> {
        let sealed = self.sealed(&token_name(key)).await?;
        sealed.map(|sealed| self.open_token(key, sealed)).transpose()
    }

    /// Redis cannot read when a token expires. So this process compares the two tokens, and Redis checks only that nothing
    /// has changed since.
    async fn save(&self, key: &CacheKey, token: &AccessToken) -> Result<(), StoreError> {
        let name = token_name(key);
        let sealed = self.sealing_key.seal(key, &stored_token::encode(key, token)?)?;
        for _ in 0..MOST_SWAPS {
            let there = self.sealed(&name).await?;
            let saved = there.clone().and_then(|sealed| self.open_token(key, sealed).ok());
            if saved.is_some_and(|saved| !is_older_than(&saved, token)) {
                return Ok(());
            }
            let mut swap = script(SWAP, &name);
            swap.arg(there.as_deref().unwrap_or_default()).arg(&sealed);
            let is_done: bool = self.run(swap.arg(token.expires_at().as_secs())).await?;
            if is_done {
                return Ok(());
            }
        }
        // Many other processes save tokens, so one of theirs can be used instead.
        Ok(())
    }

    async fn load_not_before(&self, key: &CacheKey) -> Result<Option<NumericDate>, StoreError> {
        let Some(sealed) = self.sealed(&not_before_name(key)).await? else { return Ok(None) };
        stored_token::decode_not_before(key, &self.open(key, sealed)?).map(Some)
    }

    async fn save_not_before(
        &self,
        key: &CacheKey,
        not_before: NumericDate,
    ) -> Result<(), StoreError> {
        let bytes = stored_token::encode_not_before(key, not_before)?;
        let sealed = self.sealing_key.seal(key, &bytes)?;
        let mut set = script(SET_UNTIL, &not_before_name(key));
        self.run(set.arg(sealed).arg(not_before.as_secs())).await
    }

    async fn lease(&self, key: &CacheKey, lasting: Duration) -> Result<Option<Lease>, StoreError> {
        let owner = random_owner()?;
        let mut take = script(LEASE, &lease_name(key));
        let is_taken: bool =
            self.run(take.arg(&owner.to_be_bytes()[..]).arg(millis(lasting))).await?;
        Ok(is_taken.then(|| Lease::of_owner(owner)))
    }

    async fn renew(
        &self,
        key: &CacheKey,
        lease: &Lease,
        lasting: Duration,
    ) -> Result<(), StoreError> {
        let Some(owner) = lease.owner() else { return Ok(()) };
        let mut renew = script(RENEW, &lease_name(key));
        self.run(renew.arg(&owner.to_be_bytes()[..]).arg(millis(lasting))).await
    }

    async fn release(&self, key: &CacheKey, lease: Lease) -> Result<(), StoreError> {
        let Some(owner) = lease.owner() else { return Ok(()) };
        self.run(script(RELEASE, &lease_name(key)).arg(&owner.to_be_bytes()[..])).await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client's address may hold a password.
        f.write_str("RedisStore")
    }
}

fn token_name(key: &CacheKey) -> String {
    format!("ims:v1:{{{}}}", stored_token::entry_name(key))
}

fn lease_name(key: &CacheKey) -> String {
    format!("{}:lease", token_name(key))
}

fn not_before_name(key: &CacheKey) -> String {
    format!("{}:not_before", token_name(key))
}

/// At least one, since Redis accepts no lease without a duration.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn script(text: &str, name: &str) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(1).arg(name);
    command
}

/// How often to compare and swap before this process gives up.
const MOST_SWAPS: u32 = 5;

/// Writes the token if what is there is still what was read, and removes it when it expires.
const SWAP: &str = "
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[3])
return true
";

/// Writes a value that Redis removes at a time.
const SET_UNTIL: &str = "
redis.call('SET', KEYS[1], ARGV[1])
redis.call('EXPIREAT', KEYS[1], ARGV[2])
";

/// Takes the lease if it is free. A lease without an end is not one of this store, whose leases all end, so it counts as
/// free.
const LEASE: &str = "
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return true end
if redis.call('PTTL', KEYS[1]) >= 0 then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return true
";

/// Lets the lease last longer if it is still this owner's.
const RENEW: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
";

/// Removes the lease if it is still this owner's.
const RELEASE: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
";
