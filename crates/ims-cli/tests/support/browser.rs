//! A real browser, driven by the `WebDriver` protocol (W3C).

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::{person::send, sandbox::Sandbox};

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
    // One name is resolved to this host, as in an attack by DNS rebinding.
    "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The key Tab, as `WebDriver` writes it.
const TAB: &str = "\u{e004}";

/// More than there is on a page to go to.
const MOST_TABS: usize = 80;

/// A browser that ends with the test at the latest.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

/// Whether the browser and its driver are here; says so if `test` is skipped for it.
pub(crate) fn is_installed(test: &str) -> bool {
    let Some(missing) = ["chromedriver", "chromium"].into_iter().find(|name| !is_here(name)) else {
        return true;
    };
    // Does not use `eprintln!`: the harness hides its output when a test passes.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "\nSKIPPED {test}: {missing} is not here").unwrap();
    false
}

fn is_here(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Browser {
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
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

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Presses the button that assistive technology calls so.
    pub(crate) fn press(&self, name: &str) {
        let buttons = self.post("/elements", &json!({"using": "css selector", "value": "button"}));
        let id = |button: &Value| {
            button.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
        };
        let mut buttons = buttons.as_array().unwrap().iter().map(id);
        let is_called_so = |id: &String| self.get(&format!("/element/{id}/computedlabel")) == name;
        let id = buttons.find(is_called_so).unwrap_or_else(|| panic!("no button is called {name}"));
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Presses the button, and does not mind if no one answers at the address that it leads to.
    pub(crate) fn press_and_leave(&self, name: &str) {
        let label = format!("//button[normalize-space()='{name}']");
        let button = self.post("/element", &json!({"using": "xpath", "value": label}));
        let id = button.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        send(
            "POST",
            &format!("{}/element/{id}/click", self.session),
            &["content-type: application/json"],
            "{}",
        );
    }

    /// Waits until the address contains `text`, and returns it. Right after a click on a form the browser still names
    /// the page that it leaves.
    pub(crate) fn address_with(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let address = self.get("/url").as_str().unwrap().to_owned();
            if address.contains(text) {
                return address;
            }
            assert!(Instant::now() < deadline, "{address} has no {text}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks the element that `selector` names.
    pub(crate) fn click(&self, selector: &str) {
        let id = self.element(selector);
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Types `text` wherever the focus is.
    pub(crate) fn keys(&self, text: &str) {
        let mut actions = Vec::new();
        for key in text.chars() {
            actions.push(json!({"type": "keyDown", "value": key}));
            actions.push(json!({"type": "keyUp", "value": key}));
        }
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// Presses Tab until the element with the accessible name `name` has the focus.
    #[track_caller]
    pub(crate) fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        while passed.len() < MOST_TABS {
            self.keys(TAB);
            let label = self.focused_label();
            if label == name {
                return;
            }
            passed.push(label);
        }
        panic!("Tab does not lead to {name}, but to {passed:?}");
    }

    /// Presses Tab until an element that `selector` names has the focus. Returns the element's accessible name.
    #[track_caller]
    pub(crate) fn tab_to_element(&self, selector: &str) -> String {
        for _ in 0..MOST_TABS {
            self.keys(TAB);
            let is_there = format!("return document.activeElement.matches({})", json!(selector));
            if self.script(&is_there) == json!(true) {
                return self.focused_label();
            }
        }
        panic!("Tab does not lead to {selector}");
    }

    fn focused_label(&self) -> String {
        let focused = self.get("/element/active");
        let id = focused.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        self.get(&format!("/element/{id}/computedlabel")).as_str().unwrap_or_default().to_owned()
    }

    /// The visible buttons, links and fields in the element that `selector` names for which assistive technology has no
    /// name, as HTML.
    pub(crate) fn nameless_controls(&self, selector: &str) -> Vec<String> {
        let controls = "a, button, input, select, textarea, summary, [tabindex='0']";
        let script = format!(
            "return [...document.querySelector({}).querySelectorAll({})].filter((one) => one.checkVisibility())",
            json!(selector),
            json!(controls)
        );
        let mut nameless = Vec::new();
        for control in self.script(&script).as_array().unwrap() {
            let id = control.as_object().unwrap().values().next().unwrap().as_str().unwrap();
            let label = self.get(&format!("/element/{id}/computedlabel"));
            if label.as_str().unwrap_or_default().trim().is_empty() {
                let html = self.get(&format!("/element/{id}/property/outerHTML"));
                nameless.push(html.as_str().unwrap().to_owned());
            }
        }
        nameless
    }

    /// What a function with these lines gives in the page.
    pub(crate) fn script(&self, lines: &str) -> Value {
        self.post("/execute/sync", &json!({"script": lines, "args": []}))
    }

    /// Waits until a page with this heading is shown.
    pub(crate) fn expect_heading(&self, text: &str) {
        let heading = format!("//h1[normalize-space()='{text}']");
        self.post("/element", &json!({"using": "xpath", "value": heading}));
    }

    /// Waits until an element that `selector` (CSS) names is there.
    pub(crate) fn element(&self, selector: &str) -> String {
        let element = self.post("/element", &json!({"using": "css selector", "value": selector}));
        element.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Types `text` into the field that `selector` names.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let id = self.element(selector);
        self.post(&format!("/element/{id}/value"), &json!({ "text": text }));
    }

    /// The text that the element shows.
    pub(crate) fn text(&self, selector: &str) -> String {
        let id = self.element(selector);
        self.get(&format!("/element/{id}/text")).as_str().unwrap().to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        value(&send("GET", &format!("{}{path}", self.session), &[], "").body)
    }

    pub(crate) fn post(&self, path: &str, parameters: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        value(
            &send("POST", &url, &["content-type: application/json"], &parameters.to_string()).body,
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With all that it has started. It may have ended already.
        let _ = kill_process_group(Pid::from_child(&self.driver), Signal::KILL);
        let _ = self.driver.wait();
    }
}

/// The value of an answer, if it is not an error.
#[track_caller]
fn value(answer: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{}: {}", value["error"], value["message"]);
    value
}
