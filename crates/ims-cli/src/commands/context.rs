//! `ims context`: credentials by name.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use ims::{
    ContextFile, Contexts, Credentials,
    claims::{Environment, Metascope},
};
use serde::Serialize;

use crate::{
    commands::call::parse_url,
    failure::Failure,
    integration,
    output::{self, Answer},
    prompt,
    storage::contexts,
};

/// The commands about contexts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(AddArguments),
    List(ListArguments),
    Use(UseArguments),
    Show(ShowArguments),
    Rename(RenameArguments),
    Remove(RemoveArguments),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(&arguments),
        Command::Use(arguments) => switch(&arguments),
        Command::Show(arguments) => show(&arguments),
        Command::Rename(arguments) => rename(&arguments),
        Command::Remove(arguments) => remove(&arguments),
    }
}

/// Give a credentials file a name.
///
/// The file and its secrets stay where they are: the context has only its path. The first context becomes the
/// current one, which is used without -c and --context.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims context add stage -c ~/adobe/stage.json && ims token --context stage"
)]
pub(crate) struct AddArguments {
    /// The name: letters, digits, - and _
    name: String,

    /// The file, in any form that -c accepts
    #[arg(short, long, value_name = "FILE")]
    credentials: PathBuf,

    /// Which credentials to use, if the file has several
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,

    /// Base URL of IMS, instead of that in the credentials
    #[arg(long, alias = "url", value_name = "URL")]
    ims_url: Option<Environment>,

    /// Base URL of the API, for the paths of ims call
    #[arg(long, value_name = "URL", value_parser = api_url)]
    api_url: Option<String>,

    /// The metascopes of a service account whose file leaves them out, with commas between them
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    metascopes: Vec<Metascope>,
}

/// The same text, if it is a URL that ims call can use.
fn api_url(text: &str) -> Result<String, String> {
    parse_url(text).map(|_| text.to_owned())
}

fn add(arguments: AddArguments) -> Result<Answer, Failure> {
    let AddArguments { name, credentials, credential, ims_url, api_url, metascopes } = arguments;
    // A file that cannot be read now is not added.
    let read = match &credential {
        Some(credential) => Credentials::from_file_selecting(&credentials, credential)?,
        None => Credentials::from_file_with_metascopes(&credentials, &metascopes)?,
    };
    integration::announce(&read);
    let mut file = ContextFile::new(credentials);
    if let Some(credential) = credential {
        file = file.with_credential(credential);
    }
    if let Some(ims_url) = ims_url {
        file = file.with_environment(ims_url);
    }
    if let Some(api_url) = api_url {
        file = file.with_api_url(api_url);
    }
    file = file.with_metascopes(metascopes);
    let mut contexts = contexts()?;
    contexts.add(&name, &file)?;
    contexts.save()?;
    if contexts.current() == Some(&name) {
        output::note("note", &format!("{name} is the current context"));
        integration::announce_what_hides_the_current_context();
    }
    Ok(Answer::Yes)
}

/// List the contexts, each with its file; the current one has an asterisk.
///
/// The files are not opened: ims status says what is in them.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print one line of JSON: the names, and the current one
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    contexts: Vec<&'a str>,
    current: Option<&'a str>,
}

fn list(arguments: &ListArguments) -> Result<Answer, Failure> {
    let contexts = contexts()?;
    let (names, current) = (contexts.names(), contexts.current());
    if arguments.json {
        output::json(&Data { contexts: names, current })?;
        return Ok(Answer::Yes);
    }
    let mut rows = Vec::new();
    for name in names {
        let mark = if current == Some(name) { '*' } else { ' ' };
        rows.push((format!("{mark} {name}"), place(&contexts, name)?));
    }
    output::rows(&rows)?;
    Ok(Answer::Yes)
}

/// Where the credentials of a context are, and what it says besides.
fn place(contexts: &Contexts, name: &str) -> Result<String, Failure> {
    let mut members = contexts.show(name)?;
    // The rest is shown as it is in the file of contexts.
    let file = members.iter().position(|(member, _)| member == "credentials_file");
    let mut parts = match file {
        Some(index) => vec![members.remove(index).1],
        None => vec!["in the file of contexts itself".to_owned()],
    };
    for (member, value) in members {
        if file.is_some() || ["client_id", "api_key", "ims_url"].contains(&member.as_str()) {
            parts.push(format!("{member} {value}"));
        }
    }
    Ok(parts.join("  "))
}

/// Make a context the current one.
#[derive(Debug, Args)]
pub(crate) struct UseArguments {
    /// Its name
    name: String,
}

fn switch(arguments: &UseArguments) -> Result<Answer, Failure> {
    let mut contexts = contexts()?;
    contexts.switch_to(&arguments.name)?;
    contexts.save()?;
    integration::announce_what_hides_the_current_context();
    Ok(Answer::Yes)
}

/// Show a context, without secrets.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Its name, instead of the current one
    name: Option<String>,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

fn show(arguments: &ShowArguments) -> Result<Answer, Failure> {
    let contexts = contexts()?;
    let Some(name) = arguments.name.as_deref().or(contexts.current()) else {
        return Err(
            Failure::usage("there is no current context").hint("choose one: ims context use NAME")
        );
    };
    let members = contexts.show(name)?;
    if arguments.json {
        output::json(&members.into_iter().collect::<BTreeMap<_, _>>())?;
    } else {
        output::rows(&members)?;
    }
    Ok(Answer::Yes)
}

/// Give a context another name. If it is the current one, it stays so.
#[derive(Debug, Args)]
pub(crate) struct RenameArguments {
    /// Its name
    name: String,

    /// The name that it gets: letters, digits, - and _
    new_name: String,
}

fn rename(arguments: &RenameArguments) -> Result<Answer, Failure> {
    let mut contexts = contexts()?;
    contexts.rename(&arguments.name, &arguments.new_name)?;
    contexts.save()?;
    Ok(Answer::Yes)
}

/// Remove a context.
///
/// Its credentials file is not deleted. If the context holds the secret or the key itself, this may be the only copy: on a
/// terminal the command asks first, and without one it needs --yes.
#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// Its name
    name: String,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

fn remove(arguments: &RemoveArguments) -> Result<Answer, Failure> {
    let mut contexts = contexts()?;
    let members = contexts.show(&arguments.name)?;
    if !arguments.yes && members.iter().any(|(member, _)| SECRETS.contains(&member.as_str())) {
        let name = &arguments.name;
        if !prompt::is_possible() {
            return Err(Failure::usage(format!(
                "the context {name} holds a secret itself, and it may be the only copy: nothing is changed"
            ))
            .hint(format!("to remove it all the same: ims context remove {name} --yes")));
        }
        let question = format!("The context {name} holds a secret itself. Remove both?");
        if !prompt::is_yes(&question, "no")? {
            output::note("note", "nothing is changed");
            return Ok(Answer::No);
        }
    }
    contexts.remove(&arguments.name)?;
    contexts.save()?;
    Ok(Answer::Yes)
}

/// The members that are secrets, and not the place of one.
const SECRETS: [&str; 4] =
    ["client_secret", "client_secrets", "private_key", "private_key_passphrase"];
