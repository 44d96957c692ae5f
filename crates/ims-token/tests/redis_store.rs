//! The store in Redis, against a real server on its own socket.
#![cfg(all(feature = "redis", feature = "testing", unix))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use ims_claims::Environment;
use ims_exchange::AccessToken;
use ims_token::{
    CacheKey, Clock, Event, RedisStore, SealingKey, SharedClock, SharedStore, StoreError,
    StoreOperation, SystemClock, TokenKeeper, TokenSource, TokenStore,
    testing::{ScriptedSource, check_lease_lapses, check_store},
};
use rustix::process::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, UnixStream},
    sync::watch,
};

#[path = "support/redis_server.rs"]
mod redis_server;

use redis_server::Redis;

const HOUR: Duration = Duration::from_hours(1);

fn store_at(socket: &Path, secret: &[u8]) -> RedisStore {
    let url = format!("redis+unix://{}", socket.display());
    RedisStore::new(&url, SealingKey::derive(secret)).unwrap()
}

fn key() -> CacheKey {
    CacheKey::new(&Environment::production(), &"client".parse().unwrap(), ims_token::GrantName::JWT)
}

fn token(text: &str, lives_for: Duration) -> AccessToken {
    let now = SystemClock.now();
    AccessToken::new(text.to_owned(), now, lives_for).unwrap()
}

/// A keeper that shares through `store`, its source, and the failures of its store.
struct Sharing {
    keeper: TokenKeeper,
    source: ScriptedSource,
    failures: Arc<Mutex<Vec<StoreOperation>>>,
}

impl Sharing {
    fn through(store: RedisStore) -> Self {
        let clock = SharedClock::new(SystemClock);
        let source = ScriptedSource::new(clock.clone(), 24 * HOUR);
        let failures = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&failures);
        let keeper = TokenKeeper::builder(source.source(), clock)
            .with_store(SharedStore::new(store), key())
            .with_observer(move |event| {
                if let Event::StoreFailed { operation, .. } = event {
                    log.lock().unwrap().push(*operation);
                }
            })
            .build();
        Self { keeper, source, failures }
    }

    async fn obtains(&self) -> (u64, Vec<StoreOperation>) {
        self.keeper.token().await.unwrap();
        (self.source.requests(), self.failures.lock().unwrap().clone())
    }
}

#[tokio::test]
async fn it_passes_the_tests_for_every_store() {
    let redis = Redis::start();
    check_store(&redis.store(), &redis.store(), SystemClock.now()).await;
    let (one, other) = (redis.store(), redis.store());
    // Each wait is a round trip, so that time passes without anybody sleeping.
    let wait = async || drop(one.load(&key()).await);
    check_lease_lapses(&one, &other, Duration::from_millis(500), 1_000_000, wait).await;
}

#[tokio::test]
async fn redis_gets_neither_token_nor_key_in_clear_text_and_removes_a_token_when_it_expires() {
    let redis = Redis::start();
    redis.store().save(&key(), &token("canary", HOUR)).await.unwrap();
    let (keys, name) = (redis.command("KEYS *"), redis.token_name().unwrap());
    assert!(!keys.contains("client"), "{keys}");
    assert!(!redis.command(&format!("GET {name}")).contains("canary"));
    let lives_for = redis.command(&format!("TTL {name}"));
    let seconds: u64 = lives_for.trim_start_matches(':').trim_end().parse().unwrap();
    assert!((3_590..=3_600).contains(&seconds), "{lives_for}");

    redis.store().save(&key().with_account("a"), &token("expired", Duration::ZERO)).await.unwrap();
    assert!(redis.store().load(&key().with_account("a")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_value_that_others_wrote_or_sealed_is_not_used_and_is_replaced() {
    let redis = Redis::start();
    let store = redis.store();
    store.save(&key(), &token("first", 2 * HOUR)).await.unwrap();
    let another_secret = store_at(&redis.socket(), b"rotated");
    assert!(matches!(another_secret.load(&key()).await, Err(StoreError::Garbled)));
    another_secret.save(&key(), &token("second", HOUR)).await.unwrap();
    assert_eq!(another_secret.load(&key()).await.unwrap().unwrap().expose_secret(), "second");

    let name = redis.token_name().unwrap();
    for garbage in ["x", "ims1", "ims1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\"\""] {
        redis.command(&format!("SET {name} {garbage}"));
        assert!(matches!(store.load(&key()).await, Err(StoreError::Garbled)), "{garbage}");
    }
    let sharing = Sharing::through(redis.store());
    let (requests, failures) = sharing.obtains().await;
    // The store is read before the lease and after it.
    assert_eq!((requests, failures), (1, vec![StoreOperation::Load, StoreOperation::Load]));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().expose_secret(), "token-1");

    redis.command(&format!("DEL {name}"));
    redis.command(&format!("LPUSH {name} x"));
    assert!(matches!(store.load(&key()).await, Err(StoreError::Unavailable { .. })));
    assert_eq!(Sharing::through(redis.store()).obtains().await.0, 1);

    // A lease that another program wrote, and that would never expire, keeps no caller waiting.
    for garbage in [format!("SET {name}:lease x"), format!("LPUSH {name}:lease x")] {
        redis.command(&garbage);
        let lease = store.lease(&key(), HOUR).await.unwrap();
        store.release(&key(), lease.unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_saved_by_one_process_is_used_by_the_next_until_redis_is_wiped() {
    let redis = Redis::start();
    assert_eq!(Sharing::through(redis.store()).obtains().await, (1, vec![]));
    assert_eq!(Sharing::through(redis.store()).obtains().await, (0, vec![]));
    redis.command("FLUSHALL");
    assert_eq!(Sharing::through(redis.store()).obtains().await, (1, vec![]));
}

#[tokio::test]
async fn a_redis_that_is_down_or_hangs_takes_a_second_and_every_caller_gets_a_token() {
    let mut redis = Redis::start();
    let sharing = Sharing::through(redis.store());
    assert_eq!(sharing.obtains().await, (1, vec![]));

    redis.signal(Signal::STOP);
    sharing.keeper.refresh().await.unwrap();
    // Both were asked at once, and neither was answered within a second.
    let unanswered = || vec![StoreOperation::Load, StoreOperation::LoadNotBefore];
    assert_eq!(sharing.obtains().await, (2, unanswered()));
    let newcomer = Sharing::through(redis.store());
    assert_eq!(newcomer.obtains().await, (1, unanswered()));

    redis.signal(Signal::CONT);
    sharing.keeper.refresh().await.unwrap();
    assert_eq!(sharing.obtains().await.0, 3);

    redis.kill();
    sharing.keeper.refresh().await.unwrap();
    assert_eq!(sharing.obtains().await.0, 4);
    assert_eq!(Sharing::through(redis.store()).obtains().await.0, 1);

    redis.restart();
    sharing.keeper.refresh().await.unwrap();
    assert_eq!(Sharing::through(redis.store()).obtains().await, (0, vec![]));
}

/// A proxy before `socket` that keeps answers back until `answer` says so. Returns its URL.
async fn proxy(socket: PathBuf, answer: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = UnixStream::connect(&socket).await.unwrap();
            let (mut near_in, mut near_out) = near.into_split();
            let (mut far_in, mut far_out) = far.into_split();
            let mut answer = answer.clone();
            tokio::spawn(async move { copy(&mut near_in, &mut far_out).await });
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while let Ok(length @ 1..) = far_in.read(&mut bytes).await {
                    answer.wait_for(|may_answer| *may_answer).await.unwrap();
                    near_out.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_used_for_another_command() {
    let redis = Redis::start();
    let other = key().with_account("other");
    redis.store().save(&key(), &token("first", HOUR)).await.unwrap();
    redis.store().save(&other, &token("other", HOUR)).await.unwrap();
    let (answer, may_answer) = watch::channel(true);
    let url = proxy(redis.socket(), may_answer).await;
    let store = || RedisStore::new(&url, SealingKey::derive(b"secret")).unwrap();
    let slow = store();
    assert_eq!(slow.load(&key()).await.unwrap().unwrap().expose_secret(), "first");

    answer.send(false).unwrap();
    let late = slow.load(&key()).await;
    assert!(matches!(late, Err(StoreError::Unavailable { .. })), "{late:?}");
    let unanswered = vec![StoreOperation::Load, StoreOperation::LoadNotBefore];
    assert_eq!(Sharing::through(store()).obtains().await, (1, unanswered));

    answer.send(true).unwrap();
    assert_eq!(slow.load(&other).await.unwrap().unwrap().expose_secret(), "other");
    assert_eq!(Sharing::through(store()).obtains().await, (0, vec![]));
}

#[tokio::test]
async fn with_a_server_that_is_not_redis_every_caller_gets_a_token() {
    let nothing: &[u8] = b"";
    for said in [
        nothing,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\xff\x80",
        b"*9999999\r\n$-7\r\n",
        b"$5\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                connection.write_all(said).await.unwrap();
                // The proxy reads the question to its end and never answers it, unless there was none.
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while !said.is_empty() && connection.read(&mut bytes).await.unwrap_or(0) > 0 {}
                });
            }
        });
        let store = RedisStore::new(&url, SealingKey::derive(b"secret")).unwrap();
        let (requests, failures) = Sharing::through(store).obtains().await;
        assert_eq!(requests, 1, "{said:?}");
        assert!(!failures.is_empty(), "{said:?}");
    }
}

/// What the tests below run as separate processes: this same program, whose environment says what to do.
mod child {
    use super::{Child, Command, Path, Stdio};

    pub(super) const ROLE: &str = "IMS_TOKEN_TEST_ROLE";
    pub(super) const SOCKET: &str = "IMS_TOKEN_TEST_SOCKET";

    pub(super) fn spawn(role: &str, socket: &Path) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "act", "--nocapture"])
            .env(ROLE, role)
            .env(SOCKET, socket)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Does what the environment names, and nothing if it runs as a test like the others.
#[test]
fn act() {
    let (Ok(role), Ok(socket)) = (std::env::var(child::ROLE), std::env::var(child::SOCKET)) else {
        return;
    };
    let source = TokenSource::new(move || {
        let is_slow = role == "hang";
        async move {
            writeln!(std::io::stdout(), "\nsent").unwrap();
            if is_slow {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(token("token", HOUR))
        }
    });
    let store = SharedStore::new(store_at(Path::new(&socket), b"secret"));
    let keeper = TokenKeeper::builder(source, SharedClock::new(SystemClock))
        .with_store(store, key())
        .build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let token = runtime.block_on(keeper.token()).unwrap();
    writeln!(std::io::stdout(), "\ngot {}", token.expose_secret()).unwrap();
}

#[track_caller]
fn assert_succeeds(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn sixty_four_processes_that_start_together_make_one_exchange() {
    let redis = Redis::start();
    let children: Vec<_> = (0..64).map(|_| child::spawn("obtain", &redis.socket())).collect();
    let said: Vec<_> = children.into_iter().map(assert_succeeds).collect();
    assert!(said.iter().all(|text| text.contains("got token")));
    assert_eq!(said.iter().filter(|text| text.contains("\nsent")).count(), 1);
}

#[test]
fn when_the_process_with_the_lease_is_killed_the_others_continue_at_its_end() {
    let redis = Redis::start();
    let mut holder = child::spawn("hang", &redis.socket());
    let mut said = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line == "sent"));
    let others: Vec<_> = (0..8).map(|_| child::spawn("obtain", &redis.socket())).collect();
    holder.kill().unwrap();
    holder.wait().unwrap();
    let said: Vec<_> = others.into_iter().map(assert_succeeds).collect();
    assert!(said.iter().all(|text| text.contains("got token")));
    assert_eq!(said.iter().filter(|text| text.contains("\nsent")).count(), 1);
}
