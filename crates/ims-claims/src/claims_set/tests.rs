//! The rules of Adobe's "JWT Authentication" one by one, and the laws of writing and reading claims.

use alloc::{format, string::String};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{service_account::ServiceAccount, strict_json::JsonObject};

const NOW: NumericDate = NumericDate::from_secs(1_550_001_138);

#[track_caller]
fn object(value: Value) -> JsonObject {
    let Value::Object(object) = value else { panic!("not an object: {value}") };
    object
}

fn payload() -> Value {
    json!({
        "exp": 1_550_001_438,
        "iss": "C74F69D7594880280@AdobeOrg",
        "sub": "6657031C5C095BB40A4@techacct.adobe.com",
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": true,
        "aud": "https://ims-na1.adobelogin.com/c/a64f5f10849a410a97ffdac8ae1"
    })
}

/// Reads the sample payload with `changes` applied to it; `null` removes a member.
#[track_caller]
fn read(changes: Value) -> Result<ClaimsSet, ClaimsError> {
    let mut members = object(payload());
    for (name, value) in object(changes) {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    ClaimsSet::from_object(&members)
}

#[test]
fn the_sample_of_adobes_document_is_written_byte_for_byte() {
    let claims = read(json!({})).unwrap();
    let json = serde_json::to_string(&claims).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"exp":1550001438,"iss":"C74F69D7594880280@AdobeOrg","sub":"6657031C5C095BB40A4@techacct.adobe.com","#,
            r#""https://ims-na1.adobelogin.com/s/ent_dataservices_sdk":true,"#,
            r#""aud":"https://ims-na1.adobelogin.com/c/a64f5f10849a410a97ffdac8ae1"}"#
        )
    );
}

#[test]
fn the_claims_give_the_metascopes_that_they_were_read_with() {
    let claims = read(json!({})).unwrap();
    assert_eq!(claims.metascopes(), [Metascope::ENT_DATASERVICES_SDK]);
}

#[test]
fn each_rule_of_the_form_is_enforced() {
    const METASCOPE: &str = "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk";
    #[rustfmt::skip]
    let table = [
        (json!({"exp": null}),                   "the claim exp is missing"),
        (json!({"exp": "1550001438"}),           "the claim exp is not an integer of seconds since 1970"),
        (json!({"exp": 1_550_001_438.5}),        "the claim exp is not an integer of seconds since 1970"),
        (json!({"exp": 1e30}),                   "the claim exp is not an integer of seconds since 1970"),
        (json!({"iss": null}),                   "the claim iss is missing"),
        (json!({"iss": "C74F69D7594880280"}),    "the claim iss is not one string of the form \"…@AdobeOrg\""),
        (json!({"iss": ["A@AdobeOrg"]}),         "the claim iss is not one string of the form \"…@AdobeOrg\""),
        (json!({"sub": "C74F@AdobeOrg"}),        "the claim sub is not one string of the form \"…@techacct.adobe.com\""),
        (json!({"aud": null}),                   "the claim aud is missing"),
        (json!({"aud": ["https://ims-na1.adobelogin.com/c/a"]}), "the claim aud is not one string of the form \"https://…/c/<client_id>\""),
        (json!({"aud": "https://ims-na1.adobelogin.com"}), "the claim aud is not one string of the form \"https://…/c/<client_id>\""),
        (json!({"aud": "https://ims-na1-stg1.adobelogin.com/c/a"}), "aud and the metascopes name different environments"),
        (json!({METASCOPE: null}),               "no metascope is claimed"),
        (json!({METASCOPE: false}),              "the claim of a metascope is not the value true"),
        (json!({METASCOPE: "true"}),             "the claim of a metascope is not the value true"),
        (json!({"jti": "abc"}),                  "the claim jti is not a decimal number"),
        (json!({"jti": -1}),                     "the claim jti is not a decimal number"),
        (json!({"jti": ""}),                     "the claim jti is not a decimal number"),
        (json!({"jti": "+7"}),                   "the claim jti is not a decimal number"),
        (json!({"nbf": true}),                   "the claim nbf is not an integer of seconds since 1970"),
        (json!({"iat": 1_550_001_438}),          "exp is not later than iat"),
        (json!({"iat": 1_550_001_438 - 86_401}), "exp is more than 24 hours away; it counts seconds, not milliseconds"),
    ];
    for (changes, said) in table {
        assert_eq!(read(changes.clone()).unwrap_err().to_string(), said, "{changes}");
    }
}

#[test]
fn a_jti_is_read_as_a_string_or_as_a_number() {
    for jti in [json!("1550001138000001"), json!(1_550_001_138_000_001_u64)] {
        let claims = read(json!({"jti": jti})).unwrap();
        assert_eq!(claims.jti(), Some(JwtId::from_number(1_550_001_138_000_001)));
    }
}

#[test]
fn each_rule_of_time_is_enforced() {
    let exp = NOW.plus(Duration::from_mins(5));
    let claims = read(json!({"nbf": NOW.as_secs()})).unwrap();
    #[rustfmt::skip]
    let table = [
        (NOW,                                  Ok(())),
        (NOW.minus(Duration::from_secs(1)),    Err(ClaimsError::NotYetValid { claim: "nbf" })),
        (exp.minus(Duration::from_secs(1)),    Ok(())),
        (exp,                                  Err(ClaimsError::Expired { expired_at: exp })),
    ];
    for (now, accepted) in table {
        assert_eq!(claims.accept_at(now), accepted, "{now:?}");
    }
}

#[test]
fn an_exp_in_milliseconds_is_too_far_away() {
    let claims = read(json!({"exp": 1_550_001_438_000_i64})).unwrap();
    assert_eq!(claims.accept_at(NOW), Err(ClaimsError::LivesTooLong));
}

#[test]
fn exactly_24_hours_are_accepted() {
    let day = NOW.plus(AssertionLifetime::MAX.as_duration());
    assert_eq!(read(json!({"exp": day.as_secs()})).unwrap().accept_at(NOW), Ok(()));
}

#[test]
fn an_assertion_is_accepted_for_its_own_client_only() {
    let claims = read(json!({})).unwrap();
    assert_eq!(claims.accept_for(&"a64f5f10849a410a97ffdac8ae1".parse().unwrap()), Ok(()));
    assert_eq!(claims.accept_for(&"another".parse().unwrap()), Err(ClaimsError::AnotherClient));
}

#[test]
fn each_optional_claim_is_written_where_it_belongs_and_changes_no_other() {
    let plain = read(json!({})).unwrap();
    let (jti, iat, nbf) = (JwtId::from_number(7), NOW, NOW.minus(Duration::from_secs(1)));
    #[rustfmt::skip]
    let table = [
        (plain.clone(),                      (None,      None,      None)),
        (plain.clone().with_jti(jti),        (Some(jti), None,      None)),
        (plain.clone().with_issued_at(iat),  (None,      Some(iat), None)),
        (plain.clone().with_not_before(nbf), (None,      None,      Some(nbf))),
    ];
    for (claims, optional) in table {
        assert_eq!((claims.jti(), claims.issued_at(), claims.not_before()), optional);
        assert_eq!(claims.expires_at(), plain.expires_at());
        assert_eq!(claims.org_id(), plain.org_id());
        assert_eq!(claims.technical_account_id(), plain.technical_account_id());
        assert_eq!(claims.audience(), plain.audience());
        assert_eq!(claims.metascopes(), plain.metascopes());
    }
    let all = plain.with_jti(jti).with_issued_at(iat).with_not_before(nbf);
    let json = serde_json::to_string(&all).unwrap();
    assert!(json.ends_with(r#","jti":"7","iat":1550001138,"nbf":1550001137}"#), "{json}");
}

#[test]
fn the_number_of_an_assertion_is_given_back() {
    assert_eq!(JwtId::from_number(7).as_number(), 7);
}

#[test]
fn a_lifetime_is_one_second_to_24_hours() {
    #[rustfmt::skip]
    let table = [
        (Duration::ZERO,                 None),
        (Duration::from_millis(999),     None),
        (Duration::from_millis(1_999),   Some(1)),
        (Duration::from_hours(24),      Some(86_400)),
        (Duration::from_secs(86_401),    None),
    ];
    for (duration, seconds) in table {
        let lifetime = AssertionLifetime::new(duration).ok().map(|l| l.as_duration().as_secs());
        assert_eq!(lifetime, seconds, "{duration:?}");
    }
}

#[test]
fn an_assertion_lives_five_minutes_by_default() {
    assert_eq!(AssertionLifetime::default().as_duration(), Duration::from_mins(5));
}

proptest! {
    #[test]
    fn claims_survive_json(
        seconds in 1_u64..=86_400, ident in "[0-9A-F]{1,24}", code in "[a-z_]{1,20}", host in "[a-z]{1,12}",
        jti in proptest::option::of(any::<u64>()),
    ) {
        let account = ServiceAccount::new(
            ident.parse()?,
            format!("{ident}@AdobeOrg").parse()?,
            format!("{ident}@techacct.adobe.com").parse()?,
            [code.parse()?],
        )?;
        let environment: Environment = format!("https://{host}.example/prefix").parse()?;
        let lifetime = AssertionLifetime::new(Duration::from_secs(seconds))?;
        let mut claims = account.claims(&environment, NOW, lifetime).with_issued_at(NOW).with_not_before(NOW);
        if let Some(jti) = jti {
            claims = claims.with_jti(JwtId::from_number(jti));
        }
        let json: String = serde_json::to_string(&claims)?;
        let read = ClaimsSet::from_object(&serde_json::from_str(&json)?);
        prop_assert_eq!(read.as_ref(), Ok(&claims));
        prop_assert_eq!(claims.accept_at(NOW), Ok(()));
        prop_assert_eq!(claims.accept_for(&ident.parse()?), Ok(()));
    }
}
