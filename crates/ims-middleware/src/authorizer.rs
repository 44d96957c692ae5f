//! What both middlewares do with a request.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, header::AUTHORIZATION, uri::Scheme};
use ims_exchange::AccessToken;
use ims_token::{TokenError, TokenKeeper};

use crate::{allowed_hosts::AllowedHosts, no_token::NoToken};

/// Puts tokens on requests. A clone shares all.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keeper: TokenKeeper,
    hosts: AllowedHosts,
    /// The keeper's header fields besides the token, which never change.
    api_headers: OnceLock<HeaderMap>,
}

impl Authorizer {
    pub(crate) fn new(keeper: TokenKeeper, hosts: AllowedHosts) -> Self {
        Self(Arc::new(Inner { keeper, hosts, api_headers: OnceLock::new() }))
    }

    pub(crate) fn with_hosts(&self, hosts: AllowedHosts) -> Self {
        Self::new(self.0.keeper.clone(), hosts)
    }

    /// Whether a request to `host` with `headers` gets a token: not if it has its own `Authorization`. If not, the log says
    /// why.
    pub(crate) fn is_meant_for(&self, scheme: &Scheme, host: &str, headers: &HeaderMap) -> bool {
        let reason = if headers.contains_key(AUTHORIZATION) {
            "it has its own Authorization"
        } else if !self.0.hosts.allows(scheme, host) {
            "the token may not be sent to its host"
        } else {
            return true;
        };
        let client_id = self.client_id();
        let scheme = scheme.as_str();
        tracing::debug!(client_id, scheme, host, reason, "request sent without a token");
        false
    }

    fn client_id(&self) -> &str {
        self.0.keeper.client_id().unwrap_or_default()
    }

    /// Logs that a request is not sent, because there is no token.
    fn refuse(&self, error: TokenError) -> NoToken {
        let client_id = self.client_id();
        tracing::warn!(client_id, %error, "request not sent: there is no token");
        NoToken::from(error)
    }

    /// Adds a token and the keeper's other header fields to `headers`. A field that is already there stays.
    pub(crate) async fn authorize(&self, headers: &mut HeaderMap) -> Result<AccessToken, NoToken> {
        if let Some(token) = self.0.keeper.peek() {
            add(headers, token.headers());
            return Ok(token.clone());
        }
        let api_headers = self.api_headers().await?;
        let token = self.0.keeper.token().await.map_err(|error| self.refuse(error))?;
        add(headers, api_headers);
        headers.insert(AUTHORIZATION, token.authorization().clone());
        Ok(token)
    }

    /// Adds a token to `headers` after `token` was rejected. Whether it is another one.
    pub(crate) async fn replace(&self, token: &AccessToken, headers: &mut HeaderMap) -> bool {
        let another = self.authorize(headers).await;
        another.is_ok_and(|another| another.fingerprint() != token.fingerprint())
    }

    /// Tells the keeper that an API rejected `token`.
    pub(crate) fn report_rejected(&self, token: &AccessToken) {
        self.0.keeper.report_rejected(token);
    }

    /// Waits for a token the first time only: the header fields are obtained with one.
    async fn api_headers(&self) -> Result<&HeaderMap, NoToken> {
        if let Some(known) = self.0.api_headers.get() {
            return Ok(known);
        }
        let mut headers = self.0.keeper.headers().await.map_err(|error| self.refuse(error))?;
        headers.remove(AUTHORIZATION);
        Ok(self.0.api_headers.get_or_init(|| headers))
    }
}

fn add(headers: &mut HeaderMap, ours: &HeaderMap) {
    for (name, value) in ours {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        error::Error,
        fmt::{self, Write},
        sync::Mutex,
    };

    use http::HeaderValue;
    use ims_exchange::{ExchangeError, TransportError};
    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span,
    };

    use super::*;
    use crate::fixture::{keeper, refusal};

    /// Keeps the fields of each event of this crate.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target().starts_with("ims_middleware")
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut fields = Fields(event.metadata().level().to_string());
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    struct Fields(String);

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }

    #[tokio::test]
    async fn the_log_says_which_client_has_no_token_for_a_request_and_why() {
        let log = Log::default();
        let _while_this_lives = tracing::subscriber::set_default(log.clone());
        let (keeper, source) = keeper();
        let authorizer = Authorizer::new(keeper, AllowedHosts::default());
        let own = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("canary"))]);
        assert!(!authorizer.is_meant_for(&Scheme::HTTPS, "api.adobe.io", &own));
        assert!(!authorizer.is_meant_for(&Scheme::HTTP, "b.example", &HeaderMap::new()));
        assert!(authorizer.is_meant_for(&Scheme::HTTPS, "api.adobe.io", &HeaderMap::new()));
        source.begin_outage(refusal());
        authorizer.authorize(&mut HeaderMap::new()).await.unwrap_err();
        let said = [
            r#"DEBUG message=request sent without a token client_id="my-client" scheme="https" host="api.adobe.io" reason="it has its own Authorization""#,
            r#"DEBUG message=request sent without a token client_id="my-client" scheme="http" host="b.example" reason="the token may not be sent to its host""#,
            r#"WARN message=request not sent: there is no token client_id="my-client" error=the integration is disabled"#,
        ];
        assert_eq!(*log.0.lock().unwrap(), said);
    }
    #[derive(Debug, thiserror::Error)]
    #[error("the certificate is not trusted")]
    struct NotTrusted(#[source] fmt::Error);

    #[tokio::test]
    async fn an_error_has_the_source_of_the_cause_that_it_names() {
        let (keeper, tokens) = keeper();
        let source = Arc::new(NotTrusted(fmt::Error));
        let error = ExchangeError::Unreachable(TransportError::Untrusted { source });
        tokens.begin_outage(error.into());
        let authorizer = Authorizer::new(keeper, AllowedHosts::default());
        let error = authorizer.authorize(&mut HeaderMap::new()).await.unwrap_err();
        assert!(error.source().is_some_and(<dyn Error>::is::<fmt::Error>), "{error:?}");
    }
}
