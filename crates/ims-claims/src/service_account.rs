//! The integration as the Developer Console describes it, and the claims it makes.

use alloc::vec::Vec;

use crate::{
    claims_set::{AssertionLifetime, Audience, ClaimsSet},
    environment::Environment,
    error::FormatError,
    identity::{ClientId, OrgId, TechnicalAccountId},
    metascope::Metascope,
    numeric_date::NumericDate,
};

/// A service-account integration: everything about it that is not secret.
///
/// ```
/// use ims_claims::{Algorithm, AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount};
///
/// let account = ServiceAccount::new(
///     "a64f5f10849a410a97ffdac8ae1".parse()?,
///     "C74F69D7594880280@AdobeOrg".parse()?,
///     "6657031C5C095BB40A4@techacct.adobe.com".parse()?,
///     [Metascope::ENT_DATASERVICES_SDK],
/// )?;
/// let now = NumericDate::from_secs(1_550_001_138);
/// let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
/// let signing_input = claims.signing_input(Algorithm::Rs256); // what a signer signs
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    client_id: ClientId,
    org_id: OrgId,
    technical_account_id: TechnicalAccountId,
    metascopes: Vec<Metascope>,
}

impl ServiceAccount {
    /// Describes an integration. A metascope that is named twice counts once.
    ///
    /// # Errors
    /// [`FormatError::NoMetascopes`] if `metascopes` is empty; nothing else fails.
    pub fn new(
        client_id: ClientId,
        org_id: OrgId,
        technical_account_id: TechnicalAccountId,
        metascopes: impl IntoIterator<Item = Metascope>,
    ) -> Result<Self, FormatError> {
        let mut distinct = Vec::new();
        for metascope in metascopes {
            if !distinct.contains(&metascope) {
                distinct.push(metascope);
            }
        }
        if distinct.is_empty() {
            return Err(FormatError::NoMetascopes);
        }
        Ok(Self { client_id, org_id, technical_account_id, metascopes: distinct })
    }

    /// The integration's client id.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The organization that owns the integration.
    #[must_use]
    pub fn org_id(&self) -> &OrgId {
        &self.org_id
    }

    /// The account in whose name the integration acts.
    #[must_use]
    pub fn technical_account_id(&self) -> &TechnicalAccountId {
        &self.technical_account_id
    }

    /// The metascopes it asks for, at least one, each once.
    #[must_use]
    pub fn metascopes(&self) -> &[Metascope] {
        &self.metascopes
    }

    /// The claims set of an assertion issued at `now` for `environment`.
    #[must_use]
    pub fn claims(
        &self,
        environment: &Environment,
        now: NumericDate,
        lifetime: AssertionLifetime,
    ) -> ClaimsSet {
        ClaimsSet {
            exp: now.plus(lifetime.as_duration()),
            iss: self.org_id.clone(),
            sub: self.technical_account_id.clone(),
            aud: Audience::new(environment.clone(), self.client_id.clone()),
            metascopes: self.metascopes.clone(),
            jti: None,
            iat: None,
            nbf: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_at_least_one_metascope_and_each_once() {
        let account = |metascopes: &[Metascope]| {
            ServiceAccount::new(
                "client".parse()?,
                "A@AdobeOrg".parse()?,
                "B@techacct.adobe.com".parse()?,
                metascopes.iter().cloned(),
            )
        };
        assert_eq!(account(&[]), Err(FormatError::NoMetascopes));
        let twice = account(&[Metascope::ENT_USER_SDK, Metascope::ENT_USER_SDK]).unwrap();
        assert_eq!(twice.metascopes(), [Metascope::ENT_USER_SDK]);
    }
}
