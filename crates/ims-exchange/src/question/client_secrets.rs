//! The client secrets of an OAuth Server-to-Server credential, through Adobe's I/O Management API:
//! `/console/organizations/{org}/credentials/{credential}/secrets`.
//!
//! Source: AdobeDocs/adobe-dev-console, "OAuth Server-to-Server credential API Reference".

use std::{fmt, str::FromStr};

use ims_claims::{ClientId, Environment, NumericDate};
use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    access_token::BearerToken,
    answer,
    answer::Sent,
    call::Call,
    call::sealed::Sealed,
    error::ExchangeError,
    message::{Request, Response},
    refusal::table::CredentialKind,
    secret_text::ClientSecret,
};

/// A credential by its numbers in the Developer Console, which IMS does not use.
///
/// Both ids are in the address of the credential's page,
/// `https://developer.adobe.com/console/projects/{org}/{project}/credentials/{credential}/details/…`.
///
/// ```
/// use ims_exchange::ConsoleCredential;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let credential = ConsoleCredential::new("23294".parse()?, "436084".parse()?);
/// assert_eq!(credential.credential().as_str(), "436084");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleCredential {
    org: ConsoleOrgId,
    credential: ConsoleCredentialId,
}

impl ConsoleCredential {
    /// The credential `credential` of the organization `org`.
    #[must_use]
    pub fn new(org: ConsoleOrgId, credential: ConsoleCredentialId) -> Self {
        Self { org, credential }
    }

    /// The credential whose page in the Developer Console has the address `url`.
    ///
    /// ```
    /// use ims_exchange::ConsoleCredential;
    ///
    /// let page = "https://developer.adobe.com/console/projects/23294/4566206088344958295/credentials/436084/details/oauthservertoserver";
    /// let credential = ConsoleCredential::from_page(page)?;
    /// assert_eq!((credential.org().as_str(), credential.credential().as_str()), ("23294", "436084"));
    /// # Ok::<(), ims_exchange::ConsolePageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConsolePageError`], which says what the address is not.
    pub fn from_page(url: &str) -> Result<Self, ConsolePageError> {
        let address = url.split(['?', '#']).next().unwrap_or_default();
        let address = address.strip_prefix("https://").ok_or(ConsolePageError::NotHttps)?;
        let (_, path) =
            address.split_once("/console/projects/").ok_or(ConsolePageError::NotAProject)?;
        let mut parts = path.split('/');
        let org = parts.next().unwrap_or_default().parse();
        let (_project, word) = (parts.next(), parts.next());
        if word != Some("credentials") {
            return Err(ConsolePageError::NotACredential);
        }
        let credential = parts.next().unwrap_or_default().parse();
        Ok(Self {
            org: org.map_err(ConsolePageError::Org)?,
            credential: credential.map_err(ConsolePageError::Credential)?,
        })
    }

    /// The organization's id in the Developer Console, which is not its Organization ID.
    #[must_use]
    pub fn org(&self) -> &ConsoleOrgId {
        &self.org
    }

    /// The credential's own id.
    #[must_use]
    pub fn credential(&self) -> &ConsoleCredentialId {
        &self.credential
    }

    /// The address of the secrets, or of one of them. The I/O Management API has its own host, and so has that of the
    /// stage (source: adobe/aio-cli-plugin-events); any other IMS, such as an emulator, has it at its base URL.
    fn url(&self, environment: &Environment, secret: Option<&SecretId>) -> String {
        let Self { org, credential } = self;
        let mut path = format!("/console/organizations/{org}/credentials/{credential}/secrets");
        if let Some(secret) = secret {
            path.push('/');
            path.push_str(secret.as_str());
        }
        if *environment == Environment::production() {
            format!("https://api.adobe.io{path}")
        } else if *environment == Environment::stage() {
            format!("https://api-stage.adobe.io{path}")
        } else {
            environment.endpoint(&path)
        }
    }
}

/// A text that is not an id: letters, digits, `-` and `_`, at most 64.
///
/// ```
/// use ims_exchange::{ConsoleIdError, ConsoleOrgId};
///
/// assert_eq!("436084/../1".parse::<ConsoleOrgId>().unwrap_err(), ConsoleIdError);
/// assert_eq!("436084".parse::<ConsoleOrgId>()?.as_str(), "436084");
/// # Ok::<(), ConsoleIdError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id, which has at most 64 letters, digits, hyphens and underscores")]
pub struct ConsoleIdError;

/// Give the address of a credential's page in the Developer Console:
/// `https://developer.adobe.com/console/projects/{org}/{project}/credentials/{credential}/details/…`.
///
/// ```
/// use ims_exchange::{ConsoleCredential, ConsolePageError};
///
/// let page = "https://developer.adobe.com/console/projects/23294/4566206088344958295/overview";
/// let error = ConsoleCredential::from_page(page).unwrap_err();
/// assert_eq!(error, ConsolePageError::NotACredential);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsolePageError {
    /// It does not begin with `https://`.
    #[error("the address of a page in the Developer Console begins with https://")]
    NotHttps,
    /// It is not the page of a project.
    #[error("the address has no /console/projects/, so it is not the page of a project")]
    NotAProject,
    /// It is another page of the project.
    #[error("the address is a page of the project, but not of a credential")]
    NotACredential,
    /// The organization's id is not one.
    #[error("the part after /projects/ is {0}")]
    Org(ConsoleIdError),
    /// The credential's id is not one.
    #[error("the part after /credentials/ is {0}")]
    Credential(ConsoleIdError),
}

macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ConsoleIdError;

            /// # Errors
            /// [`ConsoleIdError`]: it would not be one part of a URL's path.
            fn from_str(text: &str) -> Result<Self, ConsoleIdError> {
                if !is_console_id(text) {
                    return Err(ConsoleIdError);
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_console_id(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_plain && (1..=64).contains(&text.len())
}

id!(
    ConsoleOrgId,
    "The id of an organization in the Developer Console, such as `23294`, which is not its Organization ID."
);
id!(ConsoleCredentialId, "The id of a credential in the Developer Console, such as `436084`.");
id!(SecretId, "The `uuid` of a client secret, such as `11ede8ab42f138f3abe335d886a407fb`.");

/// What is known about a client secret, besides its text.
///
/// ```
/// use ims_claims::NumericDate;
/// use ims_exchange::SecretInfo;
///
/// fn is_unused(secret: &SecretInfo, since: NumericDate) -> bool {
///     secret.last_used_at.is_none_or(|used_at| used_at < since)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretInfo {
    /// Its id.
    pub id: SecretId,
    /// When it was added.
    pub created_at: NumericDate,
    /// When it ends; `None` for one that does not.
    pub expires_at: Option<NumericDate>,
    /// When it was used last; `None` if it was not.
    pub last_used_at: Option<NumericDate>,
}

/// The client secrets of a credential.
///
/// ```
/// use ims_exchange::SecretList;
///
/// fn print(list: &SecretList) {
///     println!("client {}", list.client_id);
///     for secret in &list.secrets {
///         println!("{} created at {}", secret.id, secret.created_at);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretList {
    /// The client of the credential. Compare it before a secret is added or deleted: the ids of the Developer Console
    /// may name another credential of the same organization.
    pub client_id: ClientId,
    /// The secrets, in the order of the answer. There are two at most.
    pub secrets: Vec<SecretInfo>,
}

/// A client secret that was added. IMS shows its text only once.
///
/// ```
/// use ims_exchange::NewSecret;
///
/// fn keep(secret: &NewSecret, write: impl Fn(&str)) {
///     write(secret.client_secret.expose_secret());
///     println!("added {}", secret.info.id);
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewSecret {
    /// What is known about it.
    pub info: SecretInfo,
    /// The secret.
    pub client_secret: ClientSecret,
}

/// The client that asks the I/O Management API, and the credential.
#[derive(Debug, Clone)]
struct Caller<'a> {
    credential: &'a ConsoleCredential,
    client_id: &'a ClientId,
    token: BearerToken,
}

/// The scopes "that the I/O Management API requires", which a credential has once that API is added to its project. Source:
/// AdobeDocs/adobe-dev-console, "OAuth Server-to-Server credential implementation guide", step 5.
pub const IO_MANAGEMENT_SCOPES: [&str; 8] = [
    "AdobeID",
    "openid",
    "read_organizations",
    "additional_info.projectedProductContext",
    "additional_info.roles",
    "adobeio_api",
    "read_client_secret",
    "manage_client_secrets",
];

/// Asks which client secrets a credential has. IMS does not return their texts.
///
/// ```
/// use ims_exchange::{BearerToken, ConsoleCredential, ListSecrets};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let page = "https://developer.adobe.com/console/projects/23294/4566206088344958295/credentials/436084/details/oauthservertoserver";
/// let credential = ConsoleCredential::from_page(page)?;
/// let client_id = "my-client".parse()?;
/// let token: BearerToken = "eyJ.token".parse()?; // with the scopes IO_MANAGEMENT_SCOPES
/// let call = ListSecrets::new(&credential, &client_id, &token);
/// # let _ = call;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ListSecrets<'a>(Caller<'a>);

/// Adds a client secret to a credential, which can have two.
///
/// ```
/// use ims_claims::Environment;
/// use ims_exchange::{AddSecret, BearerToken, Call, ConsoleCredential};
///
/// let credential = ConsoleCredential::new("23294".parse()?, "436084".parse()?);
/// let client_id = "my-client".parse()?;
/// let token: BearerToken = "eyJ.token".parse()?; // with the scopes IO_MANAGEMENT_SCOPES
/// let call = AddSecret::new(&credential, &client_id, &token);
/// assert!(call.request(&Environment::production()).url().starts_with("https://api.adobe.io/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AddSecret<'a>(Caller<'a>);

/// Deletes a client secret. It cannot be restored.
///
/// ```
/// use ims_exchange::{BearerToken, ConsoleCredential, DeleteSecret};
///
/// let credential = ConsoleCredential::new("23294".parse()?, "436084".parse()?);
/// let client_id = "my-client".parse()?;
/// let token: BearerToken = "eyJ.token".parse()?; // with the scopes IO_MANAGEMENT_SCOPES
/// let old = "11ede8ab42f138f3abe335d886a407fb".parse()?;
/// let call = DeleteSecret::new(&credential, &client_id, &token, &old);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DeleteSecret<'a> {
    caller: Caller<'a>,
    secret: &'a SecretId,
}

impl<'a> ListSecrets<'a> {
    /// Asks as `client_id` with `token`, an access token of the same credential with [`IO_MANAGEMENT_SCOPES`].
    #[must_use]
    pub fn new(
        credential: &'a ConsoleCredential,
        client_id: &'a ClientId,
        token: &impl AsRef<BearerToken>,
    ) -> Self {
        Self(Caller { credential, client_id, token: token.as_ref().clone() })
    }
}

impl<'a> AddSecret<'a> {
    /// Asks as `client_id` with `token`, an access token of the same credential with [`IO_MANAGEMENT_SCOPES`].
    #[must_use]
    pub fn new(
        credential: &'a ConsoleCredential,
        client_id: &'a ClientId,
        token: &impl AsRef<BearerToken>,
    ) -> Self {
        Self(Caller { credential, client_id, token: token.as_ref().clone() })
    }
}

impl<'a> DeleteSecret<'a> {
    /// Asks as `client_id` with `token`, an access token of the same credential with [`IO_MANAGEMENT_SCOPES`], to delete
    /// `secret`.
    #[must_use]
    pub fn new(
        credential: &'a ConsoleCredential,
        client_id: &'a ClientId,
        token: &impl AsRef<BearerToken>,
        secret: &'a SecretId,
    ) -> Self {
        let caller = Caller { credential, client_id, token: token.as_ref().clone() };
        Self { caller, secret }
    }
}

impl Caller<'_> {
    fn sign(&self, request: Request) -> Request {
        request.with_bearer(&self.token).with_api_key(self.client_id)
    }

    fn sent<'s>(at: NumericDate, secrets: &'s [&'s str]) -> Sent<'s> {
        Sent::new(CredentialKind::AccessToken, at, secrets).without_client_secret()
    }
}

impl Sealed for ListSecrets<'_> {}
impl Sealed for AddSecret<'_> {}
impl Sealed for DeleteSecret<'_> {}

impl Call for ListSecrets<'_> {
    type Answer = SecretList;

    fn request(&self, environment: &Environment) -> Request {
        self.0.sign(Request::get(self.0.credential.url(environment, None)))
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<SecretList, ExchangeError> {
        let secrets = [self.0.token.expose_secret()];
        let list: ListBody = answer::json(response, &Caller::sent(sent_at, &secrets))?;
        let secrets = list.client_secrets.into_iter().map(SecretBody::into_info).collect();
        Ok(SecretList { client_id: list.client_id, secrets })
    }
}

impl Call for AddSecret<'_> {
    type Answer = NewSecret;

    fn request(&self, environment: &Environment) -> Request {
        self.0.sign(Request::post(self.0.credential.url(environment, None)))
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do. After [`Unavailable`](ExchangeError::Unavailable) the secret may
    /// have been added anyway: the list shows it.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<NewSecret, ExchangeError> {
        let secrets = [self.0.token.expose_secret()];
        let sent = Caller::sent(sent_at, &secrets);
        let body: NewBody = answer::json(response, &sent)?;
        if body.client_secret.is_empty() {
            return Err(answer::unrecognized(response, &sent));
        }
        let client_secret = ClientSecret::new(body.client_secret);
        Ok(NewSecret { info: body.info.into_info(), client_secret })
    }
}

impl Call for DeleteSecret<'_> {
    type Answer = ();

    fn request(&self, environment: &Environment) -> Request {
        let url = self.caller.credential.url(environment, Some(self.secret));
        self.caller.sign(Request::delete(url))
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    fn answer(&self, response: &Response, sent_at: NumericDate) -> Result<(), ExchangeError> {
        let secrets = [self.caller.token.expose_secret()];
        answer::nothing(response, &Caller::sent(sent_at, &secrets))
    }
}

#[derive(Deserialize)]
struct ListBody {
    client_id: ClientId,
    client_secrets: Vec<SecretBody>,
}

#[derive(Deserialize)]
struct NewBody {
    client_secret: String,
    #[serde(flatten)]
    info: SecretBody,
}

#[derive(Deserialize)]
struct SecretBody {
    #[serde(deserialize_with = "secret_id")]
    uuid: SecretId,
    created_at: Millis,
    expires_at: End,
    secret_usages: Option<Vec<Usage>>,
}

#[derive(Deserialize)]
struct Usage {
    last_used_at: Millis,
}

impl SecretBody {
    fn into_info(self) -> SecretInfo {
        let usages = self.secret_usages.unwrap_or_default();
        SecretInfo {
            id: self.uuid,
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
            last_used_at: usages.into_iter().map(|usage| usage.last_used_at.0).max(),
        }
    }
}

fn secret_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Milliseconds since 1970, as a text of digits.
struct Millis(NumericDate);

/// The same, or `PERMANENT`.
struct End(Option<NumericDate>);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        millis(&text).map(Self).ok_or_else(|| D::Error::custom("not a time in milliseconds"))
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "PERMANENT" {
            return Ok(Self(None));
        }
        let end = millis(&text).ok_or_else(|| D::Error::custom("not a time in milliseconds"))?;
        Ok(Self(Some(end)))
    }
}

/// A time that a secret can have: not before 2001, so that seconds are not read as milliseconds, and not after 9999.
fn millis(text: &str) -> Option<NumericDate> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ms: i64 = text.parse().ok()?;
    let is_possible = (1_000_000_000_000..253_402_300_800_000).contains(&ms);
    is_possible.then(|| NumericDate::from_secs(ms / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://developer.adobe.com/console/projects/23294/4566206088344958295/credentials/436084/details/oauthservertoserver";

    fn credential() -> ConsoleCredential {
        ConsoleCredential::from_page(PAGE).unwrap()
    }

    #[test]
    fn the_requests_are_those_of_the_documents() {
        let (credential, client_id) = (credential(), "client".parse().unwrap());
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        let secret = "11ede8ab42f138f3abe335d886a407fb".parse().unwrap();
        let production = Environment::production();
        let secrets = "https://api.adobe.io/console/organizations/23294/credentials/436084/secrets";
        let one = format!("{secrets}/11ede8ab42f138f3abe335d886a407fb");
        let table = [
            (
                ListSecrets::new(&credential, &client_id, &token).request(&production),
                "GET",
                secrets,
            ),
            (AddSecret::new(&credential, &client_id, &token).request(&production), "POST", secrets),
            (
                DeleteSecret::new(&credential, &client_id, &token, &secret).request(&production),
                "DELETE",
                one.as_str(),
            ),
        ];
        for (request, method, url) in table {
            assert_eq!((request.method().as_str(), request.url()), (method, url));
            assert_eq!(request.headers()["authorization"], "Bearer canary");
            assert_eq!(request.headers()["x-api-key"], "client");
            assert!(request.body().is_empty());
        }
    }

    #[test]
    fn each_ims_has_its_own_host_for_it() {
        for (environment, host) in [
            ("https://ims-na1.adobelogin.com", "https://api.adobe.io"),
            ("https://ims-na1-stg1.adobelogin.com", "https://api-stage.adobe.io"),
            ("http://127.0.0.1:8080/prefix", "http://127.0.0.1:8080/prefix"),
        ] {
            let url = credential().url(&environment.parse().unwrap(), None);
            assert!(url.starts_with(&format!("{host}/console/organizations/23294/")), "{url}");
        }
    }

    #[test]
    fn a_page_of_a_credential_names_both_ids_and_no_other_page_does() {
        let expected = ConsoleCredential::new("23294".parse().unwrap(), "436084".parse().unwrap());
        for page in [PAGE.to_owned(), format!("{PAGE}?x=/credentials/1#y")] {
            assert_eq!(ConsoleCredential::from_page(&page).as_ref(), Ok(&expected), "{page}");
        }
        let short = "https://developer.adobe.com/console/projects/23294/1/credentials/436084";
        assert_eq!(ConsoleCredential::from_page(short), Ok(expected));
        let console = "https://developer.adobe.com/console";
        let credential = ConsolePageError::Credential(ConsoleIdError);
        for (other, error) in [
            (String::new(), ConsolePageError::NotHttps),
            (format!("{console}/home"), ConsolePageError::NotAProject),
            (format!("{console}/projects/23294/1/overview"), ConsolePageError::NotACredential),
            (format!("{console}/projects/23294"), ConsolePageError::NotACredential),
            (format!("{console}/projects/23294/1/credentials"), credential),
            (format!("{console}/projects/23294/1/credentials/"), credential),
            (format!("{console}/projects/23294/1/credentials/.."), credential),
            (
                format!("{console}/projects/a b/1/credentials/2"),
                ConsolePageError::Org(ConsoleIdError),
            ),
            (
                "developer.adobe.com/console/projects/23294/1/credentials/2".to_owned(),
                ConsolePageError::NotHttps,
            ),
        ] {
            assert_eq!(ConsoleCredential::from_page(&other), Err(error), "{other}");
        }
    }

    #[test]
    fn the_sample_answers_of_the_documents_are_read() {
        let (credential, client_id) = (credential(), "client".parse().unwrap());
        let token = BearerToken::try_from("canary".to_owned()).unwrap();
        let list = r#"{ "client_id": "e053e1a87cf74c68a6ec8e71d4a82662", "client_secrets": [
            { "expires_at": "PERMANENT", "expires_at_str": "PERMANENT", "created_at": "1682448485000",
              "created_at_str": "Tue, Apr 25 2023 18:48:05.000 UTC", "uuid": "11ede399b68b57a5aca6a96b8b6487c9",
              "secret_usages": null },
            { "expires_at": "1783005777000", "created_at": "1683005777000", "uuid": "11ede8ab42f138f3abe335d886a407fb",
              "secret_usages": [ { "last_used_at": "1683162010101", "grant_type": "client_credentials" },
                                 { "last_used_at": "1683162000000", "grant_type": "x" } ] } ] }"#;
        let call = ListSecrets::new(&credential, &client_id, &token);
        let at = NumericDate::from_secs;
        let read = call.answer(&Response::json(200, list), at(0)).unwrap();
        assert_eq!(read.client_id.as_str(), "e053e1a87cf74c68a6ec8e71d4a82662");
        let [first, second] = read.secrets.as_slice() else { panic!("{read:?}") };
        assert_eq!((first.created_at, first.last_used_at), (at(1_682_448_485), None));
        assert_eq!((first.expires_at, second.expires_at), (None, Some(at(1_783_005_777))));
        assert_eq!(second.last_used_at, Some(at(1_683_162_010)), "the latest of them");

        let added = r#"{ "expires_at": "PERMANENT", "client_secret": "canary", "created_at": "1683005777000",
            "uuid": "11ede8ab42f138f3abe335d886a407fb", "secret_usages": null }"#;
        let call = AddSecret::new(&credential, &client_id, &token);
        let new = call.answer(&Response::json(201, added), at(0)).unwrap();
        assert_eq!(new.client_secret.expose_secret(), "canary");
        assert!(!format!("{new:?}").contains("canary"));
    }

    #[test]
    fn a_time_in_another_unit_or_form_is_none() {
        #[rustfmt::skip]
        let table = [
            ("1683005777000", true), ("1683005777", false), ("1683005777000.5", false), ("-1683005777000", false),
            ("+1683005777000", false), ("", false), ("99999999999999999999", false), ("253402300800000", false),
        ];
        for (text, is_one) in table {
            assert_eq!(millis(text).is_some(), is_one, "{text}");
        }
    }
}
