//! What comes from IMS: the answers to calls, and the redirect at the end of a sign-in.

use std::fmt::Debug;

use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use ims_claims::{
    Algorithm, Assertion, AssertionLifetime, ClientId, Environment, Metascope, NumericDate,
    ServiceAccount, Signature,
};
use ims_exchange::{
    AddSecret, AdminOrganizations, AdminProfile, AuthorizationCode, AuthorizeUrl, BearerToken,
    Call, ClientCredentials, ClientRegistration, ClientSecret, ClusterExchange, ClusterTarget,
    CodeExchange, CodeVerifier, ConsoleCredential, DeleteSecret, Discovery, InvalidateToken,
    JwtExchange, ListSecrets, Organizations, PermanentCodeExchange, Profile, PromiseExchange,
    PromiseRequest, PromiseToken, PublishedKeys, RefreshToken, Response, RevokeToken, Scope,
    SecretId, State, TokenExchange, TokenRefresh, UserId, UserInfo, ValidateToken,
};

/// The first byte chooses the call, the second the status, the third the media type; the rest is the body.
pub(crate) fn ims_answer(input: &[u8]) {
    let [call, status, media_type, body @ ..] = input else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let status = StatusCode::from_u16(status).expect("an HTTP status");
    let mut headers = HeaderMap::new();
    let media_type = MEDIA_TYPES[usize::from(*media_type) % MEDIA_TYPES.len()];
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    read(*call, &Response::new(status, headers, body.to_vec()));
}

/// Reads `response` as the answer to one of the calls. An error never repeats the secrets that were sent; some calls send
/// none.
fn read(call: u8, response: &Response) {
    let client_id: ClientId = fixed("client");
    let (secret, code) = (ClientSecret::new(SECRET.to_owned()), fixed::<AuthorizationCode>(SECRET));
    let (bearer, refresh) = (fixed::<BearerToken>(SECRET), fixed::<RefreshToken>(SECRET));
    let (scope, user) = ([fixed::<Scope>("openid")], fixed::<UserId>("A@AdobeID"));
    let page = ConsoleCredential::new(fixed("1"), fixed("1"));
    match call % 22 {
        0 => {
            judge(&JwtExchange::new(&client_id, &secret, &assertion()), response);
        }
        1 => judge(&ClientCredentials::new(&client_id, &secret, &scope), response),
        2 => judge(&TokenRefresh::new(&client_id, &refresh), response),
        3 => {
            let verifier = fixed::<CodeVerifier>("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
            judge(&CodeExchange::new(&client_id, &code, &verifier), response);
        }
        4 => judge(&PermanentCodeExchange::new(&client_id, &secret, &code), response),
        5 => judge(&TokenExchange::new(&client_id, &secret, &bearer, &scope), response),
        6 => {
            let target = ClusterTarget::User(&user);
            judge(&ClusterExchange::new(&client_id, &secret, &bearer, target), response);
        }
        7 => judge(&PromiseRequest::new(&client_id, &secret, "definition", &bearer), response),
        8 => {
            let promise = fixed::<PromiseToken>(SECRET);
            judge(&PromiseExchange::new(&client_id, &secret, &promise, &scope), response);
        }
        9 => judge(&UserInfo::new(&bearer), response),
        10 => judge(&Profile::new(&bearer), response),
        11 => judge(&Organizations::new(&bearer), response),
        12 => judge(&ValidateToken::new(&client_id, &bearer), response),
        13 => judge(&InvalidateToken::new(&client_id, &bearer), response),
        14 => judge(&RevokeToken::new(&client_id, &bearer), response),
        15 => drop(shown(&Discovery::new(), response)),
        16 => drop(shown(&PublishedKeys::new(), response)),
        17 => {
            drop(shown(&ClientRegistration::new("name", &["https://example.com"]), response));
        }
        18 => judge(&AdminProfile::new(&client_id, &bearer, &user), response),
        19 => judge(&AdminOrganizations::new(&client_id, &bearer, &user), response),
        20 => {
            judge(&ListSecrets::new(&page, &client_id, &bearer), response);
            judge(&AddSecret::new(&page, &client_id, &bearer), response);
        }
        _ => {
            let id = fixed::<SecretId>("1");
            judge(&DeleteSecret::new(&page, &client_id, &bearer, &id), response);
        }
    }
}

/// `call` has sent [`SECRET`].
fn judge<C: Call>(call: &C, response: &Response) {
    if let Some(shown) = shown(call, response) {
        assert!(!shown.contains(SECRET), "an error repeats a secret that was sent");
    }
}

/// The error of `call`, if `response` is one.
fn shown<C: Call>(call: &C, response: &Response) -> Option<String> {
    let error = call.answer(response, NumericDate::from_secs(1_800_000_000)).err()?;
    Some(format!("{error} {error:?}"))
}

/// The redirect, with the state that was sent.
pub(crate) fn redirect(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let client_id: ClientId = fixed("client");
    let verifier = fixed::<CodeVerifier>("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let state = fixed::<State>("90cff02f-da33");
    let url = AuthorizeUrl::new(&client_id, "https://example.com/back", &[], &verifier, &state);
    if url.answer(text).is_ok() {
        assert!(text.contains("code") && text.contains("state"));
    }
}

/// An assertion that no one signed.
fn assertion() -> Assertion {
    let account = ServiceAccount::new(
        fixed("client"),
        fixed("A@AdobeOrg"),
        fixed("A@techacct.adobe.com"),
        [Metascope::ENT_USER_SDK],
    );
    let account = account.expect("an account of the right form");
    let now = NumericDate::from_secs(1_800_000_000);
    let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    let input = claims.signing_input(Algorithm::Rs256);
    Assertion::new(&input, &Signature::from_bytes(vec![0; 256]))
}

#[track_caller]
fn fixed<T: std::str::FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a value of the right form")
}

const SECRET: &str = "s3cr3t-that-was-sent";

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 407, 429, 500, 503];

const MEDIA_TYPES: [&str; 4] =
    ["application/json;charset=UTF-8", "text/plain", "text/html", "application/octet-stream"];
