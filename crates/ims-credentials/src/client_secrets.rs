//! The secrets of one integration, of which there are two while they are rotated.

use ims_exchange::ClientSecret;

/// One client secret, or several, each of which IMS may accept. Adobe's Developer Console has two, so that one can be
/// replaced while the other works.
///
/// They are tried in this order, the next one only if IMS says that the one before is wrong.
///
/// ```
/// use ims_credentials::ClientSecrets;
/// use ims_exchange::ClientSecret;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = |text: &str| ClientSecret::new(text.to_owned());
/// // While a secret is rotated: the next one is tried if IMS says that the first is wrong.
/// let secrets = ClientSecrets::new(secret("p8e-old")).with_next(secret("p8e-new"));
/// assert_eq!(secrets.iter().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientSecrets {
    first: ClientSecret,
    others: Vec<ClientSecret>,
}

impl ClientSecrets {
    /// One secret.
    #[must_use]
    pub fn new(client_secret: ClientSecret) -> Self {
        Self { first: client_secret, others: Vec::new() }
    }

    /// Adds a secret, which is tried after the others.
    ///
    /// ```
    /// use ims_credentials::ClientSecrets;
    /// use ims_exchange::ClientSecret;
    ///
    /// let [old, new] = ["p8e-old", "p8e-new"].map(|text| ClientSecret::new(text.to_owned()));
    /// let secrets = ClientSecrets::new(old).with_next(new);
    /// assert_eq!(secrets.iter().count(), 2);
    /// ```
    #[must_use]
    pub fn with_next(mut self, client_secret: ClientSecret) -> Self {
        self.others.push(client_secret);
        self
    }

    /// The secrets of a list, in its order; `None` if it is empty.
    ///
    /// ```
    /// use ims_credentials::ClientSecrets;
    /// use ims_exchange::ClientSecret;
    ///
    /// let list = ["p8e-old", "p8e-new"].map(|text| ClientSecret::new(text.to_owned()));
    /// assert_eq!(ClientSecrets::from_list(list).map(|secrets| secrets.iter().count()), Some(2));
    /// assert!(ClientSecrets::from_list([]).is_none());
    /// ```
    #[must_use]
    pub fn from_list(client_secrets: impl IntoIterator<Item = ClientSecret>) -> Option<Self> {
        let mut client_secrets = client_secrets.into_iter();
        let first = client_secrets.next()?;
        Some(Self { first, others: client_secrets.collect() })
    }

    /// The secret that is tried first.
    #[must_use]
    pub fn first(&self) -> &ClientSecret {
        &self.first
    }

    /// All secrets, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &ClientSecret> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<ClientSecret> for ClientSecrets {
    fn from(client_secret: ClientSecret) -> Self {
        Self::new(client_secret)
    }
}
