//! `ims login`: a person signs in, in a browser, and stays signed in for the other commands.

mod browser;
mod keep;
mod listener;
mod page;
mod redirect_uri;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use ims::{
    Credential, RefreshTokens, Report, SignIn, SignInError, SignedIn, UserCredential,
    claims::{ClientId, DurationText, Environment},
    exchange::Scope,
};
use serde::Serialize;
use tokio::{net::TcpListener, time::timeout};

use self::{listener::Listener, page::Page, redirect_uri::RedirectUri};
use crate::{
    failure::{Failure, with_causes},
    integration::IntegrationOptions,
    output::{self, Answer},
    process::block_on,
    storage::SignInPlace,
    transport, when,
};

/// The scope for which IMS gives a refresh token. Source: AdobeDocs/adobe-dev-console, "User Authentication".
const OFFLINE_ACCESS: &str = "offline_access";

/// Sign in with a browser.
///
/// Opens the browser, where the person signs in to Adobe, and waits until it is redirected to a port of this machine. Over
/// SSH, or where there is no display, it prints the address instead, and the person pastes the last address of the browser.
/// The refresh token is stored in the keyring or, without a keyring, in a file that only you can read. Then the other
/// commands work with the same -c. A second login replaces the first. Exit code 4 if no one signs in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ims login -c creds.json --port 8000\n  \
                  ims login --client-id ID --scopes openid,offline_access --out creds.json\n\n\
                  The credentials say \"user\": true. The redirect URI, by default http://127.0.0.1:PORT/callback, has to be \
                  one of those that the integration has in Adobe's Developer Console.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// Sign in to this public client, which has no secret, instead of that of the credentials
    #[arg(long, value_name = "ID", requires = "out")]
    client_id: Option<ClientId>,

    /// The scopes to ask the person for, separated by commas
    #[arg(
        long,
        value_name = "SCOPES",
        value_delimiter = ',',
        requires = "client_id",
        default_value = "openid,AdobeID,offline_access"
    )]
    scopes: Vec<Scope>,

    /// Write the credentials of the public client into this file, for the other commands' -c. It holds no secret.
    #[arg(long, alias = "save", value_name = "FILE", requires = "client_id")]
    out: Option<PathBuf>,

    /// Open no browser: only print the address, and wait for any browser on this machine
    #[arg(long)]
    no_browser: bool,

    /// Do not wait for the browser: read its last address from standard input
    #[arg(long, conflicts_with_all = ["no_browser", "port"])]
    paste: bool,

    /// The port to listen on; by default that of the redirect URI, otherwise a free one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// The redirect URI, as it is registered, instead of that of the credentials. If it does not lead to this machine, the
    /// person pastes the address.
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<RedirectUri>,

    /// How long to wait for the person
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    timeout: Duration,

    /// Print one line of JSON: who has signed in, and where the sign-in is stored
    #[arg(long)]
    json: bool,
}

/// How the redirect is received.
enum RedirectMethod {
    Listen(TcpListener, u16),
    Paste,
}

#[derive(Serialize)]
struct Data<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_in: Option<String>,
    expires_at: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    arguments.out.as_deref().map_or(Ok(()), keep::expect_free)?;
    let application = arguments.application()?;
    block_on(async {
        tokio::select! {
            // It is the first, so that it is polled before anything else.
            biased;
            // An interrupt ends the wait for a person, even if the parent process ignores interrupts (`nohup`, a shell's `&`).
            interrupt = tokio::signal::ctrl_c() => Err(match interrupt {
                Ok(()) => Failure::interrupted(),
                Err(error) => Failure::later("cannot wait for interrupts").because(error),
            }),
            answer = sign_in(arguments, application) => answer,
        }
    })
}

/// What a person signs in to.
struct Application {
    environment: Environment,
    credential: UserCredential,
    /// The redirect URI of the option or of the credentials.
    redirect_uri: Option<RedirectUri>,
}

impl Arguments {
    /// Who is asked to let a person sign in.
    fn application(&self) -> Result<Application, Failure> {
        if let Some(client_id) = &self.client_id {
            let credential = UserCredential::new(client_id.clone(), self.scopes.clone());
            let environment = self.integration.environment(None);
            let redirect_uri = self.redirect_uri.clone();
            return Ok(Application { environment, credential, redirect_uri });
        }
        let credentials = self.integration.credentials()?;
        match credentials.credential() {
            Credential::User(credential) => Ok(Application {
                environment: credentials.environment().clone(),
                credential: credential.clone(),
                redirect_uri: self.registered(credentials.redirect_uri())?,
            }),
            _ => Err(no_person()),
        }
    }

    /// The redirect URI of the option, else that of the credentials, unless another port is wanted.
    fn registered(&self, of_credentials: Option<&str>) -> Result<Option<RedirectUri>, Failure> {
        if self.redirect_uri.is_some() {
            return Ok(self.redirect_uri.clone());
        }
        let Some(text) = of_credentials.filter(|_| self.port.is_none()) else { return Ok(None) };
        let redirect_uri = text.parse().map_err(|reason| {
            Failure::person(format!("redirect_uri of the credentials: {reason}"))
        })?;
        Ok(Some(redirect_uri))
    }

    /// Whether to listen, and at which address. If not, the reason, which is shown to the person.
    async fn way(&self, redirect_uri: Option<&RedirectUri>) -> Result<RedirectMethod, Failure> {
        let registered = redirect_uri.and_then(RedirectUri::address);
        let address = match (self.port, redirect_uri) {
            (Some(port), _) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            (None, Some(_)) => registered,
            (None, None) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        };
        let obstacle = if self.no_browser { None } else { browser::obstacle() };
        match (address, obstacle) {
            _ if self.paste => Ok(RedirectMethod::Paste),
            (_, Some(obstacle)) => Ok(paste_since(obstacle)),
            (None, None) => Ok(paste_since("the redirect URI does not lead to this machine")),
            (Some(address), None) => {
                let bound = listener::bind(address).await;
                let (socket, port) = bound.map_err(|error| not_listening(address, &error))?;
                Ok(RedirectMethod::Listen(socket, port))
            }
        }
    }

    /// Shows the address to the person, and opens it in the browser if possible.
    fn send_to(&self, url: &str, way: &RedirectMethod) {
        let advice = match way {
            RedirectMethod::Paste => {
                "open this address, sign in, and paste the last address of the browser"
            }
            RedirectMethod::Listen(..) if self.no_browser => {
                "open this address in a browser of this machine"
            }
            RedirectMethod::Listen(..) => {
                "the browser opens; if it shows nothing, open this address"
            }
        };
        output::note("note", advice);
        output::note("open", url);
        if matches!(way, RedirectMethod::Listen(..)) && !self.no_browser {
            browser::open(url);
        }
    }
}

async fn sign_in(arguments: &Arguments, application: Application) -> Result<Answer, Failure> {
    let Application { environment, credential, redirect_uri } = application;
    let place = SignInPlace::of(&environment, &credential.client_id)?;
    let way = arguments.way(redirect_uri.as_ref()).await?;
    let port = match way {
        RedirectMethod::Listen(_, port) => Some(port),
        RedirectMethod::Paste => arguments.port,
    };
    let redirect_uri = redirect_uri.unwrap_or_else(|| RedirectUri::on_loopback(port));
    let connection = transport::connection(&environment)?;
    let sign_in = Arc::new(SignIn::new(connection, credential.clone(), redirect_uri.as_str()));
    arguments.send_to(&sign_in.url(), &way);

    let kept = match way {
        RedirectMethod::Paste => {
            let pasted = timeout(arguments.timeout, browser::pasted_redirect(&sign_in));
            let redirect = pasted.await.map_err(|_| no_one_came(arguments.timeout))??;
            finish(&sign_in, &redirect, &place, &environment).await
        }
        RedirectMethod::Listen(socket, port) => {
            let mut listener = Listener::start(socket, port, Arc::clone(&sign_in), &redirect_uri);
            let arrival = timeout(arguments.timeout, listener.arrival());
            let arrival = arrival.await.map_err(|_| no_one_came(arguments.timeout))?;
            let kept = finish(&sign_in, &arrival.redirect, &place, &environment).await;
            arrival.show(if kept.is_ok() { Page::Done } else { Page::Failed });
            listener.close().await;
            kept
        }
    };
    let (signed_in, kept_in) = kept?;
    if let Some(path) = &arguments.out {
        keep::write_credentials(path, &environment, &credential)?;
    }
    tell(arguments, &credential.client_id, &signed_in, kept_in)
}

/// Exchanges the code in the redirect for tokens, and saves them in place of the old ones.
async fn finish(
    sign_in: &SignIn,
    redirect: &str,
    place: &SignInPlace,
    environment: &Environment,
) -> Result<(SignedIn, Option<RefreshTokens>), Failure> {
    let signed_in = sign_in.finish(redirect).await;
    let signed_in = signed_in.map_err(|error| Failure::from(&error).asking(environment))?;
    let kept_in = keep::keep(&signed_in, place).await?;
    let refresh_tokens = kept_in.clone().unwrap_or_else(|| place.in_file());
    if let Err(error) = signed_in.cache_in(&place.store(), &refresh_tokens).await {
        output::note(
            "warning",
            &format!("the access token is not cached: {}", with_causes(&error)),
        );
    }
    Ok((signed_in, kept_in))
}

fn tell(
    arguments: &Arguments,
    client_id: &ClientId,
    signed_in: &SignedIn,
    kept_in: Option<RefreshTokens>,
) -> Result<Answer, Failure> {
    let kept_in = kept_in.map(|place| place.place());
    let expires_at = when::rfc3339(signed_in.access_token().expires_at());
    if let Some(place) = &kept_in {
        output::note("note", &format!("the refresh token is kept in {place}"));
    } else {
        let advice = format!("to stay signed in, ask for the scope {OFFLINE_ACCESS}");
        let ends = format!("IMS gave no refresh token, so this sign-in ends at {expires_at}");
        output::note("warning", &format!("{ends}: {advice}"));
    }
    if arguments.json {
        let (client_id, user_id) = (client_id.as_str(), signed_in.user_id());
        output::json(&Data { client_id, user_id, kept_in, expires_at })?;
    } else {
        let user_id = signed_in.user_id().map(|id| format!(" as {id}"));
        output::line(&format!("signed in{}", user_id.unwrap_or_default()))?;
    }
    Ok(Answer::Yes)
}

fn paste_since(obstacle: &str) -> RedirectMethod {
    output::note("note", &format!("{obstacle}, so paste the redirect"));
    RedirectMethod::Paste
}

fn no_person() -> Failure {
    Failure::usage("these credentials are not for people: no one signs in to them")
        .hint("credentials for people say \"user\": true")
        .hint("for a client without a secret: ims login --client-id ID --out FILE")
}

fn not_listening(address: SocketAddr, error: &io::Error) -> Failure {
    Failure::person(format!("{address} cannot be listened on"))
        .because(error)
        .hint("choose another port with --port, or paste the redirect with --paste")
}

impl From<&SignInError> for Failure {
    fn from(error: &SignInError) -> Self {
        match error {
            // If there was no answer, the message names the IMS.
            SignInError::Exchange(error) => error.into(),
            error => Report::from(error).into(),
        }
    }
}

fn no_one_came(limit: Duration) -> Failure {
    let limit = DurationText(limit);
    Failure::person(format!("no one has signed in within {limit}"))
        .hint("if the browser showed an error, the redirect URI may not be one of the integration's: --port, --redirect-uri")
        .hint("to wait longer: --timeout 15m")
}
