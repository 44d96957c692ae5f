//! Credentials out of environment variables, for containers and CI.

use std::{path::PathBuf, str::FromStr};

use ims_claims::{FormatError, ServiceAccount};
use ims_exchange::ClientSecret;
use ims_sign::Passphrase;
use zeroize::Zeroizing;

use crate::{KeyPair, SigningKey};

use super::{
    Credential, Credentials, CredentialsError, Form, ServerToServerCredential,
    ServiceAccountCredential,
    fields::split_list,
    secret_file::{can_be_path, read, read_private},
};

/// Reads the variables through `variable`, by which a test can give its own.
pub(super) fn credentials(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Credentials, CredentialsError> {
    let variables = Variables(variable);
    let credential = if variables.optional("IMS_SCOPES").is_some() {
        Credential::ServerToServer(ServerToServerCredential {
            client_id: variables.required("IMS_CLIENT_ID")?,
            client_secrets: ClientSecret::new(variables.text("IMS_CLIENT_SECRET")?).into(),
            scopes: variables.list("IMS_SCOPES")?,
            org_id: variables.parsed("IMS_ORG_ID")?,
        })
    } else {
        Credential::ServiceAccount(service_account(&variables)?)
    };
    let environment = variables.parsed("IMS_URL")?.unwrap_or_default();
    Ok(Credentials {
        environment,
        credential,
        form: Form::EnvironmentVariables,
        warnings: Vec::new(),
    })
}

fn service_account<F: Fn(&str) -> Option<String>>(
    variables: &Variables<F>,
) -> Result<ServiceAccountCredential, CredentialsError> {
    let account = ServiceAccount::new(
        variables.required("IMS_CLIENT_ID")?,
        variables.required("IMS_ORG_ID")?,
        variables.required("IMS_TECHNICAL_ACCOUNT_ID")?,
        variables.list("IMS_METASCOPES")?,
    );
    let contents = if let Some(key) = variables.optional("IMS_PRIVATE_KEY") {
        Zeroizing::new(key.into_bytes())
    } else {
        let path = variables.path("IMS_PRIVATE_KEY_FILE")?;
        read_private(&path.ok_or_else(|| missing("IMS_PRIVATE_KEY_FILE"))?)?
    };
    let passphrase = variables.optional("IMS_PRIVATE_KEY_PASSPHRASE").map(Passphrase::new);
    let certificate = variables.path("IMS_CERTIFICATE_FILE")?.map(|path| read(&path));
    let key_pair = KeyPair {
        signing_key: SigningKey::File { contents, passphrase },
        certificate: certificate.transpose()?.map(|(contents, _)| contents.to_vec()),
    };
    Ok(ServiceAccountCredential {
        account: account.map_err(|source| CredentialsError::Format {
            name: "IMS_METASCOPES".to_owned(),
            source,
        })?,
        client_secrets: ClientSecret::new(variables.text("IMS_CLIENT_SECRET")?).into(),
        signing_keys: key_pair.into(),
        sends_jti: false,
    })
}

struct Variables<F>(F);

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|text| !text.is_empty())
    }

    fn text(&self, name: &str) -> Result<String, CredentialsError> {
        self.optional(name).ok_or_else(|| missing(name))
    }

    /// A path. A key that stands in the place of its path is not repeated.
    fn path(&self, name: &str) -> Result<Option<PathBuf>, CredentialsError> {
        match self.optional(name) {
            Some(text) if !can_be_path(&text) => {
                Err(CredentialsError::WrongType { name: name.to_owned(), expected: "a path" })
            }
            text => Ok(text.map(PathBuf::from)),
        }
    }

    fn required<T: FromStr<Err = FormatError>>(&self, name: &str) -> Result<T, CredentialsError> {
        parse(name, &self.text(name)?)
    }

    fn parsed<T: FromStr<Err = FormatError>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, CredentialsError> {
        self.optional(name).map(|text| parse(name, &text)).transpose()
    }

    fn list<T: FromStr<Err = FormatError>>(&self, name: &str) -> Result<Vec<T>, CredentialsError> {
        split_list(&self.text(name)?).map(|word| parse(name, word)).collect()
    }
}

fn missing(name: &str) -> CredentialsError {
    CredentialsError::Missing { name: name.to_owned() }
}

fn parse<T: FromStr<Err = FormatError>>(name: &str, text: &str) -> Result<T, CredentialsError> {
    text.parse().map_err(|source| CredentialsError::Format { name: name.to_owned(), source })
}
