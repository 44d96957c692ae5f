//! What can be seen without the network: files, identifiers, key and certificate.

use std::time::Duration;

use ims::{
    Credential, Credentials, Form, ServiceAccountCredential,
    cert::{Certificate, CertificateFile, Finding, Severity, ValidityState},
    claims::Metascope,
    sign::{PublicKey, SharedSigner, Signer},
};

use super::checklist::{Check, Checklist};
use crate::{
    failure::{Failure, with_causes},
    when,
};

/// Adds the lines about this machine, and opens the key.
pub(super) fn check(credentials: &Credentials, checklist: &mut Checklist) -> Option<SharedSigner> {
    let at = credentials.environment().base_url();
    checklist.add(Check::ok("credentials", format!("{}, for {at}", credentials.form())));
    match credentials.warnings() {
        [] => checklist.add(Check::ok("permissions", "no secret can be read by others")),
        warnings => {
            for warning in warnings {
                checklist.add(Check::warning("permissions", warning));
            }
        }
    }
    if let Credential::ServiceAccount(credential) = credentials.credential() {
        return check_service_account(credentials.form(), credential, checklist);
    }
    let client = credentials.client_id();
    checklist.add(Check::ok("identifiers", format!("client {client}, OAuth Server-to-Server")));
    None
}

fn check_service_account(
    form: Form,
    credential: &ServiceAccountCredential,
    checklist: &mut Checklist,
) -> Option<SharedSigner> {
    let account = &credential.account;
    let (client, organization) = (account.client_id(), account.org_id());
    let technical_account = account.technical_account_id();
    checklist.add(Check::ok(
        "identifiers",
        format!("client {client}, organization {organization}, account {technical_account}"),
    ));
    checklist.add(metascopes(account.metascopes()));
    if form != Form::AemService {
        checklist.add(
            Check::warning(
                "kind",
                "JWT credentials have reached their end of life in Adobe's Developer Console",
            )
            .next("migrate to OAuth Server-to-Server in the Developer Console"),
        );
    }
    let signer = match credential.signing_keys.first().signing_key.signer() {
        Ok(signer) => {
            let bits = signer.public_key().modulus_bits();
            checklist.add(Check::ok("private key", format!("RSA {bits} bits")));
            Some(signer)
        }
        Err(error) => {
            checklist.add(Check::from_failure("private key", Failure::from(error)));
            None
        }
    };
    check_certificates(credential, signer.as_ref().map(Signer::public_key), checklist);
    signer
}

fn metascopes(metascopes: &[Metascope]) -> Check {
    let all: Vec<_> = metascopes.iter().map(Metascope::as_str).collect();
    let unknown: Vec<_> = metascopes.iter().filter(|m| !Metascope::KNOWN.contains(m)).collect();
    let Some(first) = unknown.first() else {
        return Check::ok("metascopes", all.join(", "));
    };
    Check::warning("metascopes", format!("{first} is none that Adobe documents"))
        .next("compare it with the metascopes that the Developer Console shows for the integration")
}

fn check_certificates(
    credential: &ServiceAccountCredential,
    public_key: Option<&PublicKey>,
    checklist: &mut Checklist,
) {
    let Some(contents) = &credential.signing_keys.first().certificate else {
        checklist.add(
            Check::warning(
                "certificate",
                "none is named, so neither its end nor its key is known here",
            )
            .next("name it as certificate_file in the credentials"),
        );
        return;
    };
    let file = match CertificateFile::read(contents) {
        Ok(file) => file,
        Err(error) => {
            checklist.add(Check::failed("certificate", with_causes(&error)));
            return;
        }
    };
    let certificate = &file.certificates()[0];
    checklist.add(Check::ok("certificate", certificate.subject().to_string()));
    if let Some(public_key) = public_key {
        checklist.add(pair(certificate, public_key));
    }
    checklist.add(validity(certificate));
    for finding in file.findings(when::now()) {
        let new = match finding.severity() {
            Severity::Advice => Check::warning,
            Severity::Problem => Check::failed,
        };
        // The dates have had their line.
        if !matches!(finding, Finding::Expired { .. } | Finding::NotYetValid { .. }) {
            checklist.add(new("certificate", finding.to_string()).next(finding.remedy()));
        }
    }
}

fn pair(certificate: &Certificate, public_key: &PublicKey) -> Check {
    if certificate.public_key().is_ok_and(|key| key == *public_key) {
        return Check::ok("key and certificate", "belong together");
    }
    Check::failed("key and certificate", "the private key is not the certificate's")
        .next("name the key that was made with the certificate, or upload the certificate of this key")
        .next("to compare two files: ims cert match CERT KEY")
}

fn validity(certificate: &Certificate) -> Check {
    let (now, validity) = (when::now(), certificate.validity());
    let (start, end) = (when::rfc3339(validity.not_before()), when::rfc3339(validity.not_after()));
    match validity.state(now) {
        ValidityState::Expired { .. } => {
            Check::failed("validity", format!("the certificate has expired, at {end}"))
                .next("ims cert new --out DIR, upload the certificate, and name its key")
        }
        ValidityState::NotYetValid { .. } => {
            Check::failed("validity", format!("the certificate is not yet valid, but from {start}"))
                .next("check this machine's clock, or wait")
        }
        ValidityState::Valid { .. } if certificate.needs_renewal(now, SOON) => {
            Check::warning("validity", format!("the certificate ends soon, at {end}"))
                .next("ims cert new --out DIR, and upload the certificate beside the old one")
        }
        ValidityState::Valid { .. } => Check::ok("validity", format!("until {end}")),
    }
}

/// When Adobe's own mails begin.
const SOON: Duration = Duration::from_hours(30 * 24);
