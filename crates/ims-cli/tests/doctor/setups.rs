//! `ims doctor` with setups as people break them: each row is one of them, with the first line that failed, what to do next
//! and the exit code.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use ims::token::{Clock as _, SystemClock};
use ims_testkit::keys;
use serde_json::{Value, json};

use crate::{
    certificate, put_clock_ahead,
    running_emulator::RunningEmulator,
    sandbox::{CLIENT_SECRET, Finished, Sandbox},
};

/// What the doctor must say: the exit code, a part of the first line that failed (empty if none may fail), and a part of what
/// to do next.
type Expected = (i32, &'static str, &'static str);

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

#[track_caller]
fn assert_says(setup: &str, finished: &Finished, (code, failed, next): Expected) {
    assert_eq!(finished.code, Some(code), "{setup}: {finished:?}");
    assert!(!finished.stdout.contains("canary"), "{setup}: {finished:?}");
    assert!(finished.stderr.is_empty(), "{setup}: {finished:?}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(lines[0].contains(" source: "), "{setup}: {finished:?}");
    let verdict = lines.last().unwrap();
    assert!(verdict.starts_with(|c: char| c.is_ascii_digit()), "{setup}: {finished:?}");

    let position = lines.iter().position(|line| line.starts_with("failed"));
    assert_eq!(verdict.contains(" failed: "), position.is_some(), "{setup}: {finished:?}");
    let Some(position) = position else {
        assert!(failed.is_empty(), "{setup}: nothing failed: {finished:?}");
        assert!(finished.stdout.contains(next), "{setup}: {finished:?}");
        return;
    };
    assert!(!failed.is_empty() && lines[position].contains(failed), "{setup}: {finished:?}");
    let rest = &lines[position + 1..];
    let mut steps = rest.iter().take_while(|line| line.trim_start().starts_with("-> "));
    assert!(steps.any(|step| step.contains(next)), "{setup}: no {next:?}: {finished:?}");
}

/// The doctor on credentials with these changes.
fn examine(sandbox: &Sandbox, changes: &Value, arguments: &str) -> Finished {
    sandbox.write_credentials("ill.json", changes.clone());
    sandbox.run(&format!("doctor -c ill.json {arguments}"))
}

/// The changes that make the credentials those of OAuth Server-to-Server.
fn server_to_server() -> Value {
    json!({
        "scopes": ["openid", "AdobeID"], "metascopes": null, "private_key_file": null,
        "certificate_file": null, "technical_account_id": null,
    })
}

#[test]
fn a_wrong_value_in_credentials_is_named_with_its_member() {
    let sandbox = Sandbox::new();
    let secret_for_id = "p8e-canaryABCDEFGHIJKLMNOPQRSTUV";
    #[rustfmt::skip]
    let table: [(&str, Value, Expected); 18] = [
        ("client id of blanks",       json!({"client_id": " "}),                         (4, "client_id is wrong: not a client id: it is empty", "compare client_id")),
        ("client id with a blank",    json!({"client_id": "a64f5f 10849"}),              (4, "client_id is wrong", "compare client_id")),
        ("secret as client id",       json!({"client_id": secret_for_id, "client_secret": "a64f5f10849a410a97ffdac8ae1"}), (4, "client_id looks like a client secret", "swapped")),
        ("organization without end",  json!({"org_id": "C74F69D7594880280"}),            (4, "org_id is wrong", "@AdobeOrg")),
        ("account for organization",  json!({"org_id": "6657031C5C095BB40A4@techacct.adobe.com"}), (4, "org_id is wrong", "are the two swapped?")),
        ("account without end",       json!({"technical_account_id": "6657031C5C"}),     (4, "technical_account_id is wrong", "@techacct.adobe.com")),
        ("secret with a line break",  json!({"client_secret": "canary\n"}),              (4, "client_secret ends with a line break", "without white space")),
        ("secret with a blank",       json!({"client_secret": " canary"}),               (4, "client_secret begins or ends with white space", "without white space")),
        ("secret with a no-break space", json!({"client_secret": "can\u{a0}ary"}),       (4, "client_secret contains a no-break space", "without white space")),
        ("secret in quotes",          json!({"client_secret": "'canary'"}),              (4, "client_secret is in quotation marks", "remove the quotation marks")),
        ("no secret",                 json!({"client_secret": ""}),                      (4, "client_secret is empty", "copy it again")),
        ("organization for secret",   json!({"client_secret": "C74F@AdobeOrg"}),         (4, "client_secret is the id of an organization", "swapped")),
        ("secret that is a number",   json!({"client_secret": 12_345_678}),              (4, "client_secret is a number", "in quotation marks")),
        ("secret that is missing",    json!({"client_secret": null}),                    (4, "client_secret is missing", "compare client_secret")),
        ("misspelled member",         json!({"client_sercet": "x"}),                     (4, "unknown member client_sercet, did you mean client_secret?", "correct the name")),
        ("no metascope",              json!({"metascopes": []}),                         (4, "at least one metascope", "compare metascopes")),
        ("key as text of a path",     json!({"private_key_file": null}),                 (4, "private_key_file is missing", "compare private_key_file")),
        ("IMS over plain http",       json!({"ims_url": "http://ims.example"}),          (4, "ims_url is wrong", "compare ims_url")),
    ];
    for (setup, changes, expected) in table {
        assert_says(setup, &examine(&sandbox, &changes, ""), expected);
    }
}

#[test]
fn a_file_that_is_not_credentials_is_named_with_the_line_of_its_fault() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder.json")).unwrap();
    #[rustfmt::skip]
    let table: [(&str, Option<&str>, Expected); 7] = [
        ("half of JSON",    Some("{\"client_id\": \"x\",\n \"client_secret\": \n"),                (4, "not JSON (line 3, column", "correct the file at this place")),
        ("member twice",    Some("{\"client_id\": \"x\",\n\"client_id\": \"canary\",\n\"scopes\":[]}"), (4, "a member occurs twice in one object (line 2)", "remove the wrong one")),
        ("another form",    Some("{\"hello\": \"canary\"}"),                                       (4, "no known form of credentials (members: hello)", "known are")),
        ("empty",           Some(""),                                                              (4, "ill.json", "")),
        ("binary",          Some("\u{0}\u{1}\u{2}"),                                               (4, "ill.json", "")),
        ("no such file",    None,                                                                  (4, "cannot read nowhere.json: No such file", "check the path")),
        ("folder",          None,                                                                  (4, "folder.json is a folder", "name the file itself")),
    ];
    for (setup, contents, expected) in table {
        let file = match (setup, contents) {
            ("folder", _) => "folder.json",
            (_, None) => "nowhere.json",
            (_, Some(contents)) => {
                sandbox.write("ill.json", contents);
                "ill.json"
            }
        };
        assert_says(setup, &sandbox.run(&format!("doctor -c {file}")), expected);
    }
}

#[test]
fn a_file_in_place_of_a_key_or_a_certificate_is_named_as_what_it_is() {
    let sandbox = Sandbox::new();
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(keys::FIRST.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAQID\n-----END OPENSSH PRIVATE KEY-----\n";
    let files: [(&str, Vec<u8>); 14] = [
        ("ec.key", keys::EC.into()),
        ("pss.key", keys::PSS.into()),
        ("small.key", keys::SMALL.into()),
        ("second.key", keys::SECOND.into()),
        ("encrypted.key", keys::FIRST_PBES2_AES256_SHA256.into()),
        ("truncated.key", keys::FIRST[..900].into()),
        ("utf16.key", utf16),
        ("openssh.key", openssh.into()),
        ("jwk.key", br#"{"kty":"RSA","n":"AQAB","d":"canary"}"#.to_vec()),
        ("page.key", b"<!DOCTYPE html><title>canary</title>".to_vec()),
        ("empty.key", Vec::new()),
        ("two.key", [keys::FIRST, keys::SECOND].concat().into()),
        ("puttygen.key", b"PuTTY-User-Key-File-2: ssh-rsa".to_vec()),
        ("open.key", keys::FIRST.into()),
    ];
    for (name, contents) in files {
        sandbox.write(name, contents);
    }
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(sandbox.path("open.key"), open.clone()).unwrap();
    fs::set_permissions(sandbox.path("certificate_pub.crt"), open).unwrap();
    fs::create_dir(sandbox.path("folder.key")).unwrap();
    let pkcs12 = "pkcs12 -export -inkey private.key -in certificate_pub.crt -passout pass:canary -out pair.p12";
    let mut export = Command::new("openssl");
    let output = export.args(pkcs12.split(' ')).current_dir(sandbox.path("")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let year = 365 * 24 * 60 * 60;
    sandbox.write("past.crt", certificate(&sandbox, 0, year));
    sandbox.write("future.crt", certificate(&sandbox, 200 * year, 201 * year));
    let no_module = "pkcs11:token=ims;object=key?module-path=/nowhere/module.so";
    let hardware = json!({"private_key_file": null, "certificate_file": null, "signer": no_module});
    let key = |name: &str| json!({ "private_key_file": name });
    let named = |name: &str| json!({ "certificate_file": name });
    #[rustfmt::skip]
    let table: [(&str, Value, Expected); 27] = [
        ("certificate as key",   key("certificate_pub.crt"), (4, "private key: this is a certificate, not a private key", "give the file of a key")),
        ("elliptic curve",       key("ec.key"),        (4, "elliptic curve key, and RS256 needs an RSA key", "ims cert new")),
        ("PSS only",             key("pss.key"),       (4, "restricted to RSASSA-PSS", "ims cert new")),
        ("too small",            key("small.key"),     (4, "the key has 1024 bits", "ims cert new")),
        ("no pass phrase",       key("encrypted.key"), (4, "encrypted and no pass phrase is given", "private_key_passphrase_file")),
        ("truncated",            key("truncated.key"), (4, "a PEM block has no END line", "copy the file again")),
        ("UTF-16",               key("utf16.key"),     (4, "this is text in UTF-16", "iconv")),
        ("OpenSSH",              key("openssh.key"),   (4, "OpenSSH's own format", "ssh-keygen -p -m PKCS8")),
        ("PuTTY",                key("puttygen.key"),  (4, "PuTTY", "puttygen")),
        ("JSON Web Key",         key("jwk.key"),       (4, "this is a JSON Web Key", "convert it: node -p 'crypto.createPrivateKey(")),
        ("PKCS#12",              key("pair.p12"),      (4, "encrypted and no pass phrase is given", "private_key_passphrase_file")),
        ("PKCS#12 as certificate", named("pair.p12"),  (4, "certificate: this is a PKCS#12 file, not a certificate", "openssl pkcs12")),
        ("web page",             key("page.key"),      (4, "this is a web page", "give the file of a key")),
        ("empty",                key("empty.key"),     (4, "empty.key is empty", "copy it again")),
        ("two keys",             key("two.key"),       (4, "two.key holds two different private keys", "leave only the right one")),
        ("folder",               key("folder.key"),    (4, "folder.key is a folder", "name the file itself")),
        ("missing",              key("nowhere.key"),   (4, "cannot read nowhere.key", "check the path")),
        ("mode 0644",            key("open.key"),      (4, "open.key must be private, but others can read it (mode 0644)", "chmod 600 open.key")),
        ("key of another pair",  key("second.key"),    (4, "the private key is not the certificate's", "ims cert match")),
        ("no module",            hardware,             (4, "/nowhere/module.so cannot be used as a PKCS#11 module", "module-path")),
        ("key as certificate",   named("second.key"),  (4, "certificate: this is a private key, not a certificate", "BEGIN CERTIFICATE")),
        ("no certificate",       named("empty.key"),   (4, "certificate: this is an empty file", "BEGIN CERTIFICATE")),
        ("certificate missing",  named("nowhere.crt"), (4, "cannot read nowhere.crt", "check the path")),
        ("certificate expired",  named("past.crt"),    (4, "validity: the certificate has expired, at 1971-01-01", "ims cert rotate")),
        ("not yet valid",        named("future.crt"),  (4, "validity: the certificate is not valid before 2169-11-13", "clock")),
        ("readable certificate", json!({}),            (0, "", "IMS was not asked (--offline)")),
        ("no certificate named", json!({"certificate_file": null}), (0, "", "name it as certificate_file")),
    ];
    for (setup, changes, expected) in table {
        assert_says(setup, &examine(&sandbox, &changes, "--offline"), expected);
    }
}

#[test]
fn a_key_of_another_user_is_refused() {
    let sandbox = Sandbox::new();
    if chown(sandbox.path("private.key"), Some(12_345), None).is_err() {
        writeln!(std::io::stderr(), "\nSKIPPED: only root can give a file away").unwrap();
        return;
    }
    let finished = examine(&sandbox, &json!({}), "--offline");
    let expected = (4, "private.key belongs to user 12345", "");
    assert_says("owner", &finished, expected);
}

/// Answers every request on loopback in this way, and returns the address. Connections without a request get no answer.
fn stub(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            if read_request(&mut stream) {
                // A client that has gone away needs no answer.
                let _ = stream.get_mut().write_all(&answer);
            }
        }
    });
    url
}

/// Whether there was a request, which is read to its end.
fn read_request(stream: &mut BufReader<TcpStream>) -> bool {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            return stream.read_exact(&mut vec![0; length]).is_ok();
        }
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// A refusal in the form of IMS. `headers` end each with a line break.
fn refusal(status: &str, headers: &str, code: &str, description: &str) -> String {
    let body = json!({ "error": code, "error_description": description }).to_string();
    stub(http(status, &format!("Content-Type: application/json\r\n{headers}"), &body))
}

#[test]
fn an_answer_with_several_causes_is_explained_by_the_one_that_the_other_checks_leave() {
    let sandbox = Sandbox::new();
    let s2s = server_to_server;
    let none = || json!({});
    let (bad, year) = ("400 Bad Request", "Date: Tue, 12 Feb 2030 19:57:18 GMT\r\n");
    let past = "Date: Tue, 12 Feb 2019 19:57:18 GMT\r\n";
    let html = "Content-Type: text/html\r\n";
    let (now, day) = (SystemClock.now().as_secs(), 24 * 60 * 60);
    sandbox.write("today.crt", certificate(&sandbox, now - day, now + day));
    let today = || json!({"certificate_file": "today.crt"});
    #[rustfmt::skip]
    let table: [(&str, String, Value, Expected); 26] = [
        ("401 at the exchange",      refusal("401 Unauthorized", "", "invalid_client", "invalid client_secret parameter"), none(), (4, "exchange: the client secret is wrong", "copy the client secret")),
        ("400 at the token endpoint", refusal(bad, "", "invalid_client", "invalid client_secret parameter"),               s2s(),  (4, "exchange: the client secret is wrong", "copy the client secret")),
        ("unknown client",           refusal(bad, "", "invalid_client", "invalid client_id parameter"),                    s2s(),  (4, "does not know this client id", "compare client_id")),
        ("another environment",      refusal(bad, "", "invalid_client", "The audience claim is not this IMS"),             none(), (4, "one of another environment", "ims_url")),
        ("no JWT exchange",          refusal(bad, "", "invalid_client", "exchange_jwt scope missing"),                     none(), (4, "may not exchange assertions", "OAuth Server-to-Server")),
        ("jti required",             refusal(bad, "", "invalid_jti", "The JWT requires a jti"),                            none(), (4, "requires a jti", "switch jti on")),
        ("scope not granted",        refusal(bad, "", "invalid_scope", "scope is not allowed"),                            s2s(),  (4, "a scope is not granted", "compare the scopes")),
        ("expired, by the clock",    refusal(bad, year, "invalid_token", "JWT token has expired"),                         none(), (4, "clock: this machine is ", "set the clock")),
        ("not valid yet, by the clock", refusal(bad, past, "invalid_signature", ""),                                       today(), (4, "clock: this machine is ", "set the clock")),
        ("no longer valid, by the clock", refusal(bad, year, "invalid_signature", ""),                                     today(), (4, "clock: this machine is ", "set the clock")),
        ("expired, and no clock",    refusal(bad, "", "invalid_token", "JWT token has expired"),                           none(), (4, "exchange: IMS rejected the assertion: the assertion has expired", "set the clock")),
        ("wrong secret, wrong clock", refusal("401 Unauthorized", year, "invalid_client", ""),                             none(), (4, "exchange: the client secret is wrong", "copy the client secret")),
        ("wrong metascope, wrong clock", refusal(bad, year, "invalid_scope", ""),                                          none(), (4, "exchange: the metascope ent_dataservices_sdk is not one of the integration", "compare the metascopes")),
        ("throttled",                refusal("429 Too Many Requests", "Retry-After: 60\r\n", "throttled", ""),             none(), (3, "too many", "try again in 1 min")),
        ("500",                      refusal("500 Internal Server Error", "", "internal_error", ""),                       none(), (3, "IMS has trouble, or the JWT credential was migrated", "ims migrate -c")),
        ("503",                      stub(http("503 Service Unavailable", html, "<html>busy</html>")),                     none(), (3, "IMS has trouble", "try again")),
        ("portal",                   stub(http("200 OK", html, "<html>sign in</html>")),                                   none(), (4, "endpoint: a page answered instead of IMS (200)", "HTTPS_PROXY")),
        ("redirect",                 stub(http("302 Found", "Location: https://portal.example/?canary\r\n", "")),          none(), (4, "endpoint: a redirect to portal.example answered instead of IMS", "HTTPS_PROXY")),
        ("not found",                stub(http("404 Not Found", "Content-Type: text/plain\r\n", "nothing")),               none(), (4, "nothing at this path answered instead of IMS", "ims_url")),
        ("half an answer",           stub(http("200 OK", "Content-Type: application/json\r\n", "{\"access")),              none(), (4, "the answer is not JSON, or it is cut off (200)", "support")),
        ("no answer",                stub(""),                                                                             none(), (3, "endpoint: ", "try again; if it stays so")),
        ("not a technical account",  refusal(bad, "", "invalid_token", "Could not match JWT signature to any of the bindings"), json!({"technical_account_id": "a64f5f10-849a@techacct.adobe.com"}), (4, "looks like the e-mail address", "Technical Account ID")),
        ("certificate not uploaded", refusal(bad, "", "invalid_token", "Could not match JWT signature to any of the bindings"), none(), (4, "IMS does not have this certificate", "fingerprints")),
        ("signature, no certificate", refusal(bad, "", "invalid_signature", ""), json!({"certificate_file": null}),                (4, "IMS holds no certificate of this private key", "certificate_file")),
        ("account is not the organization's", refusal(bad, "", "bad_request", "org_id does not match"),                    none(), (4, "the organization or the technical account is not the integration's", "org_id")),
        ("an answer of tomorrow",    refusal("418 I'm a teapot", "", "tea", ""),                                           none(), (4, "exchange: ", "support")),
    ];
    for (setup, url, changes, expected) in table {
        let finished = examine(&sandbox, &changes, &format!("--url {url}"));
        assert_says(setup, &finished, expected);
    }
}

#[test]
fn a_clock_that_is_off_is_named_if_it_is_what_ims_refuses() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let day = 24 * 60 * 60;
    #[rustfmt::skip]
    let table: [(i64, Expected); 5] = [
        (0,        (0, "", "clock: as that of IMS")),
        (-600,     (0, "", "10 minutes ahead of IMS")),
        (600,      (4, "clock: this machine is 10 minutes behind IMS", "timedatectl")),
        (3 * day,  (4, "clock: this machine is 3 days behind IMS", "timedatectl")),
        (-3 * day, (4, "clock: this machine is 3 days ahead of IMS", "timedatectl")),
    ];
    for (offset, expected) in table {
        put_clock_ahead(&emulator, offset);
        let finished = sandbox.run(&format!("doctor -c credentials.json --url {}", emulator.url()));
        assert_says(&format!("clock {offset}"), &finished, expected);
    }
}

#[test]
fn the_second_secret_is_tried_when_the_first_is_wrong_and_both_are_reported() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let url = format!("--url {}", emulator.url());
    #[rustfmt::skip]
    let table: [(&str, Value, Expected); 2] = [
        ("second right", json!([ "canary-old", CLIENT_SECRET ]), (0, "", "warning  client secret: IMS accepts the second client secret, and says that the first is wrong")),
        ("none right",   json!([ "canary-old", "canary-new" ]),  (4, "none of the 2 client secrets is right", "copy the client secret")),
    ];
    for (setup, secrets, expected) in table {
        let changes = json!({ "client_secret": null, "client_secrets": secrets });
        assert_says(setup, &examine(&sandbox, &changes, &url), expected);
    }
}

#[test]
fn what_blocks_the_connection_to_ims_is_named_with_its_variable() {
    let sandbox = Sandbox::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answering = |status: &str| stub(http(status, "", ""));
    sandbox.write("empty.pem", "");
    sandbox.write("key.pem", keys::SECOND);
    let ca = |name: &str| sandbox.path(name).display().to_string();
    let proxy = "HTTPS_PROXY";
    #[rustfmt::skip]
    let table: [(&str, &str, String, Expected); 15] = [
        ("proxy that is not a URL",   proxy, ":::".into(),                      (4, "proxy: the variable HTTPS_PROXY does not name a proxy", "set HTTPS_PROXY")),
        ("proxy without a host",   proxy, "http://".into(),                  (4, "proxy: the variable HTTPS_PROXY does not name a proxy", "set HTTPS_PROXY")),
        ("proxy by ftp",           "ALL_PROXY", "ftp://h:1".into(),          (4, "proxy: the variable ALL_PROXY does not name a proxy", "set ALL_PROXY")),
        ("proxy by SOCKS",         proxy, "socks5://127.0.0.1:1".into(),     (4, "SOCKS is not supported", "set HTTPS_PROXY")),
        ("proxy with a blank",     "https_proxy", "http://canary host".into(), (4, "the variable https_proxy does not name a proxy", "set https_proxy")),
        ("proxy that is not there", proxy, format!("http://{closed}"),       (3, "connection: cannot connect to the proxy http://127.0.0.1", "check that it runs")),
        ("proxy that forbids",     proxy, answering("403 Forbidden"),        (4, "(HTTPS_PROXY) answered 403 Forbidden", "NO_PROXY")),
        ("proxy in trouble",       proxy, answering("502 Bad Gateway"),      (3, "(HTTPS_PROXY) answered 502 Bad Gateway", "NO_PROXY")),
        ("proxy that is busy",     proxy, answering("503 Service Unavailable"), (3, "(HTTPS_PROXY) answered 503 Service Unavailable", "NO_PROXY")),
        ("proxy that redirects",   proxy, answering("302 Found"),            (4, "(HTTPS_PROXY) answered 302 Found", "NO_PROXY")),
        ("proxy with a login",     proxy, answering("407 Proxy Authentication Required"), (4, "asks for a user name and a password (407)", "USER:PASSWORD")),
        ("proxy that is none",     proxy, stub("SSH-2.0-OpenSSH_9.2\r\n\r\n"), (4, "is not a proxy: its answer is not HTTP", "address of the proxy")),
        ("no CA file",             "SSL_CERT_FILE", ca("nowhere.pem"),       (4, "CA certificates: the variable SSL_CERT_FILE gives no CA certificate: cannot read", "unset it")),
        ("empty CA file",          "SSL_CERT_FILE", ca("empty.pem"),         (4, "CA certificates: the variable SSL_CERT_FILE gives no CA certificate", "unset it")),
        ("key as CA file",         "SSL_CERT_FILE", ca("key.pem"),           (4, "CA certificates: the variable SSL_CERT_FILE gives no CA certificate", "unset it")),
    ];
    for (setup, name, value, expected) in table {
        let mut doctor = sandbox.ims("doctor -c credentials.json");
        let finished: Finished = doctor.env(name, value).output().unwrap().into();
        assert_says(setup, &finished, expected);
    }

    let finished = sandbox.run(&format!("doctor -c credentials.json --url http://{closed}"));
    let expected = (3, "connection: cannot connect to 127.0.0.1", "check the firewall");
    assert_says("no one listens", &finished, expected);
    let finished = sandbox.run("doctor -c credentials.json --url https://ims.invalid");
    assert_says("no such host", &finished, (3, "name: cannot resolve ims.invalid", "spelling"));
}

#[test]
fn the_first_line_names_the_source_and_what_it_hides() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run("context add mine -c credentials.json").code, Some(0));
    let document = json!({ "api_key": "a64f5f10849a410a97ffdac8ae1" }).to_string();
    #[rustfmt::skip]
    let table: [(&str, Variables<'_>, &str, Expected); 6] = [
        ("file",             &[],                              "-c credentials.json", (0, "", "ok       source: the credentials are from the file credentials.json; not used: the current context mine")),
        ("current context",  &[],                              "",                    (0, "", "ok       source: the credentials are from the current context mine of ")),
        ("variable",         &[("IMS_CREDENTIALS", &document)], "",                   (0, "", "warning  source: the credentials are from the document in IMS_CREDENTIALS; not used: the current context mine")),
        ("client id alone",  &[("IMS_CLIENT_ID", "foo")],      "",                    (4, "credentials: IMS_ORG_ID is missing", "IMS_SCOPES")),
        ("unknown context",  &[("IMS_CONTEXT", "other")],      "",                    (2, "credentials: there is no such context; there is mine", "ims context list")),
        ("API key alone",    &[("IMS_CREDENTIALS", &document)], "",                   (0, "", "for which IMS gives no token")),
    ];
    for (setup, variables, arguments, expected) in table {
        let mut doctor = sandbox.ims(&format!("doctor --offline {arguments}"));
        let finished: Finished = doctor.envs(variables.iter().copied()).output().unwrap().into();
        assert_says(setup, &finished, expected);
        let hides = finished.stdout.starts_with("warning  source");
        assert_eq!(hides, !variables.is_empty(), "{setup}: {finished:?}");
    }

    let sandbox = Sandbox::new();
    let none = sandbox.run("doctor");
    assert_says(
        "no credentials",
        &none,
        (2, "source: no credentials are given", "ims context add"),
    );
    let none = sandbox.run("doctor --json");
    let document: Value = serde_json::from_str(&none.stdout).unwrap();
    assert_eq!(document["verdict"]["exit_code"], 2);
    assert_eq!(document["checks"][0]["status"], "failed");
}

#[test]
fn a_sign_in_that_has_ended_is_named() {
    let sandbox = Sandbox::new();
    let url = refusal("400 Bad Request", "", "invalid_grant", "the refresh token has expired");
    let people = json!({
        "user": true, "client_id": "people-app", "scopes": ["openid"], "ims_url": url,
    });
    sandbox.write("people.json", people.to_string());
    let finished = sandbox.run("doctor -c people.json");
    assert_says("no sign-in", &finished, (4, "sign-in: no one is signed in", "ims login"));

    let (_, place) = finished.stdout.split_once("no refresh token in ").unwrap();
    let file = Path::new(place.lines().next().unwrap());
    let folder = file.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(file, "canary-refresh-token").unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    let finished = sandbox.run("doctor -c people.json");
    let expected = (4, "the refresh token has expired or was revoked", "ims login");
    assert_says("sign-in has ended", &finished, expected);
}

#[test]
fn each_line_is_printed_before_the_next_check_ends() {
    let sandbox = Sandbox::new();
    // It accepts connections and never answers.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let mut doctor =
        sandbox.ims(&format!("doctor -c credentials.json --url {url}")).spawn().unwrap();
    let mut lines = BufReader::new(doctor.stdout.take().unwrap()).lines();
    let found = lines.any(|line| line.unwrap().starts_with("ok       connection: "));
    assert!(found, "there is no line about the connection");
    // It still waits for the answer, for which it gives IMS ten seconds.
    assert!(doctor.try_wait().unwrap().is_none(), "it has ended");
    doctor.kill().unwrap();
    doctor.wait().unwrap();
}

#[test]
fn a_person_at_a_terminal_sees_what_the_doctor_waits_for() {
    let sandbox = Sandbox::new();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let doctor = sandbox.ims("");
    let program = doctor.get_program().to_str().unwrap();
    // `script` of util-linux makes a terminal. It is ended if it takes longer than a minute.
    let line = format!("{program} doctor -c credentials.json --url {url}");
    let mut script = Command::new("timeout");
    script.args(["60", "script", "-qec", &line, "/dev/null"]).current_dir(sandbox.path(""));
    script.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "xterm");
    for (name, value) in doctor.get_envs() {
        script.env(name, value.unwrap());
    }
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut screen = script.stdout.take().unwrap();
    let (mut shown, waits_for) = (String::new(), "waiting for an answer of 127.0.0.1");
    while !shown.contains(waits_for) {
        let mut byte = [0];
        assert_ne!(screen.read(&mut byte).unwrap(), 0, "no {waits_for:?} in {shown:?}");
        shown.push(char::from(byte[0]));
    }
    assert!(shown.contains("connection"), "{shown:?}");
    script.kill().unwrap();
    script.wait().unwrap();
}
