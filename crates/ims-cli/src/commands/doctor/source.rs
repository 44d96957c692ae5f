//! The source of the credentials, and the other sources, which are not used.

use ims::{Credentials, Discovery, Source};
use serde_json::{Value, json};

use super::checklist::{Check, Checklist};
use crate::{
    failure::Failure,
    integration::{self, IntegrationOptions},
};

/// Adds the line about the source before it is read, so that it is printed whatever is wrong with the credentials. `None`
/// if there is none.
pub(super) fn check(
    discovery: &Discovery,
    checklist: &mut Checklist,
) -> Result<Option<Source>, Failure> {
    let sources = match discovery.sources() {
        Ok(sources) => sources,
        Err(error) => {
            checklist.add(Check::from_failure("source", Failure::from(error)))?;
            return Ok(None);
        }
    };
    let mut sources = sources.into_iter();
    let Some(source) = sources.next() else {
        checklist.add(Check::from_failure("source", integration::none_given()))?;
        return Ok(None);
    };
    let not_used: Vec<_> = sources.map(|source| source.to_string()).collect();
    checklist.add(line(&source, &not_used))?;
    checklist.set_source(view(&source, &not_used));
    Ok(Some(source))
}

fn line(source: &Source, not_used: &[String]) -> Check {
    let mut evidence = format!("the credentials are from {source}");
    if not_used.is_empty() {
        return Check::ok("source", evidence);
    }
    evidence = format!("{evidence}; not used: {}", not_used.join(", "));
    // An argument of the command line was chosen now, but a variable may have been set long ago.
    match variables(source) {
        None => Check::ok("source", evidence),
        Some(variables) => Check::warning("source", evidence)
            .next(format!("to use the other: unset {variables}, or use -c or --context")),
    }
}

/// The variables that make it the source.
fn variables(source: &Source) -> Option<&'static str> {
    match source {
        Source::CredentialsVariable(_) => Some("IMS_CREDENTIALS"),
        Source::ContextVariable(_) => Some("IMS_CONTEXT"),
        Source::Variables(Some(_)) => Some("the variables of these credentials"),
        Source::Variables(None) => Some("AIO_CONFIG_FILE"),
        _ => None,
    }
}

/// What to do about credentials that cannot be read, if nothing better is known.
pub(super) fn correction(source: &Source) -> &'static str {
    match source {
        Source::Context(_) | Source::ContextVariable(_) | Source::CurrentContext(_) => {
            "see which contexts there are: ims context list"
        }
        _ => "correct the credentials, and run ims doctor again",
    }
}

/// The command that shows what a migration changes in credentials of this source.
pub(super) fn migrate_command(source: &Source) -> String {
    let file = match source {
        Source::File(path) | Source::CredentialsVariable(Some(path)) => ims_files::shown(path),
        _ => "FILE".to_owned(),
    };
    let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let file = if is_plain { file } else { "FILE".to_owned() };
    format!("see what changes with OAuth Server-to-Server: ims migrate -c {file}")
}

/// The source as `--json` has it.
fn view(source: &Source, not_used: &[String]) -> Value {
    let (kind, file, context) = match source {
        Source::File(path) => ("file", Some(path), None),
        Source::Document => ("document", None, None),
        Source::Context(context) => ("context", Some(&context.file), Some(&context.name)),
        Source::CredentialsVariable(path) => ("credentials_variable", path.as_ref(), None),
        Source::ContextVariable(context) => {
            ("context_variable", Some(&context.file), Some(&context.name))
        }
        Source::Variables(_) => ("variables", None, None),
        Source::CurrentContext(context) => {
            ("current_context", Some(&context.file), Some(&context.name))
        }
        _ => ("other", None, None),
    };
    json!({
        "kind": kind,
        "text": source.to_string(),
        "file": file.map(ims_files::shown),
        "context": context,
        "not_used": not_used,
    })
}

/// How the credentials are read: their form, their IMS, and who can read them.
pub(super) fn check_read(
    credentials: &Credentials,
    options: &IntegrationOptions,
    checklist: &mut Checklist,
) -> Result<(), Failure> {
    let (form, at) = (credentials.form(), credentials.environment().base_url());
    let by = if options.has_url() { ", which --ims-url or IMS_URL says" } else { "" };
    checklist.add(Check::ok("credentials", format!("{form} for {at}{by}")))?;
    let (warnings, is_in_arguments) = (credentials.warnings(), options.is_document_in_arguments());
    if is_in_arguments {
        checklist.add(
            Check::warning("permissions", integration::IN_ARGUMENTS)
                .next(integration::NOT_IN_ARGUMENTS),
        )?;
    } else if warnings.is_empty() {
        return checklist.add(Check::ok("permissions", "no one else can read a secret"));
    }
    for warning in warnings {
        checklist.add(Check::warning("permissions", warning))?;
    }
    Ok(())
}
