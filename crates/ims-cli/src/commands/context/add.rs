//! `ims context add`: a name for a file of credentials.

use std::path::PathBuf;

use clap::Args;
use ims::{ContextFile, Credentials, claims::Environment};

use crate::{
    context_file::contexts,
    failure::Failure,
    integration,
    output::{self, Answer},
};

/// Give a file of credentials a name.
///
/// The file stays where it is, and so do the secrets in it: the context names its path. The first context becomes the current
/// one, which is meant where neither -c nor --context says.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims context add stage -c ~/adobe/stage.json && ims token --context stage"
)]
pub(crate) struct Arguments {
    /// The name: letters, digits, - and _
    name: String,

    /// The file, in any form that -c takes elsewhere
    #[arg(short, long, value_name = "FILE")]
    credentials: PathBuf,

    /// Which credentials are meant, where the file holds several
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,

    /// Another IMS than the one that the file says
    #[arg(long, value_name = "URL")]
    url: Option<Environment>,
}

pub(super) fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let Arguments { name, credentials, credential, url } = arguments;
    // What cannot be read now is not worth a name.
    let read = match &credential {
        Some(credential) => Credentials::from_file_selecting(&credentials, credential)?,
        None => Credentials::from_file(&credentials)?,
    };
    integration::announce(&read);
    let mut file = ContextFile::new(credentials);
    if let Some(credential) = credential {
        file = file.with_credential(credential);
    }
    if let Some(url) = url {
        file = file.with_environment(url);
    }
    let mut contexts = contexts()?;
    contexts.add(&name, &file)?;
    contexts.save()?;
    if contexts.current() == Some(&name) {
        output::note("note", &format!("{name} is the current context"));
    }
    Ok(Answer::Yes)
}
