//! A token as the keeper holds it: with its schedule and with the values that are computed once for each token.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::Guard;
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use ims_claims::{ClientId, OrgId};
use ims_exchange::AccessToken;

use crate::refresh_machine::Schedule;

/// A token that is held.
#[derive(Clone)]
pub(crate) struct CachedToken {
    pub(crate) token: AccessToken,
    pub(crate) schedule: Schedule,
    /// By the monotonic clock.
    pub(crate) adopted_at: Duration,
    pub(crate) is_rejected: bool,
    pub(crate) api_headers: Arc<ApiHeaders>,
    /// Made when they are asked for: some programs take the token alone.
    pub(crate) headers: OnceLock<HeaderMap>,
}

impl CachedToken {
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| self.api_headers.with(&self.token))
    }
}

/// The token that is held, borrowed. It changes no reference count, so any number of threads can read it at the same time.
///
/// Drop it soon: a few of them on one thread are free, and each further one takes as long as a clone.
pub struct Peeked(Guard<Option<Arc<CachedToken>>>);

impl Peeked {
    /// `None` if nothing is held.
    pub(crate) fn new(guard: Guard<Option<Arc<CachedToken>>>) -> Option<Self> {
        guard.is_some().then_some(Self(guard))
    }

    pub(crate) fn cached(&self) -> &Arc<CachedToken> {
        self.0.as_ref().expect("`new` took only a guard that holds a token")
    }

    /// The header fields for an API of Adobe, prepared; see [`TokenKeeper::headers`](crate::TokenKeeper::headers).
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.cached().headers()
    }
}

impl Deref for Peeked {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.cached().token
    }
}

impl fmt::Debug for Peeked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peeked").field(&self.cached().token).finish()
    }
}

/// The header fields that stay the same from token to token.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApiHeaders {
    pub(crate) client_id: Option<HeaderValue>,
    pub(crate) org_id: Option<HeaderValue>,
}

impl ApiHeaders {
    /// The client id, or nothing if it was not given.
    pub(crate) fn client_id(&self) -> &str {
        self.client_id.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All header fields of a request with `token`.
    pub(crate) fn with(&self, token: &AccessToken) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(3);
        self.add_to(&mut headers);
        headers.insert(AUTHORIZATION, token.authorization().clone());
        headers
    }

    fn add_to(&self, headers: &mut HeaderMap) {
        let fixed = [(X_API_KEY, &self.client_id), (X_GW_IMS_ORG_ID, &self.org_id)];
        headers.extend(fixed.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    }
}

/// The header fields of a request to an API of Adobe that requires an API key and no token: `x-api-key`, and
/// `x-gw-ims-org-id` if the organization is given.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let headers = ims_token::api_headers(&"my-client".parse()?, None);
/// assert_eq!(headers["x-api-key"], "my-client");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn api_headers(client_id: &ClientId, org_id: Option<&OrgId>) -> HeaderMap {
    let api_headers = ApiHeaders {
        client_id: client_id_header(client_id),
        org_id: org_id.and_then(org_id_header),
    };
    let mut headers = HeaderMap::new();
    api_headers.add_to(&mut headers);
    headers
}

/// Identifiers are visible ASCII, which every header can carry.
pub(crate) fn client_id_header(client_id: &ClientId) -> Option<HeaderValue> {
    HeaderValue::from_str(client_id.as_str()).ok()
}

pub(crate) fn org_id_header(org_id: &OrgId) -> Option<HeaderValue> {
    HeaderValue::from_str(org_id.as_str()).ok()
}

/// The integration's client id. Source: Adobe, "JWT Authentication", Try It.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The organization, which some APIs ask for. Source: Adobe, Experience Platform API guide, "Required headers".
const X_GW_IMS_ORG_ID: HeaderName = HeaderName::from_static("x-gw-ims-org-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_id_is_known_to_logs_and_metrics_if_it_was_given() {
        let client_id: ClientId = "my-client".parse().unwrap();
        let given = ApiHeaders { client_id: client_id_header(&client_id), org_id: None };
        assert_eq!(given.client_id(), "my-client");
        assert_eq!(ApiHeaders::default().client_id(), "");
    }

    #[test]
    fn an_api_without_a_token_gets_its_key_and_the_organization_if_that_is_given() {
        let (client_id, org_id) = ("my-client".parse().unwrap(), "MY@AdobeOrg".parse().unwrap());
        let without = api_headers(&client_id, None);
        assert_eq!(
            (without.len(), &without["x-api-key"]),
            (1, &HeaderValue::from_static("my-client"))
        );
        let with = api_headers(&client_id, Some(&org_id));
        assert_eq!(
            (with.len(), &with["x-gw-ims-org-id"]),
            (2, &HeaderValue::from_static("MY@AdobeOrg"))
        );
    }
}
