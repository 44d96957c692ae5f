//! The URL to sign out in a browser, `GET /ims/logout/v1`.

use ims_claims::{ClientId, Environment};

use crate::message::urlencoded;

/// The URL that ends the browser's session with IMS and then redirects the browser.
///
/// Tokens stay valid: revoke them too. IMS would accept an access token as a parameter here, but it is a secret and
/// therefore never in this URL. Source: AdobeDocs/adobeio-auth, `Resources/IMS.md`.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::LogoutUrl;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client_id = "my-client".parse()?;
/// let url = LogoutUrl::new(&client_id).with_redirect_uri("https://app.example/bye");
/// assert!(url.url(&Environment::production()).starts_with("https://ims-na1.adobelogin.com/"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LogoutUrl<'a> {
    client_id: &'a ClientId,
    redirect_uri: &'a str,
}

impl<'a> LogoutUrl<'a> {
    /// Signs out of `client_id`.
    #[must_use]
    pub fn new(client_id: &'a ClientId) -> Self {
        Self { client_id, redirect_uri: "" }
    }

    /// Redirects the browser to `redirect_uri` afterwards, which must be a redirect URI of the integration.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_exchange::LogoutUrl;
    ///
    /// let client_id = "my-app".parse()?;
    /// let logout = LogoutUrl::new(&client_id).with_redirect_uri("https://app.example.com/bye");
    /// assert!(logout.url(&Environment::production()).contains("redirect_uri="));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_redirect_uri(self, redirect_uri: &'a str) -> Self {
        Self { redirect_uri, ..self }
    }

    /// The URL, for a browser.
    #[must_use]
    pub fn url(&self, environment: &Environment) -> String {
        let mut query =
            vec![("client_id", self.client_id.as_str()), ("redirect_uri", self.redirect_uri)];
        query.retain(|(_, value)| !value.is_empty());
        format!("{}?{}", environment.endpoint("/ims/logout/v1"), urlencoded(&query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_names_the_client_and_the_way_back() {
        let client_id: ClientId = "client".parse().unwrap();
        let (logout, environment) = (LogoutUrl::new(&client_id), Environment::production());
        let url = "https://ims-na1.adobelogin.com/ims/logout/v1?client_id=client";
        assert_eq!(logout.url(&environment), url);
        assert_eq!(
            logout.with_redirect_uri("https://a.example/?x&y").url(&environment),
            format!("{url}&redirect_uri=https%3A%2F%2Fa.example%2F%3Fx%26y")
        );
    }
}
