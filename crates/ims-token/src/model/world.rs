//! The surroundings of the keepers of a model: an IMS, a signer and a store that fail, and the checks of every answer.

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use ims_claims::{ClientId, Environment};
use ims_exchange::AccessToken;

use crate::{
    cache_key::{CacheKey, GrantName},
    clock::{Clock, SharedClock},
    error::TokenError,
    fetch_error::FetchError,
    keeper::{TokenKeeper, builder::DEADLINE},
    model::runtime::{self, ModelClock},
    refresh_machine::EXPIRY_MARGIN,
    source::TokenSource,
    store::{SharedStore, StoreError, memory::MemoryStore},
    testing::UnreliableStore,
};

/// How long a token can be used.
pub(super) const LIFETIME: Duration = Duration::from_mins(2);

/// From then on a refresh that has not ended counts as lost.
const OVERDUE: Duration = Duration::from_secs(DEADLINE.as_secs() + 1);

/// What fails at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// Fails, in one of several ways.
    Fails,
    /// Waits forever.
    Hangs,
    /// Panics before the request is sent, as a signer does.
    PanicsAtOnce,
    /// Panics while the answer is waited for, as a transport does.
    PanicsLater,
}

impl Trouble {
    pub(super) const ALL: [Self; 5] =
        [Self::None, Self::Fails, Self::Hangs, Self::PanicsAtOnce, Self::PanicsLater];

    pub(super) fn random() -> Self {
        if fastrand::bool() { Self::None } else { Self::ALL[fastrand::usize(..Self::ALL.len())] }
    }
}

/// The IMS, the store and the clocks of some keepers.
#[derive(Debug, Clone, Default)]
pub(super) struct World(Arc<Mutex<Contents>>);

#[derive(Debug)]
struct Contents {
    ims: Trouble,
    store: Trouble,
    is_quick: bool,
    /// What goes wrong only in this operation of the store, counted from the first on.
    operation: Option<(u32, Trouble)>,
    operations: u32,
    issued: Vec<Issued>,
    /// By how many seconds the wall clock was set in all, forward and back.
    stepped: u64,
    /// What happened, for the comparison of two runs.
    history: Vec<String>,
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            ims: Trouble::None,
            store: Trouble::None,
            is_quick: false,
            operation: None,
            operations: 0,
            issued: Vec::new(),
            stepped: 0,
            history: Vec::new(),
        }
    }
}

/// What is known about a token.
#[derive(Debug, Clone, Copy)]
struct Issued {
    /// When it was asked for, by the clock that no one sets.
    sent_at: Duration,
    stepped: u64,
    is_rejected: bool,
}

impl World {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        // Not by `sync::lock`: a change of the world is not a step of the keeper.
        self.0.lock().unwrap()
    }

    pub(super) fn set_ims(&self, trouble: Trouble) {
        self.note(&format!("IMS: {trouble:?}"));
        self.contents().ims = trouble;
    }

    pub(super) fn set_store(&self, trouble: Trouble) {
        self.note(&format!("store: {trouble:?}"));
        self.contents().store = trouble;
    }

    /// Lets one operation of the store go wrong.
    pub(super) fn set_operation(&self, number: u32, trouble: Trouble) {
        self.contents().operation = Some((number, trouble));
    }

    /// From now on IMS answers without a pause, so that no clock is needed.
    pub(super) fn be_quick(&self) {
        self.contents().is_quick = true;
    }

    pub(super) fn operations(&self) -> u32 {
        self.contents().operations
    }

    pub(super) fn step_wall(&self, seconds: i64) {
        self.note(&format!("wall clock: {seconds:+} s"));
        self.contents().stepped += seconds.unsigned_abs();
        runtime::step_wall(seconds);
    }

    pub(super) fn note(&self, event: &str) {
        let event = format!("{:?} {event}", runtime::now());
        self.contents().history.push(event);
    }

    pub(super) fn history(&self) -> Vec<String> {
        self.contents().history.clone()
    }

    fn set_since(&self, issued: Issued) -> Duration {
        Duration::from_secs(self.contents().stepped - issued.stepped)
    }
}

/// One process: a keeper, and what is known about it.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) keeper: TokenKeeper,
    world: World,
    requests: Arc<Mutex<Requests>>,
    has_store: bool,
}

#[derive(Debug, Default)]
struct Requests {
    sent: u32,
    /// When the refreshes were decided on whose requests are open.
    open: Vec<Duration>,
    not_before: Duration,
    /// The last token that a caller got.
    given: Option<usize>,
}

impl Process {
    pub(super) fn new(world: &World, store: Option<&SharedStore>) -> Self {
        let requests = Arc::default();
        let clock = SharedClock::new(ModelClock);
        let source = source(world, &requests, store.is_some());
        let mut builder = TokenKeeper::builder(source, clock);
        if let Some(store) = store {
            builder = builder.with_store(store.clone(), key());
        }
        let (world, has_store) = (world.clone(), store.is_some());
        Self { keeper: builder.build(), world, requests, has_store }
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.lock().unwrap().sent
    }

    pub(super) fn open_requests(&self) -> usize {
        self.requests.lock().unwrap().open.len()
    }

    /// A call for any token, judged, and given up at an await with this number.
    pub(super) async fn call(&self, gives_up_after: Option<u32>) -> Option<Duration> {
        let given_before = self.requests.lock().unwrap().given;
        let start = runtime::awake();
        let call = self.keeper.token();
        let answer = match gives_up_after {
            Some(polls) => runtime::give_up_after(polls, call).await?,
            None => call.await,
        };
        self.judge(&answer, given_before);
        Some(runtime::awake().saturating_sub(start))
    }

    /// A call for a new token.
    pub(super) async fn insist(&self) {
        if let Ok(token) = self.keeper.refresh().await {
            self.give(&token);
        }
    }

    /// Says that an API rejected the last token.
    pub(super) fn reject(&self) {
        let Some(token) = self.keeper.peek() else { return };
        self.keeper.report_rejected(&token);
        self.world.contents().issued[number(&token)].is_rejected = true;
    }

    fn judge(&self, answer: &Result<AccessToken, TokenError>, given_before: Option<usize>) {
        match answer {
            Ok(token) => {
                let issued = self.give(token);
                // The age of a token from the store is known by the wall clock only.
                let doubt =
                    if self.has_store { self.world.set_since(issued) } else { Duration::ZERO };
                let is_good = runtime::last_reading() < issued.sent_at + LIFETIME + doubt;
                assert!(is_good, "law 4: a token was given after its end: {issued:?}");
            }
            Err(error) => {
                let could_serve = given_before.is_some_and(|token| self.could_serve(token));
                assert!(!could_serve, "law 5: a call failed although a token was held: {error}");
            }
        }
    }

    fn give(&self, token: &AccessToken) -> Issued {
        let number = number(token);
        self.world.note(&format!("token {number} is given"));
        self.requests.lock().unwrap().given = Some(number);
        self.world.contents().issued[number]
    }

    /// Whether the keeper, which has given this token once, could give it again when it last looked.
    fn could_serve(&self, token: usize) -> bool {
        let issued = self.world.contents().issued[token];
        // The wall clock, which the keeper uses as well, counts whole seconds.
        let margin = EXPIRY_MARGIN + Duration::from_secs(1) + self.world.set_since(issued);
        let is_young = runtime::last_reading() + margin < issued.sent_at + LIFETIME;
        is_young && !issued.is_rejected
    }
}

/// Tokens are named by the number of their request.
fn number(token: &AccessToken) -> usize {
    token.expose_secret().parse().unwrap()
}

pub(super) fn key() -> CacheKey {
    let client_id: ClientId = "client".parse().unwrap();
    CacheKey::new(&Environment::production(), &client_id, GrantName::JWT)
}

fn source(world: &World, requests: &Arc<Mutex<Requests>>, has_store: bool) -> TokenSource {
    let (world, requests) = (world.clone(), Arc::clone(requests));
    TokenSource::new(move || {
        let open = Open::new(&requests, &world, has_store);
        let trouble = world.contents().ims;
        if trouble == Trouble::PanicsAtOnce {
            // Not `panic!`, which would print: the keeper expects it.
            resume_unwind(Box::new("the signer panics"));
        }
        answer(world.clone(), open, trouble)
    })
}

async fn answer(world: World, open: Open, trouble: Trouble) -> Result<AccessToken, FetchError> {
    let (sent, sent_at) = (ModelClock.now(), runtime::now());
    runtime::switch();
    let is_quick = world.contents().is_quick;
    if !is_quick && fastrand::bool() {
        runtime::sleep(Duration::from_millis(fastrand::u64(..2_000))).await;
    }
    match trouble {
        Trouble::None => {}
        Trouble::Fails => return Err(open.failure()),
        Trouble::Hangs => std::future::pending().await,
        Trouble::PanicsAtOnce | Trouble::PanicsLater => {
            resume_unwind(Box::new("the transport panics"))
        }
    }
    let mut contents = world.contents();
    let stepped = contents.stepped;
    contents.issued.push(Issued { sent_at, stepped, is_rejected: false });
    let number = contents.issued.len() - 1;
    drop(contents);
    world.note(&format!("token {number} is issued"));
    Ok(AccessToken::new(number.to_string(), sent, LIFETIME).unwrap())
}

/// A request that is open until this is dropped, also when it is cancelled or panics.
struct Open {
    requests: Arc<Mutex<Requests>>,
    decided_at: Duration,
    has_store: bool,
}

impl Open {
    fn new(requests: &Arc<Mutex<Requests>>, world: &World, has_store: bool) -> Self {
        let decided_at = runtime::refresh_decided_at();
        let now = runtime::now();
        world.note("a request is sent");
        let mut state = requests.lock().unwrap();
        for other in &state.open {
            // The later request may come first: a thread can be held up after it has read the clock.
            let is_overdue = OVERDUE <= other.abs_diff(decided_at);
            assert!(is_overdue, "law 1: a keeper has two requests open");
        }
        let not_before = state.not_before;
        assert!(not_before <= now, "law 6: {now:?} is before {not_before:?}, which IMS named");
        state.sent += 1;
        state.open.push(decided_at);
        Self { requests: Arc::clone(requests), decided_at, has_store }
    }

    fn failure(&self) -> FetchError {
        match fastrand::u32(..5) {
            0 => FetchError::unsent("no connection"),
            1 => FetchError::sign_again("invalid_jti"),
            2 => FetchError::permanent("invalid_client"),
            3 => FetchError::transient("torn", None),
            _ => {
                let pause = Duration::from_secs(fastrand::u64(1..40));
                // With a lost refresh the answer of IMS is lost, too, and a token that another process has saved ends the
                // pause.
                if !self.has_store && !runtime::can_shut_down() {
                    self.requests.lock().unwrap().not_before = runtime::now() + pause;
                }
                FetchError::transient("busy", Some(pause))
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut requests = self.requests.lock().unwrap();
        let place = requests.open.iter().position(|other| *other == self.decided_at);
        if let Some(place) = place {
            requests.open.remove(place);
        }
    }
}

/// A store that fails when its world says so.
pub(super) fn bad_store(world: &World) -> SharedStore {
    let memory = MemoryStore::new(SharedClock::new(ModelClock));
    let world = world.clone();
    SharedStore::new(UnreliableStore::new(memory, move || {
        let world = world.clone();
        async move { world.begin_store_operation().await }
    }))
}

impl World {
    async fn begin_store_operation(&self) -> Result<(), StoreError> {
        let trouble = {
            let mut contents = self.contents();
            contents.operations += 1;
            match contents.operation {
                Some((number, trouble)) if number == contents.operations => trouble,
                _ => contents.store,
            }
        };
        if trouble == Trouble::PanicsAtOnce {
            resume_unwind(Box::new("the store panics"));
        }
        if fastrand::bool() {
            runtime::sleep(Duration::from_millis(fastrand::u64(..300))).await;
        }
        match trouble {
            Trouble::None => Ok(()),
            Trouble::Fails if fastrand::bool() => Err(StoreError::Garbled),
            Trouble::Fails => Err(StoreError::unavailable(std::io::Error::other("full"))),
            Trouble::Hangs => std::future::pending().await,
            Trouble::PanicsAtOnce | Trouble::PanicsLater => {
                resume_unwind(Box::new("the store panics"))
            }
        }
    }
}
