//! Credentials from someone else, which must not name files, variables or commands of this machine.

use std::path::Path;

use ims_claims::Environment;

use super::Credentials;
use crate::{
    error::CredentialsError,
    form::Form,
    language::Language,
    reading::{
        fields::Document,
        read_context::{FilesRead, ReadContext, References},
    },
    recognition::recognized,
};

impl Credentials {
    /// Reads a document of any form from someone else. It must not name a file, a variable, a keyring entry or a command:
    /// its secrets and keys have to be in it.
    ///
    /// Other credentials are trusted like programs. They may name any file, variable, keyring entry or command as the place
    /// of a secret, and with `ims_url` the host that the secret is sent to. Use this where a user of your service gives you
    /// credentials. The only IMS that they may name is Adobe's, in production or on stage; for others there is
    /// [`from_untrusted_str_for`](Self::from_untrusted_str_for).
    ///
    /// ```
    /// use ims_credentials::{Credentials, CredentialsError};
    ///
    /// let toml = "client_id = \"a\"\nclient_secret_file = \"/etc/shadow\"\nscopes = [\"openid\"]";
    /// let error = Credentials::from_untrusted_str(toml).unwrap_err();
    /// assert!(matches!(error, CredentialsError::Reference { name } if name == "client_secret_file"));
    /// ```
    ///
    /// # Errors
    /// [`CredentialsError::Reference`] with the member, or with the name of the file that a form expects next to it;
    /// [`CredentialsError::ForeignIms`], and those of [`from_str`](std::str::FromStr::from_str).
    pub fn from_untrusted_str(text: &str) -> Result<Self, CredentialsError> {
        Self::from_untrusted_str_for(text, &[Environment::production(), Environment::stage()])
    }

    /// The same for credentials that may be for one of these IMS and for no other.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_credentials::Credentials;
    ///
    /// let stage = Environment::stage();
    /// let json = r#"{ "client_id": "a", "client_secret": "b", "scopes": ["openid"], "ims_url": "https://ims-na1-stg1.adobelogin.com" }"#;
    /// let credentials = Credentials::from_untrusted_str_for(json, &[stage.clone()])?;
    /// assert_eq!(credentials.environment(), &stage);
    /// assert!(Credentials::from_untrusted_str_for(json, &[Environment::production()]).is_err());
    /// # Ok::<(), ims_credentials::CredentialsError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_untrusted_str`](Self::from_untrusted_str).
    pub fn from_untrusted_str_for(
        text: &str,
        allowed: &[Environment],
    ) -> Result<Self, CredentialsError> {
        let (form, document) = recognized(text, Path::new(""))?;
        Self::of_someone_else(form, &document, allowed)
    }

    /// [`from_untrusted_str`](Self::from_untrusted_str) for a document that has to be JSON.
    ///
    /// ```
    /// use ims_credentials::Credentials;
    ///
    /// let json = r#"{ "client_id": "a", "client_secret_file": "/etc/shadow", "scopes": ["openid"] }"#;
    /// assert!(Credentials::from_untrusted_json(json).is_err(), "it refers to a file of this machine");
    /// ```
    ///
    /// # Errors
    /// As [`from_untrusted_str`](Self::from_untrusted_str).
    pub fn from_untrusted_json(json: &str) -> Result<Self, CredentialsError> {
        Self::from_untrusted_json_for(json, &[Environment::production(), Environment::stage()])
    }

    /// The same for credentials that may be for one of these IMS and for no other.
    ///
    /// ```
    /// use ims_claims::Environment;
    /// use ims_credentials::Credentials;
    ///
    /// let json = r#"{ "client_id": "a", "client_secret": "b", "scopes": ["openid"] }"#;
    /// assert!(Credentials::from_untrusted_json_for(json, &[Environment::production()]).is_ok());
    /// assert!(Credentials::from_untrusted_json_for(json, &[Environment::stage()]).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`from_untrusted_str`](Self::from_untrusted_str).
    pub fn from_untrusted_json_for(
        json: &str,
        allowed: &[Environment],
    ) -> Result<Self, CredentialsError> {
        let document = Language::Json.parse(json.trim_start_matches('\u{feff}'))?;
        let form = Form::of(&document.fields()?, Language::Json)?;
        Self::of_someone_else(form, &document, allowed)
    }

    fn of_someone_else(
        form: Form,
        document: &Document,
        allowed: &[Environment],
    ) -> Result<Self, CredentialsError> {
        let files = FilesRead::default();
        let at = ReadContext {
            variable: &|_| None,
            // Not even an environment variable is read: its value could be shown in an error, or sent to the IMS that the
            // document names.
            references: References::None,
            ..ReadContext::of_text(None, &files)
        };
        let credentials = Self::of(form, &document.fields()?, &at)?;
        // The client secret is sent there.
        if !allowed.contains(&credentials.environment) {
            return Err(CredentialsError::ForeignIms);
        }
        Ok(credentials)
    }
}
