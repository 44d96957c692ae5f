//! Questions to IMS that no client keeps the answer of.

use ims::{
    REQUEST_TIMEOUT,
    claims::Environment,
    exchange::{ExchangeError, Request, ReqwestTransport, Response, SharedTransport, Transport},
};

use crate::failure::Failure;

/// The way to one IMS.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    environment: Environment,
    transport: SharedTransport,
}

impl Connection {
    /// The way to the IMS of `environment`. Nothing is sent.
    pub(crate) fn to(environment: Environment) -> Result<Self, Failure> {
        let transport = ReqwestTransport::new(&environment).map_err(ims::Error::from)?;
        Ok(Self { environment, transport: SharedTransport::new(transport) })
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(crate) fn transport(&self) -> SharedTransport {
        self.transport.clone()
    }

    /// Sends `request` and reads the answer to it.
    pub(crate) async fn ask<T>(
        &self,
        request: Request,
        read: impl FnOnce(&Response) -> Result<T, ExchangeError>,
    ) -> Result<T, Failure> {
        let response = self.transport.send(request, REQUEST_TIMEOUT).await;
        let answer = response.map_err(ExchangeError::from).and_then(|response| read(&response));
        answer.map_err(|error| Failure::from(&error).asking(&self.environment))
    }
}
