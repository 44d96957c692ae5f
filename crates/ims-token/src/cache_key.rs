//! The name of a token in a store: everything by which one token differs from another, without secrets.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write};

use ims_claims::{ClientId, Environment};

/// Names the token of one integration, at one IMS, for one account and one set of scopes, by one grant.
///
/// Two keys are equal if all of these are equal. The order and the repetition of scopes do not count.
///
/// ```
/// use ims_claims::{Environment, Metascope, TechnicalAccountId};
/// use ims_token::{CacheKey, GrantName};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account: TechnicalAccountId = "B@techacct.adobe.com".parse()?;
/// let metascope: Metascope = "ent_dataservices_sdk".parse()?;
/// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT)
///     .with_account(&account)
///     .with_scopes([&metascope]);
/// assert_eq!(key, key.clone().with_scopes([&metascope, &metascope]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey {
    base_url: String,
    client_id: String,
    grant: GrantName,
    account: Option<String>,
    scopes: BTreeSet<String>,
}

/// The grant that obtains a token: one of the constants, or the name of your own source.
///
/// ```
/// use ims_token::GrantName;
///
/// assert_eq!(GrantName::JWT.as_str(), "jwt");
/// assert_ne!(GrantName::new("my-broker"), GrantName::JWT);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantName(Cow<'static, str>);

impl GrantName {
    /// The exchange of a signed assertion.
    pub const JWT: Self = Self(Cow::Borrowed("jwt"));

    /// Client credentials (RFC 6749 §4.4).
    pub const CLIENT_CREDENTIALS: Self = Self(Cow::Borrowed("client_credentials"));

    /// The refresh token of a person (RFC 6749 §6).
    pub const REFRESH_TOKEN: Self = Self(Cow::Borrowed("refresh_token"));

    /// The token of a user, exchanged for another (RFC 8693 §2.1).
    pub const TOKEN_EXCHANGE: Self = Self(Cow::Borrowed("token_exchange"));

    /// Another grant. Tokens of two grants must not share a name: they are not the same tokens.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CacheKey {
    /// The token of `client_id` at `environment`, obtained by `grant`.
    #[must_use]
    pub fn new(environment: &Environment, client_id: &ClientId, grant: GrantName) -> Self {
        Self {
            base_url: environment.base_url().to_owned(),
            client_id: client_id.as_str().to_owned(),
            grant,
            account: None,
            scopes: BTreeSet::new(),
        }
    }

    /// The account: the technical account, the user, or the organization.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_token::{CacheKey, GrantName};
    ///
    /// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::JWT);
    /// let of_another = key.clone().with_account("OTHER@techacct.adobe.com");
    /// assert_ne!(key.with_account("MY@techacct.adobe.com"), of_another);
    /// # Ok::<(), ims_claims::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_account(self, account: impl AsRef<str>) -> Self {
        Self { account: Some(account.as_ref().to_owned()), ..self }
    }

    /// The scopes or metascopes.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_token::{CacheKey, GrantName};
    ///
    /// let key = CacheKey::new(&Environment::production(), &"my-client".parse()?, GrantName::CLIENT_CREDENTIALS);
    /// // The order makes no difference.
    /// assert_eq!(key.clone().with_scopes(["openid", "AdobeID"]), key.with_scopes(["AdobeID", "openid"]));
    /// # Ok::<(), ims_claims::FormatError>(())
    /// ```
    #[must_use]
    pub fn with_scopes<Name: AsRef<str>>(self, scopes: impl IntoIterator<Item = Name>) -> Self {
        Self { scopes: scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect(), ..self }
    }

    /// The key as one text, different for different keys whatever they contain: each part with its length before it
    /// (a netstring). It holds no secret.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = "ims-token 1 ".to_owned();
        let account = self.account.as_deref();
        let parts = [self.base_url.as_str(), &self.client_id, self.grant.as_str()];
        let parts = parts.into_iter().chain([account.map_or("-", |_| "+"), account.unwrap_or("")]);
        for part in parts.chain(self.scopes.iter().map(String::as_str)) {
            write!(text, "{}:{part},", part.len()).expect("writing to a String never fails");
        }
        text
    }

    /// The key whose [`canonical`](Self::canonical) text this is.
    #[cfg(feature = "file")]
    pub(crate) fn from_canonical(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix("ims-token 1 ")?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_once(':')?;
            let length: usize = length.parse().ok()?;
            parts.push(after.get(..length)?.to_owned());
            rest = after.get(length..)?.strip_prefix(',')?;
        }
        let mut parts = parts.into_iter();
        let (base_url, client_id, grant) = (parts.next()?, parts.next()?, parts.next()?);
        let grant = GrantName(Cow::Owned(grant));
        let (has_account, account) = (parts.next()? == "+", parts.next()?);
        let account = has_account.then_some(account);
        let key = Self { base_url, client_id, grant, account, scopes: parts.collect() };
        (key.canonical() == text).then_some(key)
    }

    /// The base URL of the IMS.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The integration.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// How the token is obtained.
    #[must_use]
    pub fn grant(&self) -> &GrantName {
        &self.grant
    }

    /// The account, if it is known.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// What for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn key(client_id: &str, account: Option<&str>, scopes: &[&str]) -> CacheKey {
        let key =
            CacheKey::new(&Environment::production(), &client_id.parse().unwrap(), GrantName::JWT)
                .with_scopes(scopes);
        match account {
            Some(account) => key.with_account(account),
            None => key,
        }
    }

    #[test]
    fn a_key_gives_back_what_it_was_made_of() {
        let bare = key("a", None, &[]);
        assert_eq!(bare.base_url(), "https://ims-na1.adobelogin.com");
        assert_eq!((bare.client_id(), bare.grant(), bare.account()), ("a", &GrantName::JWT, None));
        assert_eq!(bare.scopes().count(), 0);
        let whole = key("a", Some("B@techacct.adobe.com"), &["y", "x"]);
        assert_eq!(whole.account(), Some("B@techacct.adobe.com"));
        assert!(whole.scopes().eq(["x", "y"]), "{whole:?}");
    }

    #[test]
    fn neither_order_nor_repetition_of_scopes_makes_another_key() {
        assert_eq!(key("a", None, &["x", "y", "x"]), key("a", None, &["y", "x"]));
        assert_ne!(key("a", None, &["x", "x", "y"]), key("a", None, &["y"]));
    }

    #[cfg(feature = "file")]
    #[test]
    fn a_key_is_read_from_its_canonical_text_and_from_no_other() {
        for key in [
            key("a", None, &[]),
            key("a", Some(""), &["u,1:v", "ü"]),
            key("b", Some("B@techacct.adobe.com"), &["x", "y"]),
        ] {
            assert_eq!(CacheKey::from_canonical(&key.canonical()), Some(key));
        }
        for text in ["", "ims-token 1 ", "ims-token 1 1:a,", "ims-token 2 1:a,1:b,1:c,1:-,0:,", "x"]
        {
            assert_eq!(CacheKey::from_canonical(text), None, "{text}");
        }
        let unsorted = "ims-token 1 1:a,1:b,1:c,1:-,0:,1:y,1:x,";
        assert_eq!(CacheKey::from_canonical(unsorted), None);
    }

    #[test]
    fn everything_that_makes_another_token_makes_another_key() {
        let stage = CacheKey::new(&Environment::stage(), &"a".parse().unwrap(), GrantName::JWT);
        let other_grant = CacheKey::new(
            &Environment::production(),
            &"a".parse().unwrap(),
            GrantName::CLIENT_CREDENTIALS,
        );
        let keys = [
            key("a", None, &[]),
            key("b", None, &[]),
            key("a", Some(""), &[]),
            key("a", Some("u"), &[]),
            key("a", None, &["u"]),
            key("a", None, &["u,1:v"]),
            key("a", None, &["u", "v"]),
            stage,
            other_grant,
        ];
        let texts: BTreeSet<_> = keys.iter().map(CacheKey::canonical).collect();
        assert_eq!(texts.len(), keys.len());
    }

    proptest! {
        #[test]
        fn canonical_texts_are_equal_for_equal_keys_only(
            (one, other) in (arbitrary_key(), arbitrary_key())
        ) {
            prop_assert_eq!(one == other, one.canonical() == other.canonical());
        }
    }

    fn arbitrary_key() -> impl Strategy<Value = CacheKey> {
        let account = proptest::option::of("[:,0-2]{0,3}");
        let scopes = proptest::collection::vec("[:,0-2]{0,3}", 0..3);
        ("[ab]", account, scopes).prop_map(|(client_id, account, scopes)| {
            let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
            key(&client_id, account.as_deref(), &scopes)
        })
    }
}
