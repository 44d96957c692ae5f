//! Pages in a real browser that try to get a token.

use std::fs;

use serde_json::{Value, json};

use crate::{Service, browser, proxy, served};

/// What a page in a browser gets from this URL: the status and the text, or why there is none.
const FETCH: &str = "const [url, options, done] = arguments;
    fetch(url, options).then(async answer => done(`${answer.status} ${answer.type} ${await answer.text()}`), error => done(`failed: ${error}`))";

#[test]
fn a_page_in_a_browser_gets_neither_a_token_nor_through_the_proxy() {
    if !browser::is_installed("a page in a browser") {
        return;
    }
    let (sandbox, emulator) = served();
    let url = emulator.url();
    let arguments = format!(
        "agent -c credentials.json --socket run/agent.sock --listen 127.0.0.1:0 --capability-file capability --url {url}"
    );
    let agent = Service::start(&sandbox, &arguments, 2);
    let proxy = proxy(&sandbox, &emulator, url);
    let browser = browser::Browser::start(&sandbox);
    let fetch = |url: &str, options: Value| {
        let script = json!({ "script": FETCH, "args": [url, options] });
        browser.post("/execute/async", &script).as_str().unwrap().to_owned()
    };
    // The worst case: the page has even learned the capability.
    let capability = fs::read_to_string(sandbox.path("capability")).unwrap();
    let shown = json!({ "headers": { "Authorization": format!("Bearer {capability}") } });
    let port = |service: &Service| {
        let place = service.places.iter().find_map(|place| place.strip_prefix("http://127.0.0.1:"));
        place.unwrap().to_owned()
    };
    let (agent_port, proxy_port) = (port(&agent), port(&proxy));
    for (port, path, options) in
        [(&agent_port, "/v1/token", &shown), (&proxy_port, "/echo", &json!({}))]
    {
        // With DNS rebinding, the name of its host leads to this machine, so the page and its requests have the same origin.
        browser.open(&format!("http://evil.example:{port}{path}"));
        let rebound = fetch(path, options.clone());
        assert!(rebound.starts_with("421 basic ") && rebound.contains("wrong_host"), "{rebound}");
        // Under the right name it is another origin, whose answers the page cannot read.
        for host in ["127.0.0.1", "localhost"] {
            let across = fetch(&format!("http://{host}:{port}{path}"), options.clone());
            assert!(across.starts_with("failed: "), "{across}");
        }
        // A page of this machine is refused as well, wherever it is.
        browser.open(&format!("http://127.0.0.1:{port}{path}"));
        let own = fetch(path, options.clone());
        assert!(own.starts_with("403 basic ") && own.contains("from_browser"), "{own}");
        let other = if port == &agent_port { &proxy_port } else { &agent_port };
        let blind = fetch(&format!("http://127.0.0.1:{other}/echo"), json!({ "mode": "no-cors" }));
        assert!(blind.starts_with("0 opaque "), "{blind}");
    }
    // Nothing of this has reached the API.
    let log = proxy.log();
    assert!(log.contains("GET - 421") && log.contains("GET - 403"), "{log}");
    assert!(!log.contains(" 200 "), "{log}");
}
