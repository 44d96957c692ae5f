//! The table of refusals: Adobe's own ("JWT Authentication Reference", Responses) and, after them, what was seen
//! in the wild, each with its source.

use http::StatusCode;

/// One thing that can be behind a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// What is wrong, if this is it.
    pub what: &'static str,
    /// What to do then.
    pub remedy: &'static str,
}

/// What a request showed to IMS beside its client id. The codes of IMS mean different things by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    /// An assertion.
    Assertion,
    /// The client's secret, or nothing.
    Client,
    /// An authorization code that a person brought.
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

/// What the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Wait,
    SignAnew,
    ObtainToken,
    SignIn,
    AskPerson,
}

pub(super) struct Row {
    status: u16,
    /// The code, any if it is empty.
    code: &'static str,
    /// What the description must contain, in lower case.
    phrase: &'static str,
    pub(super) action: Action,
    pub(super) causes: &'static [Cause],
}

/// The first row that fits. A status that means "later" needs no row of its own.
pub(super) fn find(
    presented: CredentialKind,
    status: u16,
    code: Option<&str>,
    description: Option<&str>,
) -> Option<&'static Row> {
    let description = description.unwrap_or_default().to_lowercase();
    let fits = |row: &&Row| {
        row.status == status
            && (row.code.is_empty() || Some(row.code) == code)
            && description.contains(row.phrase)
    };
    let rows = match presented {
        CredentialKind::Assertion => [ASSERTION, &[]],
        CredentialKind::Client => [&[], OAUTH],
        CredentialKind::Code => [CODE, OAUTH],
        CredentialKind::RefreshToken => [REFRESH_TOKEN, OAUTH],
        CredentialKind::AccessToken => [ACCESS_TOKEN, OAUTH],
    };
    let mut rows = rows.into_iter().chain([COMMON]).flatten();
    rows.find(fits)
        .or_else(|| is_later(status).then_some(if status == 429 { &THROTTLED } else { &OUTAGE }))
}

const fn cause(what: &'static str, remedy: &'static str) -> Cause {
    Cause { what, remedy }
}

const CERTIFICATE_UNKNOWN: Cause = cause(
    "the certificate of this private key is not attached to the integration",
    "compare the certificate in the Developer Console with the key (`ims cert match`) and upload it if it is missing",
);
const CERTIFICATE_ENDED: Cause = cause(
    "the certificate has expired or was removed",
    "look at its dates (`ims cert inspect`); if it has ended, make a new key and certificate and upload it",
);
const WRONG_IDENTITY: Cause = cause(
    "the organization or the technical account is not the one of this integration",
    "compare org_id and technical_account_id with the Developer Console; the account's id is not its e-mail address",
);
const GRANT_NOT_ALLOWED: Cause = cause(
    "the integration may not use this grant",
    "check in the Developer Console which kind of credential it is",
);

const CLIENT_UNKNOWN: Cause =
    cause("the client id is unknown", "compare client_id with the Developer Console");
const WRONG_SECRET: Cause = cause(
    "the client secret is wrong",
    "copy the client secret from the Developer Console; if it was rotated, take the new one",
);
const TOKEN_ENDED: Cause =
    cause("the access token has expired or was revoked", "obtain a new access token");

const TOKEN_OF_ANOTHER: Cause = cause(
    "the access token is one of another IMS or for another client",
    "compare its client_id with the one that asks",
);
const SIGN_IN_ENDED: Cause = cause("the refresh token has expired or was revoked", "sign in again");
const CODE_USED: Cause = cause(
    "the authorization code has expired, was used before, or is another client's",
    "sign in again, and redeem the code once",
);
const WRONG_VERIFIER: Cause = cause(
    "the code verifier is not the one that the code was asked for with",
    "keep the code verifier of a sign-in until its code comes back",
);
const SECRET_MISSING: Cause = cause(
    "the client is public and a secret was sent, or it has a secret and none was sent",
    "look in the Developer Console whether the credential has a client secret",
);
const METADATA: Cause = cause(
    "IMS does not let a client register with these data",
    "check the redirect URIs, each an absolute URI without a fragment, and the scopes",
);
const PARAMETER: Cause =
    cause("a parameter is missing or malformed", "check client_id, client_secret and scopes");

/// What is said of an assertion. Rows with a phrase stand before those without.
#[rustfmt::skip]
static ASSERTION: &[Row] = &[
    // Source: AdobeDocs/adobeio-auth#67, and Adobe's PDF Services SDKs, which read this text as an expired certificate.
    Row { status: 400, code: "invalid_token", phrase: "could not match jwt signature", action: Action::AskPerson, causes: &[
        CERTIFICATE_UNKNOWN, CERTIFICATE_ENDED, WRONG_IDENTITY,
    ] },
    Row { status: 400, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[
        CLIENT_UNKNOWN,
        cause("the client id in aud is another one", "sign with the client_id that is sent along"),
        cause("aud names another IMS environment", "use the base URL of the environment that the integration belongs to"),
    ] },
    Row { status: 401, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[
        WRONG_SECRET,
        cause("the integration has no exchange_jwt scope", "if it is an OAuth Server-to-Server credential use its scopes, else ask Adobe's support"),
    ] },
    Row { status: 400, code: "invalid_token", phrase: "", action: Action::SignAnew, causes: &[
        cause("the assertion has expired", "check the clock of this machine"),
        cause("the assertion is missing or cannot be decoded", "look at it with `ims jwt decode`"),
        cause("exp or jti is not an integer", "look at the claims with `ims jwt decode`"),
        // Source: Adobe's PDF Services SDKs, which read any other invalid_token so.
        CERTIFICATE_ENDED, WRONG_IDENTITY,
    ] },
    Row { status: 400, code: "invalid_signature", phrase: "", action: Action::AskPerson, causes: &[
        CERTIFICATE_UNKNOWN,
        cause("the signature is not by the algorithm in the header", "sign with RS256"),
    ] },
    Row { status: 400, code: "invalid_jti", phrase: "", action: Action::SignAnew, causes: &[
        cause("the integration requires a jti and none was sent", "switch jti on in the credentials"),
        cause("the jti was used before", "use increasing numbers, and one counter for all processes that share the integration"),
    ] },
    Row { status: 400, code: "invalid_scope", phrase: "", action: Action::AskPerson, causes: &[
        cause("a metascope is not one of the integration's", "compare the metascopes with the Developer Console"),
        cause("a metascope is not one of the client's scopes", "add the API to the integration in the Developer Console"),
        cause("a metascope does not exist", "check the spelling of the metascopes"),
        cause("no metascope is claimed", "name at least one metascope"),
    ] },
    Row { status: 400, code: "bad_request", phrase: "", action: Action::AskPerson, causes: &[
        cause("sub, iss, exp or jti is not in the proper form", "compare org_id and technical_account_id with the Developer Console"),
    ] },
    // Source: AdobeDocs/adobe-dev-console#124.
    Row { status: 500, code: "internal_error", phrase: "", action: Action::Wait, causes: &[
        cause("IMS has trouble", "wait and try again"),
        cause("the JWT credential was migrated to OAuth Server-to-Server", "use scopes instead of metascopes; trying again will not help"),
    ] },
];

/// What is said of an authorization code.
#[rustfmt::skip]
static CODE: &[Row] = &[
    // Source: adobe/aio-lib-ims, `e2e/e2e.js`, for an authorization code that is not valid.
    Row { status: 400, code: "access_denied", phrase: "", action: Action::SignIn, causes: &[CODE_USED, WRONG_VERIFIER] },
    // RFC 6749 §5.2, RFC 7636 §4.6.
    Row { status: 400, code: "invalid_grant", phrase: "", action: Action::SignIn, causes: &[CODE_USED, WRONG_VERIFIER] },
    Row { status: 400, code: "invalid_token", phrase: "", action: Action::SignIn, causes: &[CODE_USED] },
    Row { status: 401, code: "invalid_token", phrase: "", action: Action::SignIn, causes: &[CODE_USED] },
];

/// What is said of a refresh token.
#[rustfmt::skip]
static REFRESH_TOKEN: &[Row] = &[
    // RFC 6749 §5.2.
    Row { status: 400, code: "invalid_grant", phrase: "", action: Action::SignIn, causes: &[SIGN_IN_ENDED] },
    Row { status: 400, code: "access_denied", phrase: "", action: Action::SignIn, causes: &[SIGN_IN_ENDED] },
    Row { status: 400, code: "invalid_token", phrase: "", action: Action::SignIn, causes: &[SIGN_IN_ENDED] },
    Row { status: 401, code: "invalid_token", phrase: "", action: Action::SignIn, causes: &[SIGN_IN_ENDED] },
];

/// What is said of an access token.
#[rustfmt::skip]
static ACCESS_TOKEN: &[Row] = &[
    Row { status: 401, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[WRONG_SECRET, SECRET_MISSING] },
    // RFC 6750 §3.1: a request may lack a code, but not the status.
    Row { status: 401, code: "", phrase: "", action: Action::ObtainToken, causes: &[TOKEN_ENDED, TOKEN_OF_ANOTHER] },
    Row { status: 400, code: "invalid_token", phrase: "", action: Action::ObtainToken, causes: &[TOKEN_ENDED, TOKEN_OF_ANOTHER] },
    Row { status: 400, code: "invalid_grant", phrase: "", action: Action::ObtainToken, causes: &[TOKEN_ENDED, TOKEN_OF_ANOTHER] },
    // RFC 8693 §2.2.2: so is a subject token refused that is not valid.
    Row { status: 400, code: "invalid_request", phrase: "", action: Action::ObtainToken, causes: &[TOKEN_ENDED, TOKEN_OF_ANOTHER, PARAMETER] },
    Row { status: 403, code: "", phrase: "", action: Action::AskPerson, causes: &[
        cause("the access token lacks a scope that this call needs", "let the credential have the scope, and obtain a new access token"),
        cause("the account may not make this call", "ask the organization's administrator"),
    ] },
    Row { status: 404, code: "", phrase: "", action: Action::AskPerson, causes: &[
        cause("IMS knows no such user", "check guid and auth_src"),
        cause("IMS has no such version of this call", "leave the version to its default"),
    ] },
];

/// What is said of a client, whatever else it shows.
#[rustfmt::skip]
static OAUTH: &[Row] = &[
    Row { status: 400, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[
        CLIENT_UNKNOWN,
        cause("the client belongs to another IMS environment", "use the base URL of the environment that the integration belongs to"),
    ] },
    Row { status: 401, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[WRONG_SECRET, SECRET_MISSING] },
    Row { status: 400, code: "invalid_scope", phrase: "", action: Action::AskPerson, causes: &[
        cause("a scope is not one of the credential's", "compare the scopes with the Developer Console"),
        cause("no scope is named", "name at least one scope"),
    ] },
    Row { status: 400, code: "bad_request", phrase: "", action: Action::AskPerson, causes: &[PARAMETER] },
];

/// What is said of every request.
#[rustfmt::skip]
static COMMON: &[Row] = &[
    Row { status: 400, code: "access_denied", phrase: "", action: Action::AskPerson, causes: &[
        cause("the grant is not valid for this client", "begin anew, with a fresh code or token of the same client"),
    ] },
    // RFC 8707 §2.
    Row { status: 400, code: "invalid_target", phrase: "", action: Action::AskPerson, causes: &[
        cause("IMS knows no such resource, or not for this client", "compare the resources with what the API's documents say"),
    ] },
    // RFC 7591 §3.2.2.
    Row { status: 400, code: "invalid_redirect_uri", phrase: "", action: Action::AskPerson, causes: &[METADATA] },
    Row { status: 400, code: "invalid_client_metadata", phrase: "", action: Action::AskPerson, causes: &[METADATA] },
    // RFC 6749 §5.2, the codes that IMS's token endpoints share with every other.
    Row { status: 400, code: "invalid_request", phrase: "", action: Action::AskPerson, causes: &[
        PARAMETER,
    ] },
    Row { status: 400, code: "invalid_grant", phrase: "", action: Action::AskPerson, causes: &[GRANT_NOT_ALLOWED] },
    Row { status: 400, code: "unauthorized_client", phrase: "", action: Action::AskPerson, causes: &[GRANT_NOT_ALLOWED] },
    Row { status: 400, code: "unsupported_grant_type", phrase: "", action: Action::AskPerson, causes: &[GRANT_NOT_ALLOWED] },
];

static THROTTLED: Row = Row {
    status: 429,
    code: "",
    phrase: "",
    action: Action::Wait,
    causes: &[cause(
        "too many tokens were asked for",
        "keep each token for as long as it lives, and share it between processes",
    )],
};

static OUTAGE: Row = Row { status: 0, code: "", phrase: "", action: Action::Wait, causes: &[] };

/// Statuses that mean "later", whatever the body says.
fn is_later(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|status| {
        status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    })
}
