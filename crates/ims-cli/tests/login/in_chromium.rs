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

    // The pages follow their own security policy, and request nothing that does not exist.
    let complaints = browser.post("/se/log", &json!({"type": "browser"}));
    let own = |entry: &&Value| entry["message"].as_str().unwrap().contains("Content Security");
    assert_eq!(complaints.as_array().unwrap().iter().find(own), None);
}

fn owned((one, other): (&str, &str)) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

/// An emulator, and its page in a browser. The base URL leads to the page.
fn page_in_chromium() -> (Sandbox, RunningEmulator, Browser) {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "");
    let browser = Browser::start(&sandbox);
    browser.open(emulator.url());
    browser.expect_heading("ims-emulator");
    (sandbox, emulator, browser)
}

#[test]
fn a_person_works_with_the_page_in_chromium() {
    if !is_installed("a_person_works_with_the_page_in_chromium") {
        return;
    }
    let (_sandbox, emulator, browser) = page_in_chromium();
    add_an_integration(&browser);
    refuse_a_request_and_read_the_remedy(&browser, emulator.url());
    edit_the_integration(&browser, emulator.url());
    inject_a_fault(&browser, emulator.url());
    move_the_clock_and_rotate_the_key(&browser, emulator.url());
    decode_a_token(&browser, emulator.url());
    sign_in_as_a_chosen_user(&browser, emulator.url());

    // The page follows its own security policy.
    let complaints = browser.post("/se/log", &json!({"type": "browser"}));
    let own = |entry: &&Value| entry["message"].as_str().unwrap().contains("Content Security");
    assert_eq!(complaints.as_array().unwrap().iter().find(own), None);
}

fn section(browser: &Browser, id: &str) {
    browser.click(&format!("nav a[href='#{id}']"));
    browser.element(&format!("nav a[href='#{id}'][aria-current=page]"));
}

fn add_an_integration(browser: &Browser) {
    section(browser, "integrations");
    browser.press("Add an integration");
    for (name, text) in [
        ("client_id", "page-client"),
        ("client_secrets", "page-secret"),
        ("org_id", "foo"),
        ("technical_account_id", "A@techacct.adobe.com"),
        ("scopes", "openid, AdobeID"),
        ("redirect_uris", "http://127.0.0.1:9/callback"),
    ] {
        browser.fill(&format!("#integration-form [name={name}]"), text);
    }
    browser.click("#integration-form .primary");
    browser.element("#integration-error:not(:empty)");
    let said = browser.text("#integration-error");
    assert!(said.starts_with("org_id: expected an Organization ID"), "{said}");
    browser.fill("#integration-form [name=org_id]", "@AdobeOrg");
    browser.click("#integration-form .primary");
    browser.element("[data-remove=page-client]");
}

/// The answer to a request for a token with this secret.
fn token(url: &str, secret: &str) -> Value {
    let body = format!(
        "grant_type=client_credentials&client_id=page-client&client_secret={secret}&scope=openid"
    );
    let headers = ["content-type: application/x-www-form-urlencoded"];
    let answer = send("POST", &format!("{url}/ims/token/v3"), &headers, &body);
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    body["status"] = answer.status.into();
    body
}

fn refuse_a_request_and_read_the_remedy(browser: &Browser, url: &str) {
    section(browser, "requests");
    assert_eq!(token(url, "wrong")["status"], 400);
    browser.element("#verdicts .refused");
    let title = browser.text("#verdicts .refused summary");
    assert!(title.contains("400 invalid_client") && title.contains("page-client"), "{title}");
    // By the keyboard: the row has the focus, and Enter opens it.
    browser.fill("#verdicts .refused summary", "\u{e007}");
    browser.element("#verdicts .refused[open]");
    let remedy = browser.text("#verdicts .refused .remedy");
    assert!(remedy.starts_with("What to do: Use a client secret of this integration"), "{remedy}");
    let check = browser.text("#verdicts .refused .checks .failed");
    assert!(check.contains("client_secret is right"), "{check}");
    let parameters = browser.text("#verdicts .refused dl");
    assert!(
        parameters.contains("client_credentials") && !parameters.contains("wrong"),
        "{parameters}"
    );

    browser.fill("#filter [name=text]", "no such request");
    browser.element("#verdicts .refused[hidden]");
    browser.press("Clear");
    browser.element("#no-verdicts:not([hidden])");
}

fn edit_the_integration(browser: &Browser, url: &str) {
    section(browser, "integrations");
    browser.press("Edit page-client");
    browser.fill("#integration-form [name=metascopes]", "ent_user_sdk");
    browser.click("#integration-form .primary");
    browser.element("#integration-dialog:not([open])");
    let shown = browser.text("#integration-list");
    assert!(shown.contains("ent_user_sdk") && shown.contains("openid, AdobeID"), "{shown}");
    // The secret is still the same.
    assert_eq!(token(url, "page-secret")["status"], 200);
}

fn inject_a_fault(browser: &Browser, url: &str) {
    section(browser, "faults");
    browser.press("Inject");
    browser.element("[data-remove-fault='1']");
    let listed = browser.text("#fault-list");
    assert!(listed.contains("too_many_requests, once"), "{listed}");
    assert_eq!(token(url, "page-secret")["status"], 429);
    browser.press("Remove fault 1");
    browser.element("#fault-list .empty");
    assert_eq!(token(url, "page-secret")["status"], 200);
}

fn move_the_clock_and_rotate_the_key(browser: &Browser, url: &str) {
    section(browser, "clock");
    browser.press("25 hours ahead");
    browser.element("#clock-said:not(:empty)");
    assert_eq!(browser.text("#clock-said"), "The clock is 90000 s ahead.");
    browser.press("Reset");
    browser.press("Rotate the key");
    browser.element("#key-list li:nth-child(2)");
    let keys = send("GET", &format!("{url}/ims/keys"), &[], "").body;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

fn decode_a_token(browser: &Browser, url: &str) {
    section(browser, "decode");
    let answer = token(url, "page-secret");
    browser.fill("#jwt", &format!("Bearer {}", answer["access_token"].as_str().unwrap()));
    browser.element("#jwt-checks li.passed:nth-child(4)");
    let checks = browser.text("#jwt-checks");
    for text in ["of the type access_token, for page-client", "the signature is right"] {
        assert!(checks.contains(text), "{checks}");
    }
    assert!(!checks.contains("failed: "), "{checks}");
}

fn sign_in_as_a_chosen_user(browser: &Browser, url: &str) {
    section(browser, "users");
    for (first_name, id) in [("Ada", "ADA@AdobeID"), ("Grace", "GRACE@AdobeID")] {
        browser.press("Add a user");
        browser.fill("#user-form [name=id]", id);
        browser.fill("#user-form [name=email]", &format!("{first_name}@example.com"));
        browser.fill("#user-form [name=first_name]", first_name);
        browser.click("#user-form .primary");
        browser.element(&format!("[data-remove-user='{id}']"));
    }
    let query = "client_id=page-client&redirect_uri=http://127.0.0.1:9/callback&response_type=token&scope=openid,AdobeID";
    browser.open(&format!("{url}/ims/authorize/v2?{query}"));
    browser.expect_heading("Sign in with an emulated Adobe account");
    browser.click("input[value='GRACE@AdobeID']");
    // Nothing listens at the callback: the address that the browser was sent to has the token.
    browser.press_and_leave("Allow");
    let address = browser.address_with("#");
    let (_, fragment) = address.split_once('#').unwrap();
    let token = fragment.split('&').find_map(|pair| pair.strip_prefix("access_token=")).unwrap();
    let bearer = format!("authorization: Bearer {token}");
    let profile = send("GET", &format!("{url}/ims/profile/v3"), &[&bearer], "").body;
    assert!(profile.contains("\"userId\":\"GRACE@AdobeID\""), "{profile}");
}

/// Enter, as `WebDriver` writes it.
const ENTER: &str = "\u{e007}";
const SPACE: &str = " ";
const DOWN: &str = "\u{e015}";

#[test]
fn the_page_is_used_by_the_keyboard_alone_in_chromium() {
    if !is_installed("the_page_is_used_by_the_keyboard_alone_in_chromium") {
        return;
    }
    let (_sandbox, emulator, browser) = page_in_chromium();

    // Adds an integration with every kind of field.
    browser.tab_to("Integrations");
    browser.keys(ENTER);
    browser.tab_to("Add an integration");
    browser.keys(ENTER);
    for (label, text) in [
        ("Client ID", "page-client"),
        ("Organization ID", "nonsense"),
        ("Technical account ID", "A@techacct.adobe.com"),
        ("Client secrets", "page-secret"),
        ("OAuth scopes", "openid, AdobeID"),
        ("Redirect URIs, one a line", "http://127.0.0.1:9/callback"),
        ("Default redirect URI", "http://127.0.0.1:9/home"),
        ("Allowed origins (CORS)", "http://localhost:3000"),
        ("Products, one a line", "dma_tartan {\"iid\":\"aid-1\"}"),
    ] {
        browser.tab_to(label);
        browser.keys(text);
    }
    browser.tab_to("Each refresh token works once");
    browser.keys(SPACE);
    browser.tab_to("Save");
    browser.keys(ENTER);
    // A mistake leads to its field, with the words for it.
    browser.element("#integration-form [name=org_id][aria-invalid=true]:focus");
    browser.keys("@AdobeOrg");
    browser.tab_to("Save");
    browser.keys(ENTER);
    // The button that leads back to the form has the focus.
    browser.element("[data-edit=page-client]:focus");
    let integrations = send("GET", &format!("{}/_emulator/integrations", emulator.url()), &[], "");
    let integrations: Value = serde_json::from_str(&integrations.body).unwrap();
    let added =
        integrations.as_array().unwrap().iter().find(|one| one["client_id"] == "page-client");
    let added = added.unwrap();
    for (member, value) in [
        ("org_id", json!("nonsense@AdobeOrg")),
        ("default_redirect_uri", json!("http://127.0.0.1:9/home")),
        ("allowed_origins", json!(["http://localhost:3000"])),
        ("products", json!([{"service_code": "dma_tartan", "fulfillable_data": {"iid": "aid-1"}}])),
        ("rotates_refresh_tokens", json!(true)),
        ("exchange_jwt", json!(true)),
        ("client_secrets", json!(1)),
    ] {
        assert_eq!(added[member], value, "{member}");
    }

    // Adds a user, finds a refused request and opens it, injects a fault and removes it, and deletes the integration.
    browser.tab_to("Users");
    browser.keys(ENTER);
    browser.tab_to("Add a user");
    browser.keys(ENTER);
    for (label, text) in [
        ("User ID", "ADA@AdobeID"),
        ("E-mail address", "ada@example.com"),
        ("Organizations, one a line: ID and name", "TEST@AdobeOrg Test company"),
        ("Roles, one a line", "org_admin in TEST@AdobeOrg"),
    ] {
        browser.tab_to(label);
        browser.keys(text);
    }
    browser.tab_to("Save");
    browser.keys(ENTER);
    browser.element("[data-edit-user='ADA@AdobeID']:focus");
    let users = browser.text("#user-list");
    assert!(users.contains("org_admin in TEST@AdobeOrg"), "{users}");

    assert_eq!(token(emulator.url(), "page-secret")["status"], 200);
    assert_eq!(token(emulator.url(), "wrong")["status"], 400);
    browser.keys("/");
    browser.element("#filter [name=text]:focus");
    browser.keys("client_secret is right");
    browser.element("#verdicts .refused");
    let row = browser.tab_to_element("#verdicts summary");
    assert!(row.contains("failed: client_secret is right"), "{row}");
    browser.keys(DOWN);
    browser.keys(ENTER);
    browser.element("#verdicts .verdict[open]");

    browser.tab_to("Faults");
    browser.keys(ENTER);
    browser.tab_to("Inject");
    browser.keys(ENTER);
    browser.element("[data-remove-fault='1']");
    browser.tab_to("Remove fault 1");
    browser.keys(ENTER);
    browser.element("#fault-list .empty");

    browser.tab_to("Integrations");
    browser.keys(ENTER);
    browser.tab_to("Delete page-client");
    browser.keys(ENTER);
    browser.post("/alert/accept", &json!({}));
    browser.element("#new-integration:focus");
    assert!(!browser.text("#integration-list").contains("page-client"));
}

#[test]
fn the_page_has_names_for_a_screen_reader_and_fits_360_pixels_in_chromium() {
    if !is_installed("the_page_has_names_for_a_screen_reader_and_fits_360_pixels_in_chromium") {
        return;
    }
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "");
    let long = "long-client-id-without-any-hyphen-".repeat(3);
    token(emulator.url(), &long);
    let browser = Browser::start(&sandbox);
    let size = json!({"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": false});
    let command = json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": size});
    browser.post("/goog/cdp/execute", &command);
    browser.open(&format!("{}/_emulator/", emulator.url()));
    let dialogs = [("integrations", "Add an integration"), ("users", "Add a user")];
    for id in ["requests", "integrations", "users", "faults", "clock", "connect", "decode"] {
        section(&browser, id);
        // Nothing is wider than the page, whose scroll bar may take some of its width.
        let overflow = "const page = document.documentElement; return [innerWidth, page.scrollWidth - page.clientWidth]";
        assert_eq!(browser.script(overflow), json!([360, 0]), "{id}");
        let nameless = browser.nameless_controls("body");
        assert!(nameless.is_empty(), "{id}: {nameless:?}");
        if let Some((_, button)) = dialogs.iter().find(|(section, _)| *section == id) {
            browser.press(button);
            let dialog = browser.script("const d = document.querySelector('dialog[open]'); return d.scrollWidth <= d.clientWidth");
            assert_eq!(dialog, json!(true), "{id}");
            // The page behind it is inert.
            let nameless = browser.nameless_controls("dialog[open]");
            assert!(nameless.is_empty(), "{id}: {nameless:?}");
            browser.press("Cancel");
        }
    }
}
