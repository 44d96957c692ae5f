//! `ims login` and the emulator's page with a real browser.

use serde_json::{Value, json};

use crate::{
    browser::{Browser, is_installed},
    person::{Login, send},
    refresh_token,
    running_emulator::RunningEmulator,
    sandbox::Sandbox,
    served,
};

#[test]
fn a_person_signs_in_with_chromium_on_the_consent_page() {
    if !is_installed("a_person_signs_in_with_chromium_on_the_consent_page") {
        return;
    }
    let (sandbox, emulator) = served();
    let browser = Browser::start(&sandbox);

    let login = Login::listening(&sandbox, &emulator);
    browser.open(login.url());
    browser.press("Deny");
    browser.expect_heading("You are not signed in");
    let end = login.end();
    assert_eq!(end.code, Some(4), "{end:?}");
    assert_eq!(refresh_token(&sandbox), None);

    let login = Login::listening(&sandbox, &emulator);
    let (address, _) = login.parameter("redirect_uri").rsplit_once('/').map(owned).unwrap();
    browser.open(login.url());
    browser.press("Allow");
    browser.expect_heading("You are signed in");
    assert_eq!(browser.get("/url"), json!(format!("{address}/")), "the code is in the address");
    let end = login.end();
    assert_eq!(end.code, Some(0), "{end:?}");
    let token = sandbox.run("token -c people.json --fresh");
    assert_eq!((token.code, token.stderr.as_str()), (Some(0), ""));

    // The pages obey their own policy, and ask for nothing that is not there.
    let complaints = browser.post("/se/log", &json!({"type": "browser"}));
    let own = |entry: &&Value| entry["message"].as_str().unwrap().contains("Content Security");
    assert_eq!(complaints.as_array().unwrap().iter().find(own), None);
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[test]
fn the_page_adds_an_integration_shows_a_remedy_injects_a_fault_and_decodes_a_token() {
    let test = "the_page_adds_an_integration_shows_a_remedy_injects_a_fault_and_decodes_a_token";
    if !is_installed(test) {
        return;
    }
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "");
    let url = emulator.url();
    let browser = Browser::start(&sandbox);
    // The base URL leads to the page.
    browser.open(url);
    browser.expect_heading("ims-emulator");
    for (name, text) in [
        ("client_id", "page-client"),
        ("client_secrets", "page-secret"),
        ("org_id", "foo"),
        ("technical_account_id", "A@techacct.adobe.com"),
        ("scopes", "openid, AdobeID"),
    ] {
        browser.fill(&format!("#add [name={name}]"), text);
    }
    browser.press("Save");
    browser.element("#added:not(:empty)");
    let said = browser.text("#added");
    assert!(said.contains("org_id: expected an Organization ID"), "{said}");
    browser.fill("#add [name=org_id]", "@AdobeOrg");
    browser.press("Save");
    browser.element("[data-remove=page-client]");

    let token = |secret: &str| {
        let body = format!(
            "grant_type=client_credentials&client_id=page-client&client_secret={secret}&scope=openid"
        );
        let headers = ["content-type: application/x-www-form-urlencoded"];
        send("POST", &format!("{url}/ims/token/v3"), &headers, &body)
    };
    assert_eq!(token("wrong").status, 400);
    browser.element("#verdicts details.refused");
    let title = browser.text("#verdicts details.refused summary");
    assert!(title.contains("400 invalid_client (page-client)"), "{title}");
    let details = browser.element("#verdicts details.refused summary");
    browser.post(&format!("/element/{details}/click"), &json!({}));
    let remedy = browser.text("#verdicts details.refused .remedy");
    assert!(remedy.starts_with("Use a client secret of this integration"), "{remedy}");

    browser.press("Inject");
    browser.element("#changed:not(:empty)");
    assert_eq!(browser.text("#changed"), "Injected: too_many_requests.");
    assert_eq!((token("page-secret").status, token("page-secret").status), (429, 200));

    let answer: Value = serde_json::from_str(&token("page-secret").body).unwrap();
    browser.fill("#jwt", answer["access_token"].as_str().unwrap());
    browser.element("#jwt-checks li.passed:nth-child(4)");
    let checks = browser.text("#jwt-checks");
    assert!(checks.contains("of the type access_token, for page-client"), "{checks}");
    assert!(checks.contains("ok   the signature is right"), "{checks}");
    assert!(!checks.contains("FAIL"), "{checks}");

    // The page obeys its own policy.
    let complaints = browser.post("/se/log", &json!({"type": "browser"}));
    let own = |entry: &&Value| entry["message"].as_str().unwrap().contains("Content Security");
    assert_eq!(complaints.as_array().unwrap().iter().find(own), None);
}
