//! The table of refusals: Adobe's own ("JWT Authentication Reference", Responses) and, after them, what was seen
//! in the wild, each with its source.

use super::{Cause, is_later};

/// What the caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Wait,
    SignAnew,
    AskPerson,
}

pub(super) struct Row {
    status: u16,
    code: &'static str,
    /// What the description must contain, in lower case.
    phrase: &'static str,
    pub(super) action: Action,
    pub(super) causes: &'static [Cause],
}

/// The first row that fits. A status that means "later" needs no row of its own.
pub(super) fn find(
    status: u16,
    code: Option<&str>,
    description: Option<&str>,
) -> Option<&'static Row> {
    let description = description.unwrap_or_default().to_lowercase();
    let fits = |row: &&Row| {
        row.status == status && Some(row.code) == code && description.contains(row.phrase)
    };
    ROWS.iter()
        .find(fits)
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

/// Rows with a phrase stand before those without.
#[rustfmt::skip]
static ROWS: &[Row] = &[
    // Source: AdobeDocs/adobeio-auth#67, and Adobe's PDF Services SDKs, which read this text as an expired certificate.
    Row { status: 400, code: "invalid_token", phrase: "could not match jwt signature", action: Action::AskPerson, causes: &[
        CERTIFICATE_UNKNOWN, CERTIFICATE_ENDED, WRONG_IDENTITY,
    ] },
    Row { status: 400, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[
        cause("the client id is unknown", "compare client_id with the Developer Console"),
        cause("the client id in aud is another one", "sign with the client_id that is sent along"),
        cause("aud names another IMS environment", "use the base URL of the environment that the integration belongs to"),
    ] },
    Row { status: 401, code: "invalid_client", phrase: "", action: Action::AskPerson, causes: &[
        cause("the client secret is wrong", "copy the client secret from the Developer Console; if it was rotated, take the new one"),
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
    // Source: adobe/aio-lib-ims, `e2e/e2e.js`, for an authorization code that is not valid.
    Row { status: 400, code: "access_denied", phrase: "", action: Action::AskPerson, causes: &[
        cause("the grant is not valid for this client", "begin anew, with a fresh code or token of the same client"),
    ] },
    // Source: AdobeDocs/adobe-dev-console#124.
    Row { status: 500, code: "internal_error", phrase: "", action: Action::Wait, causes: &[
        cause("IMS has trouble", "wait and try again"),
        cause("the JWT credential was migrated to OAuth Server-to-Server", "use scopes instead of metascopes; trying again will not help"),
    ] },
    // RFC 6749 §5.2, the codes that IMS's token endpoints share with every other.
    Row { status: 400, code: "invalid_request", phrase: "", action: Action::AskPerson, causes: &[
        cause("a parameter is missing or malformed", "check client_id, client_secret and scopes"),
    ] },
    Row { status: 400, code: "invalid_grant", phrase: "", action: Action::AskPerson, causes: &[
        cause("the code or refresh token is not valid any more", "log in again"),
    ] },
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
