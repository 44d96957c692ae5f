//! `ims login` with a real browser, driven by the `WebDriver` protocol (W3C), on the emulator's consent page.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::{
    person::{Login, send},
    refresh_token,
    sandbox::Sandbox,
    served,
};

/// Chromium without a window, which asks no host but this one for anything.
const ARGUMENTS: [&str; 8] = [
    "--headless=new",
    // It cannot have one as root, which tests in containers often are.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A browser that ends with the test at the latest.
struct Browser {
    driver: Child,
    session: String,
}

#[test]
fn a_person_signs_in_with_chromium_on_the_consent_page() {
    if let Some(missing) = ["chromedriver", "chromium"].into_iter().find(|name| !is_here(name)) {
        // Not by `eprintln!`, which the harness keeps to itself when a test passes.
        let told = "SKIPPED a_person_signs_in_with_chromium_on_the_consent_page";
        writeln!(std::io::stderr(), "\n{told}: {missing} is not here").unwrap();
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

fn is_here(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Browser {
    fn start(sandbox: &Sandbox) -> Self {
        let log = File::create(sandbox.path("chromedriver.log")).unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", sandbox.path("home"))
            .env("TMPDIR", sandbox.path("tmp"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let driver_url = format!("http://127.0.0.1:{}/session", port.unwrap());
        let mut browser = Self { driver, session: driver_url };
        let profile = format!("--user-data-dir={}", sandbox.path("profile").display());
        let arguments: Vec<_> = ARGUMENTS.into_iter().chain([profile.as_str()]).collect();
        let session = browser.post(
            "",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "timeouts": {"implicit": 20_000, "pageLoad": 60_000},
                "goog:chromeOptions": {"args": arguments},
                "goog:loggingPrefs": {"browser": "ALL"},
            }}}),
        );
        let id = session["sessionId"].as_str().unwrap();
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Presses the button that assistive technology calls so.
    fn press(&self, name: &str) {
        let buttons = self.post("/elements", &json!({"using": "css selector", "value": "button"}));
        let id = |button: &Value| {
            button.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
        };
        let mut buttons = buttons.as_array().unwrap().iter().map(id);
        let is_it = |id: &String| self.get(&format!("/element/{id}/computedlabel")) == name;
        let id = buttons.find(is_it).unwrap_or_else(|| panic!("no button is called {name}"));
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Waits until a page with this heading is shown.
    fn expect_heading(&self, text: &str) {
        let heading = format!("//h1[normalize-space()='{text}']");
        self.post("/element", &json!({"using": "xpath", "value": heading}));
    }

    fn get(&self, path: &str) -> Value {
        value(&send("GET", &format!("{}{path}", self.session), &[], "").body)
    }

    fn post(&self, path: &str, parameters: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        value(
            &send("POST", &url, &["content-type: application/json"], &parameters.to_string()).body,
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With all that it has started. What has ended already needs no end.
        let _ = kill_process_group(Pid::from_child(&self.driver), Signal::KILL);
        let _ = self.driver.wait();
    }
}

/// What an answer brings, if it is no error.
#[track_caller]
fn value(answer: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{}: {}", value["error"], value["message"]);
    value
}
