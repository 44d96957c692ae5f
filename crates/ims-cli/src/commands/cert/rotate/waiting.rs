//! Asking IMS whether it accepts the new key.

use std::time::Duration;

use ims::{
    Client, Credential, Credentials, KeyPair, ServiceAccountCredential, TokenError,
    claims::DurationText,
    exchange::{Reason, Refusal},
};
use tokio::time::sleep;

use super::{
    rotation::{Rotation, old_pair, passphrase_of},
    state,
};
use crate::{failure::Failure, transport, waiting, when};

impl Rotation {
    /// Asks until IMS accepts the new key, or `limit` is over.
    pub(super) async fn wait(&self, limit: Duration) -> Result<(), Failure> {
        let what = format!("IMS to accept the new key, at most {}", DurationText(limit));
        let waiting = waiting::on(&what);
        let (until, mut pause) = (when::now().plus(limit), FIRST_PAUSE);
        let answer = loop {
            match self.ask_by_new_pair().await {
                Err(Refused::NotYet(_)) if when::now().plus(pause) <= until => {
                    sleep(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                answer => break answer,
            }
        };
        drop(waiting);
        match answer {
            Ok(()) => Ok(()),
            Err(Refused::NotYet(failure)) => Err(failure.hint(format!(
                "once it is uploaded, run the same command again; {} has the state",
                ims_files::shown(state::path(&self.path))
            ))),
            Err(Refused::Other(failure)) => Err(failure),
        }
    }

    async fn ask_by_new_pair(&self) -> Result<(), Refused> {
        let (credentials, credential) = self.read().map_err(Refused::Other)?;
        let old = old_pair(&credential, &self.new_pair());
        let passphrase = old.as_ref().and_then(passphrase_of);
        let pair = self.new_pair().read(passphrase).map_err(Refused::Other)?;
        self.ask(&credentials, credential, pair).await
    }

    /// Asks by the key that is first in the credentials now.
    pub(super) async fn verify(&self) -> Result<(), Failure> {
        let (credentials, credential) = self.read()?;
        let pair = credential.signing_keys.first().clone();
        match self.ask(&credentials, credential, pair).await {
            Ok(()) => Ok(()),
            Err(Refused::NotYet(failure) | Refused::Other(failure)) => Err(failure.about(
                "IMS accepted the new key, and now does not accept it from the credentials",
            )),
        }
    }

    async fn ask(
        &self,
        credentials: &Credentials,
        mut credential: ServiceAccountCredential,
        pair: KeyPair,
    ) -> Result<(), Refused> {
        let environment = self.environment.as_ref().unwrap_or(credentials.environment()).clone();
        credential.signing_keys = pair.into();
        let credentials = Credentials::new(environment, Credential::ServiceAccount(credential));
        let transport = transport::transport(credentials.environment());
        let transport = transport.map_err(|error| Refused::Other(error.into()))?;
        let client = Client::builder(&credentials).with_transport(transport).build();
        let client = client.map_err(|error| Refused::Other(error.into()))?;
        client.access_token().await.map(drop).map_err(Refused::from)
    }
}

/// Why there is no token by the new key.
enum Refused {
    /// Its certificate is not known yet, or IMS is not there.
    NotYet(Failure),
    /// Waiting does not help.
    Other(Failure),
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        let reason = error.refusal().map(Refusal::reason);
        if reason.is_some_and(Reason::may_be_the_certificate) {
            Self::NotYet(Failure::later("IMS does not accept the new key yet"))
        } else if error.is_transient() {
            Self::NotYet(error.into())
        } else {
            Self::Other(error.into())
        }
    }
}

/// Between two questions whether IMS accepts the new key.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
