//! Asking IMS whether it accepts the new key.

use std::time::Duration;

use ims::{
    Client, Credential, Credentials, KeyPair, ServiceAccountCredential, TokenError,
    cert::Validity,
    claims::DurationText,
    exchange::{Reason, Refusal},
};
use tokio::time::sleep;

use super::{
    rotation::{Rotation, certificate_of, old_pair, passphrase_of},
    state,
};
use crate::{
    clock::{SET_CLOCK, Skew, Watched},
    failure::Failure,
    transport, waiting, when,
};

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

    /// Asks with the key that is first in the credentials now.
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
        let validity = certificate_of(&pair).map(|certificate| certificate.validity());
        credential.signing_keys = pair.into();
        let credentials = Credentials::new(environment, Credential::ServiceAccount(credential));
        let transport = transport::transport(credentials.environment());
        let watched = Watched::new(transport.map_err(|error| Refused::Other(error.into()))?);
        let client = Client::builder(&credentials).with_transport(watched.clone()).build();
        let client = client.map_err(|error| Refused::Other(error.into()))?;
        let Err(error) = client.access_token().await else { return Ok(()) };
        Err(Refused::new(error, watched.skew(), validity))
    }
}

/// Why there is no token with the new key.
enum Refused {
    /// Its certificate is not known yet, or IMS does not answer.
    NotYet(Failure),
    /// Waiting does not help.
    Other(Failure),
}

impl Refused {
    /// `validity` is that of the new certificate, and `skew` is the difference to the clock of IMS.
    fn new(error: TokenError, skew: Option<Skew>, validity: Option<Validity>) -> Self {
        let reason = error.refusal().map(Refusal::reason);
        if !reason.is_some_and(Reason::may_be_the_certificate) {
            return if error.is_transient() {
                Self::NotYet(error.into())
            } else {
                Self::Other(error.into())
            };
        }
        // IMS gives the same answer for a certificate that is not valid as for an unknown one.
        if let Some(skew) = skew
            && validity.is_some_and(|validity| skew.hides(validity))
        {
            let what = format!("the new certificate is not valid by the clock of IMS: {skew}");
            return Self::Other(Failure::person(what).hint(SET_CLOCK));
        }
        let failure = Failure::later("IMS does not accept the new key yet");
        match skew {
            Some(skew) if skew.is_off() => Self::NotYet(
                failure.hint(format!("the clock may be the reason, since {skew}; {SET_CLOCK}")),
            ),
            _ => Self::NotYet(failure),
        }
    }
}

/// The interval between two requests with the new key.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
