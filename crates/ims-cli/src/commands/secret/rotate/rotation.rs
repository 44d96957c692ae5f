//! The steps of a rotation. Every step first checks what is done already, so that the next run continues one that was
//! killed.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use ims::{
    Connection, Discovered, ServerToServerCredential,
    claims::NumericDate,
    exchange::{
        ClientCredentials, ClientSecret, ConsoleCredential, ExchangeError, NewSecret, Reason,
        SecretId, SecretInfo,
    },
};
use ims_files::FileLock;
use serde::Serialize;
use tokio::time::sleep;

use super::arguments::{Arguments, give_to};
use crate::{
    commands::secret::{
        console::{Console, server_to_server},
        place::{SecretPlace, file_of},
        state::{New, State, state_file},
    },
    failure::Failure,
    integration::announce,
    output, transport, when,
};

/// A rotation of the secret of some credentials.
pub(super) struct Rotation<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) found: Discovered,
    pub(super) credential: ConsoleCredential,
    pub(super) own: ServerToServerCredential,
    connection: Connection,
    pub(super) state_path: PathBuf,
    pub(super) state: Option<State>,
    _lock: Option<FileLock>,
}

#[derive(Serialize)]
struct NotDue {
    due: bool,
    created_at: String,
    age_seconds: u64,
}

#[derive(Serialize)]
struct Rotated<'a> {
    secret_id: &'a str,
    old_secret_ids: &'a [String],
    switched_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

/// Its preparation.
impl<'a> Rotation<'a> {
    pub(super) fn open(arguments: &'a Arguments) -> Result<Self, Failure> {
        let found = arguments.console.integration.discovered()?;
        announce(&found.credentials);
        let own = server_to_server(&found.credentials)?.clone();
        let lock = match file_of(&found.source)? {
            Some(path) => ims_files::lock_if_there(&path, Duration::ZERO).map_err(|error| {
                Failure::later("another rotation of these credentials is running").because(error)
            })?,
            None => None,
        };
        let state_path = state_file(&found)?;
        let state = State::load(&state_path)?;
        let credential = arguments.console.credential(&found, state.as_ref())?;
        let connection = transport::connection(found.credentials.environment())?;
        Ok(Self { arguments, found, credential, own, connection, state_path, state, _lock: lock })
    }

    pub(super) fn save(&self) -> Result<(), Failure> {
        match &self.state {
            Some(state) => state.save(&self.state_path),
            None => Ok(()),
        }
    }
}

/// What is done, in this order.
impl Rotation<'_> {
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        if let Some(state) = &self.state
            && state.is_in_progress()
            && state.switched_at.is_some()
        {
            return self.report();
        }
        let console = Console::open(&self.found.credentials, self.credential.clone()).await?;
        let list = console.list().await?;
        let is_in_progress = self.state.as_ref().is_some_and(State::is_in_progress);
        if !is_in_progress && self.is_not_due(&list)? {
            return Ok(());
        }
        let old = self.accepted_secret().await?;
        let selected = self.arguments.console.integration.selected();
        let place = SecretPlace::find(&self.found, selected, &old)?;
        if !is_in_progress {
            self.begin(&console, &list, &place, &old)?;
        } else if self.is_switched_already() {
            return self.switched();
        }
        self.delete_lost(&console, &list).await?;
        let new = console.add().await?;
        if let Some(state) = &mut self.state {
            state.new = Some(New::of(&new, when::now()));
        }
        self.save()?;
        if let Err(failure) = self.verify_and_put(&new, &old, &place).await {
            return Err(self.take_back(&console, &new.info.id, failure).await);
        }
        self.give(&new, &place)?;
        self.switched_with(Some(&new.client_secret))
    }

    /// Whether the newest secret is young enough, which is reported.
    fn is_not_due(&self, list: &[SecretInfo]) -> Result<bool, Failure> {
        let Some(limit) = self.arguments.if_older_than else { return Ok(false) };
        let Some(newest) = list.last() else { return Ok(false) };
        let now = when::now();
        let age = now.since(newest.created_at);
        if age >= limit {
            return Ok(false);
        }
        let created_at = when::rfc3339(newest.created_at);
        if self.arguments.json {
            output::json(&NotDue { due: false, created_at, age_seconds: age.as_secs() })?;
        } else {
            output::line(&format!("not due: the newest secret was created at {created_at}"))?;
        }
        Ok(true)
    }

    /// Remembers that a rotation has begun, before anything is made.
    fn begin(
        &mut self,
        console: &Console,
        list: &[SecretInfo],
        place: &SecretPlace,
        old: &ClientSecret,
    ) -> Result<(), Failure> {
        if list.len() > 1 {
            return Err(Failure::person("the credential has two client secrets already")
                .hint("see which one is not used: ims secret list")
                .hint("delete it in the Developer Console, and begin again"));
        }
        if self.arguments.exec.is_empty() && !self.arguments.print {
            place.check(old, &self.found)?;
        }
        let old_ids = list.iter().map(|secret| secret.id.as_str().to_owned()).collect();
        self.state = Some(State::begin(console.credential(), old_ids, when::now()));
        self.save()
    }

    /// The secret of the credentials that IMS takes.
    async fn accepted_secret(&self) -> Result<ClientSecret, Failure> {
        let mut refused = None;
        for secret in self.own.client_secrets.iter() {
            match self.ask_by(secret).await {
                Ok(()) => return Ok(secret.clone()),
                Err(error) if is_about_secret(&error) => refused = Some(error),
                Err(error) => return Err(self.failure(&error)),
            }
        }
        match refused {
            Some(error) => Err(self.failure(&error)),
            None => Err(Failure::person("there is no client secret")),
        }
    }

    /// Whether an earlier run has put the new secret into the credentials, and ended before it saved that state.
    fn is_switched_already(&self) -> bool {
        let new = self.state.as_ref().and_then(|state| state.new.as_ref());
        new.is_some_and(|new| self.own.client_secrets.iter().any(|secret| new.is(secret)))
    }

    /// Deletes a secret that an interrupted run has added and that is stored nowhere: IMS never shows it again.
    async fn delete_lost(&mut self, console: &Console, list: &[SecretInfo]) -> Result<(), Failure> {
        let Some(state) = &mut self.state else { return Ok(()) };
        for secret in list {
            let id = secret.id.as_str();
            if state.old_ids.iter().any(|old| old == id) {
                continue;
            }
            let is_ours = state.new.as_ref().is_some_and(|new| new.id == id);
            let since_began = secret.created_at.as_secs() - state.began_at;
            // The clocks of the API and of this machine may differ.
            let may_be_ours = state.new.is_none()
                && secret.last_used_at.is_none()
                && since_began >= -CLOCK_TOLERANCE_SECONDS;
            let is_lost = is_ours && !state.is_handed_over || may_be_ours;
            if !is_lost && !self.arguments.again {
                return Err(Failure::person(format!(
                    "the credential has another secret, {id}, which a program may use"
                ))
                .hint("if a secret manager has it, put it into the credentials; they are then the rotated ones")
                .hint("if no program has it, delete it and continue: ims secret rotate --again"));
            }
            output::note("deleted", &format!("{id}, from an interrupted run"));
            console.delete(&secret.id).await?;
        }
        state.new = None;
        state.is_handed_over = false;
        self.save()
    }

    /// Gets a token with the new secret, and puts it in place of the old one, unless a command keeps it.
    async fn verify_and_put(
        &mut self,
        new: &NewSecret,
        old: &ClientSecret,
        place: &SecretPlace,
    ) -> Result<(), Failure> {
        self.wait_for(&new.client_secret).await?;
        if self.arguments.exec.is_empty() {
            place.put(old, &new.client_secret, &self.found)?;
            if !matches!(place, SecretPlace::Elsewhere(_)) {
                output::note("written", &format!("the new secret, to {}", place.describe()));
            }
        }
        Ok(())
    }

    /// Gives the new secret to the command that keeps it. After this, the command may have stored it.
    fn give(&mut self, new: &NewSecret, place: &SecretPlace) -> Result<(), Failure> {
        let command: &[OsString] = &self.arguments.exec;
        if command.is_empty() && !matches!(place, SecretPlace::Elsewhere(_)) {
            return Ok(());
        }
        if let Some(state) = &mut self.state {
            state.is_handed_over = true;
        }
        self.save()?;
        if command.is_empty() {
            return Ok(());
        }
        give_to(command, &new.client_secret, &new.info.id).map_err(|failure| {
            failure.hint("the old secret is still valid; to continue with another one: ims secret rotate --again")
        })
    }

    /// Asks until IMS accepts the secret, which may take a while to reach all of its servers.
    async fn wait_for(&self, client_secret: &ClientSecret) -> Result<(), Failure> {
        let (until, mut pause) = (when::now().plus(self.arguments.wait), FIRST_PAUSE);
        loop {
            let Err(error) = self.ask_by(client_secret).await else { return Ok(()) };
            let is_worth_waiting = is_about_secret(&error) || error.is_transient();
            if !is_worth_waiting {
                return Err(self.failure(&error));
            }
            if when::now().plus(pause) > until {
                let failure = Failure::later("IMS does not accept the new secret yet");
                return Err(failure.because(error));
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    /// Gets a token with this secret alone.
    async fn ask_by(&self, client_secret: &ClientSecret) -> Result<(), ExchangeError> {
        let own = &self.own;
        let mut call = ClientCredentials::new(&own.client_id, client_secret, &own.scopes);
        if let Some(org_id) = &own.org_id {
            call = call.with_org_id(org_id);
        }
        self.connection.send(&call).await.map(drop)
    }

    fn failure(&self, error: &ExchangeError) -> Failure {
        Failure::from(error).asking(self.connection.environment())
    }

    /// Deletes a secret that was added but is not used. If that fails too, the next run does it.
    async fn take_back(&mut self, console: &Console, id: &SecretId, failure: Failure) -> Failure {
        if console.delete(id).await.is_err() {
            return failure;
        }
        if let Some(state) = &mut self.state {
            state.new = None;
        }
        match self.save() {
            Ok(()) => failure.hint("the new secret was deleted; run the same command again"),
            Err(_) => failure,
        }
    }

    fn switched(&mut self) -> Result<(), Failure> {
        self.switched_with(None)
    }

    fn switched_with(&mut self, client_secret: Option<&ClientSecret>) -> Result<(), Failure> {
        if let Some(state) = &mut self.state {
            state.switched_at = Some(when::now().as_secs());
        }
        // A printed secret counts as being in use only after it was written.
        self.report_with(client_secret)?;
        self.save()
    }

    fn report(&self) -> Result<(), Failure> {
        self.report_with(None)
    }

    fn report_with(&self, client_secret: Option<&ClientSecret>) -> Result<(), Failure> {
        let Some(State { new: Some(new), old_ids, switched_at: Some(at), .. }) = &self.state else {
            return Err(Failure::person("the state of the rotation has no new secret"));
        };
        let found = self.own.client_secrets.iter().find(|secret| new.is(secret));
        let printed = client_secret.or(found).filter(|_| self.arguments.print);
        let switched_at = when::rfc3339(NumericDate::from_secs(*at));
        if self.arguments.json {
            return output::json(&Rotated {
                secret_id: &new.id,
                old_secret_ids: old_ids,
                switched_at,
                client_secret: printed.map(ClientSecret::expose_secret),
            });
        }
        match printed {
            Some(secret) => output::line(secret.expose_secret())?,
            None => output::line(&format!(
                "IMS accepts the new secret {}, and it is in use since {switched_at}",
                new.id
            ))?,
        }
        if !self.arguments.exec.is_empty() && client_secret.is_some() && found.is_none() {
            output::note("note", "the credentials that were read here still have the old secret");
        }
        output::note("next", "restart every process that has read the old secret");
        output::note("then", "delete the old secret: ims secret rotate --finish");
        Ok(())
    }
}

fn is_about_secret(error: &ExchangeError) -> bool {
    error.reason().is_some_and(Reason::is_about_the_secret)
}

/// The interval between two requests with the new secret.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How far the clock of this machine may be off.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;
