//! The reasons of a refusal: what each means, its possible causes, and what to do. No other code decides this.

use std::fmt;

/// Why IMS refused, as far as its answer says.
///
/// It is decided once, from status, `error` and `error_description`. Where IMS leaves the reason open, the reason says so and
/// has several [`causes`](Reason::causes); no cause is guessed.
///
/// ```
/// use ims_exchange::Reason;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let reason = Reason::UnknownClient;
/// assert_eq!(reason.as_str(), "unknown_client");
/// println!("{reason}"); // the client id is unknown
/// for cause in reason.causes() {
///     println!("if {}: {}", cause.what, cause.remedy);
/// }
/// assert!(Reason::WrongSecret.is_about_the_secret(), "the second secret can help");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The client secret is not one of the client's.
    WrongSecret,
    /// The client has a secret, and none was sent.
    SecretMissing,
    /// IMS does not know the client id.
    UnknownClient,
    /// IMS does not accept the client id with this client secret, and does not say which of the two is wrong.
    ClientInvalid,
    /// The assertion was made for another client, or for another IMS.
    ClientMismatch,
    /// The integration may not exchange assertions.
    ExchangeNotAllowed,
    /// The assertion has expired.
    AssertionExpired,
    /// The assertion cannot be decoded, or one of its claims does not have its form.
    AssertionMalformed,
    /// IMS rejects the assertion and does not say why.
    AssertionInvalid,
    /// No certificate of the integration matches the signature.
    CertificateUnknown,
    /// The organization or the technical account is not the integration's.
    IdentityUnknown,
    /// The integration requires a `jti`, and there was none.
    JtiRequired,
    /// The `jti` was used before.
    JtiReused,
    /// IMS rejects the `jti`, or that there is none, and does not say which.
    JtiInvalid,
    /// A metascope does not exist.
    MetascopeUnknown,
    /// A metascope is not granted to the integration.
    MetascopeNotGranted,
    /// The assertion claims no metascope.
    NoMetascope,
    /// A scope is not granted to the credential.
    ScopeNotGranted,
    /// No scope is named.
    NoScope,
    /// IMS failed on an assertion: it is in trouble, or the JWT credential was migrated. Its answer to both is the same.
    MigratedOrFailing,
    /// The integration may not use this grant.
    GrantNotAllowed,
    /// A parameter is missing or malformed.
    ParameterInvalid,
    /// IMS does not know the resource.
    ResourceUnknown,
    /// A client cannot be registered with these data.
    RegistrationInvalid,
    /// The authorization code has expired, was used, or belongs to another sign-in.
    CodeInvalid,
    /// The refresh token has expired or was revoked.
    RefreshTokenInvalid,
    /// The access token has expired or was revoked, or is not for this IMS or this client.
    AccessTokenInvalid,
    /// The access token or its account may not do this.
    PermissionMissing,
    /// IMS does not know this user, or this version of the call.
    NotFound,
    /// Too many requests.
    Throttled,
    /// IMS is in trouble.
    TemporaryFailure,
    /// Something other than IMS answered: a proxy, a portal, or the server of another base URL.
    NotIms,
    /// An answer that this version does not know.
    Other,
}

/// One possible cause of a refusal.
///
/// ```
/// use ims_exchange::Reason;
///
/// for cause in Reason::UnknownClient.causes() {
///     println!("{}: {}", cause.what, cause.remedy);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What is wrong, if this is the cause.
    pub what: &'static str,
    /// What to do then.
    pub remedy: &'static str,
}

/// What the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Wait,
    SignAgain,
    ObtainToken,
    SignIn,
    AskPerson,
    Report,
}

impl Reason {
    /// A name for programs, such as `wrong_secret`. It does not change between versions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// All documented or known causes, the most likely first.
    #[must_use]
    pub fn causes(self) -> &'static [Cause] {
        self.row().causes
    }

    /// Whether the client's other secret can help.
    #[must_use]
    pub fn is_about_the_secret(self) -> bool {
        matches!(self, Self::WrongSecret | Self::ClientInvalid)
    }

    /// Whether another key of the integration can help: IMS matched no certificate with the signature.
    #[must_use]
    pub fn is_about_the_key(self) -> bool {
        self == Self::CertificateUnknown
    }

    /// Whether an expired certificate can be the cause. Source: Adobe's PDF Services SDKs, which report an expired
    /// certificate for an `invalid_token` without a description.
    #[must_use]
    pub fn may_be_the_certificate(self) -> bool {
        matches!(self, Self::CertificateUnknown | Self::AssertionInvalid)
    }

    pub(crate) fn action(self) -> Action {
        self.row().action
    }

    #[rustfmt::skip]
    fn row(self) -> Row {
        use Action::{AskPerson, ObtainToken, Report, SignAgain, SignIn, Wait};
        match self {
            Self::WrongSecret => row("wrong_secret", AskPerson, "the client secret is wrong", &[WRONG_SECRET]),
            Self::SecretMissing => row("secret_missing", AskPerson, "the client has a secret, and none was sent", &[SECRET_MISSING]),
            Self::UnknownClient => row("unknown_client", AskPerson, "the client id is unknown", &[UNKNOWN_CLIENT, OTHER_ENVIRONMENT]),
            Self::ClientInvalid => row("client_invalid", AskPerson, "the client id is unknown, or the client secret is wrong", &[WRONG_SECRET, UNKNOWN_CLIENT, OTHER_ENVIRONMENT]),
            Self::ClientMismatch => row("client_mismatch", AskPerson, "the assertion was made for another client or another IMS", &[OTHER_CLIENT, OTHER_ENVIRONMENT]),
            Self::ExchangeNotAllowed => row("exchange_not_allowed", AskPerson, "the integration may not exchange assertions", &[EXCHANGE_NOT_ALLOWED]),
            Self::AssertionExpired => row("assertion_expired", SignAgain, "the assertion has expired", &[CLOCK]),
            Self::AssertionMalformed => row("assertion_malformed", AskPerson, "the assertion or one of its claims is malformed", &[MALFORMED]),
            Self::AssertionInvalid => row("assertion_invalid", SignAgain, "the assertion is not valid", &[CLOCK, MALFORMED, CERTIFICATE_ENDED, WRONG_IDENTITY]),
            Self::CertificateUnknown => row("certificate_unknown", AskPerson, "IMS holds no certificate that matches the signature", &[CERTIFICATE_UNKNOWN, CERTIFICATE_ENDED, WRONG_IDENTITY, OTHER_ALGORITHM]),
            Self::IdentityUnknown => row("identity_unknown", AskPerson, "the organization or the technical account is not the integration's", &[WRONG_IDENTITY]),
            Self::JtiRequired => row("jti_required", AskPerson, "the integration requires a jti", &[JTI_REQUIRED]),
            Self::JtiReused => row("jti_reused", SignAgain, "the jti was used before", &[JTI_REUSED]),
            Self::JtiInvalid => row("jti_invalid", SignAgain, "IMS does not accept the jti, or that there is none", &[JTI_REQUIRED, JTI_REUSED]),
            Self::MetascopeUnknown => row("metascope_unknown", AskPerson, "a metascope does not exist", &[METASCOPE_UNKNOWN]),
            Self::MetascopeNotGranted => row("metascope_not_granted", AskPerson, "a metascope is not granted to the integration", &[METASCOPE_NOT_GRANTED]),
            Self::NoMetascope => row("no_metascope", AskPerson, "the assertion claims no metascope", &[NO_METASCOPE]),
            Self::ScopeNotGranted => row("scope_not_granted", AskPerson, "a scope is not granted to the credential", &[SCOPE_NOT_GRANTED]),
            Self::NoScope => row("no_scope", AskPerson, "no scope is named", &[NO_SCOPE]),
            Self::MigratedOrFailing => row("migrated_or_failing", Wait, "IMS has trouble, or the JWT credential was migrated", &[TROUBLE, MIGRATED]),
            Self::GrantNotAllowed => row("grant_not_allowed", AskPerson, "the integration may not use this grant", &[GRANT_NOT_ALLOWED]),
            Self::ParameterInvalid => row("parameter_invalid", AskPerson, "a parameter is missing or malformed", &[PARAMETER]),
            Self::ResourceUnknown => row("resource_unknown", AskPerson, "IMS does not know the resource", &[RESOURCE]),
            Self::RegistrationInvalid => row("registration_invalid", AskPerson, "no client can be registered with these data", &[REGISTRATION]),
            Self::CodeInvalid => row("code_invalid", SignIn, "the authorization code is not valid", &[CODE_USED, WRONG_VERIFIER]),
            Self::RefreshTokenInvalid => row("refresh_token_invalid", SignIn, "the refresh token has expired or was revoked", &[SIGN_IN_ENDED]),
            Self::AccessTokenInvalid => row("access_token_invalid", ObtainToken, "the access token is not valid", &[TOKEN_ENDED, TOKEN_OF_ANOTHER]),
            Self::PermissionMissing => row("permission_missing", AskPerson, "the access token or its account may not do this", &[SCOPE_MISSING, ACCOUNT_MAY_NOT]),
            Self::NotFound => row("not_found", AskPerson, "IMS does not know this user or this version of the call", &[NO_SUCH_USER, NO_SUCH_VERSION]),
            Self::Throttled => row("throttled", Wait, "too many tokens were asked for", &[THROTTLED]),
            Self::TemporaryFailure => row("temporary_failure", Wait, "IMS has trouble", &[TROUBLE]),
            Self::NotIms => row("not_ims", Report, "the answer is not one of IMS", &[BETWEEN, OTHER_SERVER]),
            Self::Other => row("other", Report, "an answer that this version does not know", &[OTHER_SERVER, NEWER]),
        }
    }
}

impl fmt::Display for Reason {
    /// What is wrong, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().summary)
    }
}

struct Row {
    name: &'static str,
    action: Action,
    summary: &'static str,
    causes: &'static [Cause],
}

const fn row(
    name: &'static str,
    action: Action,
    summary: &'static str,
    causes: &'static [Cause],
) -> Row {
    Row { name, action, summary, causes }
}

const fn cause(what: &'static str, remedy: &'static str) -> Cause {
    Cause { what, remedy }
}

const WRONG_SECRET: Cause = cause(
    "the client secret is wrong",
    "copy the client secret from the Developer Console; if it was rotated, use the new one",
);
const SECRET_MISSING: Cause = cause(
    "the credential is not a public one",
    "add the client secret to the credentials, as the Developer Console shows it",
);
const UNKNOWN_CLIENT: Cause =
    cause("the client id is mistyped", "compare client_id with the Developer Console");
const OTHER_ENVIRONMENT: Cause = cause(
    "the integration belongs to another IMS environment",
    "use the base URL of the environment that the integration belongs to",
);
const OTHER_CLIENT: Cause = cause(
    "the assertion was signed for another client id",
    "sign with the client_id that is sent along",
);
const EXCHANGE_NOT_ALLOWED: Cause = cause(
    "the integration has no exchange_jwt scope",
    "if it is an OAuth Server-to-Server credential, use its scopes; else ask Adobe's support",
);
const CLOCK: Cause =
    cause("the clock of this machine is wrong", "set the clock of this machine, and try again");
const MALFORMED: Cause = cause(
    "a claim does not have its form",
    "compare org_id and technical_account_id with the Developer Console; exp and jti are integers",
);
const CERTIFICATE_UNKNOWN: Cause = cause(
    "the certificate of this private key is not attached to the integration",
    "compare the certificate in the Developer Console with the key, and upload it if it is missing",
);
const CERTIFICATE_ENDED: Cause = cause(
    "the certificate has expired or was removed",
    "check its expiry date; if it has expired, make a new key and certificate, and upload the certificate",
);
const WRONG_IDENTITY: Cause = cause(
    "the organization or the technical account is not the one of this integration",
    "compare org_id and technical_account_id with the Developer Console; the account's id is not its e-mail address",
);
const OTHER_ALGORITHM: Cause =
    cause("the signature is not by the algorithm in the header", "sign with RS256");
const JTI_REQUIRED: Cause =
    cause("the integration requires a jti, and none was sent", "switch jti on in the credentials");
const JTI_REUSED: Cause = cause(
    "the jti was used before",
    "use increasing numbers, and one counter for all processes that share the integration",
);
const METASCOPE_UNKNOWN: Cause =
    cause("a metascope is misspelled", "compare the spelling with the documents of the API");
const METASCOPE_NOT_GRANTED: Cause = cause(
    "a metascope is not one of the integration's",
    "compare the metascopes with the Developer Console; for one that is needed, add its API to the integration",
);
const NO_METASCOPE: Cause =
    cause("no metascope is configured", "name at least one metascope in the credentials");
const SCOPE_NOT_GRANTED: Cause = cause(
    "a scope is not one of the credential's",
    "compare the scopes with the Developer Console",
);
const NO_SCOPE: Cause = cause("no scope is configured", "name at least one scope");
const TROUBLE: Cause = cause("IMS has trouble", "wait, and try again");
// Source: AdobeDocs/adobe-dev-console#124.
const MIGRATED: Cause = cause(
    "the JWT credential was migrated to OAuth Server-to-Server",
    "use its scopes instead of metascopes; trying again will not help",
);
const GRANT_NOT_ALLOWED: Cause = cause(
    "the credential is of another kind",
    "check in the Developer Console which kind of credential it is",
);
const PARAMETER: Cause =
    cause("a parameter is missing or malformed", "check client_id, client_secret and scopes");
const RESOURCE: Cause = cause(
    "the resource does not exist, or not for this client",
    "compare the resources with what the API's documents say",
);
const REGISTRATION: Cause = cause(
    "a redirect URI or a scope is not acceptable",
    "check the redirect URIs, each an absolute URI without a fragment, and the scopes",
);
const CODE_USED: Cause = cause(
    "the authorization code has expired, was used before, or is another client's",
    "sign in again, and redeem the code once",
);
const WRONG_VERIFIER: Cause = cause(
    "the code verifier is not the one that the code was asked for with",
    "keep the code verifier of a sign-in until its code arrives",
);
const SIGN_IN_ENDED: Cause = cause("the refresh token has expired or was revoked", "sign in again");
const TOKEN_ENDED: Cause =
    cause("the access token has expired or was revoked", "obtain a new access token");
const TOKEN_OF_ANOTHER: Cause = cause(
    "the access token is one of another IMS or for another client",
    "compare its client_id with the one that asks",
);
const SCOPE_MISSING: Cause = cause(
    "the access token lacks a scope that this call needs",
    "add the scope to the credential, and obtain a new access token",
);
const ACCOUNT_MAY_NOT: Cause =
    cause("the account may not make this call", "ask the organization's administrator");
const NO_SUCH_USER: Cause = cause("IMS does not know this user", "check guid and auth_src");
const NO_SUCH_VERSION: Cause =
    cause("IMS has no such version of this call", "leave the version to its default");
const THROTTLED: Cause = cause(
    "too many tokens were asked for",
    "keep each token for as long as it lives, and share it between processes",
);
const BETWEEN: Cause = cause(
    "a proxy, a firewall or the sign-in page of a network answered",
    "ask the person who runs the network; a proxy is named in HTTPS_PROXY, exceptions from it in NO_PROXY",
);
const OTHER_SERVER: Cause =
    cause("the base URL is not that of an IMS", "compare ims_url with the Developer Console");
pub(crate) const NEWER: Cause = cause(
    "IMS answers in a way that is newer than this program",
    "use the newest version of this program; if that says the same, report the status and the X-Debug-Id to Adobe's support",
);
