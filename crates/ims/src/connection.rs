//! How IMS is asked: where, by what transport, for how long, and by which clock.

use std::time::Duration;

use ims_claims::{Environment, NumericDate};
use ims_exchange::{ExchangeError, Grant, Response, SharedTransport, Transport};
use ims_token::{Clock, SharedClock};

/// The way to one IMS.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) environment: Environment,
    pub(crate) transport: SharedTransport,
    pub(crate) request_timeout: Duration,
    pub(crate) clock: SharedClock,
}

impl Connection {
    /// One request, and when it was about to be sent. Nothing is tried twice here.
    pub(crate) async fn ask(
        &self,
        grant: &impl Grant,
    ) -> Result<(Response, NumericDate), ExchangeError> {
        let sent_at = self.clock.now();
        let request = grant.request(&self.environment);
        let response = self.transport.send(request, self.request_timeout).await?;
        Ok((response, sent_at))
    }
}
