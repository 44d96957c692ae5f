//! The layer of tower, for any client that is a service.

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response, StatusCode};
use ims_token::TokenKeeper;
use tower_layer::Layer;
use tower_service::Service;

use crate::{allowed_hosts::AllowedHosts, authorizer::Authorizer};

#[cfg(test)]
mod tests;

/// Puts a token on the requests that a service sends to [`AllowedHosts`], and lets all others pass as they are.
///
/// On 401 a request is sent again, if there is another token by then and if its body, a `B`, can be copied. It
/// belongs inside retries and inside whatever follows redirects, so that each request is checked, and outside the timeout
/// of a single request.
///
/// ```
/// use ims_middleware::TokenLayer;
/// use ims_token::TokenKeeper;
/// use tower_layer::Layer;
///
/// // From the outside to the inside: retries and redirects, the token, the transport.
/// fn with_token<S>(keeper: TokenKeeper, transport: S) -> impl Sized {
///     TokenLayer::<String>::new(keeper).layer(transport)
/// }
/// ```
pub struct TokenLayer<B> {
    authorizer: Authorizer,
    copy: fn(&B) -> Option<B>,
}

impl<B> TokenLayer<B> {
    /// Puts the token of `keeper` on requests whose bodies are cheap to clone, such as `Bytes` or `Full<Bytes>`.
    #[must_use]
    pub fn new(keeper: TokenKeeper) -> Self
    where
        B: Clone,
    {
        Self::with_copy(keeper, |body| Some(body.clone()))
    }

    /// Puts the token of `keeper` on requests whose bodies `copy` can copy, or cannot: then it gives `None`, and a 401
    /// goes to the caller. It is asked before each request that gets a token.
    ///
    /// ```
    /// use ims_middleware::TokenLayer;
    ///
    /// /// A text can be sent again, a stream cannot.
    /// enum Body {
    ///     Text(String),
    ///     Stream,
    /// }
    ///
    /// fn copy(body: &Body) -> Option<Body> {
    ///     match body {
    ///         Body::Text(text) => Some(Body::Text(text.clone())),
    ///         Body::Stream => None,
    ///     }
    /// }
    ///
    /// # fn layer(keeper: ims_token::TokenKeeper) -> TokenLayer<Body> {
    /// TokenLayer::with_copy(keeper, copy)
    /// # }
    /// # let _ = (layer, Body::Stream);
    /// ```
    #[must_use]
    pub fn with_copy(keeper: TokenKeeper, copy: fn(&B) -> Option<B>) -> Self {
        Self { authorizer: Authorizer::new(keeper, AllowedHosts::default()), copy }
    }

    /// Sends tokens to `hosts`, instead of Adobe's.
    ///
    /// ```
    /// use ims_middleware::{AllowedHosts, TokenLayer};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # fn layer(keeper: ims_token::TokenKeeper) -> Result<TokenLayer<String>, Box<dyn std::error::Error>> {
    /// let hosts = AllowedHosts::none().with_domain("api.example")?;
    /// let layer = TokenLayer::new(keeper).with_hosts(hosts);
    /// # Ok(layer)
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_hosts(self, hosts: AllowedHosts) -> Self {
        Self { authorizer: self.authorizer.with_hosts(hosts), ..self }
    }
}

impl<S, B> Layer<S> for TokenLayer<B> {
    type Service = TokenService<S, B>;

    fn layer(&self, inner: S) -> TokenService<S, B> {
        TokenService { inner, layer: self.clone() }
    }
}

impl<B> Clone for TokenLayer<B> {
    fn clone(&self) -> Self {
        Self { authorizer: self.authorizer.clone(), copy: self.copy }
    }
}

impl<B> fmt::Debug for TokenLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenLayer").field(&self.authorizer).finish()
    }
}

/// A service whose requests get tokens; see [`TokenLayer`].
///
/// Its error is that of the service, or [`NoToken`](crate::NoToken) if nothing was sent because there was no token. If
/// there is no new token after a 401, the answer is the 401.
pub struct TokenService<S, B> {
    inner: S,
    layer: TokenLayer<B>,
}

impl<S, B, R> Service<Request<B>> for TokenService<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // This service was polled ready, its clone was not.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        if self.layer.is_meant_for(&request) {
            return Box::pin(send(ready, request, self.layer.clone()));
        }
        let answer = ready.call(request);
        Box::pin(async { answer.await.map_err(Into::into) })
    }
}

impl<B> TokenLayer<B> {
    fn is_meant_for(&self, request: &Request<B>) -> bool {
        let scheme = request.uri().scheme();
        let target = scheme.zip(request.uri().host());
        let headers = request.headers();
        target.is_some_and(|(scheme, host)| self.authorizer.is_meant_for(scheme, host, headers))
    }

    fn split(&self, request: Request<B>) -> (Request<B>, Option<Request<B>>) {
        let (parts, body) = request.into_parts();
        let copied = (self.copy)(&body).map(|copy| Request::from_parts(parts.clone(), copy));
        (Request::from_parts(parts, body), copied)
    }
}

async fn send<S, B, R>(
    mut service: S,
    request: Request<B>,
    layer: TokenLayer<B>,
) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    let (mut request, copy) = layer.split(request);
    let token = layer.authorizer.authorize(request.headers_mut()).await?;
    let response = service.call(request).await.map_err(Into::into)?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    layer.authorizer.report_rejected(&token);
    let Some(mut copy) = copy else { return Ok(response) };
    if !layer.authorizer.replace(&token, copy.headers_mut()).await {
        return Ok(response);
    }
    // The answer is dropped first, because it holds the connection.
    drop(response);
    poll_fn(|context| service.poll_ready(context)).await.map_err(Into::into)?;
    service.call(copy).await.map_err(Into::into)
}

impl<S: Clone, B> Clone for TokenService<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S, B> fmt::Debug for TokenService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenService").field("layer", &self.layer).finish_non_exhaustive()
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
