//! A keeper for the tests of both middlewares, and the script that it follows.

use std::time::Duration;

use ims_claims::{ClientId, NumericDate, OrgId};
use ims_token::{
    FetchError, SharedClock, TokenKeeper,
    testing::{FakeClock, ScriptedSource},
};

/// A keeper with all its headers. Its tokens are `token-1`, `token-2`, and so on.
pub(crate) fn keeper() -> (TokenKeeper, ScriptedSource) {
    let clock = SharedClock::new(FakeClock::new(NumericDate::from_secs(1_800_000_000)));
    let source = ScriptedSource::new(clock.clone(), Duration::from_hours(24));
    let client_id: ClientId = "my-client".parse().unwrap();
    let org_id: OrgId = "0123456789ABCDEF01234567@AdobeOrg".parse().unwrap();
    let builder = TokenKeeper::builder(source.source(), clock);
    (builder.with_client_id(&client_id).with_org_id(&org_id).build(), source)
}

/// A failure that only a person can fix.
pub(crate) fn refusal() -> FetchError {
    FetchError::permanent("the integration is disabled")
}
