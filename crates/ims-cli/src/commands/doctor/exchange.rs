//! The exchange with IMS, and what its answer says about clock and token.

use ims::{
    AccessToken, Client, ClientSecrets, Connection, Credential, Credentials,
    ServerToServerCredential, ServiceAccountCredential, UserCredential,
    claims::{AccessTokenPayload, AssertionLifetime, CompactJwt, Environment},
    exchange::{
        ClientCredentials, ClientSecret, ExchangeError, Grant, JwtExchange, Reason, Refusal, Scope,
    },
    sign::{SharedSigner, sign_assertion},
};

use super::{
    checklist::{Check, Checklist},
    diagnosis::{AnswerEvidence, Evidence},
    local::Local,
};
use crate::{
    clock::{SET_CLOCK, Skew, Watched},
    failure::{Failure, with_causes},
    storage::SignInPlace,
    when,
};

/// Adds the lines about IMS, which is asked once for each key and each client secret that can help.
pub(super) async fn check(
    connection: &Connection,
    credentials: &Credentials,
    local: &Local,
    checklist: &mut Checklist,
) -> Result<(), Failure> {
    let environment = credentials.environment();
    let watched = Watched::new(connection.transport().clone());
    let connection = Connection::from_transport(environment.clone(), watched.clone());
    let asker = Asker { connection };
    let answers = asker.ask(credentials, &local.signers).await;

    let is_token_given = answers.iter().any(|asked| asked.answer.is_ok());
    // The page of a portal has a date as well, which is not that of IMS.
    let is_ims = answers.iter().any(Asked::is_of_ims);
    let skew = watched.skew().filter(|_| is_ims);
    if is_ims {
        checklist.add(Check::ok("endpoint", "IMS answers"))?;
    }
    let wrong_clock = skew.filter(|skew| skew.is_off());
    let explanation = Explanation { evidence: &local.evidence, environment, wrong_clock };
    if let Some(skew) = skew {
        let is_to_blame = answers.iter().any(|asked| explanation.blames_clock(asked));
        checklist.add(clock(skew, !is_token_given && is_to_blame))?;
    }

    let names = if is_ims { NAMES } else { ["endpoint"; 2] };
    let mut claims_check = None;
    for (name, asked) in names.into_iter().zip(answers) {
        if asked.wrong_secrets > 0 && asked.answer.is_ok() {
            checklist.add(first_secret_wrong(asked.wrong_secrets))?;
        }
        if let Ok(token) = &asked.answer {
            claims_check = Some(claims(token));
        }
        let check = explanation.check(name, asked);
        // One key that works is enough.
        checklist.add(if is_token_given { check.into_warning_if_failed() } else { check })?;
    }
    if let Some(check) = claims_check {
        checklist.add(check)?;
        checklist.set_outcome("IMS gives a token");
    }
    Ok(())
}

/// The clock counts as failed only if it can be the reason of the refusal.
fn clock(skew: Skew, is_to_blame: bool) -> Check {
    if !skew.is_off() {
        return Check::ok("clock", "as that of IMS");
    }
    let new = if is_to_blame { Check::failed } else { Check::warning };
    new("clock", skew.to_string()).next(SET_CLOCK)
}

/// One for each key.
const NAMES: [&str; 2] = ["exchange", "exchange by the second key"];

/// Asks without trying anything twice: the doctor needs the answer, not a token.
struct Asker {
    connection: Connection,
}

/// The result of asking with one key, or without any.
struct Asked {
    answer: Result<AccessToken, NotObtained>,
    /// How many client secrets IMS has refused as wrong.
    wrong_secrets: usize,
    /// Whether IMS gives a token for the client secret alone.
    is_migrated: bool,
}

/// Why there is no token.
enum NotObtained {
    Exchange(ExchangeError),
    Other(Failure),
}

impl Asker {
    async fn ask(&self, credentials: &Credentials, signers: &[SharedSigner]) -> Vec<Asked> {
        match credentials.credential() {
            Credential::ServiceAccount(credential) => {
                let mut answers = Vec::new();
                for signer in signers {
                    let asked = self.by_assertion(credential, signer).await;
                    let can_other_key_help = asked.answer.is_ok()
                        || asked.reason().is_some_and(Reason::is_about_the_key);
                    answers.push(asked);
                    if !can_other_key_help {
                        break;
                    }
                }
                answers
            }
            Credential::ServerToServer(credential) => vec![self.by_secret(credential).await],
            Credential::User(credential) => vec![Asked::new(self.by_sign_in(credential).await)],
            _ => Vec::new(),
        }
    }

    async fn by_assertion(
        &self,
        credential: &ServiceAccountCredential,
        signer: &SharedSigner,
    ) -> Asked {
        let mut asked = each_secret(&credential.client_secrets, async |client_secret| {
            self.exchange(credential, client_secret, signer).await
        })
        .await;
        if asked.reason() == Some(Reason::MigratedOrFailing) {
            asked.is_migrated = self.is_migrated(credential).await;
        }
        asked
    }

    async fn exchange(
        &self,
        credential: &ServiceAccountCredential,
        client_secret: &ClientSecret,
        signer: &SharedSigner,
    ) -> Result<AccessToken, NotObtained> {
        let environment = self.connection.environment();
        let lifetime = AssertionLifetime::default();
        let claims = credential.claims(environment, when::now(), lifetime);
        let assertion = sign_assertion(&claims, signer).await;
        let assertion =
            assertion.map_err(|error| NotObtained::Other(Failure::person(with_causes(&error))))?;
        let client_id = credential.account.client_id();
        self.send(&JwtExchange::new(client_id, client_secret, &assertion)).await
    }

    async fn by_secret(&self, credential: &ServerToServerCredential) -> Asked {
        each_secret(&credential.client_secrets, async |client_secret| {
            let (client_id, scopes) = (&credential.client_id, &credential.scopes);
            let grant = ClientCredentials::new(client_id, client_secret, scopes);
            match &credential.org_id {
                Some(org_id) => self.send(&grant.with_org_id(org_id)).await,
                None => self.send(&grant).await,
            }
        })
        .await
    }

    /// Uses a client, since it keeps the new refresh token where the other commands look for it.
    async fn by_sign_in(&self, credential: &UserCredential) -> Result<AccessToken, NotObtained> {
        let place = SignInPlace::of(self.connection.environment(), &credential.client_id);
        let place = place.map_err(NotObtained::Other)?;
        let credential = Credential::User(credential.clone());
        let credentials = Credentials::new(self.connection.environment().clone(), credential);
        let client = Client::builder(&credentials)
            .with_refresh_tokens(place.of_current())
            .with_store(place.store())
            .with_transport(self.connection.transport().clone())
            .with_retries(0)
            .build();
        let client = client.map_err(|error| NotObtained::Other(error.into()))?;
        match client.refresh().await {
            Ok(token) => Ok(token),
            Err(error) => Err(match error.exchange_error() {
                Some(exchange_error) => NotObtained::Exchange(exchange_error.clone()),
                None => NotObtained::Other(error.into()),
            }),
        }
    }

    /// Finds out whether the credential was migrated or IMS is in trouble, since the answer of IMS is the same: only for a
    /// migrated credential, IMS gives a token for the client secret alone.
    async fn is_migrated(&self, credential: &ServiceAccountCredential) -> bool {
        let scopes = ["openid", "AdobeID"].map(str::parse::<Scope>);
        let scopes: Vec<_> = scopes.into_iter().flatten().collect();
        let client_id = credential.account.client_id();
        for client_secret in credential.client_secrets.iter() {
            let grant = ClientCredentials::new(client_id, client_secret, &scopes);
            if self.connection.send(&grant).await.is_ok() {
                return true;
            }
        }
        false
    }

    async fn send(&self, grant: &impl Grant) -> Result<AccessToken, NotObtained> {
        self.connection.send(grant).await.map_err(NotObtained::Exchange)
    }
}

/// Tries the client secrets in their order until IMS accepts one or refuses for another reason.
async fn each_secret(
    client_secrets: &ClientSecrets,
    exchange: impl AsyncFn(&ClientSecret) -> Result<AccessToken, NotObtained>,
) -> Asked {
    let mut asked =
        Asked::new(Err(NotObtained::Other(Failure::person("there is no client secret"))));
    for (before, client_secret) in client_secrets.iter().enumerate() {
        asked = Asked { wrong_secrets: before, ..Asked::new(exchange(client_secret).await) };
        if !asked.reason().is_some_and(Reason::is_about_the_secret) {
            return asked;
        }
        asked.wrong_secrets += 1;
    }
    asked
}

impl Asked {
    fn new(answer: Result<AccessToken, NotObtained>) -> Self {
        Self { answer, wrong_secrets: 0, is_migrated: false }
    }

    /// Why IMS refused, if it did.
    fn reason(&self) -> Option<Reason> {
        match &self.answer {
            Err(NotObtained::Exchange(error)) => error.reason(),
            _ => None,
        }
    }

    /// Whether it was IMS that answered: with a token, or with one of the codes of IMS.
    fn is_of_ims(&self) -> bool {
        match &self.answer {
            Ok(_) => true,
            Err(NotObtained::Exchange(error)) => {
                error.refusal().is_some_and(|refusal| refusal.code().is_some())
            }
            Err(NotObtained::Other(_)) => false,
        }
    }

    fn evidence(&self, wrong_clock: Option<Skew>) -> AnswerEvidence {
        let (is_migrated, wrong_secrets) = (self.is_migrated, self.wrong_secrets);
        AnswerEvidence { is_migrated, wrong_secrets, wrong_clock }
    }
}

/// Everything that explains a refusal.
struct Explanation<'a> {
    evidence: &'a Evidence,
    environment: &'a Environment,
    wrong_clock: Option<Skew>,
}

impl Explanation<'_> {
    fn blames_clock(&self, asked: &Asked) -> bool {
        let answer = asked.evidence(self.wrong_clock);
        asked.reason().is_some_and(|reason| self.evidence.blames_clock(reason, answer))
    }

    fn check(&self, name: &'static str, asked: Asked) -> Check {
        let answer = asked.evidence(self.wrong_clock);
        let error = match asked.answer {
            Ok(token) => return given(name, &token),
            Err(NotObtained::Exchange(error)) => error,
            Err(NotObtained::Other(failure)) => return Check::from_failure(name, failure),
        };
        if let Some(refusal) = error.refusal() {
            let reason = refusal.reason();
            if let Some(diagnosis) = self.evidence.explain(reason, answer, self.environment) {
                return Check::failed(name, said(refusal)).explained_by(diagnosis);
            }
        }
        let check = Check::from_failure(name, Failure::from(&error).asking(self.environment));
        let is_later = error.is_transient();
        check.or_next(if is_later { TRY_LATER } else { REPORT })
    }
}

/// What IMS said, in the words of the protocol.
fn said(refusal: &Refusal) -> String {
    let mut said = refusal.status().to_string();
    if let Some(code) = refusal.code() {
        said = format!("{said} {code}");
    }
    if let Some(description) = refusal.description() {
        said = format!("{said}, IMS says: {description}");
    }
    if let Some(id) = refusal.debug_id() {
        said = format!("{said}, X-Debug-Id: {id}");
    }
    said
}

const TRY_LATER: &str = "try again later; if other hosts answer, look at https://status.adobe.com";
const REPORT: &str = "ask Adobe's support, with what ims doctor --json prints";

fn first_secret_wrong(wrong_secrets: usize) -> Check {
    let evidence = match wrong_secrets {
        1 => "IMS accepts the second client secret, and says that the first is wrong".to_owned(),
        count => format!("IMS refuses the first {count} client secrets, and accepts the next"),
    };
    Check::warning("client secret", evidence)
        .next("remove the refused ones from the credentials, unless they are new and not yet valid")
}

fn given(name: &'static str, token: &AccessToken) -> Check {
    let end = when::rfc3339(token.expires_at());
    Check::ok(name, format!("IMS gave a token that lasts until {end}"))
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
