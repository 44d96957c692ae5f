//! One context: its client, which is replaced when its credentials change, and what is remembered about it.

use std::{
    panic,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use ims::{
    AccessToken, Client, ClientBuilder, Report, TokenError,
    claims::NumericDate,
    token::{Clock, KeepFresh, SystemClock, TokenKeeper},
};
use ims_files::FileVersions;
use serde::Serialize;

use crate::{
    counts::Counts,
    event::{Event, Observe},
};

/// Reads the credentials of the context of this name. It may block.
pub(crate) type Load = Arc<dyn Fn(&str) -> Result<ClientBuilder, Report> + Send + Sync>;

/// A context that is served.
pub(crate) struct Context {
    pub(crate) name: Arc<str>,
    pub(crate) counts: Arc<Counts>,
    load: Load,
    observe: Observe,
    serving: ArcSwap<Serving>,
    answer: ArcSwapOption<TokenAnswer>,
    files: Mutex<FileVersions>,
    /// Locked while the credentials are read again, so that the ones that were read last are used.
    reloading: tokio::sync::Mutex<()>,
    /// Why the newest credentials are not in use, and when, by the monotonic clock, they are tried again even if no file
    /// changes.
    problem: Mutex<Option<(Report, Duration)>>,
}

/// The client that is in use.
struct Serving {
    client: Client,
    _keep_fresh: Option<KeepFresh>,
}

impl Context {
    /// Reads the credentials for the first time, and begins to keep the token fresh.
    pub(crate) async fn start(name: &str, load: Load, observe: Observe) -> Result<Self, Report> {
        let (name, counts): (Arc<str>, _) = (name.into(), Arc::default());
        let (client, files) = open(&name, &load, &observe, &counts).await?;
        Ok(Self {
            serving: ArcSwap::from_pointee(Serving::new(client)),
            files: Mutex::new(files),
            answer: ArcSwapOption::empty(),
            reloading: tokio::sync::Mutex::default(),
            problem: Mutex::default(),
            name,
            counts,
            load,
            observe,
        })
    }

    pub(crate) fn client(&self) -> Client {
        self.serving.load().client.clone()
    }

    /// A token that can still be used in `min_lifetime`, and the answer with it.
    pub(crate) async fn token(
        &self,
        min_lifetime: Duration,
    ) -> Result<Arc<TokenAnswer>, TokenError> {
        if min_lifetime.is_zero() {
            let serving = self.serving.load();
            if let Some(token) = serving.client.keeper().and_then(TokenKeeper::peek) {
                return Ok(self.answer_with(&token));
            }
        }
        let client = self.client();
        let token = if min_lifetime.is_zero() {
            client.access_token().await?
        } else {
            client.access_token_valid_for(min_lifetime).await?
        };
        Ok(self.answer_with(&token))
    }

    fn answer_with(&self, token: &AccessToken) -> Arc<TokenAnswer> {
        let now = SystemClock.now();
        if let Some(answer) = &*self.answer.load()
            && answer.is_for(token, now)
        {
            return Arc::clone(answer);
        }
        let answer = Arc::new(TokenAnswer::new(token.clone(), now));
        self.answer.store(Some(Arc::clone(&answer)));
        answer
    }

    /// Records that an API rejected the token that was given last, if `names` returns true for it.
    pub(crate) fn reject(&self, names: impl FnOnce(&TokenAnswer) -> bool) -> bool {
        let Some(answer) = self.answer.load_full().filter(|answer| names(answer)) else {
            return false;
        };
        if let Some(keeper) = self.client().keeper() {
            keeper.report_rejected(&answer.token);
        }
        true
    }

    /// Why the newest credentials are not in use, if they are not.
    pub(crate) fn problem(&self) -> Option<Report> {
        lock(&self.problem).as_ref().map(|(report, _)| report.clone())
    }

    /// Whether to read the credentials again: a file has changed, or it is time to try again with credentials that could
    /// not be used.
    pub(crate) fn is_due(&self) -> bool {
        let now = SystemClock.monotonic();
        let is_time = lock(&self.problem).as_ref().is_some_and(|(_, try_at)| *try_at <= now);
        is_time || lock(&self.files).have_changed()
    }

    /// Reads the credentials again, and uses them if they work. If they do not, the old ones stay, and an event says why.
    pub(crate) async fn reload(&self) -> Result<(), Report> {
        let _reloading = self.reloading.lock().await;
        let context = Arc::clone(&self.name);
        let outcome = self.read_again().await;
        match &outcome {
            Ok(()) => {
                *lock(&self.problem) = None;
                (self.observe)(&Event::Reloaded { context });
            }
            Err(report) if self.is_new_problem(report) => {
                let report = report.clone();
                (self.observe)(&Event::NotReloaded { context, report });
            }
            Err(_) => {}
        }
        outcome
    }

    async fn read_again(&self) -> Result<(), Report> {
        let before = lock(&self.files).again();
        let opened = open(&self.name, &self.load, &self.observe, &self.counts).await;
        let (client, files) = opened.inspect_err(|_| *lock(&self.files) = before)?;
        *lock(&self.files) = files;
        let is_serving = self.client().health().is_some_and(|health| health.is_serving());
        // As long as callers are served, the new credentials are used only after they have obtained a token. Otherwise they
        // are used at once.
        if is_serving && client.keeper().is_some() {
            client.refresh().await.map_err(|error| Report::from(&error))?;
        }
        self.serving.store(Arc::new(Serving::new(client)));
        Ok(())
    }

    /// Remembers why the newest credentials are not in use, and returns whether this is another reason than before.
    fn is_new_problem(&self, report: &Report) -> bool {
        let problem = (report.clone(), SystemClock.monotonic() + RETRY_INTERVAL);
        let before = lock(&self.problem).replace(problem);
        before.is_none_or(|(before, _)| before.message() != report.message())
    }
}

impl Serving {
    fn new(client: Client) -> Self {
        let keep_fresh = client.keeper().map(TokenKeeper::keep_fresh);
        Self { client, _keep_fresh: keep_fresh }
    }
}

/// Reads the credentials and builds their client, on a thread for blocking calls.
async fn open(
    name: &Arc<str>,
    load: &Load,
    observe: &Observe,
    counts: &Arc<Counts>,
) -> Result<(Client, FileVersions), Report> {
    let (name, load) = (Arc::clone(name), Arc::clone(load));
    let (observe, counts) = (Arc::clone(observe), Arc::clone(counts));
    let opened = tokio::task::spawn_blocking(move || {
        let mut builder = load(&name)?;
        let files = FileVersions::look(builder.credentials().files().to_vec());
        let now = SystemTime::try_from(SystemClock.now());
        if now.is_ok_and(|now| files.are_fresh(now)) {
            // They may have been written to after they were read and before they were checked.
            builder = load(&name)?;
        }
        let builder = builder.with_observer(move |event| {
            counts.record(event);
            let (context, event) = (Arc::clone(&name), event.clone());
            observe(&Event::Token { context, event });
        });
        let client = builder.build().map_err(|error| Report::from(&error))?;
        Ok((client, files))
    });
    opened.await.unwrap_or_else(|panic| panic::resume_unwind(panic.into_panic()))
}

/// How long after a failure the credentials are tried again, if no file changes until then.
const RETRY_INTERVAL: Duration = Duration::from_mins(1);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The answer with one token in one second (RFC 6749 §5.1). It is kept, since most answers are equal to the one before.
#[derive(Debug)]
pub(crate) struct TokenAnswer {
    pub(crate) token: AccessToken,
    pub(crate) fingerprint: String,
    pub(crate) body: Bytes,
    second: NumericDate,
}

/// Seconds, as RFC 6749 requires: IMS itself answers some requests in milliseconds.
#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    expires_at: String,
    fingerprint: &'a str,
}

impl TokenAnswer {
    fn new(token: AccessToken, now: NumericDate) -> Self {
        let fingerprint = token.fingerprint();
        let body = Body {
            access_token: token.expose_secret(),
            token_type: "bearer",
            expires_in: token.expires_at().since(now).as_secs(),
            expires_at: token.expires_at().to_string(),
            fingerprint: &fingerprint,
        };
        let body = serde_json::to_vec(&body).expect("text and numbers are always JSON").into();
        Self { token, fingerprint, body, second: now }
    }

    /// Whether this is the answer for `token` at `now`. Clones share their text, and while this holds one, no other text is
    /// there.
    fn is_for(&self, token: &AccessToken, now: NumericDate) -> bool {
        self.second == now && std::ptr::eq(self.token.expose_secret(), token.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_seconds_a_date_and_a_name_and_holds_for_one_second() {
        let date = NumericDate::from_secs;
        let token = |text: &str| {
            AccessToken::new(text.to_owned(), date(0), Duration::from_hours(24)).unwrap()
        };
        let first = token("a\"b");
        let answer = TokenAnswer::new(first.clone(), date(86_000));
        assert_eq!(
            std::str::from_utf8(&answer.body).unwrap(),
            format!(
                r#"{{"access_token":"a\"b","token_type":"bearer","expires_in":400,"expires_at":"1970-01-02T00:00:00Z","fingerprint":"{}"}}"#,
                first.fingerprint()
            )
        );
        assert!(answer.is_for(&first.clone(), date(86_000)));
        assert!(!answer.is_for(&first, date(86_001)));
        assert!(!answer.is_for(&token("a\"b"), date(86_000)), "another token");
    }
}
