//! The exchange with IMS, and what its answer tells of clock and token.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ims::{
    AccessToken, Client, Connection, Credential, Credentials, ServerToServerCredential,
    ServiceAccountCredential, UserCredential, assertion_claims,
    claims::{AccessTokenPayload, AssertionLifetime, CompactJwt, Environment, NumericDate},
    exchange::{
        ClientCredentials, ClientSecret, ExchangeError, Grant, JwtExchange, Reason, Request,
        Response, Scope, SharedTransport, Transport, TransportError,
    },
    sign::{SharedSigner, sign_assertion},
};

use super::{
    checklist::{Check, Checklist},
    diagnosis::Evidence,
};
use crate::{
    failure::{Failure, with_causes},
    sign_in_place::SignInPlace,
    when,
};

/// Adds the lines about IMS, which is asked once for each key. Without any, a service account has nothing to ask with.
pub(super) async fn check(
    credentials: &Credentials,
    signers: &[SharedSigner],
    evidence: &Evidence,
    checklist: &mut Checklist,
) {
    let environment = credentials.environment();
    let transport = match Connection::new(environment.clone()) {
        Ok(connection) => {
            Watched { transport: connection.transport().clone(), skew: Arc::default() }
        }
        Err(error) => {
            checklist.add(Check::from_failure("endpoint", error.into()));
            return;
        }
    };
    let skew = Arc::clone(&transport.skew);
    let asker = Asker { connection: Connection::from_transport(environment.clone(), transport) };
    let answers = asker.ask(credentials, signers).await;
    let is_token_given = answers.iter().any(Result::is_ok);
    let skew = *skew.lock().expect("nothing panics with this lock");
    if let Some(skew) = skew {
        checklist.add(Check::ok("endpoint", "IMS answers"));
        checklist.add(clock(skew, is_token_given));
    }
    let names = if skew.is_some() { NAMES } else { ["endpoint"; 2] };
    let mut claims_check = None;
    for (name, answer) in names.into_iter().zip(answers) {
        checklist.add(match answer {
            Ok(token) => {
                claims_check = Some(claims(&token));
                given(name, &token)
            }
            Err(error) if is_token_given => error.check(name, evidence, environment).into_warning(),
            Err(error) => error.check(name, evidence, environment),
        });
    }
    if let Some(check) = claims_check {
        checklist.add(check);
    }
}

/// One for each key.
const NAMES: [&str; 2] = ["exchange", "exchange by the second key"];

/// Asks without trying anything twice: here an answer is worth more than a token.
struct Asker {
    connection: Connection,
}

type Answer = Result<AccessToken, Unanswered>;

/// Why there is no token.
enum Unanswered {
    Exchange {
        error: ExchangeError,
        /// Whether IMS took the client secret alone.
        is_migrated: bool,
    },
    Other(Failure),
}

impl Asker {
    async fn ask(&self, credentials: &Credentials, signers: &[SharedSigner]) -> Vec<Answer> {
        match credentials.credential() {
            Credential::ServiceAccount(credential) => {
                let mut answers = Vec::new();
                for signer in signers {
                    answers.push(self.by_assertion(credential, signer).await);
                }
                answers
            }
            Credential::ServerToServer(credential) => vec![self.by_secret(credential).await],
            Credential::User(credential) => vec![self.by_sign_in(credential).await],
            _ => Vec::new(),
        }
    }

    /// The secrets are tried in their order until one is not refused.
    async fn by_assertion(
        &self,
        credential: &ServiceAccountCredential,
        signer: &SharedSigner,
    ) -> Answer {
        let account = &credential.account;
        let mut answer = Err(Unanswered::Other(Failure::person("there is no client secret")));
        for secret in credential.client_secrets.iter() {
            let (environment, lifetime) =
                (self.connection.environment(), AssertionLifetime::default());
            let claims = assertion_claims(credential, environment, lifetime, when::now());
            let assertion = match sign_assertion(&claims, signer).await {
                Ok(assertion) => assertion,
                Err(error) => {
                    return Err(Unanswered::Other(Failure::person(with_causes(&error))));
                }
            };
            answer = self.send(&JwtExchange::new(account.client_id(), secret, &assertion)).await;
            answer = self.tell_migrated(credential, secret, answer).await;
            if !is_secret_refused(&answer) {
                break;
            }
        }
        answer
    }

    async fn by_secret(&self, credential: &ServerToServerCredential) -> Answer {
        let mut answer = Err(Unanswered::Other(Failure::person("there is no client secret")));
        for secret in credential.client_secrets.iter() {
            let grant = ClientCredentials::new(&credential.client_id, secret, &credential.scopes);
            answer = self
                .send(&match &credential.org_id {
                    Some(org_id) => grant.with_org_id(org_id),
                    None => grant,
                })
                .await;
            if !is_secret_refused(&answer) {
                break;
            }
        }
        answer
    }

    /// What only a client can do, since it keeps what IMS gives for the next time, where the other commands look for it.
    async fn by_sign_in(&self, credential: &UserCredential) -> Answer {
        let place = SignInPlace::of(self.connection.environment(), &credential.client_id);
        let place = place.map_err(Unanswered::Other)?;
        let credential = Credential::User(credential.clone());
        let credentials = Credentials::new(self.connection.environment().clone(), credential);
        let builder = Client::builder(&credentials).with_refresh_tokens(place.of_current());
        let builder = builder.with_store(place.store());
        let client = builder.with_transport(self.connection.transport().clone()).build();
        let client = client.map_err(|error| Unanswered::Other(error.into()))?;
        client.refresh().await.map_err(|error| Unanswered::Other(error.into()))
    }

    async fn send(&self, grant: &impl Grant) -> Answer {
        let answer = self.connection.send(grant).await;
        answer.map_err(|error| Unanswered::Exchange { error, is_migrated: false })
    }

    /// Tells a migrated credential from an IMS in trouble, to which it answers the same: only of a migrated credential it takes
    /// the client secret alone.
    async fn tell_migrated(
        &self,
        credential: &ServiceAccountCredential,
        secret: &ClientSecret,
        answer: Answer,
    ) -> Answer {
        match answer {
            Err(Unanswered::Exchange { error, .. })
                if error.reason() == Some(Reason::MigratedOrFailing) =>
            {
                let scopes = ["openid", "AdobeID"].map(str::parse::<Scope>);
                let scopes: Vec<_> = scopes.into_iter().flatten().collect();
                let client_id = credential.account.client_id();
                let grant = ClientCredentials::new(client_id, secret, &scopes);
                let is_migrated = self.connection.send(&grant).await.is_ok();
                Err(Unanswered::Exchange { error, is_migrated })
            }
            answer => answer,
        }
    }
}

fn is_secret_refused(answer: &Answer) -> bool {
    let Err(Unanswered::Exchange { error, .. }) = answer else { return false };
    error.reason().is_some_and(Reason::is_about_the_secret)
}

impl Unanswered {
    fn check(self, name: &'static str, evidence: &Evidence, environment: &Environment) -> Check {
        let (error, is_migrated) = match self {
            Self::Exchange { error, is_migrated } => (error, is_migrated),
            Self::Other(failure) => return Check::from_failure(name, failure),
        };
        let failure = Failure::from(&error).asking(environment);
        let check = Check::from_failure(name, failure);
        match error
            .refusal()
            .and_then(|refusal| evidence.explain(refusal, environment, is_migrated))
        {
            Some(diagnosis) => check.explained_by(&diagnosis),
            None => check,
        }
    }
}

fn given(name: &'static str, token: &AccessToken) -> Check {
    let end = when::rfc3339(token.expires_at());
    Check::ok(name, format!("IMS gave a token that lasts until {end}"))
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
#[derive(Debug, Clone)]
struct Watched {
    transport: SharedTransport,
    skew: Arc<Mutex<Option<Skew>>>,
}

impl Transport for Watched {
    async fn send(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let response = self.transport.send(request, timeout).await?;
        let now = when::now();
        let date = response.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let since_epoch = date.and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        let server = since_epoch.map_or(now, |since| NumericDate::from_secs(0).plus(since));
        let seconds = now.as_secs().saturating_sub(server.as_secs());
        *self.skew.lock().expect("nothing panics with this lock") = Some(Skew { seconds });
        Ok(response)
    }
}
