//! `ims cert rotate`: a new key and certificate instead of the old ones, without a moment in which IMS accepts none.

mod due;
mod own_file;
mod report;
mod rotation;
mod state;
mod waiting;

use std::time::Duration;

use clap::Args;
use ims::cert::DistinguishedName;

use crate::{failure::Failure, integration::IntegrationOptions, output::Answer, process::block_on};

use due::NotDue;
use rotation::Rotation;

/// Replace a key and its certificate without a moment in which IMS accepts none.
///
/// Creates a new key and certificate next to the old ones, adds them to the credentials, waits until IMS accepts them, and
/// only then puts them first. The credentials must be in a file: the command changes a file in our own form, and says what
/// to change in other forms. The old key stays in the credentials until --finish, and no file is ever deleted. If a run is
/// interrupted, the next run continues it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    ims cert rotate -c creds.json            # says what to upload, and waits for it\n  \
    ims cert rotate -c creds.json --finish   # once every process has the new key\n  \
    ims cert rotate -c creds.json --within 30d   # only if it ends within 30 days\n\
    Exit codes: 0 IMS accepts the new key · 3 it does not yet: run it again · 4 a person must act")]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// How many days the new certificate is valid
    #[arg(long, default_value_t = 365)]
    days: u32,

    /// How long to wait until IMS accepts the new key; 0s asks once
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = humantime::parse_duration)]
    wait: Duration,

    /// Begin only if the certificate expires within this time; a rotation that has begun continues
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    within: Option<Duration>,

    /// The subject of the new certificate, instead of that of the old one; Adobe ignores it
    #[arg(long, value_name = "NAME")]
    subject: Option<DistinguishedName>,

    /// Begin another rotation, even if one has just finished
    #[arg(long, conflicts_with_all = ["finish", "within"])]
    again: bool,

    /// Remove the old key from the credentials, after the rotation
    #[arg(long)]
    finish: bool,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let file = arguments.integration.file()?;
    if arguments.finish {
        Rotation::resume(file)?.finish()?;
        return Ok(Answer::Yes);
    }
    if !arguments.again
        && let Some(not_due) = NotDue::find(&file, arguments.within)?
    {
        not_due.tell(arguments.json)?;
        return Ok(Answer::Yes);
    }
    let mut rotation = Rotation::resume_or_begin(file, arguments.subject.as_ref())?;
    rotation.make_pair(arguments.days)?;
    rotation.add_pair()?;
    rotation.report_upload()?;
    block_on(rotation.wait(arguments.wait))?;
    rotation.switch()?;
    block_on(rotation.verify())?;
    rotation.report_rest(arguments.json)?;
    Ok(Answer::Yes)
}
