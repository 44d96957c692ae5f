//! The units of `expires_in`: those of the grants, and those of the emulator's table of endpoint versions. They were written
//! twice, since the emulator shares no code with the client, and must be the same.

#![cfg(feature = "sign-in")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::time::Duration;

use ims::claims::{
    Algorithm, Assertion, AssertionLifetime, Environment, Metascope, NumericDate, ServiceAccount,
    Signature,
};
use ims::exchange::{
    AccessToken, AuthorizationCode, BearerToken, Call, ClientCredentials, ClientSecret,
    ClusterExchange, ClusterTarget, CodeExchange, CodeVerifier, JwtExchange, RefreshToken,
    TokenExchange, TokenRefresh, UserTokens, testing::FakeTransport,
};
use ims_emulator::{EndpointVersion, TimeUnit};

const NOW: NumericDate = NumericDate::from_secs(1_800_000_000);

/// Sends no request: its answer lives a day in the unit of the emulator's table, and the grant must understand it so.
#[track_caller]
fn check<C: Call>(grant: &C, token: impl Fn(C::Answer) -> AccessToken) {
    let production = Environment::production();
    let request = grant.request(&production);
    let path = request.url().trim_start_matches(production.base_url());
    let path = path.split('?').next().unwrap_or_default();
    let version = EndpointVersion::ALL.iter().find(|version| version.path == path);
    let unit = version.unwrap_or_else(|| panic!("the emulator does not serve {path}")).unit;
    let expires_in = match unit {
        Some(TimeUnit::Milliseconds) => 86_399_999,
        Some(TimeUnit::Seconds) => 86_399,
        _ => panic!("the table has no unit for {path}"),
    };
    let body =
        format!(r#"{{"access_token":"a.b.c","token_type":"bearer","expires_in":{expires_in}}}"#);
    let answer = grant.answer(&FakeTransport::answer(200, &body), NOW);
    let token = token(answer.unwrap_or_else(|error| panic!("{path}: {error}")));
    assert_eq!(token.lifetime(), Duration::from_secs(86_399), "{path}");
}

/// An assertion that is never sent, without a real signature.
fn assertion() -> Assertion {
    let account = ServiceAccount::new(
        "test-client".parse().unwrap(),
        "TEST@AdobeOrg".parse().unwrap(),
        "TEST@techacct.adobe.com".parse().unwrap(),
        [Metascope::ENT_DATASERVICES_SDK],
    );
    let production = Environment::production();
    let claims = account.unwrap().claims(&production, NOW, AssertionLifetime::default());
    let signature = Signature::from_bytes(vec![0; 256]);
    Assertion::new(&claims.signing_input(Algorithm::Rs256), &signature)
}

#[test]
fn the_unit_of_each_grant_is_that_of_the_emulators_table() {
    let client_id = "test-client".parse().unwrap();
    let secret = ClientSecret::new("test-secret".to_owned());
    let scopes = ["openid".parse().unwrap()];
    let user_token: BearerToken = "a.b.c".parse().unwrap();
    let user_id = "USER@AdobeID".parse().unwrap();
    let plain: fn(AccessToken) -> AccessToken = |token| token;
    let of_user: fn(UserTokens) -> AccessToken = |tokens| tokens.access_token;

    check(&ClientCredentials::new(&client_id, &secret, &scopes), plain);
    let target = ClusterTarget::User(&user_id);
    check(&ClusterExchange::new(&client_id, &secret, &user_token, target), plain);
    check(&TokenExchange::new(&client_id, &secret, &user_token, &scopes), plain);
    let refresh_token = "refresh".parse::<RefreshToken>().unwrap();
    check(&TokenRefresh::new(&client_id, &refresh_token).with_client_secret(&secret), of_user);
    let code = "code".parse::<AuthorizationCode>().unwrap();
    let verifier = CodeVerifier::generate();
    check(&CodeExchange::new(&client_id, &code, &verifier).with_client_secret(&secret), of_user);
    check(&JwtExchange::new(&client_id, &secret, &assertion()), plain);
}
