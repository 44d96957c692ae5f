//! What a refusal of IMS means, concluded from all that is known about the credentials. IMS gives the reason; most of its
//! causes can be distinguished on this machine.

use ims::{
    cert::Validity,
    claims::{Environment, Metascope, TechnicalAccountId},
    exchange::Reason,
};

use crate::clock::{SET_CLOCK, Skew};

/// What is known about the credentials without IMS.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// What is known about the certificate of the key that signs.
    pub(super) certificate: CertificateEvidence,
    pub(super) metascopes: Vec<Metascope>,
    pub(super) technical_account: Option<TechnicalAccountId>,
    /// The command that shows what a migration changes.
    pub(super) migrate: String,
}

/// What is known about a certificate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateEvidence {
    /// None is named.
    #[default]
    Unknown,
    /// It is the key's, and valid now by the clock of this machine.
    Fine(Validity),
    /// It has expired, is not yet valid, or is another key's.
    Wrong,
}

/// What is known about IMS's answer besides its reason.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AnswerEvidence {
    /// Whether IMS gives a token for the client secret alone, which it does for OAuth Server-to-Server credentials only.
    pub(super) is_migrated: bool,
    /// How many client secrets IMS has refused as wrong.
    pub(super) wrong_secrets: usize,
    /// How far this machine's clock is ahead of IMS's, if that is more than requests take.
    pub(super) wrong_clock: Option<Skew>,
}

/// The likeliest cause, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) cause: String,
    pub(super) next: Vec<String>,
}

/// An assertion that lasts longer is refused. Source: Adobe, "JWT Authentication Reference", `exp`.
const LONGEST_LIFETIME_SECS: i64 = 24 * 60 * 60 - 5 * 60;

impl Evidence {
    /// Whether the clock of this machine can be why IMS refused: by IMS's clock the assertion has expired, or has an end that
    /// is too far away, more than a day, or the certificate is not valid.
    pub(super) fn blames_clock(&self, reason: Reason, answer: AnswerEvidence) -> bool {
        let Some(skew) = answer.wrong_clock else { return false };
        match (reason, self.certificate) {
            (Reason::AssertionExpired | Reason::AssertionInvalid, _) => true,
            (Reason::AssertionMalformed, _) => skew.seconds() > LONGEST_LIFETIME_SECS,
            (Reason::CertificateUnknown, CertificateEvidence::Fine(validity)) => {
                skew.hides(validity)
            }
            _ => false,
        }
    }

    /// The only cause that fits the evidence, if there is one.
    pub(super) fn explain(
        &self,
        reason: Reason,
        answer: AnswerEvidence,
        environment: &Environment,
    ) -> Option<Diagnosis> {
        if self.blames_clock(reason, answer) {
            return Some(diagnosis("the clock of this machine is wrong", SET_CLOCK));
        }
        match reason {
            Reason::CertificateUnknown => Some(self.unmatched()),
            Reason::UnknownClient | Reason::ClientMismatch => Some(unknown_client(environment)),
            Reason::WrongSecret => Some(wrong_secret(answer.wrong_secrets)),
            Reason::MetascopeNotGranted | Reason::MetascopeUnknown => self.wrong_metascopes(),
            Reason::MigratedOrFailing if answer.is_migrated => Some(diagnosis(
                "the JWT credential was migrated to OAuth Server-to-Server: IMS gives a token for its client secret alone",
                &self.migrate,
            )),
            _ => None,
        }
    }

    fn unmatched(&self) -> Diagnosis {
        if self.technical_account.as_ref().is_some_and(looks_like_email) {
            return diagnosis(
                "technical_account_id looks like the e-mail address of the technical account, not like its id",
                "copy the Technical Account ID from the Developer Console",
            );
        }
        match self.certificate {
            CertificateEvidence::Fine(_) => diagnosis(
                "key and certificate belong together, but IMS does not have this certificate for the organization and the account",
                "compare the console's fingerprints with ims cert inspect, and org_id and technical_account_id with the console",
            ),
            CertificateEvidence::Unknown => diagnosis(
                "IMS holds no certificate of this private key, or the certificate has expired",
                "name the certificate as certificate_file in the credentials, and run ims doctor again",
            ),
            CertificateEvidence::Wrong => diagnosis(
                "IMS holds no certificate that matches the signature",
                "begin with the line about the certificate above",
            ),
        }
    }

    fn wrong_metascopes(&self) -> Option<Diagnosis> {
        let unknown = self.metascopes.iter().find(|it| !Metascope::KNOWN.contains(it));
        let cause = match (unknown, self.metascopes.as_slice()) {
            (Some(unknown), _) => {
                format!(
                    "the metascope {unknown} is not one that Adobe documents, and not one of the integration"
                )
            }
            (None, [one]) => format!("the metascope {one} is not one of the integration"),
            (None, [_, ..]) => {
                let all: Vec<_> = self.metascopes.iter().map(Metascope::as_str).collect();
                format!("one of the metascopes {} is not the integration's", all.join(", "))
            }
            (None, []) => return None,
        };
        Some(diagnosis(
            cause,
            "compare the metascopes with those that the console shows for the integration",
        ))
    }
}

/// Whether an account's id has the form of its e-mail address, a UUID with hyphens. The ids of the Developer Console have
/// none.
fn looks_like_email(account: &TechnicalAccountId) -> bool {
    account.as_str().contains('-')
}

fn wrong_secret(wrong_secrets: usize) -> Diagnosis {
    let cause = match wrong_secrets {
        0 | 1 => "the client secret is wrong, or it was rotated".to_owned(),
        count => format!("none of the {count} client secrets is right, or they were rotated"),
    };
    diagnosis(cause, "copy the client secret from the console again")
}

fn unknown_client(environment: &Environment) -> Diagnosis {
    let at = environment.base_url();
    diagnosis(
        format!(
            "{at} does not know this client id, so it is mistyped or one of another environment"
        ),
        "compare client_id with the console, and ims_url (--ims-url, IMS_URL) with the environment the console belongs to",
    )
}

fn diagnosis(cause: impl Into<String>, next: &str) -> Diagnosis {
    Diagnosis { cause: cause.into(), next: vec![next.to_owned()] }
}
