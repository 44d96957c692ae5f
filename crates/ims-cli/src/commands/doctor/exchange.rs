//! The exchange with IMS, and what its answer tells of clock, network and token.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ims::{
    AccessToken, Client, Credential, Credentials,
    claims::{AccessTokenPayload, CompactJwt, NumericDate},
    exchange::{Request, ReqwestTransport, Response, Transport, TransportError},
    sign::SharedSigner,
};

use super::checklist::{Check, Checklist};
use crate::{failure::Failure, when};

/// Adds the lines about IMS. Without its key, a service account has nothing to ask with.
pub(super) async fn check(
    credentials: &Credentials,
    signer: Option<SharedSigner>,
    checklist: &mut Checklist,
) {
    let is_service_account = matches!(credentials.credential(), Credential::ServiceAccount(_));
    if is_service_account && signer.is_none() {
        return;
    }
    let transport = match ReqwestTransport::new(credentials.environment()) {
        Ok(transport) => Watched { transport, skew: Arc::default() },
        Err(error) => {
            checklist.add(Check::from_failure("network", ims::Error::from(error).into()));
            return;
        }
    };
    let skew = Arc::clone(&transport.skew);
    let mut builder = Client::builder(credentials).with_transport(transport);
    if let Some(signer) = signer {
        builder = builder.with_signer(signer);
    }
    let token = match builder.build() {
        Ok(client) => client
            .access_token()
            .await
            .map_err(|error| Failure::from(error).asking(client.environment())),
        Err(error) => Err(error.into()),
    };
    let skew = *skew.lock().expect("nothing panics with this lock");
    if let Some(skew) = skew {
        checklist.add(Check::ok("network", "IMS answers"));
        checklist.add(clock(skew, token.is_ok()));
    }
    match token {
        Ok(token) => {
            let end = when::rfc3339(token.expires_at());
            checklist
                .add(Check::ok("exchange", format!("IMS gave a token that lasts until {end}")));
            checklist.add(claims(&token));
        }
        Err(failure) => {
            let name = if skew.is_some() { "exchange" } else { "network" };
            checklist.add(Check::from_failure(name, failure));
        }
    }
}

/// A clock that is off is why IMS refuses, if it does.
fn clock(skew: Skew, is_token_given: bool) -> Check {
    let Skew { seconds } = skew;
    let amount = humantime::format_duration(Duration::from_secs(seconds.unsigned_abs()));
    let direction = if seconds < 0 { "behind" } else { "ahead of" };
    let evidence = format!("this machine is {amount} {direction} IMS");
    let new = match seconds.unsigned_abs() {
        ..=TOLERATED => return Check::ok("clock", "as that of IMS"),
        _ if is_token_given => Check::warning,
        _ => Check::failed,
    };
    new("clock", evidence).next("timedatectl set-ntp true")
}

fn claims(token: &AccessToken) -> Check {
    let payload = CompactJwt::parse(token.expose_secret()).and_then(|jwt| jwt.payload_object());
    let Some(payload) = payload.ok().and_then(|it| AccessTokenPayload::from_object(it).ok()) else {
        return Check::warning("token", "it is not of the form that IMS documents");
    };
    let scopes: Vec<_> = payload.scopes().collect();
    let client = payload.client_id().unwrap_or("unknown");
    let scopes = if scopes.is_empty() { "none".to_owned() } else { scopes.join(", ") };
    Check::ok("token", format!("for client {client}, scopes {scopes}"))
}

/// How far this machine's clock is ahead of IMS's.
#[derive(Debug, Clone, Copy)]
struct Skew {
    seconds: i64,
}

/// Seconds of difference of which nobody takes notice: `Date` has no fractions, and an answer takes its time.
const TOLERATED: u64 = 30;

/// A transport that looks at the `Date` of each answer (RFC 9110 §6.6.1).
#[derive(Debug)]
struct Watched {
    transport: ReqwestTransport,
    skew: Arc<Mutex<Option<Skew>>>,
}

impl Transport for Watched {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let response = self.transport.send(request, timeout).await?;
        let now = when::now();
        let date = response.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let since_epoch = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        let server = since_epoch.map_or(now, |since| NumericDate::from_seconds(0).plus(since));
        let seconds = now.as_seconds().saturating_sub(server.as_seconds());
        *self.skew.lock().expect("nothing panics with this lock") = Some(Skew { seconds });
        Ok(response)
    }
}
