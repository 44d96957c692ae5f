//! What a refusal of IMS means, by all that is known about the credentials. IMS's codes are few and their causes many, and
//! most of the causes can be told apart from here.

use ims::{
    claims::{Environment, Metascope},
    exchange::{Reason, Refusal},
};

/// What was found out about the credentials without IMS.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// What is known of the certificate of the key that signs.
    pub(super) certificate: CertificateEvidence,
    pub(super) metascopes: Vec<Metascope>,
}

/// What is known of a certificate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum CertificateEvidence {
    /// None is named.
    #[default]
    Unknown,
    /// It is the key's, and valid now.
    Fine,
    /// It has ended, has not begun, or is not the key's.
    Wrong,
}

/// The likeliest cause, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub(super) cause: String,
    pub(super) next: &'static str,
}

impl Evidence {
    /// The cause that the evidence leaves, if it leaves one. `is_migrated` says whether IMS took the client secret alone, which
    /// it does of OAuth Server-to-Server credentials only.
    pub(super) fn explain(
        &self,
        refusal: &Refusal,
        environment: &Environment,
        is_migrated: bool,
    ) -> Option<Diagnosis> {
        match refusal.reason() {
            Reason::CertificateUnknown => self.unmatched(),
            Reason::UnknownClient | Reason::ClientMismatch => Some(unknown_client(environment)),
            Reason::WrongSecret => Some(Diagnosis {
                cause: "the client secret is wrong, or it was rotated".to_owned(),
                next: "copy the client secret from the console once more",
            }),
            Reason::MetascopeNotGranted | Reason::MetascopeUnknown => self.wrong_metascopes(),
            Reason::MigratedOrFailing if is_migrated => Some(Diagnosis {
                cause: "the JWT credential was migrated to OAuth Server-to-Server: IMS gives a token by its client secret alone".to_owned(),
                next: MIGRATE,
            }),
            _ => None,
        }
    }

    fn unmatched(&self) -> Option<Diagnosis> {
        let (cause, next) = match self.certificate {
            CertificateEvidence::Fine => (
                "key and certificate are good, but IMS does not hold this certificate for the organization and the account",
                "compare the console's fingerprints with ims cert inspect, and org_id and technical_account_id with the console",
            ),
            CertificateEvidence::Unknown => (
                "IMS holds no certificate of this private key, or it has ended",
                "name the certificate as certificate_file in the credentials, and run the doctor again",
            ),
            // It has had a line of its own.
            CertificateEvidence::Wrong => return None,
        };
        Some(Diagnosis { cause: cause.to_owned(), next })
    }

    fn wrong_metascopes(&self) -> Option<Diagnosis> {
        let is_unknown = |metascope: &&Metascope| !Metascope::KNOWN.contains(metascope);
        let cause = match (self.metascopes.iter().find(is_unknown), self.metascopes.as_slice()) {
            (Some(unknown), _) => {
                format!(
                    "the metascope {unknown} is none that Adobe documents, nor one of the integration"
                )
            }
            (None, [one]) => format!("the metascope {one} is not one of the integration"),
            (None, [_, ..]) => "one of the metascopes is not the integration's".to_owned(),
            (None, []) => return None,
        };
        let next = "compare the metascopes with those that the console shows for the integration";
        Some(Diagnosis { cause, next })
    }
}

fn unknown_client(environment: &Environment) -> Diagnosis {
    let at = environment.base_url();
    Diagnosis {
        cause: format!(
            "{at} does not know this client id, so it is mistyped or one of another environment"
        ),
        next: "compare client_id with the console, and ims_url with the environment the console belongs to",
    }
}

/// The way out of JWT.
pub(super) const MIGRATE: &str =
    "ims migrate shows what changes in these credentials for OAuth Server-to-Server";
