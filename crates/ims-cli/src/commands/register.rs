//! `ims register`: a client that registers itself.

use std::{fs, path::PathBuf};

use clap::Args;
use ims::{
    Connection,
    exchange::{ClientRegistration, RegisteredClient, Scope},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on,
    question, transport,
};

/// Register a client that people can sign in to.
///
/// IMS returns the secret of the new client only once. The command writes it, with everything that `ims login` needs, only
/// to a credentials file that only you can read (dynamic client registration, RFC 7591).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims register --name 'My tool' --redirect-uri http://127.0.0.1:8400/callback \\\n    --scopes openid,AdobeID --out app.json"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The name that users see
    #[arg(long, value_name = "NAME")]
    name: String,

    /// A redirect URI of the client; may be given several times
    #[arg(long, value_name = "URI", required = true)]
    redirect_uri: Vec<String>,

    /// The scopes that the client asks for, separated by commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<Scope>,

    /// The file for the credentials, which must not exist yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Print one line of JSON: the client id and the file
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    // The file comes first: a client whose secret cannot be kept is lost.
    ims_files::create_new(&arguments.out, b"")?;
    let written = block_on(register(arguments)).and_then(|(client, connection)| {
        let text = Zeroizing::new(format!("{:#}\n", credentials(arguments, &client, &connection)));
        ims_files::replace(&arguments.out, text.as_bytes())?;
        Ok(client.client_id)
    });
    let client_id = written.inspect_err(|_| {
        // An empty file is useless.
        let _ = fs::remove_file(&arguments.out);
    })?;
    if arguments.json {
        output::json(&json!({ "client_id": client_id.as_str(), "file": arguments.out }))?;
    } else {
        output::line(client_id.as_str())?;
        output::note(
            "done",
            &format!("the credentials are in {}", ims_files::shown(&arguments.out)),
        );
    }
    Ok(Answer::Yes)
}

async fn register(arguments: &Arguments) -> Result<(RegisteredClient, Connection), Failure> {
    let credentials = arguments.integration.credentials_if_any()?;
    let environment = arguments.integration.environment(credentials.as_ref());
    let connection = transport::connection(&environment)?;
    let redirect_uris: Vec<_> = arguments.redirect_uri.iter().map(String::as_str).collect();
    let call =
        ClientRegistration::new(&arguments.name, &redirect_uris).with_scopes(&arguments.scopes);
    let client = question::ask(&connection, &call).await?;
    Ok((client, connection))
}

/// The credentials in our own form.
fn credentials(arguments: &Arguments, client: &RegisteredClient, connection: &Connection) -> Value {
    let scopes: Vec<_> = arguments.scopes.iter().map(Scope::as_str).collect();
    let mut members = json!({
        "user": true,
        "client_id": client.client_id.as_str(),
        "redirect_uri": arguments.redirect_uri[0],
        "scopes": scopes,
        "ims_url": connection.environment().base_url(),
    });
    if let Some(secret) = &client.client_secret {
        members["client_secret"] = secret.expose_secret().into();
    }
    members
}
