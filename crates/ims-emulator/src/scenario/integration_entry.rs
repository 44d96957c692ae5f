//! An integration as scenario files and the admin API write it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ims_claims::{ClientId, Metascope, OrgId, TechnicalAccountId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::{ScenarioError, read};
use crate::{
    certificate::Certificate, integration::Integration, product::ProductContext,
    silent_sign_in::SilentSignIn,
};

/// An integration as scenarios and the admin API write it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntegrationEntry {
    client_id: ClientId,
    org_id: OrgId,
    technical_account_id: TechnicalAccountId,
    #[serde(default)]
    client_secrets: Vec<String>,
    #[serde(default)]
    certificates: Vec<String>,
    #[serde(default)]
    pub(super) certificate_files: Vec<PathBuf>,
    #[serde(default)]
    metascopes: Vec<String>,
    client_metascopes: Option<Vec<String>>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    products: Vec<ProductContext>,
    service_code: Option<String>,
    #[serde(default)]
    silent_sign_in: SilentSignIn,
    token_lifetime_seconds: Option<u64>,
    #[serde(default)]
    rotates_refresh_tokens: bool,
    #[serde(default)]
    requires_jti: bool,
    exchange_jwt: Option<bool>,
    #[serde(default)]
    migrated: bool,
}

impl IntegrationEntry {
    pub(super) fn integration(self, folder: &Path) -> Result<Integration, ScenarioError> {
        let mut certificates = Vec::new();
        for text in &self.certificates {
            certificates.extend(self.read_certificates(text.as_bytes())?);
        }
        for file in &self.certificate_files {
            certificates.extend(self.read_certificates(&read(&folder.join(file))?)?);
        }
        let metascopes = self.read_metascopes(&self.metascopes)?;
        let client_metascopes =
            self.client_metascopes.as_ref().map(|texts| self.read_metascopes(texts)).transpose()?;
        let mut integration =
            Integration::new(self.client_id, self.org_id, self.technical_account_id)
                .with_certificates(certificates)
                .with_metascopes(metascopes)
                .with_scopes(self.scopes)
                .with_silent_sign_in(self.silent_sign_in);
        for client_secret in self.client_secrets {
            integration = integration.with_client_secret(client_secret);
        }
        for redirect_uri in self.redirect_uris {
            integration = integration.with_redirect_uri(redirect_uri);
        }
        for product in self.products {
            integration = integration.with_product(product);
        }
        if let Some(service_code) = self.service_code {
            integration = integration.with_service_code(service_code);
        }
        if self.rotates_refresh_tokens {
            integration = integration.rotating_refresh_tokens();
        }
        if let Some(metascopes) = client_metascopes {
            integration = integration.with_client_metascopes(metascopes);
        }
        if let Some(seconds) = self.token_lifetime_seconds {
            integration = integration.with_token_lifetime(Duration::from_secs(seconds));
        }
        let integration = if self.requires_jti { integration.requiring_jti() } else { integration };
        let integration = if self.migrated { integration.migrated() } else { integration };
        let may_exchange = self.exchange_jwt.unwrap_or(true);
        Ok(if may_exchange { integration } else { integration.without_exchange_jwt() })
    }

    fn read_certificates(&self, file: &[u8]) -> Result<Vec<Certificate>, ScenarioError> {
        Certificate::read_all(file).map_err(|source| ScenarioError::Certificate {
            client_id: self.client_id.clone(),
            source,
        })
    }

    fn read_metascopes(&self, texts: &[String]) -> Result<Vec<Metascope>, ScenarioError> {
        let read = |text: &String| {
            text.parse().map_err(|source| ScenarioError::Metascope {
                client_id: self.client_id.clone(),
                source,
            })
        };
        texts.iter().map(read).collect()
    }
}

impl From<&Integration> for IntegrationEntry {
    fn from(integration: &Integration) -> Self {
        let names = |metascopes: &[Metascope]| -> Vec<String> {
            metascopes.iter().map(ToString::to_string).collect()
        };
        let secrets = integration.client_secrets().iter();
        Self {
            client_id: integration.client_id().clone(),
            org_id: integration.org_id().clone(),
            technical_account_id: integration.technical_account_id().clone(),
            client_secrets: secrets.map(|secret| secret.expose_secret().to_owned()).collect(),
            certificates: integration.certificates().iter().map(|one| pem(one)).collect(),
            certificate_files: Vec::new(),
            metascopes: names(integration.metascopes()),
            client_metascopes: Some(names(integration.client_metascopes())),
            scopes: integration.scopes().to_owned(),
            redirect_uris: integration.redirect_uris().to_owned(),
            products: integration.products().to_owned(),
            service_code: integration.service_code().map(|code| code.expose_secret().to_owned()),
            silent_sign_in: integration.silent_sign_in(),
            rotates_refresh_tokens: integration.rotates_refresh_tokens(),
            token_lifetime_seconds: Some(integration.token_lifetime().as_secs()),
            requires_jti: integration.requires_jti(),
            exchange_jwt: Some(integration.may_exchange()),
            migrated: integration.is_migrated(),
        }
    }
}

/// A certificate in PEM (RFC 7468 §5); readers of base64 in one line are many, but not all.
fn pem(certificate: &Certificate) -> String {
    let base64 = BASE64_STANDARD.encode(certificate.as_der());
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (place, c) in base64.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}
