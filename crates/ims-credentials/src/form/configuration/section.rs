//! One object of a configuration, or the variables with one prefix: the names of its parts, and how they are read.

use ims_claims::{Environment, ServiceAccount};
use ims_exchange::Scope;
use ims_files::can_be_path;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    credential::{Credential, ServerToServerCredential, ServiceAccountCredential, UserCredential},
    error::CredentialsError,
    form::user_login,
    reading::{fields::Fields, read_context::ReadContext, vocabulary::key_pair},
    signing_keys::KeyPair,
};

/// The names of one part of a credential, without case, `-` and `_`.
pub(super) type Part = &'static [&'static str];

pub(super) const CLIENT_ID: Part = &["clientid", "apikey", "xapikey"];
const CLIENT_SECRET: Part = &["clientsecrets", "clientsecret", "secret"];
const ORG_ID: Part =
    &["orgid", "imsorgid", "imsorg", "imsimsorgid", "organizationid", "organization", "org"];
const TECHNICAL_ACCOUNT_ID: Part =
    &["technicalaccountid", "techaccountid", "techacctid", "techacct", "techid", "accountid", "id"];
const SCOPES: Part = &["scopes", "scope"];
const METASCOPES: Part = &["metascopes", "metascope"];
const PRIVATE_KEY: Part = &[
    "privatekey",
    "privatekeyfile",
    "privatekeypath",
    "privatekeyfilename",
    "privkeyfilename",
    "privatekeyb64",
    "privatekeybase64",
    "pathtokey",
    "keypath",
];
/// Names may have a prefix and end with these.
const IMS: Part = &[
    "imsurl",
    "imshost",
    "imsendpoint",
    "imsbase",
    "imsbaseurl",
    "imstokenurl",
    "imstokenendpoint",
    "imsenv",
    "imsenvironment",
];
/// The redirect URI of a sign-in.
const REDIRECT_URI: Part = &["redirecturi", "redirecturl", "oauthredirecturi", "callbackurl"];
/// A value that gets tokens in another way, for a person.
const REFRESH_TOKEN: Part = &["refreshtoken"];

/// One object of a configuration, or the variables with one prefix.
pub(super) struct Section<'f> {
    pub(super) fields: Fields<'f>,
    /// For variables, the beginning of their names.
    pub(super) prefix: Option<&'f str>,
    /// The scopes to ask for if the section names none.
    pub(super) scopes: &'static [&'static str],
}

impl<'f> Section<'f> {
    /// There is a client with a secret.
    pub(super) fn has_client(&self) -> bool {
        self.found(CLIENT_ID).is_some() && self.found(CLIENT_SECRET).is_some()
    }

    /// Whether one of the values can only be Adobe's.
    pub(super) fn is_of_adobe(&self) -> bool {
        let text = |part| {
            let value = self.found(part).and_then(|name| self.fields.value(name));
            value.and_then(Value::as_str).unwrap_or_default().trim()
        };
        let secret = text(CLIENT_SECRET).trim_start_matches(['[', '"']);
        text(ORG_ID).ends_with("@AdobeOrg")
            || text(TECHNICAL_ACCOUNT_ID).ends_with("@techacct.adobe.com")
            || secret.starts_with("p8e-")
            || secret.starts_with("s8e-")
    }

    /// Whether everything is there that a token needs.
    pub(super) fn is_complete(&self) -> bool {
        if self.is_for_people() {
            return self.has_client();
        }
        self.has_client()
            && self.found(REFRESH_TOKEN).is_none()
            && (self.scopes_name().is_some()
                || !self.scopes.is_empty()
                || self.is_service_account())
    }

    /// Whether a person signs in: there is a redirect URI, and no part of a technical account.
    fn is_for_people(&self) -> bool {
        let of_account = [ORG_ID, TECHNICAL_ACCOUNT_ID, METASCOPES, PRIVATE_KEY];
        self.found(REDIRECT_URI).is_some()
            && of_account.iter().all(|part| self.found(part).is_none())
    }

    /// The redirect URI.
    pub(super) fn redirect_uri(&self) -> Result<Option<String>, CredentialsError> {
        match self.found(REDIRECT_URI) {
            Some(name) => user_login::redirect_uri(&self.fields, name),
            None => Ok(None),
        }
    }

    fn is_service_account(&self) -> bool {
        let may_be = self.found(METASCOPES).is_some() || self.found(PRIVATE_KEY).is_some();
        may_be && !self.has_scopes_of_oauth()
    }

    /// Whether the list, whatever its name is, has scopes that only OAuth Server-to-Server asks for. Some programs kept the
    /// name of the metascopes when they changed to it, and some the key.
    fn has_scopes_of_oauth(&self) -> bool {
        let Some(name) = self.scopes_name() else { return false };
        let scopes: Vec<Scope> = self.fields.list(name).unwrap_or_default();
        scopes.iter().any(|scope| matches!(scope.as_str(), "openid" | "AdobeID"))
    }

    /// The name of the list of scopes, or of metascopes.
    fn scopes_name(&self) -> Option<&'f str> {
        let exact = self.found(SCOPES).or_else(|| self.found(METASCOPES));
        let mut names = self.fields.values().map(|(name, _)| name);
        exact.or_else(|| {
            names.find(|name| {
                let own = self.own_name(name);
                own.is_some_and(|own| normalized(own).ends_with("scopes")) && self.fields.has(name)
            })
        })
    }

    /// The name of this part as the configuration writes it.
    fn found(&self, part: Part) -> Option<&'f str> {
        for word in part {
            let mut names = self.fields.values().map(|(name, _)| name);
            let found = names.find(|name| {
                let own = self.own_name(name);
                own.is_some_and(|own| is_same_name(own, word)) && self.fields.has(name)
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The name without the prefix of the variables; `None` for one that is not among them. Without a prefix, only names in
    /// capitals are variables.
    fn own_name<'n>(&self, name: &'n str) -> Option<&'n str> {
        match self.prefix {
            None => Some(name),
            Some("") => Some(name).filter(|name| !name.contains(|c: char| c.is_ascii_lowercase())),
            Some(prefix) => name.strip_prefix(prefix),
        }
    }

    /// The name of this part, or the one to add: `missing` in the style of the others.
    fn name(&self, part: Part, missing: &str) -> String {
        match (self.found(part), self.prefix) {
            (Some(name), _) => name.to_owned(),
            (None, None) => missing.to_owned(),
            (None, Some(prefix)) if prefix.contains(|c: char| c.is_ascii_lowercase()) => {
                format!("{prefix}{missing}")
            }
            (None, Some(prefix)) => format!("{prefix}{}", missing.to_ascii_uppercase()),
        }
    }

    pub(super) fn read(
        &self,
        at: &ReadContext<'_>,
    ) -> Result<(Environment, Credential), CredentialsError> {
        let fields = &self.fields;
        if self.is_for_people() {
            return Ok((self.environment()?, Credential::User(self.user()?)));
        }
        if let Some(name) = self.found(REFRESH_TOKEN)
            && !self.is_complete()
            && self.scopes_name().is_none()
        {
            return Err(CredentialsError::OtherGrant {
                name: fields.path_of(name),
                what: "a person's refresh token",
            });
        }
        let credential = if self.is_service_account() {
            Credential::ServiceAccount(self.service_account(at)?)
        } else {
            Credential::ServerToServer(self.server_to_server()?)
        };
        Ok((self.environment()?, credential))
    }

    fn user(&self) -> Result<UserCredential, CredentialsError> {
        let fields = &self.fields;
        let scopes = self.scopes_name().map(|name| fields.list(name)).transpose()?;
        Ok(UserCredential {
            client_id: fields.required(&self.name(CLIENT_ID, "client_id"))?,
            client_secrets: Some(
                fields.client_secrets(&self.name(CLIENT_SECRET, "client_secret"))?,
            ),
            scopes: scopes.unwrap_or_default(),
            org_id: None,
        })
    }

    fn server_to_server(&self) -> Result<ServerToServerCredential, CredentialsError> {
        let fields = &self.fields;
        Ok(ServerToServerCredential {
            client_id: fields.required(&self.name(CLIENT_ID, "client_id"))?,
            client_secrets: fields.client_secrets(&self.name(CLIENT_SECRET, "client_secret"))?,
            scopes: self.asked_scopes()?,
            org_id: fields.optional(&self.name(ORG_ID, "org_id"))?,
        })
    }

    fn asked_scopes(&self) -> Result<Vec<Scope>, CredentialsError> {
        match self.scopes_name() {
            Some(name) => self.fields.list(name),
            None if self.scopes.is_empty() => self.fields.list(&self.name(SCOPES, "scopes")),
            None => self.scopes.iter().map(|scope| self.fields.parse("scopes", scope)).collect(),
        }
    }

    fn service_account(
        &self,
        at: &ReadContext<'_>,
    ) -> Result<ServiceAccountCredential, CredentialsError> {
        let fields = &self.fields;
        // Before OAuth Server-to-Server a scope was a metascope, and was called so.
        let name = match self.found(METASCOPES).or_else(|| self.scopes_name()) {
            Some(name) => name.to_owned(),
            None => self.name(METASCOPES, "metascopes"),
        };
        // A context has them for a file that leaves them out.
        let metascopes = match at.metascopes {
            [] => fields.list(&name)?,
            given => given.to_vec(),
        };
        let account = ServiceAccount::new(
            fields.required(&self.name(CLIENT_ID, "client_id"))?,
            fields.required(&self.name(ORG_ID, "org_id"))?,
            fields.required(&self.name(TECHNICAL_ACCOUNT_ID, "technical_account_id"))?,
            metascopes,
        );
        Ok(ServiceAccountCredential {
            account: account.map_err(|problem| CredentialsError::Format {
                name: fields.path_of(&name),
                problem,
            })?,
            client_secrets: fields.client_secrets(&self.name(CLIENT_SECRET, "client_secret"))?,
            signing_keys: self.key(at)?.into(),
            sends_jti: false,
        })
    }

    /// The key itself, or its path.
    fn key(&self, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
        let fields = &self.fields;
        let name = self.name(PRIVATE_KEY, "private_key");
        let text = fields.lines(&name)?;
        if can_be_path(&text) {
            let path = at.path(text.trim());
            let contents = at.read_private(&fields.path_of(&name), &path)?;
            return key_pair(&ims_files::shown(&path), contents, None);
        }
        key_pair(&fields.path_of(&name), Zeroizing::new(text.as_bytes().to_vec()), None)
    }

    /// The IMS of a URL, of an endpoint or of a host, or of `prod` or `stage`.
    fn environment(&self) -> Result<Environment, CredentialsError> {
        let mut names = self.fields.values().map(|(name, _)| name);
        let name = names.find(|name| {
            let whole = normalized(name);
            self.own_name(name).is_some() && IMS.iter().any(|word| whole.ends_with(word))
        });
        let Some(name) = name else { return Ok(Environment::production()) };
        environment_at(&self.fields, name)
    }
}

/// The IMS in the member `name`: the name, the host or the URL of an IMS, or one of its endpoints.
pub(crate) fn environment_at(
    fields: &Fields<'_>,
    name: &str,
) -> Result<Environment, CredentialsError> {
    let Some(text) = fields.optional_text(name)? else { return Ok(Environment::production()) };
    match text.trim() {
        "" | "prod" | "production" => return Ok(Environment::production()),
        "stage" => return Ok(Environment::stage()),
        _ => {}
    }
    let base = text.split_once("/ims/").map_or(text, |(base, _)| base);
    if base.contains("://") {
        fields.parse(name, base)
    } else {
        fields.parse(name, &format!("https://{base}"))
    }
}

/// Whether `name` without case, `-` and `_` is `word`. It allocates nothing: at each start of a command, all variables of the
/// system are compared with all words.
pub(super) fn is_same_name(name: &str, word: &str) -> bool {
    let letters = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_'));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(word.bytes())
}

fn normalized(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '-' | '_'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
