//! The middleware of reqwest, by the crate `reqwest-middleware`.

use async_trait::async_trait;
use http::{Extensions, StatusCode, uri::Scheme};
use ims_token::TokenKeeper;
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware, Error, Middleware, Next, Result,
    reqwest::{self, Request, Response, Url, redirect::Policy},
};

use crate::{allowed_hosts::AllowedHosts, authorizer::Authorizer};

#[cfg(test)]
mod tests;

/// Puts a token on the requests that go to [`AllowedHosts`], and lets all others pass as they are.
///
/// After a 401 a request is sent again, if there is a new token and if the body is not a stream. If nothing was sent
/// because there was no token, the error is [`Error::Middleware`] with a [`NoToken`](crate::NoToken) in it. If there is
/// no new token after a 401, the answer is the 401.
///
/// [`TokenMiddleware::client`] builds a client with it. For more middlewares, it belongs inside retries:
/// `ClientBuilder::new(client).with(retry).with(token)`. Redirects are followed below it, by the client, which must then have
/// the policy of [`AllowedHosts::redirect_policy`].
///
/// ```
/// use ims_middleware::{AllowedHosts, TokenMiddleware};
/// use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, reqwest};
///
/// # fn client(keeper: ims_token::TokenKeeper) -> Result<ClientWithMiddleware, reqwest::Error> {
/// let hosts = AllowedHosts::default();
/// let plain = reqwest::Client::builder().redirect(hosts.redirect_policy()).build()?;
/// let client = ClientBuilder::new(plain).with(TokenMiddleware::new(keeper)).build();
/// # Ok(client)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TokenMiddleware(Authorizer);

impl TokenMiddleware {
    /// Puts the token of `keeper` on requests.
    #[must_use]
    pub fn new(keeper: TokenKeeper) -> Self {
        Self(Authorizer::new(keeper, AllowedHosts::default()))
    }

    /// Sends tokens to `hosts`, instead of Adobe's.
    ///
    /// ```
    /// use ims_middleware::{AllowedHosts, TokenMiddleware};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # fn client(keeper: ims_token::TokenKeeper) -> Result<TokenMiddleware, Box<dyn std::error::Error>> {
    /// let hosts = AllowedHosts::none().with_domain("api.example")?;
    /// let middleware = TokenMiddleware::new(keeper).with_hosts(hosts);
    /// # Ok(middleware)
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_hosts(self, hosts: AllowedHosts) -> Self {
        Self(self.0.with_hosts(hosts))
    }

    /// A client whose requests to Adobe's hosts get the token of `keeper`, and which follows no redirect from there to another
    /// host: reqwest by itself would send `x-api-key` and `x-gw-ims-org-id` along.
    ///
    /// # Errors
    /// [`Error::Reqwest`] if `builder` cannot build a client.
    pub fn client(
        keeper: TokenKeeper,
        builder: reqwest::ClientBuilder,
    ) -> Result<ClientWithMiddleware> {
        Self::client_for(keeper, AllowedHosts::default(), builder)
    }

    /// The same as [`client`](Self::client), with `hosts` instead of Adobe's.
    ///
    /// # Errors
    /// [`Error::Reqwest`] if `builder` cannot build a client.
    pub fn client_for(
        keeper: TokenKeeper,
        hosts: AllowedHosts,
        builder: reqwest::ClientBuilder,
    ) -> Result<ClientWithMiddleware> {
        let client = builder.redirect(hosts.redirect_policy()).build()?;
        Ok(ClientBuilder::new(client).with(Self::new(keeper).with_hosts(hosts)).build())
    }

    fn is_meant_for(&self, request: &Request) -> bool {
        let target = target(request.url());
        target.is_some_and(|(scheme, host)| self.0.is_meant_for(&scheme, host, request.headers()))
    }
}

#[async_trait]
impl Middleware for TokenMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        if !self.is_meant_for(&request) {
            return next.run(request, extensions).await;
        }
        let copy = request.try_clone();
        let origin = request.url().origin();
        let token = self.0.authorize(request.headers_mut()).await.map_err(Error::middleware)?;
        let response = next.clone().run(request, extensions).await?;
        // A request that was redirected to another origin was sent there without the token, so its 401 says nothing about
        // the token.
        if response.status() != StatusCode::UNAUTHORIZED || response.url().origin() != origin {
            return Ok(response);
        }
        self.0.report_rejected(&token);
        let Some(mut copy) = copy else { return Ok(response) };
        if !self.0.replace(&token, copy.headers_mut()).await {
            return Ok(response);
        }
        // The answer is dropped first, because it holds the connection.
        drop(response);
        next.run(copy, extensions).await
    }
}

impl AllowedHosts {
    /// Follows up to ten redirects as reqwest does, but none that leads from a host which may get tokens to one which may
    /// not: such an answer goes to the caller.
    ///
    /// By itself, reqwest removes `Authorization` from a request to another origin, but not `x-api-key` and
    /// `x-gw-ims-org-id`.
    #[must_use]
    pub fn redirect_policy(&self) -> Policy {
        let hosts = self.clone();
        Policy::custom(move |attempt| {
            let has_been_allowed = attempt.previous().iter().any(|url| hosts.allows_url(url));
            if has_been_allowed && !hosts.allows_url(attempt.url()) {
                return attempt.stop();
            }
            Policy::default().redirect(attempt)
        })
    }

    /// Whether a token may be sent to `url`; see [`allows`](Self::allows).
    #[must_use]
    pub fn allows_url(&self, url: &Url) -> bool {
        target(url).is_some_and(|(scheme, host)| self.allows(&scheme, host))
    }
}

fn target(url: &Url) -> Option<(Scheme, &str)> {
    let scheme = Scheme::try_from(url.scheme()).ok()?;
    Some((scheme, url.host_str()?))
}
