//! An emulator and its clients, which use one clock that a test moves.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use ims::{
    Client, ClientBuilder, Credential, Credentials,
    claims::NumericDate,
    token::{Clock, testing::FakeClock},
};
use ims_emulator::{Emulator, EmulatorBuilder, Integration, TokenKey, Verdict};
use ims_testkit::keys;

pub(crate) const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
pub(crate) const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
pub(crate) const ACCOUNT_ID: &str = "6657031C5C095BB40A4@techacct.adobe.com";

/// When the tests begin: the certificates of the test kit are valid then.
pub(crate) const START: NumericDate = NumericDate::from_secs(1_800_000_000);

/// An emulator, and the clock that it and its clients use.
pub(crate) struct Emulated {
    pub(crate) emulator: Emulator,
    pub(crate) clock: FakeClock,
}

impl Emulated {
    pub(crate) async fn new(integration: Integration) -> Self {
        Self::built(integration, |builder| builder).await
    }

    /// An emulator with something about it changed.
    pub(crate) async fn built(
        integration: Integration,
        change: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder,
    ) -> Self {
        let clock = FakeClock::new(START);
        let its_clock = clock.clone();
        let seconds = move || u64::try_from(its_clock.now().as_secs()).unwrap();
        let builder = Emulator::builder()
            .with_clock(move || UNIX_EPOCH + Duration::from_secs(seconds()))
            .with_token_key(TokenKey::from_pkcs8_pem(keys::SECOND).unwrap())
            .with_integration(integration);
        Self { emulator: change(builder).start().await.unwrap(), clock }
    }

    pub(crate) fn credentials(&self, credential: Credential) -> Credentials {
        Credentials::new(self.emulator.url().parse().unwrap(), credential)
    }

    pub(crate) fn builder(&self, credential: Credential) -> ClientBuilder {
        Client::builder(&self.credentials(credential)).with_clock(self.clock.clone())
    }

    pub(crate) fn client(&self, credential: Credential) -> Client {
        self.builder(credential).build().unwrap()
    }

    /// The requests after the first `count`.
    pub(crate) fn requests_since(&self, count: usize) -> Vec<Arc<Verdict>> {
        self.emulator.requests().split_off(count)
    }
}

/// An integration without secret, certificate and redirect URI.
pub(crate) fn integration() -> Integration {
    Integration::new(
        CLIENT_ID.parse().unwrap(),
        ORG_ID.parse().unwrap(),
        ACCOUNT_ID.parse().unwrap(),
    )
}
