//! No public type shows a token or a signature in its `Debug`.

use std::fmt::Debug;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ims_claims::{
    AccessTokenClaims, AccessTokenError, AccessTokenPayload, Algorithm, Assertion,
    AssertionLifetime, Audience, ClaimsError, ClientId, CompactJwt, DurationText, Environment,
    ErrorLine, FormatError, JwtError, JwtHeader, JwtId, Metascope, NumericDate, OrgId,
    ServiceAccount, Signature, TechnicalAccountId, WipedBytes, WipedText,
};

const CANARY: &str = "canary-in-the-payload";

/// Both forms of `Debug`, with the name of the type.
fn shown<T: Debug>(value: &T) -> (&'static str, String) {
    let path = std::any::type_name::<T>().split('<').next().unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    (name, format!("{value:?}\n{value:#?}"))
}

fn account() -> Result<ServiceAccount, FormatError> {
    ServiceAccount::new(
        "client".parse()?,
        "A@AdobeOrg".parse()?,
        "B@techacct.adobe.com".parse()?,
        [Metascope::ENT_USER_SDK],
    )
}

#[test]
fn no_debug_shows_a_token_or_a_part_of_it() {
    let account = account().unwrap();
    let now = NumericDate::from_secs(1_550_001_138);
    let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    let input = claims.signing_input(Algorithm::Rs256);
    let signature = Signature::from_bytes(b"canary-in-the-signature".to_vec());
    let assertion = Assertion::new(&input, &signature);

    let payload = format!(r#"{{"created_at":"1","expires_in":"2","user_id":"{CANARY}"}}"#);
    let [header, encoded, encoded_signature] =
        [r#"{"alg":"RS256","kid":"key-1"}"#, &payload, "canary-in-the-signature"]
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let token = format!("{header}.{encoded}.{encoded_signature}");
    let jwt = CompactJwt::parse(&token).unwrap();
    let payload = AccessTokenPayload::from_object(jwt.payload_object().unwrap()).unwrap();
    let borrowed = AccessTokenClaims::read(jwt.payload()).unwrap();
    assert_eq!((payload.user_id(), borrowed.user_id()), (Some(CANARY), Some(CANARY)));

    let all = [
        shown(&account),
        shown(&claims),
        shown(&input),
        shown(&signature),
        shown(&assertion),
        shown(&jwt),
        shown(&payload),
        shown(&borrowed),
        shown(&AccessTokenError::Form(JwtError::TooLong)),
        shown(&Algorithm::Rs256),
        shown(&AssertionLifetime::default()),
        shown(&Audience::clone(claims.audience())),
        shown(&ClaimsError::NoMetascopes),
        shown(&ClientId::clone(account.client_id())),
        shown(&DurationText(core::time::Duration::from_secs(1))),
        shown(&Environment::stage()),
        shown(&ErrorLine(&JwtError::TooLong)),
        shown(&FormatError::PlainHttp),
        shown(&JwtError::TooLong),
        shown(&JwtHeader::clone(jwt.shared_header())),
        shown(&JwtId::from_number(1)),
        shown(&Metascope::ENT_USER_SDK),
        shown(&now),
        shown(&OrgId::clone(account.org_id())),
        shown(&TechnicalAccountId::clone(account.technical_account_id())),
        shown(&WipedBytes::new(b"canary-in-the-signature".to_vec())),
        shown(&WipedText::new("canary-in-the-signature".to_owned())),
    ];

    let claims_part = input.as_str().split_once('.').unwrap().1;
    let bytes = format!("{:?}", b"canary-in-the-signature").trim_matches(['[', ']']).to_owned();
    for (name, text) in &all {
        for secret in [
            CANARY,
            "canary-in-the-signature",
            &bytes[..20],
            &encoded,
            &encoded_signature,
            claims_part,
        ] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
    }

    let mut names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    // A type of another crate, which shows what its caller put into it.
    names.push("JsonObject");
    names.sort_unstable();
    assert_eq!(names, public_types(), "each public type is shown once");
}

/// The names that `lib.rs` makes public.
fn public_types() -> Vec<&'static str> {
    let lib = include_str!("../src/lib.rs");
    let mut names: Vec<_> = lib
        .lines()
        .filter(|line| line.starts_with("pub use "))
        .flat_map(|line| line.rsplit("::").next().unwrap_or_default().split(','))
        .map(|name| name.trim_matches(['{', '}', ';', ' ']))
        // Functions have no Debug.
        .filter(|name| name.starts_with(char::is_uppercase))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn debug_of_a_jwt_shows_its_header_and_the_lengths_of_the_rest() {
    let jwt = CompactJwt::parse("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl").unwrap();
    assert_eq!(
        format!("{jwt:?}"),
        "CompactJwt { header: {\"alg\": String(\"RS256\")}, payload: 11 bytes, signature: Signature(9 bytes) }"
    );
}
