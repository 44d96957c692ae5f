//! Every grant and every call, with an answer that it accepts and some that it must refuse.

use std::rc::Rc;

use ims_claims::{
    Algorithm, Assertion, AssertionLifetime, ClientId, Environment, Metascope, NumericDate, OrgId,
    ServiceAccount, Signature,
};
use ims_exchange::{
    AddSecret, AdminOrganizations, AdminProfile, AnyToken, AuthorizationCode, BearerToken, Call,
    ClientCredentials, ClientRegistration, ClientSecret, ClusterExchange, ClusterTarget,
    CodeExchange, CodeVerifier, ConsoleCredential, DeleteSecret, Discovery, ExchangeError,
    InvalidateToken, JwtExchange, ListSecrets, Organizations, PermanentCodeExchange, Profile,
    PromiseExchange, PromiseRequest, PromiseToken, PublishedKeys, RefreshToken, Request, Response,
    RevokeToken, Scope, SecretId, TokenExchange, TokenKind, TokenRefresh, UserId, UserInfo,
    ValidateToken,
};

/// The secret that is sent, wherever there is one, and that no error may repeat. It is long enough for a code verifier.
pub(crate) const CANARY: &str = "canary-in-the-coal-mine-0123456789-0123456789";

/// A grant or a call.
pub(crate) struct Door<'a> {
    pub(crate) name: &'static str,
    pub(crate) reads: Reads,
    pub(crate) sends_secrets: bool,
    /// An answer that it accepts.
    pub(crate) good: &'static str,
    /// Replacements in that answer, each of which makes it invalid.
    pub(crate) wrong: &'static [(&'static str, &'static str)],
    pub(crate) request: Ask<'a>,
    pub(crate) read: Read<'a>,
}

type Ask<'a> = Box<dyn Fn(&Environment) -> Request + 'a>;
type Read<'a> = Box<dyn Fn(&Response) -> Result<(), ExchangeError> + 'a>;

/// How much an answer must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Certain members.
    Members,
    /// An object of whatever members.
    Object,
    /// An object or a list.
    Anything,
    /// An object or nothing at all.
    Nothing,
}

/// What the grants and calls are made of.
pub(crate) struct Secrets {
    client_id: ClientId,
    client_secret: ClientSecret,
    org_id: OrgId,
    scopes: [Scope; 1],
    assertion: Assertion,
    access_token: BearerToken,
    user_id: UserId,
    refresh_token: RefreshToken,
    code: AuthorizationCode,
    verifier: CodeVerifier,
    promise_token: PromiseToken,
    credential: ConsoleCredential,
    secret_id: SecretId,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let canary = || CANARY.to_owned();
        let (client_id, org_id): (ClientId, OrgId) =
            ("client".parse().unwrap(), "A@AdobeOrg".parse().unwrap());
        let technical_account = "B@techacct.adobe.com".parse().unwrap();
        let metascopes = [Metascope::ENT_USER_SDK];
        let account =
            ServiceAccount::new(client_id.clone(), org_id.clone(), technical_account, metascopes);
        let claims = account.unwrap().claims(
            &Environment::production(),
            SENT_AT,
            AssertionLifetime::default(),
        );
        let signature = Signature::from_bytes(vec![0xff; 256]);
        Self {
            client_id,
            client_secret: ClientSecret::new(canary()),
            org_id,
            scopes: ["openid".parse().unwrap()],
            assertion: Assertion::new(&claims.signing_input(Algorithm::Rs256), &signature),
            access_token: BearerToken::try_from(canary()).unwrap(),
            user_id: "B0DC@AdobeID".parse().unwrap(),
            refresh_token: RefreshToken::try_from(canary()).unwrap(),
            code: AuthorizationCode::try_from(canary()).unwrap(),
            verifier: CodeVerifier::try_from(canary()).unwrap(),
            promise_token: PromiseToken::try_from(canary()).unwrap(),
            credential: ConsoleCredential::new("1".parse().unwrap(), "2".parse().unwrap()),
            secret_id: "3".parse().unwrap(),
        }
    }
}

const SENT_AT: NumericDate = NumericDate::from_secs(1_550_001_138);

/// The answer to a grant, in which both units have a possible lifetime.
const TOKEN: &str = r#"{"access_token":"eyJ","token_type":"bearer","expires_in":86399}"#;
const NO_TOKEN: &[(&str, &str)] = &[
    (r#""eyJ""#, r#""CANARY\u0000""#),
    (r#""eyJ""#, r#""CANARY CANARY""#),
    (r#""eyJ""#, r#""CANARY\r\nx: y""#),
    (r#""eyJ""#, r#""""#),
    (r#""eyJ""#, r#"["CANARY"]"#),
    (r#""eyJ""#, "null"),
    (r#""bearer""#, r#""CANARY""#),
    (r#""bearer""#, "1"),
    ("86399", r#""CANARY""#),
    ("86399", "86399.5"),
    ("86399", "1e999"),
    ("86399", "99999999999999999999"),
    ("86399", "null"),
];

const TOKENS: &str =
    r#"{"access_token":"eyJ","refresh_token":"r","id_token":"i","sub":"B","expires_in":86399}"#;
const NO_TOKENS: &[(&str, &str)] = &[
    (r#""eyJ""#, r#""CANARY\u007f""#),
    (r#""r""#, r#""CANARY\n""#),
    (r#""r""#, r#""""#),
    (r#""r""#, r#"{"CANARY":1}"#),
    (r#""i""#, r#""CANARY \u00e4""#),
    (r#""i""#, "true"),
    (r#""B""#, r#"["CANARY"]"#),
    ("86399", "[86399]"),
];

const NO_PROMISE: &[(&str, &str)] = &[
    (r#""p""#, r#""CANARY\n""#),
    (r#""p""#, r#"["CANARY"]"#),
    ("60", "null"),
    ("60", "-1"),
    ("60", r#""CANARY""#),
];

macro_rules! call {
    ($name:ident, $call:expr, $reads:ident, $sends_secrets:expr, $good:expr, $wrong:expr) => {{
        let call = Rc::new($call);
        let reader = Rc::clone(&call);
        Door {
            name: stringify!($name),
            reads: Reads::$reads,
            sends_secrets: $sends_secrets,
            good: $good,
            wrong: $wrong,
            request: Box::new(move |environment| call.request(environment)),
            read: Box::new(move |response| reader.answer(response, SENT_AT).map(drop)),
        }
    }};
}

macro_rules! grant {
    ($name:ident, $grant:expr, $good:expr, $wrong:expr) => {
        call!($name, $grant, Members, true, $good, $wrong)
    };
}

/// All of them.
pub(crate) fn all(secrets: &Secrets) -> Vec<Door<'_>> {
    grants(secrets).into_iter().chain(calls(secrets)).collect()
}

#[rustfmt::skip]
fn grants(with: &Secrets) -> Vec<Door<'_>> {
    let (client_id, client_secret) = (&with.client_id, &with.client_secret);
    let token = &with.access_token;
    let target = ClusterTarget::Organization(&with.org_id);
    vec![
        grant!(JwtExchange, JwtExchange::new(client_id, client_secret, &with.assertion), TOKEN, NO_TOKEN),
        grant!(ClientCredentials, ClientCredentials::new(client_id, client_secret, &with.scopes), TOKEN, NO_TOKEN),
        grant!(CodeExchange, CodeExchange::new(client_id, &with.code, &with.verifier), TOKENS, NO_TOKENS),
        grant!(CodeExchange, CodeExchange::new(client_id, &with.code, &with.verifier).with_client_secret(client_secret), TOKENS, NO_TOKENS),
        grant!(TokenRefresh, TokenRefresh::new(client_id, &with.refresh_token), TOKENS, NO_TOKENS),
        grant!(TokenRefresh, TokenRefresh::new(client_id, &with.refresh_token).with_client_secret(client_secret), TOKENS, NO_TOKENS),
        grant!(TokenExchange, TokenExchange::new(client_id, client_secret, token, &with.scopes), TOKEN, NO_TOKEN),
        grant!(ClusterExchange, ClusterExchange::new(client_id, client_secret, token, target), TOKEN, NO_TOKEN),
        grant!(PermanentCodeExchange, PermanentCodeExchange::new(client_id, client_secret, &with.code), TOKEN, NO_TOKEN),
        grant!(PromiseExchange, PromiseExchange::new(client_id, client_secret, &with.promise_token, &with.scopes), TOKEN, NO_TOKEN),
        call!(PromiseExchange, PromiseExchange::new(client_id, client_secret, &with.promise_token, &with.scopes), Members, true,
            r#"{"promise_token":"p","promise_token_expires_in":60}"#, NO_PROMISE),
        call!(PromiseRequest, PromiseRequest::new(client_id, client_secret, "d", token), Members, true,
            r#"{"promise_token":"p","expires_in":60}"#, NO_PROMISE),
    ]
}

#[rustfmt::skip]
fn calls(with: &Secrets) -> Vec<Door<'_>> {
    let (client_id, token) = (&with.client_id, &with.access_token);
    let any = AnyToken::new(TokenKind::AccessToken, CANARY);
    vec![
        call!(PublishedKeys, PublishedKeys::new(), Members, false, r#"{"keys":[{"kty":"RSA"}]}"#, &[
            (r#""RSA""#, "1"), (r#"{"kty":"RSA"}"#, r#""CANARY""#), (r#"[{"kty":"RSA"}]"#, "{}"), ("kty", "CANARY"),
        ]),
        call!(Discovery, Discovery::new(), Members, false,
            r#"{"issuer":"a","authorization_endpoint":"b","token_endpoint":"c","jwks_uri":"d"}"#, &[
            (r#""a""#, r#"["CANARY"]"#), (r#""b""#, "null"), (r#""c""#, "1"), ("jwks_uri", "CANARY"),
        ]),
        call!(ValidateToken, ValidateToken::new(client_id, any), Members, true, r#"{"valid":true,"token":{}}"#, &[
            ("true", r#""true""#), ("true", "1"), ("true", "null"), ("{}", r#""CANARY""#), ("valid", "CANARY"),
        ]),
        call!(InvalidateToken, InvalidateToken::new(client_id, any).with_client_secret(&with.client_secret), Nothing, true, "{}", &[
            ("{}", "[]"), ("{}", r#""CANARY""#),
        ]),
        call!(RevokeToken, RevokeToken::new(client_id, any).with_client_secret(&with.client_secret), Nothing, true, "{}", &[
            ("{}", "[]"), ("{}", r#""CANARY""#),
        ]),
        call!(UserInfo, UserInfo::new(token), Members, true, r#"{"sub":"a","email_verified":true,"address":{},"name":"b"}"#, &[
            (r#""a""#, r#"{"CANARY":1}"#), (r#""a""#, "null"), ("true", r#""CANARY""#), ("{}", r#""CANARY""#), (r#""b""#, "1"),
        ]),
        call!(Profile, Profile::new(token), Object, true, r#"{"userId":"a","projectedProductContext":[{"prodCtx":{}}]}"#, &[
            (r#""a""#, r#"["CANARY"]"#), (r#"[{"prodCtx":{}}]"#, r#""CANARY""#), ("{}", r#""CANARY""#), ("prodCtx", "CANARY"),
        ]),
        call!(Organizations, Organizations::new(token), Members, true, r#"[{"orgName":"n","orgRef":{"ident":"a","authSrc":"b"}}]"#, &[
            (r#""a""#, r#"["CANARY"]"#), (r#""b""#, "null"), (r#""n""#, "1"), ("ident", "CANARY"), ("orgRef", "CANARY"),
        ]),
        call!(AdminProfile, AdminProfile::new(client_id, token, &with.user_id), Anything, true, r#"{"a":{}}"#, &[
            (r#"{"a":{}}"#, r#""CANARY""#),
        ]),
        call!(AdminOrganizations, AdminOrganizations::new(client_id, token, &with.user_id), Anything, true, r#"[{"a":1}]"#, &[
            (r#"[{"a":1}]"#, "1"),
        ]),
        call!(ClientRegistration, ClientRegistration::new("app", &["http://127.0.0.1/"]), Members, false,
            r#"{"client_id":"c","client_secret":"s"}"#, &[
            (r#""c""#, r#""CANARY/../x""#), (r#""c""#, "1"), (r#""c""#, r#""""#), (r#""s""#, r#"["CANARY"]"#), ("client_id", "CANARY"),
        ]),
        call!(ListSecrets, ListSecrets::new(&with.credential, client_id, token), Members, true,
            r#"{"client_id":"c","client_secrets":[{"uuid":"u","created_at":"1683005777000","expires_at":"PERMANENT","secret_usages":null}]}"#, &[
            (r#""c""#, r#""CANARY/../x""#), (r#""u""#, r#""../CANARY""#), (r#""u""#, "1"), (r#""1683005777000""#, "1683005777000"),
            (r#""1683005777000""#, r#""1683005777""#), (r#""PERMANENT""#, r#""CANARY""#), ("null", r#"[{"CANARY":1}]"#),
            ("null", r#"[{"last_used_at":"CANARY"}]"#), ("client_secrets", "CANARY"), ("created_at", "CANARY"), ("uuid", "CANARY"),
        ]),
        call!(AddSecret, AddSecret::new(&with.credential, client_id, token), Members, true,
            r#"{"client_secret":"s","uuid":"u","created_at":"1683005777000","expires_at":"PERMANENT","secret_usages":null}"#, &[
            (r#""s""#, r#""""#), (r#""s""#, r#"["CANARY"]"#), (r#""u""#, r#""CANARY/""#), (r#""1683005777000""#, r#""CANARY""#),
            (r#""PERMANENT""#, "null"), ("client_secret", "CANARY"), ("uuid", "CANARY"),
        ]),
        call!(DeleteSecret, DeleteSecret::new(&with.credential, client_id, token, &with.secret_id), Nothing, true, "{}", &[
            ("{}", "[]"), ("{}", r#""CANARY""#),
        ]),
    ]
}
