//! What can be seen without the network: files, identifiers, key and certificate.

use std::time::Duration;

use ims::{
    Credential, Credentials, Form, KeyPair, ServiceAccountCredential, UserCredential,
    cert::{Certificate, CertificateFile, Finding, Severity, ValidityState},
    claims::{Environment, Metascope},
    exchange::Scope,
    sign::{PublicKey, SharedSigner, Signer},
};

use super::{
    checklist::{Check, Checklist},
    diagnosis::{CertificateEvidence, Evidence},
};
use crate::{
    failure::{Failure, with_causes},
    process::block_on,
    storage::SignInPlace,
    when,
};

/// What the lines about this machine have shown.
#[derive(Default)]
pub(super) struct Local {
    /// The keys that can sign.
    pub(super) signers: Vec<SharedSigner>,
    /// Whether a person's refresh token was found.
    pub(super) is_signed_in: bool,
    pub(super) evidence: Evidence,
}

/// Adds the lines about this machine, and opens the keys. `migrate` is the command that shows what a migration changes.
pub(super) fn check(
    credentials: &Credentials,
    migrate: String,
    checklist: &mut Checklist,
) -> Result<Local, Failure> {
    let client = credentials.client_id();
    let identifiers = match credentials.credential() {
        Credential::ServiceAccount(credential) => {
            return check_service_account(credentials.form(), credential, migrate, checklist);
        }
        Credential::ServerToServer(credential) => {
            let scopes: Vec<_> = credential.scopes.iter().map(Scope::as_str).collect();
            format!("client {client}, OAuth Server-to-Server, scopes {}", scopes.join(", "))
        }
        Credential::User(credential) => {
            let identifiers = format!("client {client}, for a person who signs in");
            checklist.add(Check::ok("identifiers", identifiers))?;
            checklist.wait_for("the refresh token");
            let sign_in = sign_in(credentials.environment(), credential);
            let is_signed_in = !sign_in.is_failed();
            checklist.add(sign_in)?;
            return Ok(Local { is_signed_in, ..Local::default() });
        }
        Credential::ApiKey(_) => {
            let identifiers = format!("API key {client}, for which IMS gives no token");
            checklist.add(Check::warning("identifiers", identifiers).next(API_KEY))?;
            return Ok(Local::default());
        }
        Credential::Token(credential) => {
            let ends_at = credential.token.expires_at();
            let identifiers = format!("client {client}, an access token that expires at {ends_at}");
            checklist.add(if ends_at > when::now() {
                Check::ok("identifiers", identifiers)
            } else {
                let evidence = format!("the access token expired at {ends_at}");
                Check::failed("identifiers", evidence).next("get a new one from where you got it")
            })?;
            return Ok(Local::default());
        }
        _ => format!("client {client}"),
    };
    checklist.add(Check::ok("identifiers", identifiers))?;
    Ok(Local::default())
}

/// Looks for the refresh token of `ims login`. More cannot be known about the sign-in without the network.
fn sign_in(environment: &Environment, credential: &UserCredential) -> Check {
    match refresh_token_place(environment, credential) {
        Ok(place) => Check::ok("sign-in", format!("the refresh token is in {place}")),
        Err(failure) => Check::from_failure("sign-in", failure),
    }
}

fn refresh_token_place(
    environment: &Environment,
    credential: &UserCredential,
) -> Result<String, Failure> {
    let refresh_tokens = SignInPlace::of(environment, &credential.client_id)?.of_current();
    let place = refresh_tokens.place();
    let refresh_token = block_on(async {
        let loaded = refresh_tokens.load().await;
        loaded.map_err(|error| Failure::person("the sign-in cannot be read").because(error))
    })?;
    if refresh_token.is_some() {
        return Ok(place);
    }
    let problem = format!("no one is signed in: there is no refresh token in {place}");
    Err(Failure::person(problem).hint("sign in: ims login, with the same credentials"))
}

fn check_service_account(
    form: Form,
    credential: &ServiceAccountCredential,
    migrate: String,
    checklist: &mut Checklist,
) -> Result<Local, Failure> {
    let account = &credential.account;
    let (client, organization) = (account.client_id(), account.org_id());
    let technical_account = account.technical_account_id();
    checklist.add(Check::ok(
        "identifiers",
        format!("client {client}, organization {organization}, account {technical_account}"),
    ))?;
    checklist.add(metascopes(account.metascopes()))?;
    // AEM as a Cloud Service still issues them.
    if form != Form::AemService {
        checklist.add(
            Check::warning(
                "kind",
                "JWT credentials have reached their end of life in Adobe's Developer Console",
            )
            .next(migrate.as_str()),
        )?;
    }
    let mut signers = Vec::new();
    let mut certificate = CertificateEvidence::Unknown;
    for (pair, names) in credential.signing_keys.iter().zip([FIRST, SECOND]) {
        let (signer, evidence) = check_pair(pair, names, checklist)?;
        if signers.is_empty() {
            certificate = evidence;
        }
        signers.extend(signer);
    }
    let metascopes = account.metascopes().to_vec();
    let technical_account = Some(technical_account.clone());
    let evidence = Evidence { certificate, metascopes, technical_account, migrate };
    Ok(Local { signers, evidence, ..Local::default() })
}

/// What the lines about a key and its certificate are called.
#[derive(Clone, Copy)]
struct Names {
    key: &'static str,
    certificate: &'static str,
    pair: &'static str,
    validity: &'static str,
}

const FIRST: Names = Names {
    key: "private key",
    certificate: "certificate",
    pair: "key and certificate",
    validity: "validity",
};

const SECOND: Names = Names {
    key: "second key",
    certificate: "second certificate",
    pair: "second key and certificate",
    validity: "second validity",
};

fn check_pair(
    pair: &KeyPair,
    names: Names,
    checklist: &mut Checklist,
) -> Result<(Option<SharedSigner>, CertificateEvidence), Failure> {
    checklist.wait_for("the private key");
    let signer = match ims::open_signing_key(&pair.signing_key) {
        Ok(signer) => {
            let bits = signer.public_key().modulus_bits();
            checklist.add(Check::ok(names.key, format!("RSA {bits} bits")))?;
            Some(signer)
        }
        Err(error) => {
            let next = match &error {
                ims::Error::HardwareKey(_) => HARDWARE_KEY,
                _ => KEY_FILE,
            };
            checklist.add(Check::from_failure(names.key, Failure::from(error)).or_next(next))?;
            None
        }
    };
    let public_key = signer.as_ref().map(Signer::public_key);
    let evidence = check_certificate(pair, public_key, names, checklist)?;
    Ok((signer, evidence))
}

fn metascopes(metascopes: &[Metascope]) -> Check {
    let all: Vec<_> = metascopes.iter().map(Metascope::as_str).collect();
    let unknown: Vec<_> = metascopes.iter().filter(|m| !Metascope::KNOWN.contains(m)).collect();
    let Some(first) = unknown.first() else {
        return Check::ok("metascopes", all.join(", "));
    };
    Check::warning("metascopes", format!("{first} is not one that Adobe documents"))
        .next("compare it with the metascopes that the Developer Console shows for the integration")
}

fn check_certificate(
    pair: &KeyPair,
    public_key: Option<&PublicKey>,
    names: Names,
    checklist: &mut Checklist,
) -> Result<CertificateEvidence, Failure> {
    let (certificates, mut findings) = if let Some(contents) = &pair.certificate {
        match CertificateFile::from_bytes(contents) {
            Ok(file) => (file.certificates().to_vec(), file.findings()),
            Err(error) => {
                let check = Check::failed(names.certificate, with_causes(&error));
                checklist.add(match error.conversion() {
                    Some(command) => check.next(format!("convert it: {command}")),
                    None => check.next(CERTIFICATE_FILE),
                })?;
                return Ok(CertificateEvidence::Unknown);
            }
        }
    } else {
        // A PKCS#12 file has them next to the key. A key that cannot be opened was reported before.
        let certificates = ims::certificates_of_signing_key(&pair.signing_key);
        (certificates.unwrap_or_default(), Vec::new())
    };
    // An authority's certificate may come before that of the key.
    let position = public_key.and_then(|key| certificates.iter().position(|it| it.is_of_key(key)));
    let count = certificates.len();
    let Some(certificate) = certificates.get(position.unwrap_or(0)) else {
        checklist.add(
            Check::warning(
                names.certificate,
                "no certificate is named, so its expiry and its key are not known here",
            )
            .next("name it as certificate_file in the credentials"),
        )?;
        return Ok(CertificateEvidence::Unknown);
    };
    let subject = certificate.subject();
    checklist.add(Check::ok(
        names.certificate,
        match position {
            Some(position) if count > 1 => {
                format!("{subject}, certificate {} of {count}", position + 1)
            }
            _ => subject.to_string(),
        },
    ))?;
    let mut checks = vec![validity(names.validity, certificate)];
    checks.extend(public_key.map(|public_key| same_key(names.pair, certificate, public_key)));
    let is_fine = !checks.iter().any(Check::is_failed);
    // The pair comes first: the dates of another key's certificate are not useful.
    for check in checks.into_iter().rev() {
        checklist.add(check)?;
    }
    findings.splice(0..0, certificate.findings(when::now()));
    for finding in findings {
        let new = match finding.severity() {
            Severity::Advice => Check::warning,
            Severity::Problem => Check::failed,
        };
        // The dates were reported before.
        if !matches!(finding, Finding::Expired { .. } | Finding::NotYetValid { .. }) {
            checklist.add(new(names.certificate, finding.to_string()).next(finding.remedy()))?;
        }
    }
    if is_fine {
        return Ok(CertificateEvidence::Fine(certificate.validity()));
    }
    Ok(CertificateEvidence::Wrong)
}

fn same_key(name: &'static str, certificate: &Certificate, public_key: &PublicKey) -> Check {
    if certificate.is_of_key(public_key) {
        return Check::ok(name, "belong together");
    }
    Check::failed(name, "the private key is not the certificate's")
        .next("name the key that was made with the certificate, or upload the certificate of this key")
        .next("to compare two files: ims cert match CERT KEY")
}

fn validity(name: &'static str, certificate: &Certificate) -> Check {
    let (now, validity) = (when::now(), certificate.validity());
    let (start, end) = (when::rfc3339(validity.not_before()), when::rfc3339(validity.not_after()));
    match validity.state(now) {
        ValidityState::Expired { .. } => {
            Check::failed(name, format!("the certificate has expired, at {end}"))
                .next("ims cert rotate")
        }
        ValidityState::NotYetValid { .. } => {
            Check::failed(name, format!("the certificate is not valid before {start}"))
                .next("check this machine's clock, or wait")
        }
        ValidityState::Valid { .. } if certificate.needs_renewal(now, SOON) => {
            Check::warning(name, format!("the certificate expires soon, at {end}"))
                .next("ims cert rotate")
        }
        ValidityState::Valid { .. } => Check::ok(name, format!("until {end}")),
    }
}

/// When Adobe begins to send mails.
const SOON: Duration = Duration::from_hours(30 * 24);

const API_KEY: &str = "send it as x-api-key; for tokens, add a credential in the Developer Console";

const KEY_FILE: &str = "name the file of the private key, which begins with -----BEGIN PRIVATE KEY-----, or make a new pair: ims cert new --out DIR";
const CERTIFICATE_FILE: &str =
    "name the file of the certificate, which begins with -----BEGIN CERTIFICATE-----";
const HARDWARE_KEY: &str = "compare module-path, token and object of the URI with what there is: ims hsm tokens, ims hsm keys";
