//! The requirements for the claims of a token. The signature is checked elsewhere.

use std::{collections::BTreeSet, time::Duration};

use ims_claims::{
    AccessTokenClaims, AccessTokenError, ClaimsError, ClientId, Environment, NumericDate,
};
use ims_exchange::Scope;

use crate::{
    error::Fault,
    verified_token::{Parts, VerifiedToken},
};

/// How far the clock of IMS may be ahead of the caller's, for the time of issue. Expiry has no such tolerance.
///
/// The same as IMS allows its clients. Source: adobe/aio-lib-java, `JwtTokenBuilder.java`.
pub const SKEW: Duration = Duration::from_secs(30);

/// What a resource server requires: for which clients a token was issued, what it allows, and which IMS issued it.
///
/// IMS issues tokens to every customer of Adobe, so a program that accepts the tokens of any client gives access to
/// everyone who can create an integration.
///
/// ```
/// use ims_verify::Requirements;
///
/// let requirements = Requirements::of_clients(["my-api-client".parse()?])
///     .with_scopes(["openid".parse()?])
///     .with_issuing_cluster("ims-na1");
/// println!("{requirements:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Requirements {
    /// `None` lets in every client.
    clients: Option<BTreeSet<ClientId>>,
    scopes: Vec<Scope>,
    issuing_cluster: Option<String>,
}

impl Requirements {
    /// Accepts tokens that were issued to one of `clients`; if the list is empty, none.
    #[must_use]
    pub fn of_clients(clients: impl IntoIterator<Item = ClientId>) -> Self {
        Self { clients: Some(clients.into_iter().collect()), ..Self::of_any_client() }
    }

    /// Accepts tokens that were issued to any client, for programs that decide by user or organization afterwards.
    ///
    /// ```
    /// use ims_verify::Requirements;
    ///
    /// // The program decides by the user of the token.
    /// let requirements = Requirements::of_any_client().with_scopes(["openid".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_any_client() -> Self {
        Self { clients: None, scopes: Vec::new(), issuing_cluster: None }
    }

    /// Accepts only tokens that have all of `scopes`.
    ///
    /// ```
    /// use ims_verify::Requirements;
    ///
    /// let requirements = Requirements::of_clients(["my-client".parse()?])
    ///     .with_scopes(["openid".parse()?, "read_organizations".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Accepts only tokens whose claim `as` is `cluster`, such as `ims-na1`.
    ///
    /// For `https://NAME.adobelogin.com`, `NAME` is the default. Every other base URL, such as that of a reverse proxy, has
    /// no default. Source: adobe/aio-lib-ims, `src/ims.js`, `fromToken`.
    ///
    /// ```
    /// use ims_verify::Requirements;
    ///
    /// // IMS is behind a reverse proxy of the company.
    /// let requirements = Requirements::of_clients(["my-client".parse()?]).with_issuing_cluster("ims-na1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_issuing_cluster(mut self, cluster: impl Into<String>) -> Self {
        self.issuing_cluster = Some(cluster.into());
        self
    }

    /// The same, with the cluster of `environment` if none was named.
    pub(crate) fn in_environment(mut self, environment: &Environment) -> Self {
        if self.issuing_cluster.is_none() {
            self.issuing_cluster = cluster(environment).map(str::to_owned);
        }
        self
    }

    /// Reads the payload of a token and checks each claim that has a requirement.
    pub(crate) fn claims(
        &self,
        payload: Vec<u8>,
        now: NumericDate,
    ) -> Result<VerifiedToken, Fault> {
        let claims = AccessTokenClaims::read(&payload).map_err(|error| match error {
            AccessTokenError::Claims(error) => Fault::Claims(error),
            AccessTokenError::Form(error) => Fault::NotAJwt(error),
            // No other kind is known in this version.
            _ => Fault::NotAnAccessToken,
        })?;
        if claims.token_type() != Some("access_token") {
            return Err(Fault::NotAnAccessToken);
        }
        if self.issuing_cluster.as_deref().is_some_and(|own| claims.issuing_cluster() != Some(own))
        {
            return Err(Fault::AnotherEnvironment);
        }
        let allowed =
            claims.client_id().and_then(|client_id| self.clients.as_ref()?.get(client_id));
        let client_id = match allowed {
            Some(client_id) => client_id.clone(),
            None => client_id(&claims).map_err(Fault::Claims)?,
        };
        expect_dates(claims.created_at(), claims.expires_at(), now)?;
        if self.clients.is_some() && allowed.is_none() {
            return Err(Fault::ClientNotAllowed);
        }
        for scope in &self.scopes {
            if !claims.scopes().any(|own| own == scope.as_str()) {
                return Err(Fault::ScopeMissing { scope: scope.clone() });
            }
        }
        let parts = Parts::of(&claims, &payload);
        Ok(VerifiedToken::new(client_id, parts, payload))
    }
}

/// Accepts a token that has been issued and has not expired at `now`.
pub(crate) fn expect_current(token: &VerifiedToken, now: NumericDate) -> Result<(), Fault> {
    expect_dates(token.created_at(), token.expires_at(), now)
}

fn expect_dates(
    created_at: NumericDate,
    expires_at: NumericDate,
    now: NumericDate,
) -> Result<(), Fault> {
    if now.plus(SKEW) < created_at {
        return Err(Fault::FromTheFuture { created_at });
    }
    if expires_at <= now {
        return Err(Fault::Expired { expired_at: expires_at });
    }
    Ok(())
}

fn client_id(claims: &AccessTokenClaims<'_>) -> Result<ClientId, ClaimsError> {
    let text = claims.client_id().ok_or(ClaimsError::Missing { claim: "client_id" })?;
    let malformed = ClaimsError::Malformed { claim: "client_id", expected: "a client id" };
    text.parse().map_err(|_| malformed)
}

/// The name that tokens of `environment` have in `as`, which is that of Adobe's host.
fn cluster(environment: &Environment) -> Option<&str> {
    environment.base_url().strip_prefix("https://")?.strip_suffix(".adobelogin.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_adobe_name_a_cluster() {
        #[rustfmt::skip]
        let table = [
            ("https://ims-na1.adobelogin.com",       Some("ims-na1")),
            ("https://ims-na1-stg1.adobelogin.com/", Some("ims-na1-stg1")),
            ("https://ims-na1.adobelogin.com/x",     None),
            ("https://proxy.example/adobe",          None),
            ("http://127.0.0.1:9010",                None),
        ];
        for (url, name) in table {
            assert_eq!(cluster(&url.parse().unwrap()), name, "{url}");
        }
    }
}
