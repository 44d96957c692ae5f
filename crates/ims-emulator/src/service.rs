//! The state of the emulated IMS. How it answers is in [`handling`].

pub(crate) mod connection;
mod handling;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use ims_claims::{AccessTokenPayload, Environment, Metascope, NumericDate, OrgId};
use ims_files::FileError;
use tokio::sync::{OnceCell, Semaphore, watch};

use crate::{
    call::Call,
    check_list::CheckList,
    clock::Clock,
    fault::Faults,
    host::{self, AllowedHosts},
    integration::Integration,
    issued_token::{self, TokenFault, TokenKind, id_of, session_of},
    limits::Limits,
    refusal::Refusal,
    replay::ReplayMemory,
    scenario,
    secret_record::SecretRecord,
    tls::Tls,
    token_key::{KeyRing, TokenKey},
    user::User,
    verdict::{DecodedJwt, Journal, Parameter},
};

/// An integration, and what the emulator remembers about it.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) integration: Integration,
    pub(crate) replay_memory: Arc<ReplayMemory>,
    /// What is remembered about its client secrets, in their order.
    pub(crate) secrets: Vec<Arc<SecretRecord>>,
}

/// How strict the emulator is, where documents and observations differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// The IMS that it replaces.
    pub(crate) environment: Environment,
    /// Whether a signature that matches nothing gets the answer of the real IMS, and not the documented one.
    pub(crate) answers_as_observed: bool,
    /// Whether an `exp` in milliseconds is accepted.
    pub(crate) takes_millisecond_exp: bool,
}

/// How many bodies are read at a time: 8 MiB at most.
const MAX_BODIES: usize = 128;

/// How many large answers are sent at a time, of some MiB each.
const MAX_LARGE_ANSWERS: usize = 2;

/// The identification of one request.
pub(crate) struct RequestId {
    pub(crate) number: u64,
    /// When it came, in milliseconds since 1970.
    pub(crate) now_ms: u64,
    /// The answer's `X-Debug-Id`, unlike every other.
    pub(crate) debug_id: String,
}

/// Everything that a request is examined with.
#[derive(Debug)]
pub(crate) struct Service {
    integrations: RwLock<HashMap<String, Arc<Registered>>>,
    users: RwLock<Vec<User>>,
    key_ring: OnceCell<RwLock<Arc<KeyRing>>>,
    revoked: ReplayMemory,
    consents: ReplayMemory,
    instance: u64,
    pub(crate) rules: Rules,
    pub(crate) hosts: AllowedHosts,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    /// Limits how many bodies are read at a time: each takes memory until it is complete.
    pub(crate) bodies: Semaphore,
    /// Whether the emulator is ending: then no client is waited for.
    is_ending: watch::Sender<bool>,
    /// Large answers that are being sent at a time, those of the API and the page.
    pub(crate) large_answers: Arc<Semaphore>,
    pub(crate) tls: Option<Tls>,
    /// The certificate of the emulator's own authority, if it has one.
    pub(crate) ca_pem: Option<String>,
    pub(crate) state_file: Option<Mutex<PathBuf>>,
}

impl Service {
    pub(crate) fn new(
        rules: Rules,
        hosts: AllowedHosts,
        clock: Clock,
        journal: Journal,
        limits: Limits,
    ) -> Self {
        let mut random = [0; 8];
        // Debug ids only have to differ from one start to the next.
        let _ = aws_lc_rs::rand::fill(&mut random);
        Self {
            integrations: RwLock::default(),
            users: RwLock::default(),
            key_ring: OnceCell::new(),
            revoked: ReplayMemory::default(),
            consents: ReplayMemory::default(),
            instance: u64::from_ne_bytes(random),
            rules,
            hosts,
            clock,
            journal,
            faults: Faults::default(),
            limits,
            bodies: Semaphore::new(MAX_BODIES),
            is_ending: watch::Sender::new(false),
            large_answers: Arc::new(Semaphore::new(MAX_LARGE_ANSWERS)),
            tls: None,
            ca_pem: None,
            state_file: None,
        }
    }

    /// From now on no client is waited for, and none that waits for its turn gets one.
    pub(crate) fn end(&self) {
        self.is_ending.send_replace(true);
        self.bodies.close();
        self.large_answers.close();
    }

    /// Waits for the rest of a request, but no longer when the emulator ends.
    pub(crate) async fn unless_ending<T>(
        &self,
        reading: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let mut is_ending = self.is_ending.subscribe();
        tokio::select! {
            read = reading => read,
            _ = is_ending.wait_for(|is_ending| *is_ending) => Err(Refusal::BodyTooSlow),
        }
    }

    /// The identification of the next request.
    pub(crate) fn next_request_id(&self) -> RequestId {
        let number = self.journal.next_number();
        let debug_id = format!("{:016x}-{number:08x}", self.instance);
        RequestId { number, now_ms: self.clock.now_ms(), debug_id }
    }

    /// Registers `integration`, in place of one with the same client id.
    pub(crate) fn register(&self, integration: Integration) {
        let client_id = integration.client_id().to_string();
        let now_ms = self.clock.now_ms();
        let mut integrations = self.integrations.write().unwrap_or_else(PoisonError::into_inner);
        let before = integrations.get(&client_id).map_or(&[][..], |before| &before.secrets);
        let secrets = SecretRecord::all_of(&integration, before, now_ms);
        let registered = Registered { integration, replay_memory: Arc::default(), secrets };
        integrations.insert(client_id, Arc::new(registered));
    }

    /// Changes the integration of `client_id` in one step, and returns what it is then; `None` if there is none or `how` does
    /// not change it.
    pub(crate) fn change(
        &self,
        client_id: &str,
        now_ms: u64,
        how: impl FnOnce(&Integration, &[Arc<SecretRecord>]) -> Option<Integration>,
    ) -> Option<Arc<Registered>> {
        let mut integrations = self.integrations.write().unwrap_or_else(PoisonError::into_inner);
        let before = integrations.get(client_id)?;
        let integration = how(&before.integration, &before.secrets)?;
        let secrets = SecretRecord::all_of(&integration, &before.secrets, now_ms);
        let replay_memory = Arc::clone(&before.replay_memory);
        let changed = Arc::new(Registered { integration, replay_memory, secrets });
        integrations.insert(client_id.to_owned(), Arc::clone(&changed));
        Some(changed)
    }

    /// Forgets the integration of `client_id`; `false` if there is none.
    pub(crate) fn unregister(&self, client_id: &str) -> bool {
        let mut integrations = self.integrations.write().unwrap_or_else(PoisonError::into_inner);
        integrations.remove(client_id).is_some()
    }

    pub(crate) fn registered(&self, client_id: &str) -> Option<Arc<Registered>> {
        let integrations = self.integrations.read().unwrap_or_else(PoisonError::into_inner);
        integrations.get(client_id).cloned()
    }

    pub(crate) fn integrations(&self) -> Vec<Arc<Registered>> {
        let integrations = self.integrations.read().unwrap_or_else(PoisonError::into_inner);
        integrations.values().cloned().collect()
    }

    /// Adds a user, in place of one with the same id.
    pub(crate) fn add_user(&self, user: User) {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        users.retain(|known| known.id() != user.id());
        users.push(user);
    }

    /// Forgets the user; `false` if there is none.
    pub(crate) fn remove_user(&self, id: &str) -> bool {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let count = users.len();
        users.retain(|known| known.id() != id);
        users.len() < count
    }

    /// The users that were named.
    fn named_users(&self) -> Vec<User> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The users who can sign in: those that were named, or else the one that every emulator has. Never none.
    pub(crate) fn users(&self) -> Vec<User> {
        let users = self.named_users();
        if users.is_empty() { vec![User::emulated()] } else { users }
    }

    /// Removes client secrets from what a verdict shows of a request: one may have been sent in the wrong parameter.
    pub(crate) fn mask_secrets(
        &self,
        checks: &mut CheckList,
        parameters: &mut [Parameter],
        jwt: &mut Option<DecodedJwt>,
    ) {
        const DESCRIPTION: &str = "a client secret";
        let integrations = self.integrations();
        let has_secret = |text: &str| {
            integrations.iter().any(|registered| registered.integration.has_secret_in(text))
        };
        checks.mask(DESCRIPTION, has_secret);
        for parameter in parameters {
            if has_secret(&parameter.value) {
                parameter.value = DESCRIPTION.into();
            }
        }
        if jwt.as_ref().is_some_and(|jwt| has_secret(jwt.header()) || has_secret(jwt.payload())) {
            *jwt = None;
        }
    }

    /// Whether a metascope exists: Adobe has documented it, or an integration has it.
    pub(crate) fn knows_metascope(&self, metascope: &Metascope) -> bool {
        if Metascope::KNOWN.contains(metascope) {
            return true;
        }
        let integrations = self.integrations();
        integrations.iter().any(|it| it.integration.metascopes().contains(metascope))
    }

    /// Whether `org_id` is the organization of an integration.
    pub(crate) fn knows_org(&self, org_id: &OrgId) -> bool {
        self.integrations().iter().any(|registered| registered.integration.org_id() == org_id)
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.rules.environment
    }

    /// Whether `base_url` names this IMS: the one that it replaces, or the host that the client has called.
    pub(crate) fn is_base_url(&self, base_url: &str, call: &Call) -> bool {
        let base_url = base_url.trim_end_matches('/');
        let authority = base_url.strip_prefix("https://").or(base_url.strip_prefix("http://"));
        base_url.eq_ignore_ascii_case(self.rules.environment.base_url())
            || authority.is_some_and(|authority| {
                !host::is_adobe_ims(call.authority.host())
                    && authority.eq_ignore_ascii_case(call.authority.as_str())
            })
    }

    /// `exp` in seconds.
    pub(crate) fn seconds(&self, exp: i64) -> i64 {
        // As seconds, this is in the year 5138.
        let is_ms = exp > 100_000_000_000;
        if self.rules.takes_millisecond_exp && is_ms { exp / 1000 } else { exp }
    }

    /// Reads `token`, if the emulator has issued it and it is still valid.
    pub(crate) fn read_token(
        &self,
        keys: &KeyRing,
        token: &str,
        kind: TokenKind,
        now_ms: u64,
    ) -> Result<AccessTokenPayload, TokenFault> {
        let payload = issued_token::read(keys, token, kind, now_ms)?;
        let session = session_of(&payload);
        let has_ended = self.revoked.remembers(id_of(&payload))
            || session.is_some_and(|session| self.revoked.remembers(session));
        if has_ended { Err(TokenFault::Revoked) } else { Ok(payload) }
    }

    /// Revokes a token; `false` if it was revoked before.
    pub(crate) fn revoke(&self, token: &AccessTokenPayload, now: NumericDate) -> bool {
        self.revoked.remember(id_of(token), token.expires_at(), now)
    }

    /// Remembers that an administrator of the organization has allowed the integration.
    pub(crate) fn remember_consent(
        &self,
        integration: &Integration,
        org_id: &str,
        until: NumericDate,
        now: NumericDate,
    ) {
        self.consents.remember(&consent(integration, org_id), until, now);
    }

    /// Whether the integration may have tokens for the organization: it is its own, or one whose administrator has allowed it.
    pub(crate) fn is_allowed_for(&self, integration: &Integration, org_id: &str) -> bool {
        integration.org_id().as_str() == org_id
            || self.consents.remembers(&consent(integration, org_id))
    }

    /// Ends all tokens of the sign-in that `token` comes from, if it comes from one. None of them lives longer than
    /// `lifetime`.
    pub(crate) fn end_session(
        &self,
        token: &AccessTokenPayload,
        lifetime: Duration,
        now: NumericDate,
    ) {
        if let Some(session) = session_of(token) {
            self.revoked.remember(session, now.plus(lifetime), now);
        }
    }

    /// The keys of access tokens. The first is made at its first use unless one was given.
    pub(crate) async fn keys(&self) -> Arc<KeyRing> {
        let ring = self.ring().await.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ring)
    }

    /// Makes a new key, with which tokens are signed from now on.
    pub(crate) async fn rotate_token_key(&self) {
        let ring = self.ring().await;
        let newest = generate().await;
        let mut ring = ring.write().unwrap_or_else(PoisonError::into_inner);
        *ring = Arc::new(ring.with(newest));
    }

    async fn ring(&self) -> &RwLock<Arc<KeyRing>> {
        self.key_ring
            .get_or_init(async || RwLock::new(Arc::new(KeyRing::new(generate().await))))
            .await
    }

    pub(crate) fn set_token_key(&mut self, token_key: TokenKey) {
        let ring = RwLock::new(Arc::new(KeyRing::new(token_key)));
        self.key_ring = OnceCell::new_with(Some(ring));
    }

    /// Writes the integrations to the state file, if there is one.
    pub(crate) fn save(&self) -> Result<(), FileError> {
        let Some(state_file) = &self.state_file else { return Ok(()) };
        // Anyone who writes last has seen the last integrations, since they are read under the same lock.
        let path = state_file.lock().unwrap_or_else(PoisonError::into_inner);
        let registered = self.integrations();
        let integrations = registered.iter().map(|registered| &registered.integration);
        let json = scenario::to_json(integrations, &self.named_users());
        ims_files::replace(&path, json.as_bytes())
    }
}

/// A consent as it is remembered; neither of the two has a space.
fn consent(integration: &Integration, org_id: &str) -> String {
    format!("{} {org_id}", integration.client_id())
}

async fn generate() -> TokenKey {
    tokio::task::spawn_blocking(TokenKey::generate)
        .await
        .expect("making a key neither panics nor is cancelled while the runtime runs")
}
