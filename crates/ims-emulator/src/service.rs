//! The IMS behind the server: what it knows, and how a request becomes an answer and a verdict.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use http::{Request, Response, request::Parts};
use hyper::body::Incoming;
use ims_claims::{AccessTokenPayload, Environment, Metascope, NumericDate};
use tokio::sync::OnceCell;

use crate::{
    Binding, Endpoint, Fault, Limits, Refusal, TokenKey, Verdict, admin,
    answer::{Answer, AnswerBody, BrokenOff},
    authorize,
    call::{Call, Scheme},
    checks::{Checks, shown},
    clock::Clock,
    discovery, echo, exchange_jwt,
    fault::Faults,
    host::{self, AllowedHosts},
    issued_token::{self, TokenFault, TokenKind},
    journal::Journal,
    parameters::Parameters,
    replay::ReplayMemory,
    revocation,
    tls::Tls,
    token_grants, user, validate_token,
};

/// A binding, and what the emulator remembers of it.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) binding: Binding,
    pub(crate) replay_memory: ReplayMemory,
}

/// How strict the emulator is, where documents and observations differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// The IMS it stands for.
    pub(crate) environment: Environment,
    /// Whether a signature that matches nothing is answered as IMS does, and not as it documents.
    pub(crate) answers_as_observed: bool,
    /// Whether an `exp` in milliseconds is taken.
    pub(crate) takes_millisecond_exp: bool,
}

/// Everything that a request is examined with.
#[derive(Debug)]
pub(crate) struct Service {
    bindings: RwLock<HashMap<String, Arc<Registered>>>,
    token_key: OnceCell<TokenKey>,
    revoked: ReplayMemory,
    instance: u64,
    pub(crate) rules: Rules,
    pub(crate) hosts: AllowedHosts,
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) faults: Faults,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<Tls>,
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
        // Debug ids are to differ from one start to the next, no more.
        let _ = aws_lc_rs::rand::fill(&mut random);
        Self {
            bindings: RwLock::default(),
            token_key: OnceCell::new(),
            revoked: ReplayMemory::default(),
            instance: u64::from_ne_bytes(random),
            rules,
            hosts,
            clock,
            journal,
            faults: Faults::default(),
            limits,
            tls: None,
        }
    }

    /// Registers `binding`, in place of one with the same client id.
    pub(crate) fn register(&self, binding: Binding) {
        let client_id = binding.client_id().to_string();
        let registered = Registered { binding, replay_memory: ReplayMemory::default() };
        let mut bindings = self.bindings.write().unwrap_or_else(PoisonError::into_inner);
        bindings.insert(client_id, Arc::new(registered));
    }

    /// Forgets the binding of `client_id`; `false` if there is none.
    pub(crate) fn unregister(&self, client_id: &str) -> bool {
        let mut bindings = self.bindings.write().unwrap_or_else(PoisonError::into_inner);
        bindings.remove(client_id).is_some()
    }

    pub(crate) fn registered(&self, client_id: &str) -> Option<Arc<Registered>> {
        let bindings = self.bindings.read().unwrap_or_else(PoisonError::into_inner);
        bindings.get(client_id).cloned()
    }

    pub(crate) fn bindings(&self) -> Vec<Arc<Registered>> {
        let bindings = self.bindings.read().unwrap_or_else(PoisonError::into_inner);
        bindings.values().cloned().collect()
    }

    /// Whether a metascope exists: Adobe has documented it, or a binding has it.
    pub(crate) fn knows_metascope(&self, metascope: &Metascope) -> bool {
        let has =
            |registered: &Arc<Registered>| registered.binding.metascopes().contains(metascope);
        Metascope::KNOWN.contains(metascope) || self.bindings().iter().any(has)
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.rules.environment
    }

    /// Whether `base_url` names this IMS: the one that it stands for, or the host that the client has called.
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
        // As seconds, this lies in the year 5138.
        let is_ms = exp > 100_000_000_000;
        if self.rules.takes_millisecond_exp && is_ms { exp / 1000 } else { exp }
    }

    /// Reads `token`, if the emulator has issued it and it has not ended.
    pub(crate) fn read_token(
        &self,
        key: &TokenKey,
        token: &str,
        kind: TokenKind,
        now_ms: u64,
    ) -> Result<AccessTokenPayload, TokenFault> {
        let payload = issued_token::read(key, token, kind, now_ms)?;
        if self.revoked.remembers(id_of(&payload)) { Err(TokenFault::Revoked) } else { Ok(payload) }
    }

    /// Ends a token before its time; `false` if it has ended so before.
    pub(crate) fn revoke(&self, token: &AccessTokenPayload, now: NumericDate) -> bool {
        self.revoked.remember(id_of(token), token.expires_at(), now)
    }

    /// The key that signs access tokens, made at its first use unless one was given.
    pub(crate) async fn token_key(&self) -> &TokenKey {
        let generate = || async {
            tokio::task::spawn_blocking(TokenKey::generate)
                .await
                .expect("making a key neither panics nor is cancelled while the runtime runs")
        };
        self.token_key.get_or_init(generate).await
    }

    pub(crate) fn set_token_key(&mut self, token_key: TokenKey) {
        self.token_key = OnceCell::new_with(Some(token_key));
    }

    /// Answers one request, and writes down why it is answered so.
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        scheme: Scheme,
    ) -> Result<Response<AnswerBody>, BrokenOff> {
        let (parts, body) = request.into_parts();
        if parts.uri.path().starts_with(admin::PREFIX) {
            let answer = admin::answer(self, parts, body).await;
            return Ok(answer.into_response(None));
        }
        let number = self.journal.next_number();
        let now_ms = self.clock.now_ms();
        let debug_id = format!("{:016x}-{number:08x}", self.instance);
        let endpoint = Endpoint::at(parts.uri.path());
        let method = shown(parts.method.to_string().into()).into_owned();
        let path = shown(parts.uri.path().to_owned().into()).into_owned();
        let mut checks = Checks::default();
        let mut fault = None;
        let arrival = Arrival { parts, body, scheme, now_ms, debug_id: debug_id.clone() };
        let outcome = match self.read(arrival, endpoint, &mut checks).await {
            Ok((endpoint, call)) => {
                fault = self.faults.strike(endpoint, call.named_client().as_deref());
                self.answer(endpoint, &call, fault, &mut checks).await
            }
            Err(refusal) => Err(refusal),
        };
        let refusal = match &outcome {
            Err(refusal) => Some(*refusal),
            Ok(answer) => answer.refusal,
        };
        let error = refusal.map(|refusal| self.error(refusal));
        let answer = outcome
            .unwrap_or_else(|refusal| Answer::refused(refusal, self.error(refusal), endpoint));
        let answer = if let Some(fault) = fault { answer.spoilt_by(fault) } else { answer };
        let (checks, client_id) = checks.into_parts();
        self.journal.record(Verdict {
            number,
            received_at_ms: now_ms,
            method,
            path,
            endpoint,
            client_id,
            checks,
            refusal,
            fault,
            status: answer.status.as_u16(),
            error,
            remedy: refusal.map(Refusal::remedy),
            debug_id: debug_id.clone(),
        });
        match fault {
            Some(Fault::Disconnected) => Err(BrokenOff),
            _ => Ok(answer.into_response(Some(&debug_id))),
        }
    }

    fn error(&self, refusal: Refusal) -> &'static str {
        if self.rules.answers_as_observed { refusal.observed_error() } else { refusal.error() }
    }

    /// Reads a request as far as every endpoint needs it.
    async fn read(
        &self,
        arrival: Arrival,
        endpoint: Option<Endpoint>,
        checks: &mut Checks,
    ) -> Result<(Endpoint, Call), Refusal> {
        let Arrival { parts, body, scheme, now_ms, debug_id } = arrival;
        let authority = host::authority(&parts.uri, &parts.headers);
        let authority = checks
            .given(
                "host is this emulator",
                authority.filter(|authority| self.hosts.allow(authority)),
            )
            .expected("a loopback name, an address, an IMS host of Adobe's, or an allowed name")
            .or(Refusal::HostElsewhere)?;
        let endpoint = checks
            .given("path is served", endpoint)
            .expected("the path of an endpoint")
            .or(Refusal::NotFound)?;
        checks
            .that("method is served", endpoint.serves(&parts.method))
            .expected(endpoint.methods())
            .actual(parts.method.to_string())
            .or(Refusal::MethodNotAllowed)?;
        let Parts { method, uri, headers, .. } = parts;
        let parameters = if endpoint.has_parameters() {
            let parameters = Parameters::read(uri.query(), &headers, body, &self.limits).await;
            let (read, refusal) = match parameters {
                Ok(parameters) => (Some(parameters), Refusal::BodyMalformed),
                Err(refusal) => (None, refusal),
            };
            checks
                .given("parameters can be read", read)
                .expected("a body of at most 64 KiB, urlencoded or multipart, each parameter once")
                .or(refusal)?
        } else {
            Parameters::default()
        };
        Ok((endpoint, Call { method, headers, parameters, scheme, authority, now_ms, debug_id }))
    }

    /// Examines a request that was read, unless a fault comes in place of that.
    async fn answer(
        &self,
        endpoint: Endpoint,
        call: &Call,
        fault: Option<Fault>,
        checks: &mut Checks,
    ) -> Result<Answer, Refusal> {
        match fault {
            Some(Fault::TooManyRequests { .. }) => return Err(Refusal::TooManyRequests),
            Some(Fault::Unavailable { .. } | Fault::Html) => return Err(Refusal::Unavailable),
            Some(Fault::InternalError) => return Err(Refusal::InternalError),
            Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        let key = self.token_key().await;
        match endpoint {
            Endpoint::ExchangeJwt => exchange_jwt::answer(self, call, key, checks),
            Endpoint::Token => token_grants::answer(self, call, key, checks),
            Endpoint::ValidateToken => validate_token::answer(self, call, key, checks),
            Endpoint::Keys => Ok(Answer::ok_json(key.key_set().to_owned())),
            Endpoint::Authorize => authorize::answer(self, call, key, checks),
            Endpoint::InvalidateToken => revocation::invalidate(self, call, key, checks),
            Endpoint::Revoke => revocation::revoke(self, call, key, checks),
            Endpoint::UserInfo => user::info(self, call, key, checks),
            Endpoint::Organizations => user::organizations(self, call, key, checks),
            Endpoint::Discovery => Ok(discovery::answer(call)),
            Endpoint::Echo => echo::answer(self, call, key, checks),
        }
    }
}

fn id_of(token: &AccessTokenPayload) -> &str {
    token.members().get("id").and_then(|id| id.as_str()).unwrap_or_default()
}

/// A request as it came in.
struct Arrival {
    parts: Parts,
    body: Incoming,
    scheme: Scheme,
    now_ms: u64,
    debug_id: String,
}
