//! Short texts that people write: URLs and identifiers.

use ims_claims::{ClientId, Environment, Metascope, OrgId, TechnicalAccountId};
use ims_exchange::{BearerToken, ConsoleCredential, Resource, Scope};

pub(crate) fn environment_url(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let environment = match text.parse::<Environment>() {
        Ok(environment) => environment,
        Err(error) => {
            // User information in a URL is a password.
            let password = text.split_once('@').map_or("", |(before, _)| before);
            assert!(password.len() < 12 || !error.to_string().contains(password));
            return;
        }
    };
    let base_url = environment.base_url();
    assert!(!base_url.contains(['?', '#', ' ']), "{base_url}");
    let authority = base_url.split('/').nth(2).unwrap_or_default();
    assert!(!authority.is_empty() && !authority.contains('@'), "{base_url}");
    assert_eq!(base_url.parse::<Environment>().as_ref(), Ok(&environment), "{base_url}");
    let endpoint = environment.endpoint("/ims/keys");
    assert!(
        endpoint.starts_with(base_url.trim_end_matches('/')) && endpoint.ends_with("/ims/keys")
    );
}

pub(crate) fn identifiers(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(client_id) = text.parse::<ClientId>() {
        assert_eq!(client_id.as_str(), text);
    }
    if let Ok(org_id) = text.parse::<OrgId>() {
        assert_eq!(org_id.as_str(), text);
    }
    if let Ok(account) = text.parse::<TechnicalAccountId>() {
        assert_eq!(account.as_str(), text);
    }
    if let Ok(scope) = text.parse::<Scope>() {
        assert!(!scope.as_str().contains([',', ' ']));
    }
    if let Ok(metascope) = text.parse::<Metascope>() {
        let _ = metascope.to_string();
    }
    let _ = (text.parse::<Resource>(), ConsoleCredential::from_page(text));
    if let Err(error) = text.parse::<BearerToken>() {
        assert!(text.len() < 24 || !error.to_string().contains(text), "an error repeats a token");
    }
}
