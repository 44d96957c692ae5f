//! The bytes of assertions: RS256 is deterministic, so equal claims and an equal key give equal bytes forever.
//!
//! The files are in `crates/ims-testkit/data/golden/`. `cargo xtask golden --bless` rewrites them.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{env, fs};

use ims::{
    claims::{
        AssertionLifetime, ClaimsSet, Environment, JwtId, Metascope, NumericDate, ServiceAccount,
    },
    sign::{PemSigner, sign_assertion},
};
use ims_testkit::keys;

/// An assertion of an account with these metascopes and the changes of a test.
async fn assertion(
    environment: &str,
    metascopes: Vec<Metascope>,
    change: fn(ClaimsSet) -> ClaimsSet,
) -> String {
    let account = ServiceAccount::new(
        "a64f5f10849a410a97ffdac8ae1".parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
        metascopes,
    );
    let environment: Environment = environment.parse().unwrap();
    let issued_at = NumericDate::from_secs(1_550_001_138);
    let claims = account.unwrap().claims(&environment, issued_at, AssertionLifetime::default());
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    let assertion = sign_assertion(&change(claims), &signer).await.unwrap();
    assertion.expose_secret().to_owned()
}

/// Compares `made` with the golden file, or writes it there when `IMS_BLESS` is set.
#[track_caller]
fn compare(name: &str, made: &str) {
    let path = ims_testkit::golden_folder().join(name);
    if env::var_os("IMS_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{made}\n")).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(made, golden.trim_end(), "{name} has changed");
}

#[tokio::test]
async fn an_assertion_with_one_metascope_has_its_golden_bytes() {
    let metascopes = vec![Metascope::ENT_DATASERVICES_SDK];
    let made = assertion("https://ims-na1.adobelogin.com", metascopes, |claims| claims).await;
    compare("assertion.jwt", &made);
}

#[tokio::test]
async fn an_assertion_with_every_claim_has_its_golden_bytes() {
    let metascopes = vec![Metascope::ENT_DATASERVICES_SDK, Metascope::ENT_USER_SDK];
    let every_claim = |claims: ClaimsSet| {
        claims
            .with_jti(JwtId::from_number(1_550_001_138_000_001))
            .with_issued_at(NumericDate::from_secs(1_550_001_138))
            .with_not_before(NumericDate::from_secs(1_550_001_130))
    };
    let made = assertion("http://127.0.0.1:8080/ims-prefix", metascopes, every_claim).await;
    compare("assertion-with-every-claim.jwt", &made);
}
