//! Nothing secret is in the `Debug` text of any public type. What each of them shows was checked by a person once; a type
//! that is new, or shows its text in a new way, has to be added here.

#![cfg(all(feature = "reqwest", feature = "sign-in", feature = "service-account"))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{collections::BTreeSet, fmt::Debug, fs, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims::{
    Client, Connection, Credentials, Discovery, RefreshTokens, SignIn,
    cert::{GeneratedKey, KeySize},
    claims::{
        AccessTokenPayload, Algorithm, Assertion, AssertionLifetime, ClaimsSet, CompactJwt,
        Environment, NumericDate,
    },
    exchange::{
        AuthorizationCode, BearerToken, ClientSecret, CodeVerifier, IdToken, Nonce, PromiseToken,
        RefreshToken, Response, State, TextError,
    },
    sign::{Passphrase, PemSigner},
    token::{MemoryStore, SharedClock, SystemClock},
};
use ims_emulator::Integration;
use ims_testkit::keys;

/// The base64url of `{"alg":"RS256"}` and of two canaries.
const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnktcGF5bG9hZCJ9.Y2FuYXJ5LXNpZ25hdHVyZQ";

/// What must not be seen: the canaries as text, as base64url, and as the numbers of their bytes.
const NEVER: &[&str] = &[
    "canary",
    "Y2FuYXJ5",
    "jYW5hcnkt",
    "99, 97, 110, 97",
    "63616e617279",
    "MIIEv",
    "PRIVATE KEY-----",
];

#[track_caller]
fn assert_silent(name: &str, value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        for never in NEVER {
            assert!(!text.contains(never), "{name} shows {never}: {text}");
        }
    }
}

fn text<T>(kept: Result<T, TextError>) -> T {
    kept.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn no_value_that_holds_a_secret_shows_it() {
    let jwt = CompactJwt::parse(JWT).unwrap();
    assert_silent("CompactJwt", &jwt);
    assert_silent("Signature", jwt.signature());
    let payload = serde_json::json!({
        "created_at": "1", "expires_in": "1", "user_id": "canary", "state": "canary", "sid": "canary",
    });
    let serde_json::Value::Object(payload) = payload else { panic!("no object") };
    assert_silent("AccessTokenPayload", &AccessTokenPayload::from_object(payload).unwrap());
    let account = account();
    let ims::Credential::ServiceAccount(service_account) = account.credential() else {
        panic!("another kind: {account:?}")
    };
    let now = NumericDate::from_secs(1_550_001_138);
    let claims: ClaimsSet =
        service_account.claims(account.environment(), now, AssertionLifetime::default());
    let input = claims.signing_input(Algorithm::Rs256);
    assert_silent("SigningInput", &input);
    assert_silent("Assertion", &Assertion::new(&input, jwt.signature()));

    let passphrase = Passphrase::new("canary".to_owned());
    assert_silent("Passphrase", &passphrase);
    assert_silent("PemSigner", &PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap());
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    assert_silent("GeneratedKey", &key);
    assert_silent("PrivateKeyPem", &key.to_pem());

    let canary = || "canary-0123456789-0123456789-0123456789-0123456789".to_owned();
    assert_silent("ClientSecret", &ClientSecret::new(canary()));
    assert_silent("AuthorizationCode", &text(AuthorizationCode::try_from(canary())));
    assert_silent("RefreshToken", &text(RefreshToken::try_from(canary())));
    assert_silent("IdToken", &text(IdToken::try_from(JWT.to_owned())));
    assert_silent("PromiseToken", &text(PromiseToken::try_from(canary())));
    assert_silent("BearerToken", &text(BearerToken::try_from(JWT.to_owned())));
    let token = ims::AccessToken::new(JWT.to_owned(), now, HOUR).unwrap();
    assert_silent("AccessToken", &token);
    assert_silent("State", &text(State::try_from(canary())));
    assert_silent("Nonce", &text(Nonce::try_from(canary())));
    assert_silent("CodeVerifier", &text(CodeVerifier::try_from(canary())));
    let answer = Response::new(
        http::StatusCode::OK,
        [(http::header::SET_COOKIE, http::HeaderValue::from_static("canary"))]
            .into_iter()
            .collect(),
        b"{\"access_token\":\"canary\"}".to_vec(),
    );
    assert_silent("Response", &answer);
    let secret = ClientSecret::new(canary());
    let client_id = "client".parse().unwrap();
    let grant = ims::exchange::ClientCredentials::new(&client_id, &secret, &[]);
    assert_silent("ClientCredentials", &grant);
    let request = ims::exchange::Call::request(&grant, &Environment::production());
    assert_silent("Request", &request);
    let code = text(AuthorizationCode::try_from(canary()));
    let verifier = text(CodeVerifier::try_from(canary()));
    let grant = ims::exchange::CodeExchange::new(&client_id, &code, &verifier);
    assert_silent("CodeExchange", &grant.with_client_secret(&secret));

    let token = ims::exchange::AnyToken::new(ims::exchange::TokenKind::RefreshToken, "canary");
    assert_silent("AnyToken", &token);
    let call = ims::exchange::InvalidateToken::new(&client_id, token);
    assert_silent("InvalidateToken", &call.with_client_secret(&secret));

    let store = MemoryStore::new(SharedClock::new(SystemClock));
    assert_silent("MemoryStore", &store);
}

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

/// A service account with the key in it, as AEM gives them.
fn account() -> Credentials {
    let json = serde_json::json!({ "ok": true, "statusCode": 200, "integration": {
        "imsEndpoint": "ims-na1.adobelogin.com", "metascopes": "ent_aem_cloud_api",
        "technicalAccount": { "clientId": "cm-p1", "clientSecret": "canary-secret" },
        "id": "6657031C5C095BB40A4@techacct.adobe.com", "org": "C74F69D7594880280@AdobeOrg",
        "email": "x@techacct.adobe.com", "privateKey": keys::FIRST,
    }});
    Credentials::from_json(&json.to_string()).unwrap()
}

#[test]
fn no_credentials_and_nothing_that_is_built_of_them_show_a_secret() {
    let of = |json: &str| Credentials::from_json(json).unwrap();
    let payload = r#"{"created_at":"1800000000000","expires_in":"86400000","client_id":"a","state":"canary"}"#;
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{}.Y2FuYXJ5", BASE64_URL_SAFE_NO_PAD.encode(payload));
    let all = [
        account(),
        of(r#"{"client_id":"a","client_secret":"canary-secret","scopes":["openid"]}"#),
        of(r#"{"client_id":"a","client_secrets":["canary-1","canary-2"],"scopes":["openid"]}"#),
        of(r#"{"client_id":"a","client_secret":"canary-secret","user":true,"scopes":["openid"]}"#),
        of(&format!(r#"{{"accessToken":"{token}"}}"#)),
    ];
    for credentials in all {
        let shown = format!("{credentials:?} {credentials:#?}");
        assert!(!shown.contains(token.split('.').nth(1).unwrap()), "{shown}");
        assert_silent("Credentials", &credentials);
        assert_silent("Credential", credentials.credential());
        let builder = Client::builder(&credentials);
        assert_silent("ClientBuilder", &builder);
        if let Ok(client) = builder.build() {
            assert_silent("Client", &client);
        }
        let connection = Connection::new(credentials.environment().clone()).unwrap();
        assert_silent("Connection", &connection);
        if let ims::Credential::User(user) = credentials.credential() {
            let sign_in = SignIn::new(connection, user.clone(), "http://127.0.0.1/");
            let shown = format!("{sign_in:?}");
            assert_silent("SignIn", &sign_in);
            // State and nonce are in the URL that the person opens, and nowhere else.
            for parameter in ["state", "nonce"] {
                let url = sign_in.url();
                let value = url.split(&format!("{parameter}=")).nth(1).unwrap();
                let value = value.split('&').next().unwrap();
                assert!(value.len() > 10 && !shown.contains(value), "{parameter}: {shown}");
            }
        }
        if let ims::Credential::ServiceAccount(account) = credentials.credential() {
            assert_silent("KeyPair", account.signing_keys.first());
            assert_silent("SigningKey", &account.signing_keys.first().signing_key);
        }
    }
    let given = Discovery::new().with_given(r#"{"client_secret":"canary"}"#);
    assert_silent("Discovery", &given);
    assert_silent("RefreshTokens", &RefreshTokens::empty());
    let integration = Integration::new(
        "client".parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    );
    assert_silent("Integration", &integration.with_client_secret("canary-secret"));
}

/// Public types whose `Debug` is derived over text that is checked here: what it is, and why it may be shown.
#[rustfmt::skip]
const SHOWN: &[(&str, &[&str])] = &[
    ("identifiers, scopes and hosts, which requests and logs name", &[
        "Environment", "OrgId", "TechnicalAccountId", "ClientId", "Metascope", "Scope", "Resource", "UserId", "CacheKey",
        "GrantName", "Requirements", "Organization", "OrgRef", "EndpointVersion", "ReqwestTransport", "ClientRegistration",
    ]),
    ("paths and names of places", &[
        "Access", "PrivateFolder", "FileLock", "Draft", "ContextFile", "ContextName", "Source", "PinSource", "Pkcs11Uri",
        "Pkcs11Config", "KeySelector", "TokenSelector", "Pkcs11Token", "Pkcs11Key", "NewKey", "FileVersions", "SocketFile",
    ]),
    ("errors and findings, whose texts are tested for canaries where they are made", &[
        "FileError", "KeyError", "Pkcs11Error", "Pkcs11UriError", "RedirectError", "ProxyRefusal", "VariableError", "CertError",
        "Finding", "KeyringError", "StoreError", "Fault", "ImsAnswer", "InputError", "ScenarioError", "Evidence", "Verdict",
        "Check", "TextError", "Cause", "ClaimsError", "FormatError", "JwtError", "VerifyError",
    ]),
    ("what IMS says about a person or a token, for the program that asked; it holds no token", &[
        "UserProfile", "ProductContext", "UserClaims", "TokenValidity", "ProviderMetadata", "User", "UserTokens",
    ]),
    ("what the emulator's page shows of a request: secrets are masked, and a JWT has no signature", &["Parameter", "DecodedJwt"]),
    ("made of other types that show no secret", &[
        "AuthorizeUrl", "Credentials", "Migration", "KeyPair", "SignIn", "ClientCredentials", "Scenario",
        "InvalidateToken", "CodeExchange", "PromiseRequest", "LogoutUrl",
    ]),
];

/// A type, and whether its `Debug` is derived over text itself.
#[test]
fn every_public_type_that_shows_text_itself_was_looked_at() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !crates.join("ims-claims").is_dir() {
        // The package as it is published comes without its neighbours.
        return;
    }
    let known: BTreeSet<&str> = SHOWN.iter().flat_map(|(_, names)| *names).copied().collect();
    let mut found = BTreeSet::new();
    for name in [
        "ims-claims",
        "ims-files",
        "ims-sign",
        "ims-exchange",
        "ims-cert",
        "ims-credentials",
        "ims-token",
        "ims-verify",
        "ims-middleware",
        "ims",
        "ims-emulator",
    ] {
        for_each_source(&crates.join(name).join("src"), &mut |source| {
            found.extend(types_that_show_text(source));
        });
    }
    assert!(found.len() > 40, "only {found:?} were found");
    let unknown: Vec<&String> =
        found.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "look at what the Debug text of these shows: {unknown:?}");
}

fn for_each_source(folder: &Path, visit: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" && name != "testing" {
                for_each_source(&path, visit);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs" {
            let source = fs::read_to_string(&path).unwrap();
            visit(source.split("#[cfg(test)]\nmod tests").next().unwrap());
        }
    }
}

/// The public structs and enums with a derived `Debug` and a field of text.
fn types_that_show_text(source: &str) -> Vec<String> {
    const TEXT: &[&str] = &[
        "String",
        "Vec<u8>",
        "Box<str>",
        "[u8]",
        "str",
        "Arc<str>",
        "Cow<",
        "PathBuf",
        "OsString",
        "Value",
        "JsonObject",
        "HeaderMap",
        "Zeroizing",
    ];
    let mut found = Vec::new();
    let mut attributes = String::new();
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("#[") || line.starts_with("///") {
            attributes.push_str(line);
            continue;
        }
        let is_type = line.starts_with("pub struct ") || line.starts_with("pub enum ");
        if is_type && attributes.contains("derive(Debug") {
            let mut body = line.split_once(['(', '{']).map_or("", |(_, rest)| rest).to_owned();
            while !line.ends_with(';') && lines.peek().is_some_and(|line| !line.starts_with('}')) {
                let line = lines.next().unwrap().trim();
                if !line.starts_with("//") && !line.starts_with("#[") {
                    body.push_str(line);
                }
            }
            let words = |wanted: &str| {
                body.split(|c: char| !c.is_alphanumeric() && !"<>[]".contains(c)).any(|word| {
                    word == wanted
                        || word.ends_with(&format!("<{wanted}>"))
                        || word.starts_with(wanted) && wanted.ends_with('<')
                })
            };
            if TEXT.iter().any(|text| words(text)) {
                let name = line.split_whitespace().nth(2).unwrap();
                found.push(name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned());
            }
        }
        attributes.clear();
    }
    found
}
