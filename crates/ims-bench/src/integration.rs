//! One integration, with everything on disk that a command needs.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ims::{
    Credentials,
    claims::{AssertionLifetime, ClaimsSet, Environment, Metascope, NumericDate, ServiceAccount},
};
use ims_testkit::{certificates, keys};
use tempfile::TempDir;

pub(crate) const CLIENT_ID: &str = "a64f5f10849a410a97ffdac8ae1";
pub(crate) const CLIENT_SECRET: &str = "p8e-bench-only";
pub(crate) const ORG_ID: &str = "C74F69D7594880280@AdobeOrg";
pub(crate) const TECHNICAL_ACCOUNT_ID: &str = "6657031C5C095BB40A4@techacct.adobe.com";

/// A folder with `credentials.json`, `private.key` and `certificate_pub.crt`, removed when dropped.
pub(crate) struct Integration(TempDir);

impl Integration {
    pub(crate) fn new() -> Result<Self> {
        let folder = Self(tempfile::tempdir()?);
        let credentials = serde_json::json!({
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "org_id": ORG_ID,
            "technical_account_id": TECHNICAL_ACCOUNT_ID,
            "metascopes": ["ent_dataservices_sdk"],
            "private_key_file": "private.key",
            "certificate_file": "certificate_pub.crt",
        });
        folder.write("credentials.json", &credentials.to_string())?;
        folder.write("private.key", keys::FIRST)?;
        folder.write("certificate_pub.crt", certificates::FIRST)?;
        Ok(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn write(&self, name: &str, contents: &str) -> Result<PathBuf> {
        let path = self.path(name);
        ims_files::replace(&path, contents.as_bytes())?;
        Ok(path)
    }

    pub(crate) fn credentials(&self, environment: Environment) -> Result<Credentials> {
        let credentials = Credentials::from_file(self.path("credentials.json"))?;
        Ok(credentials.with_environment(environment))
    }
}

/// The same integration, without its secrets.
pub(crate) fn account() -> Result<ServiceAccount> {
    Ok(ServiceAccount::new(
        CLIENT_ID.parse()?,
        ORG_ID.parse()?,
        TECHNICAL_ACCOUNT_ID.parse()?,
        [Metascope::ENT_DATASERVICES_SDK],
    )?)
}

/// The claims of `account` at a fixed time; every round makes the same claims.
pub(crate) fn claims(account: &ServiceAccount, environment: &Environment) -> ClaimsSet {
    let now = NumericDate::from_secs(1_790_000_000);
    account.claims(environment, now, AssertionLifetime::default())
}
