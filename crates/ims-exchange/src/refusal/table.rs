//! From an answer to its reason: Adobe's own table ("JWT Authentication Reference", Responses) and answers that were seen
//! elsewhere, each with its source.

use http::StatusCode;

use crate::refusal::reason::Reason;

/// What a request showed to IMS besides its client id. The meaning of IMS's codes depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// An assertion.
    Assertion,
    /// The client's secret, or nothing.
    Client,
    /// An authorization code, after a person has signed in.
    #[cfg_attr(
        not(any(test, feature = "authorization-code")),
        expect(dead_code, reason = "its grant is behind the feature")
    )]
    Code,
    /// A person's refresh token.
    RefreshToken,
    /// An access token, as bearer or in the body.
    AccessToken,
}

pub(super) struct Row {
    /// Any if it is 0.
    pub(super) status: u16,
    /// Any if it is empty.
    pub(super) code: &'static str,
    /// The description must contain one of these, in lower case; empty if any description matches.
    pub(super) phrases: &'static [&'static str],
    pub(super) reason: Reason,
}

/// The rows for one kind of credential that was sent.
#[cfg(test)]
pub(super) const BY_WHAT_WAS_SENT: [(&str, &[Row]); 5] = [
    ("an assertion", ASSERTION),
    ("a client secret", OAUTH),
    ("an authorization code", CODE),
    ("a refresh token", REFRESH_TOKEN),
    ("an access token", ACCESS_TOKEN),
];

/// The reason of an answer: the first row that fits. A status that means "later" needs no row.
pub(super) fn find(
    credential: CredentialKind,
    status: StatusCode,
    code: Option<&str>,
    description: Option<&str>,
) -> Reason {
    let description = description.unwrap_or_default().to_lowercase();
    let rows = match credential {
        CredentialKind::Assertion => [CLIENT, ASSERTION, COMMON],
        CredentialKind::Client => [CLIENT, OAUTH, COMMON],
        CredentialKind::Code => [CLIENT, CODE, COMMON],
        CredentialKind::RefreshToken => [CLIENT, REFRESH_TOKEN, COMMON],
        CredentialKind::AccessToken => [CLIENT, ACCESS_TOKEN, COMMON],
    };
    for row in rows.into_iter().flatten() {
        let says_so =
            row.phrases.is_empty() || row.phrases.iter().any(|it| description.contains(it));
        if (row.status == 0 || row.status == status.as_u16())
            && (row.code.is_empty() || Some(row.code) == code)
            && says_so
        {
            return row.reason;
        }
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        Reason::Throttled
    } else if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        Reason::TemporaryFailure
    } else {
        Reason::Other
    }
}

const fn row(
    status: u16,
    code: &'static str,
    phrases: &'static [&'static str],
    reason: Reason,
) -> Row {
    Row { status, code, phrases, reason }
}

/// What IMS says about the client itself, with any credential. The description comes first, since a wrong secret and an
/// unknown client have the same status.
#[rustfmt::skip]
pub(super) static CLIENT: &[Row] = &[
    row(0,   "invalid_client", &["audience", "aud "],                   Reason::ClientMismatch),
    row(0,   "invalid_client", &["exchange_jwt"],                       Reason::ExchangeNotAllowed),
    // Source: adobe/asset-compute-client, `lib/oauthservertoserver.js`, which tries its next secret on this text.
    row(0,   "invalid_client", &["client_secret", "client secret"],     Reason::WrongSecret),
    row(0,   "invalid_client", &["client_id", "client id"],             Reason::UnknownClient),
    row(0,   "unauthorized_client", &["client_secret", "client secret"], Reason::WrongSecret),
    row(401, "invalid_client", &[],                                     Reason::WrongSecret),
    // RFC 8707 §2.
    row(400, "invalid_target", &[],                                     Reason::ResourceUnknown),
    row(400, "unauthorized_client", &[],                                Reason::GrantNotAllowed),
    row(400, "unsupported_grant_type", &[],                             Reason::GrantNotAllowed),
];

/// What IMS says about an assertion.
#[rustfmt::skip]
static ASSERTION: &[Row] = &[
    // The exchange of assertions answers a wrong secret with 401.
    row(400, "invalid_client", &[],                                                     Reason::UnknownClient),
    // Source: AdobeDocs/adobeio-auth#67, and Adobe's PDF Services SDKs, which read this text as an expired certificate.
    row(400, "invalid_token", &["could not match jwt signature"],                       Reason::CertificateUnknown),
    row(400, "invalid_token", &["expired"],                                             Reason::AssertionExpired),
    // Source: Adobe-Consulting-Services/acs-aem-commons#2860.
    row(400, "invalid_token", &["formatted", "decoded", "is missing", "not an integer"], Reason::AssertionMalformed),
    row(400, "invalid_token", &[],                                                      Reason::AssertionInvalid),
    row(400, "invalid_signature", &[],                                                  Reason::CertificateUnknown),
    row(400, "invalid_jti", &["requires", "missing"],                                   Reason::JtiRequired),
    row(400, "invalid_jti", &["used", "replay"],                                        Reason::JtiReused),
    row(400, "invalid_jti", &[],                                                        Reason::JtiInvalid),
    row(400, "invalid_scope", &["no metascope", "at least one"],                        Reason::NoMetascope),
    row(400, "invalid_scope", &["not exist", "unknown"],                                Reason::MetascopeUnknown),
    // Source: adobe/jwt-auth#6, "not a subset of the metascopes in the binding".
    row(400, "invalid_scope", &[],                                                      Reason::MetascopeNotGranted),
    row(400, "bad_request", &["org_id", "organization", "technical account"],           Reason::IdentityUnknown),
    row(400, "bad_request", &[],                                                        Reason::AssertionMalformed),
    // Source: AdobeDocs/adobe-dev-console#124.
    row(500, "internal_error", &[],                                                     Reason::MigratedOrFailing),
];

/// What IMS says about a client by its secret.
#[rustfmt::skip]
static OAUTH: &[Row] = &[
    row(400, "invalid_scope", &["missing", "no scope", "required"], Reason::NoScope),
    row(400, "invalid_scope", &[],                                  Reason::ScopeNotGranted),
    row(400, "bad_request", &["org_id"],                            Reason::IdentityUnknown),
    row(400, "bad_request", &[],                                    Reason::ParameterInvalid),
    row(400, "invalid_grant", &[],                                  Reason::GrantNotAllowed),
];

/// What IMS says about an authorization code.
#[rustfmt::skip]
static CODE: &[Row] = &[
    // Source: adobe/aio-lib-ims, `e2e/e2e.js`, for an authorization code that is not valid.
    row(400, "access_denied", &[], Reason::CodeInvalid),
    // RFC 6749 §5.2, RFC 7636 §4.6.
    row(400, "invalid_grant", &[], Reason::CodeInvalid),
    row(400, "invalid_token", &[], Reason::CodeInvalid),
    row(401, "invalid_token", &[], Reason::CodeInvalid),
];

/// What IMS says about a refresh token.
#[rustfmt::skip]
static REFRESH_TOKEN: &[Row] = &[
    // RFC 6749 §5.2.
    row(400, "invalid_grant", &[], Reason::RefreshTokenInvalid),
    row(400, "access_denied", &[], Reason::RefreshTokenInvalid),
    row(400, "invalid_token", &[], Reason::RefreshTokenInvalid),
    row(401, "invalid_token", &[], Reason::RefreshTokenInvalid),
];

/// What IMS says about an access token.
#[rustfmt::skip]
static ACCESS_TOKEN: &[Row] = &[
    // RFC 6750 §3.1: a request may lack a code, but not the status.
    row(401, "",                &[],                       Reason::AccessTokenInvalid),
    row(400, "invalid_token",   &[],                       Reason::AccessTokenInvalid),
    row(400, "invalid_grant",   &[],                       Reason::AccessTokenInvalid),
    row(400, "invalid_request", &["missing", "parameter"], Reason::ParameterInvalid),
    // RFC 8693 §2.2.2: a subject token that is not valid is refused in this way.
    row(400, "invalid_request", &[],                       Reason::AccessTokenInvalid),
    row(403, "",                &[],                       Reason::PermissionMissing),
    row(404, "",                &[],                       Reason::NotFound),
];

/// What IMS says about any request.
#[rustfmt::skip]
pub(super) static COMMON: &[Row] = &[
    // The token endpoints answer a wrong secret with 400, too.
    row(400, "invalid_client", &[],                                 Reason::ClientInvalid),
    row(400, "invalid_scope", &["missing", "no scope", "required"], Reason::NoScope),
    row(400, "invalid_scope", &[],                                  Reason::ScopeNotGranted),
    row(400, "bad_request", &[],                                    Reason::ParameterInvalid),
    row(400, "access_denied", &[],                                  Reason::GrantNotAllowed),
    // RFC 7591 §3.2.2.
    row(400, "invalid_redirect_uri", &[],                           Reason::RegistrationInvalid),
    row(400, "invalid_client_metadata", &[],                        Reason::RegistrationInvalid),
    // RFC 6749 §5.2, the codes that IMS's token endpoints share with every other.
    row(400, "invalid_request", &[],                                Reason::ParameterInvalid),
    row(400, "invalid_grant", &[],                                  Reason::GrantNotAllowed),
];
