//! `ims secret rotate`: a new client secret in place of the old one, without a moment in which IMS accepts none; and the
//! last step, which deletes the old secret when nothing uses it any longer.

mod arguments;
mod rotation;

use ims::exchange::SecretInfo;
use serde::Serialize;

use crate::{
    commands::secret::{
        console::Console,
        state::{New, State},
    },
    failure::Failure,
    output::{self, Answer},
    process::block_on,
    when,
};

pub(crate) use arguments::Arguments;

use rotation::Rotation;

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut rotation = Rotation::open(arguments)?;
    if arguments.finish {
        block_on(rotation.finish())?;
    } else {
        block_on(rotation.run())?;
    }
    Ok(Answer::Yes)
}

#[derive(Serialize)]
struct Finished<'a> {
    deleted_secret_ids: &'a [String],
    finished_at: String,
}

impl Rotation<'_> {
    /// Deletes the old secret, if nothing uses it any longer.
    async fn finish(&mut self) -> Result<(), Failure> {
        let state = self.state.as_ref();
        let state = state.filter(|it| it.is_in_progress() && it.switched_at.is_some());
        let Some(state) = state else {
            let failure = "no rotation of these credentials is ready to be finished";
            return Err(
                Failure::person(failure).hint("begin one, or continue it: ims secret rotate")
            );
        };
        let Some(new) = &state.new else {
            return Err(Failure::person("the state of the rotation has no new secret"));
        };
        let has_new = self.own.client_secrets.iter().any(|secret| new.is(secret));
        if !has_new && !self.arguments.force {
            return Err(Failure::person("the credentials do not have the new secret")
                .hint("put it into them first: without the old secret, nothing works with them")
                .hint("or delete the old one although these credentials have it: --force"));
        }
        let console = Console::open(&self.found.credentials, self.credential.clone()).await?;
        let list = console.list().await?;
        if !list.iter().any(|secret| secret.id.as_str() == new.id) {
            return Err(Failure::person(format!("the new secret, {}, was deleted", new.id))
                .hint("begin again: remove the file of the state")
                .hint(format!("it is {}", ims_files::shown(&self.state_path))));
        }
        let mut deleted = Vec::new();
        for secret in &list {
            if !state.old_ids.iter().any(|old| old == secret.id.as_str()) {
                continue;
            }
            if !self.arguments.force {
                expect_unused(secret, state, new)?;
            }
            console.delete(&secret.id).await?;
            deleted.push(secret.id.as_str().to_owned());
        }
        let now = when::now();
        if let Some(state) = &mut self.state {
            state.finished_at = Some(now.as_secs());
        }
        self.save()?;
        if self.arguments.json {
            let finished_at = when::rfc3339(now);
            return output::json(&Finished { deleted_secret_ids: &deleted, finished_at });
        }
        match deleted.as_slice() {
            [] => output::line("the old secret was deleted before; the rotation is finished"),
            deleted => output::line(&format!("deleted the old secret {}", deleted.join(", "))),
        }
    }
}

/// Fails if the old secret was used after the new one was in its place. Both times are of the API's clock.
fn expect_unused(old: &SecretInfo, state: &State, new: &New) -> Result<(), Failure> {
    let Some(last_used_at) = old.last_used_at else { return Ok(()) };
    let until_switch = state.switched_at.unwrap_or(new.added_at).saturating_sub(new.added_at);
    let switched_at = new.created_at.saturating_add(until_switch);
    if last_used_at.as_secs() <= switched_at.saturating_add(GRACE_SECONDS) {
        return Ok(());
    }
    Err(Failure::later(format!(
        "the old secret was used at {}, after the new one was in its place",
        when::rfc3339(last_used_at)
    ))
    .hint("restart every process that has read the old secret, and run it again after their next token")
    .hint("to delete it anyway: --force"))
}

/// How long after the switch a process may still have started with the old secret.
const GRACE_SECONDS: i64 = 60;
