//! Users: the people who sign in at the emulator, and how a silent sign-in is answered.

use ims_claims::OrgId;
use serde::{Deserialize, Serialize};

use crate::{product::ProductContext, refusal::Refusal};

/// A person who can sign in at the emulator.
///
/// ```
/// use ims_emulator::{AccountType, User};
///
/// let user = User::new("ABCDEF0123456789@AdobeID")
///     .with_email("ada@example.com")
///     .with_first_name("Ada")
///     .with_last_name("Lovelace")
///     .with_account_type(AccountType::Enterprise)
///     .with_role("C74F69D7594880280@AdobeOrg".parse()?, "org_admin");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    id: String,
    email: String,
    #[serde(default = "default_first_name")]
    first_name: String,
    #[serde(default = "default_last_name")]
    last_name: String,
    #[serde(default)]
    account_type: AccountType,
    #[serde(default = "default_country")]
    country: String,
    #[serde(default)]
    organizations: Vec<Organization>,
    #[serde(default)]
    products: Vec<ProductContext>,
    #[serde(default)]
    roles: Vec<Role>,
}

/// Whose account a user has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountType {
    /// The person's own: `type1` in a profile, `ind` in userinfo.
    #[default]
    Individual,
    /// The organization's: `type2`, `ent`.
    Enterprise,
    /// The organization's, which signs its people in itself: `type3`, `ent`.
    Federated,
}

/// An organization that a user belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organization {
    pub(crate) id: OrgId,
    pub(crate) name: String,
}

/// What a user may do in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) organization: OrgId,
    pub(crate) role: String,
}

impl User {
    /// The id of the user that an emulator has if it is given none.
    pub const EMULATED_ID: &str = "EMULATED0000000000000001@AdobeID";

    /// A user with an account of the person's own, in no organization but that of the integration that signs in. The e-mail
    /// address of `ADA@AdobeID` is `ada@example.com`, until it is given.
    ///
    /// ```
    /// use ims_emulator::{AccountType, User};
    ///
    /// let user = User::new("ADA@AdobeID")
    ///     .with_first_name("Ada")
    ///     .with_last_name("Lovelace")
    ///     .with_account_type(AccountType::Enterprise)
    ///     .with_country("GB")
    ///     .with_organization("MY@AdobeOrg".parse()?, "My company")
    ///     .with_role("MY@AdobeOrg".parse()?, "org_admin");
    /// assert_eq!(user.email(), "ada@example.com");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let (ident, _) = id.split_once('@').unwrap_or((&id, ""));
        Self {
            email: format!("{}@example.com", ident.to_ascii_lowercase()),
            id,
            first_name: default_first_name(),
            last_name: default_last_name(),
            account_type: AccountType::default(),
            country: default_country(),
            organizations: Vec::new(),
            products: Vec::new(),
            roles: Vec::new(),
        }
    }

    /// The user that an emulator has if it is given none.
    pub(crate) fn emulated() -> Self {
        Self::new(Self::EMULATED_ID).with_email("user@example.com")
    }

    /// Gives the user an e-mail address, by which a sign-in can name the user, too.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// let user = User::new("ADA@AdobeID").with_email("ada.lovelace@example.com");
    /// assert_eq!(user.email(), "ada.lovelace@example.com");
    /// ```
    #[must_use]
    pub fn with_email(self, email: impl Into<String>) -> Self {
        Self { email: email.into(), ..self }
    }

    /// Gives the user a first name instead of `Emulated`.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// let user = User::new("ADA@AdobeID").with_first_name("Ada");
    /// # let _ = user;
    /// ```
    #[must_use]
    pub fn with_first_name(self, first_name: impl Into<String>) -> Self {
        Self { first_name: first_name.into(), ..self }
    }

    /// Gives the user a last name instead of `User`.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// let user = User::new("ADA@AdobeID").with_first_name("Ada").with_last_name("Lovelace");
    /// # let _ = user;
    /// ```
    #[must_use]
    pub fn with_last_name(self, last_name: impl Into<String>) -> Self {
        Self { last_name: last_name.into(), ..self }
    }

    /// Says whose account it is.
    ///
    /// ```
    /// use ims_emulator::{AccountType, User};
    ///
    /// let user = User::new("ADA@AdobeID").with_email("ada@example.com").with_account_type(AccountType::Federated);
    /// # let _ = user;
    /// ```
    #[must_use]
    pub fn with_account_type(self, account_type: AccountType) -> Self {
        Self { account_type, ..self }
    }

    /// Says in which country the account is, by its code of two letters.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// let user = User::new("ADA@AdobeID").with_email("ada@example.com").with_country("GB");
    /// # let _ = user;
    /// ```
    #[must_use]
    pub fn with_country(self, country: impl Into<String>) -> Self {
        Self { country: country.into(), ..self }
    }

    /// Adds an organization.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// let user = User::new("ADA@AdobeID").with_email("ada@example.com")
    ///     .with_organization("MY@AdobeOrg".parse()?, "My company")
    ///     .with_organization("OTHER@AdobeOrg".parse()?, "Another company");
    /// # let _ = user;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_organization(mut self, id: OrgId, name: impl Into<String>) -> Self {
        self.organizations.push(Organization { id, name: name.into() });
        self
    }

    /// Adds a product, next to those of the integration.
    ///
    /// ```
    /// use ims_emulator::{ProductContext, User};
    ///
    /// let user = User::new("ADA@AdobeID").with_email("ada@example.com").with_product(ProductContext::new("dma_tartan"));
    /// # let _ = user;
    /// ```
    #[must_use]
    pub fn with_product(mut self, product: ProductContext) -> Self {
        self.products.push(product);
        self
    }

    /// Adds a role in an organization, such as `org_admin`.
    ///
    /// ```
    /// use ims_emulator::User;
    ///
    /// // She may allow an app for the whole organization.
    /// let user = User::new("ADA@AdobeID").with_email("ada@example.com")
    ///     .with_organization("MY@AdobeOrg".parse()?, "My company")
    ///     .with_role("MY@AdobeOrg".parse()?, "org_admin");
    /// # let _ = user;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_role(mut self, organization: OrgId, role: impl Into<String>) -> Self {
        self.roles.push(Role { organization, role: role.into() });
        self
    }

    /// The user id, an identifier and its source with `@` between them.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    pub(crate) fn first_name(&self) -> &str {
        &self.first_name
    }

    pub(crate) fn last_name(&self) -> &str {
        &self.last_name
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    pub(crate) fn account_type(&self) -> AccountType {
        self.account_type
    }

    pub(crate) fn country(&self) -> &str {
        &self.country
    }

    pub(crate) fn organizations(&self) -> &[Organization] {
        &self.organizations
    }

    pub(crate) fn products(&self) -> &[ProductContext] {
        &self.products
    }

    pub(crate) fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether `text` names the user, by id or by e-mail address.
    pub(crate) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.email.eq_ignore_ascii_case(text)
    }

    /// Whether `text` has the form of a user id.
    pub(crate) fn is_id(text: &str) -> bool {
        let Some((ident, source)) = text.split_once('@') else { return false };
        let is_visible = text.bytes().all(|b| b.is_ascii_graphic());
        is_visible && !ident.is_empty() && !source.is_empty() && !source.contains('@')
    }
}

impl AccountType {
    /// The words in scenarios.
    pub(crate) const NAMES: &[&str] = &["individual", "enterprise", "federated"];

    /// The type as scenarios name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Enterprise => "enterprise",
            Self::Federated => "federated",
        }
    }

    /// The type as a profile names it.
    pub(crate) fn in_profile(self) -> &'static str {
        match self {
            Self::Individual => "type1",
            Self::Enterprise => "type2",
            Self::Federated => "type3",
        }
    }

    /// The type as userinfo names it.
    pub(crate) fn in_userinfo(self) -> &'static str {
        match self {
            Self::Individual => "ind",
            Self::Enterprise | Self::Federated => "ent",
        }
    }
}

fn default_first_name() -> String {
    "Emulated".to_owned()
}

fn default_last_name() -> String {
    "User".to_owned()
}

fn default_country() -> String {
    "US".to_owned()
}

/// The answer to `prompt=none`. Source: AdobeDocs/adobe-dev-console, "User Authentication", Authorize Request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SilentSignIn {
    /// The user is signed in and has allowed the client.
    #[default]
    Granted,
    /// No user is signed in: `error=login_required`.
    LoginRequired,
    /// The user has not allowed the client: `error=consent_required`.
    ConsentRequired,
    /// The user has something else to do, such as to accept terms: `error=interaction_required`.
    InteractionRequired,
}

impl SilentSignIn {
    /// The words in scenarios.
    pub(crate) const NAMES: &[&str] =
        &["granted", "login_required", "consent_required", "interaction_required"];

    /// The answer as scenarios name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
        }
    }

    /// Why a silent sign-in is refused, if it is.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Granted => None,
            Self::LoginRequired => Some(Refusal::LoginRequired),
            Self::ConsentRequired => Some(Refusal::ConsentRequired),
            Self::InteractionRequired => Some(Refusal::InteractionRequired),
        }
    }
}
