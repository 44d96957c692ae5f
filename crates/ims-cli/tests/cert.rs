//! `ims cert`, `ims key` and `ims hsm` as their users use them, compared with openssl.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use ims_testkit::{PASSPHRASE, certificates, keys};
use serde_json::{Value, json};

#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/terminal.rs"]
mod terminal;

use sandbox::{Finished, Sandbox};
use terminal::Terminal;

fn openssl(sandbox: &Sandbox, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "openssl {arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn mode(sandbox: &Sandbox, name: &str) -> u32 {
    fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn openssl_reads_a_new_pair_and_its_modes_do_not_depend_on_the_umask() {
    let sandbox = Sandbox::new();
    for umask in ["000", "022", "077"] {
        let ims = env!("CARGO_BIN_EXE_ims");
        let script = format!("umask {umask}; exec {ims} cert new --out {umask} --json");
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(sandbox.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let data: Value = serde_json::from_slice(&output.stdout).unwrap();

        assert_eq!(mode(&sandbox, &format!("{umask}/private.key")), 0o600);
        assert_eq!(mode(&sandbox, &format!("{umask}/certificate_pub.crt")), 0o644);
        assert_eq!(fs::read_dir(sandbox.path(umask)).unwrap().count(), 2);
        let of_key = openssl(&sandbox, &format!("pkey -in {umask}/private.key -pubout"));
        let certificate = format!("x509 -in {umask}/certificate_pub.crt -noout");
        assert_eq!(of_key, openssl(&sandbox, &format!("{certificate} -pubkey")));
        let fingerprint = openssl(&sandbox, &format!("{certificate} -sha256 -fingerprint"));
        assert!(
            fingerprint
                .trim_end()
                .ends_with(data["certificate"]["sha256_fingerprint"].as_str().unwrap())
        );
    }
}

#[test]
fn existing_files_are_kept_unless_force_is_given() {
    let sandbox = Sandbox::new();
    for present in ["private.key", "certificate_pub.crt"] {
        let folder = format!("with-{present}");
        fs::create_dir(sandbox.path(&folder)).unwrap();
        sandbox.write(&format!("{folder}/{present}"), "precious");
        let finished = sandbox.run(&format!("cert new --out {folder}"));
        assert_eq!(finished.code, Some(4), "{finished:?}");
        assert!(finished.stderr.contains("--force"), "{finished:?}");
        assert_eq!(fs::read_dir(sandbox.path(&folder)).unwrap().count(), 1);
        assert_eq!(fs::read(sandbox.path(&format!("{folder}/{present}"))).unwrap(), b"precious");

        let finished = sandbox.run(&format!("cert new --out {folder} --force"));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(mode(&sandbox, &format!("{folder}/private.key")), 0o600);
    }
}

#[test]
fn an_encrypted_key_opens_with_its_pass_phrase_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("phrase", format!("{PASSPHRASE}\n"));
    let finished = sandbox.run("cert new --out new --encrypt --passphrase-file phrase");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    openssl(&sandbox, "pkey -in new/private.key -passin file:phrase -noout");
    let inspect = "key inspect new/private.key";
    assert_eq!(sandbox.run(inspect).code, Some(1));
    assert_eq!(sandbox.run(&format!("{inspect} --passphrase-file phrase")).code, Some(0));
    let matching = "cert match new/certificate_pub.crt new/private.key --passphrase-file phrase";
    assert_eq!(sandbox.run(matching).code, Some(0));
    assert_eq!(sandbox.run("cert new --out other --encrypt").code, Some(2));
}

#[test]
fn a_pass_phrase_is_asked_for_at_a_terminal_and_not_shown() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::start(&sandbox, "cert new --out asked --encrypt");
    for prompt in ["Pass phrase of the new key: ", "Pass phrase of the new key, again: "] {
        terminal.wait_for(prompt);
        terminal.type_line(PASSPHRASE, "-echo");
    }
    let (code, said) = terminal.finish();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains(PASSPHRASE), "{said}");
    sandbox.write("phrase", PASSPHRASE);
    openssl(&sandbox, "pkey -in asked/private.key -passin file:phrase -noout");
    for line in [
        "key inspect asked/private.key",
        "cert match asked/certificate_pub.crt asked/private.key",
        "cert csr --out asked.pem --key asked/private.key --subject /CN=it",
    ] {
        let mut terminal = Terminal::start(&sandbox, line);
        terminal.wait_for("Pass phrase of asked/private.key: ");
        terminal.type_line(PASSPHRASE, "-echo");
        let (code, said) = terminal.finish();
        assert_eq!(code, Some(0), "{line}: {said}");
        assert!(!said.contains(PASSPHRASE), "{said}");
    }
    let mut terminal = Terminal::start(&sandbox, "cert new --out differ --encrypt");
    for (prompt, text) in [("new key: ", "one"), ("again: ", "two")] {
        terminal.wait_for(prompt);
        terminal.type_line(text, "-echo");
    }
    let (code, said) = terminal.finish();
    assert!(code == Some(2) && said.contains("the two pass phrases differ"), "{said}");
    assert!(!sandbox.path("differ").exists());
}

#[test]
fn openssl_verifies_a_request() {
    let sandbox = Sandbox::new();
    let finished = sandbox.run("cert csr --out request.pem --key private.key --subject /CN=it");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let subject = openssl(&sandbox, "req -in request.pem -verify -noout -subject");
    assert!(subject.contains("it"), "{subject}");
}

#[test]
fn a_key_file_is_accepted_if_it_can_sign() {
    let sandbox = Sandbox::new();
    let table = [
        (keys::FIRST, 0, "can sign"),
        (keys::SMALL, 1, "1024"),
        (keys::PSS, 1, "PSS"),
        (keys::EC, 1, "RSA"),
        ("nothing", 1, "not a private key"),
    ];
    for (file, code, part) in table {
        sandbox.write("file", file);
        let finished = sandbox.run("key inspect file");
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.stdout.contains(part), "{finished:?}");
    }
    assert_eq!(sandbox.run("key inspect nowhere").code, Some(4));
}

#[test]
fn a_certificate_matches_its_own_key_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("second.key", keys::SECOND);
    assert_eq!(sandbox.run("cert match certificate_pub.crt private.key").code, Some(0));
    assert_eq!(sandbox.run("cert match certificate_pub.crt second.key").code, Some(1));
    let as_json = sandbox.run("cert match certificate_pub.crt second.key --json");
    assert_eq!((as_json.code, as_json.stdout.as_str()), (Some(1), "{\"matches\":false}\n"));
    assert_eq!(sandbox.run("cert match certificate_pub.crt credentials.json").code, Some(4));
}

#[test]
fn the_certificate_of_a_key_is_found_among_those_of_authorities() {
    let sandbox = Sandbox::new();
    sandbox.write("chain.pem", [certificates::SECOND, certificates::FIRST].concat());
    sandbox.write("second.pem", [certificates::SECOND, certificates::EC].concat());
    #[rustfmt::skip]
    let table = [
        ("chain.pem private.key",   0, "match: the key matches certificate 2 of 2\n"),
        ("private.key chain.pem",   0, "match: the key matches certificate 2 of 2\n"),
        ("second.pem private.key",  1, "no match: none of the 2 certificates has this public key\n"),
        ("chain.pem second.pem",    0, "match: the key matches certificate 1 of 2\n"),
        ("chain.pem private.key --json", 0, "{\"matches\":true,\"certificate\":2,\"certificates\":2}\n"),
    ];
    for (arguments, code, said) in table {
        let finished = sandbox.run(&format!("cert match {arguments}"));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(code), said), "{arguments}");
    }
}

#[test]
fn a_file_of_another_kind_is_named_with_the_command_that_converts_it() {
    let sandbox = Sandbox::new();
    openssl(
        &sandbox,
        "pkcs12 -export -inkey private.key -in certificate_pub.crt -passout pass: -out pair.p12",
    );
    openssl(&sandbox, "crl2pkcs7 -nocrl -certfile certificate_pub.crt -out bundle.p7b");
    sandbox.write("page.crt", "<!DOCTYPE html><title>Sign in</title>");
    let utf_16: Vec<u8> = certificates::FIRST.bytes().flat_map(|octet| [octet, 0]).collect();
    sandbox.write("utf16.crt", utf_16);
    sandbox.write("store.jks", b"\xfe\xed\xfe\xed\0\0\0\x02");
    #[rustfmt::skip]
    let table = [
        ("pair.p12",    "a PKCS#12 file",     Some("openssl pkcs12 -in FILE -clcerts -nokeys")),
        ("bundle.p7b",  "a PKCS#7 file",      Some("openssl pkcs7 -in FILE -print_certs")),
        ("store.jks",   "a Java key store",   Some("keytool -importkeystore -srckeystore FILE")),
        ("utf16.crt",   "text in UTF-16",     Some("iconv -f UTF-16 -t UTF-8 FILE")),
        ("page.crt",    "a web page",         None),
        ("private.key", "a private key",      None),
    ];
    for (file, kind, conversion) in table {
        for command in ["cert inspect", "cert check"] {
            let finished = sandbox.run(&format!("{command} {file}"));
            assert_eq!(finished.code, Some(4), "{finished:?}");
            let said = format!("{file}: this is {kind}, not a certificate");
            assert!(finished.stderr.contains(&said), "{command}: {finished:?}");
            let is_converted = finished.stderr.contains("convert it:");
            assert_eq!(is_converted, conversion.is_some(), "{command}: {finished:?}");
            assert!(finished.stderr.contains(conversion.unwrap_or_default()), "{finished:?}");
        }
    }
    for command in
        ["cert inspect /dev/zero", "cert match /dev/zero private.key", "cert check /dev/zero"]
    {
        assert_eq!(sandbox.run(command).code, Some(4), "{command}");
    }
}

#[test]
fn a_key_that_is_named_by_its_file_is_opened_by_an_option() {
    let sandbox = Sandbox::new();
    sandbox.write("encrypted.key", keys::FIRST_PBES2_AES256_SHA256);
    for command in [
        "cert match certificate_pub.crt encrypted.key",
        "cert csr --key encrypted.key --out file.csr --subject /CN=test",
    ] {
        let finished = sandbox.run(command);
        assert_eq!(finished.code, Some(4), "{finished:?}");
        assert!(finished.stderr.contains("hint: name a file"), "{finished:?}");
        assert!(finished.stderr.contains("--passphrase-file FILE"), "{finished:?}");
    }
}

#[test]
fn days_that_no_certificate_can_have_are_a_usage_error() {
    let sandbox = Sandbox::new();
    for days in ["0", "4000000"] {
        let finished = sandbox.run(&format!("cert new --out new --days {days}"));
        assert_eq!(finished.code, Some(2), "{finished:?}");
        assert!(finished.stderr.contains(&format!("error: --days {days}: ")), "{finished:?}");
        assert!(!sandbox.path("new").exists());
    }
}

#[test]
fn a_check_sorts_by_expiry_and_separates_valid_from_expiring_and_unreadable() {
    let sandbox = Sandbox::new();
    for (folder, days) in [("a", 300), ("b", 10), ("c", 100)] {
        assert_eq!(
            sandbox.run(&format!("cert new --out all/{folder} --days {days}")).code,
            Some(0)
        );
    }
    let finished = sandbox.run("cert check all --json");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let days = report["certificates"].as_array().unwrap().iter().map(|it| it["days_left"].as_i64());
    let days: Vec<i64> = days.map(Option::unwrap).collect();
    assert!(matches!(*days, [9..=10, 99..=100, 299..=300]), "{days:?}");

    let table = sandbox.run("cert check all");
    let lines: Vec<&str> = table.stdout.lines().collect();
    let ends_soon: Vec<bool> = lines.iter().map(|line| line.ends_with("  ends soon")).collect();
    assert_eq!(ends_soon, [true, false, false], "{table:?}");
    assert!(table.stderr.contains("summary: 3 certificates, 1 ending soon, 2 fine"), "{table:?}");

    assert_eq!(sandbox.run("cert check all --within 9d").code, Some(0));
    sandbox.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_eq!(sandbox.run("cert check all broken.pem").code, Some(4));
    let nowhere = sandbox.run("cert check nowhere");
    assert_eq!(nowhere.code, Some(4));
    assert!(nowhere.stderr.starts_with("unreadable: nowhere: "), "{nowhere:?}");
    assert!(!nowhere.stderr.contains("os error"), "{nowhere:?}");
    assert_eq!(sandbox.run("cert check").code, Some(2));
}

#[test]
fn metrics_go_to_standard_output_or_replace_a_file_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("twice.pem", [certificates::FIRST, certificates::FIRST].concat());
    sandbox.write("odd \"name.crt", certificates::SECOND);
    sandbox.write("empty.crt", "");
    let pattern = "cert check *.pem *.crt --within 1d";
    let printed = sandbox.run(&format!("{pattern} --prometheus -"));
    assert_eq!(printed.code, Some(4), "{printed:?}");
    let metrics = &printed.stdout;
    let metric = "ims_certificate_not_after_timestamp_seconds{";
    // Prometheus refuses a file in which a series comes twice.
    assert_eq!(metrics.matches(metric).count(), 3, "{metrics}");
    assert!(metrics.contains(r#"{file="odd \"name.crt","#), "{metrics}");
    assert!(metrics.contains(r#"ims_certificate_unreadable{file="empty.crt"} 1"#), "{metrics}");

    sandbox.write("ims.prom", "of yesterday");
    let written = sandbox.run(&format!("{pattern} --prometheus ims.prom"));
    assert_eq!(fs::read_to_string(sandbox.path("ims.prom")).unwrap(), *metrics);
    assert_eq!(mode(&sandbox, "ims.prom"), 0o644);
    assert!(written.stdout.contains("days") && !written.stdout.contains(metric), "{written:?}");
    assert_eq!(sandbox.run("cert check . --json --prometheus -").code, Some(2));
}

#[test]
fn patterns_and_folders_lead_to_every_certificate_once() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("deep/er/est")).unwrap();
    sandbox.write("deep/a.crt", certificates::FIRST);
    sandbox.write("deep/er/b.crt", certificates::SECOND);
    sandbox.write("deep/er/est/[c].crt", certificates::SECOND);
    sandbox.write("deep/er/private.key", keys::FIRST);
    sandbox.write("deep/er/private.pem", keys::FIRST);
    std::os::unix::fs::symlink(sandbox.path("deep"), sandbox.path("deep/er/circle")).unwrap();
    #[rustfmt::skip]
    let table = [
        ("deep",                    Some(3)),
        ("deep/*.crt",              Some(1)),
        ("deep/?r/*",               Some(2)),
        ("deep/**/*.crt",           Some(3)),
        ("deep deep/**/*.crt",      Some(3)),
        ("deep/**",                 Some(3)),
        ("deep/er/est/[c].crt",     Some(1)),
        ("credentials.json",        Some(1)),
        ("deep/er/private.pem",     None),
        ("nothing/*.crt",           None),
        ("deep/***",                None),
        ("tmp",                     None),
        ("deep/er/*.key",           None),
    ];
    for (paths, certificates) in table {
        let finished = sandbox.run(&format!("cert check {paths} --within 1d --json"));
        let code = if certificates.is_some() { 0 } else { 4 };
        assert_eq!(finished.code, Some(code), "{paths}: {finished:?}");
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        let found = report["certificates"].as_array().unwrap().len();
        assert_eq!(found, certificates.unwrap_or(0), "{paths}: {finished:?}");
    }
}

#[test]
fn credentials_are_checked_by_their_names() {
    let sandbox = Sandbox::new();
    let oauth = json!({
        "scopes": ["openid"], "metascopes": null, "private_key_file": null,
        "certificate_file": null, "technical_account_id": null,
    });
    sandbox.write_credentials("oauth.json", oauth);
    assert_eq!(sandbox.run("context add shop -c credentials.json").code, Some(0));
    assert_eq!(sandbox.run("context add oauth -c oauth.json").code, Some(0));
    #[rustfmt::skip]
    let table = [
        ("--context shop",                                 0, 1),
        ("--all-contexts",                                 0, 1),
        ("--context shop certificate_pub.crt",             0, 2),
        ("--context oauth",                                4, 0),
        ("--context shop --context missing",                4, 1),
    ];
    for (options, code, certificates) in table {
        let finished = sandbox.run(&format!("cert check --json --within 1d {options}"));
        assert_eq!(finished.code, Some(code), "{options}: {finished:?}");
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        let found = report["certificates"].as_array().unwrap().len();
        assert_eq!(found, certificates, "{options}: {finished:?}");
    }
    assert_eq!(sandbox.run("context remove shop").code, Some(0));
    let nothing = sandbox.run("cert check --all-contexts");
    assert_eq!(nothing.code, Some(4), "{nothing:?}");
    assert!(nothing.stderr.contains("there is no certificate to check"), "{nothing:?}");
    assert_eq!(sandbox.run("context add shop -c credentials.json").code, Some(0));
    let shop = sandbox.run("cert check --context shop");
    assert!(shop.stdout.contains("  context shop  "), "{shop:?}");
}

#[test]
fn the_text_of_a_certificate_cannot_control_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("escape.crt", "");
    let name = "\u{1b}[31m.crt";
    fs::rename(sandbox.path("escape.crt"), sandbox.path(name)).unwrap();
    let finished = sandbox.run("cert check *.crt");
    assert!(finished.stderr.contains("[31m.crt"), "{finished:?}");
    assert!(!finished.stderr.contains('\u{1b}'), "{finished:?}");
}

#[test]
fn a_key_in_a_module_is_made_listed_and_certified() {
    let sandbox = Sandbox::new();
    let configuration = sandbox.path("softhsm2.conf");
    fs::create_dir(sandbox.path("tokens")).unwrap();
    let tokens = sandbox.path("tokens");
    sandbox.write("softhsm2.conf", format!("directories.tokendir = {}\n", tokens.display()));
    sandbox.write("pin", "canary-pin\n");
    sandbox.write("wrong-pin", "canary-other\n");
    let made = Command::new("softhsm2-util")
        .args("--init-token --free --label it --so-pin 87654321 --pin canary-pin".split(' '))
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let run = |arguments: &str| {
        let output: Finished =
            sandbox.ims(arguments).env("SOFTHSM2_CONF", &configuration).output().unwrap().into();
        let Finished { stdout, stderr, .. } = &output;
        assert!(!stdout.contains("canary") && !stderr.contains("canary"), "{output:?}");
        output
    };
    let module = "/usr/lib/softhsm/libsofthsm2.so";
    let uri = format!("pkcs11:token=it;object=signing?module-path={module}&pin-source=pin");

    assert!(run(&format!("hsm tokens --module {module}")).stdout.starts_with("it "));
    assert_eq!(run(&format!("hsm generate {uri}")).code, Some(0));
    let again = run(&format!("hsm generate {uri}"));
    assert!(again.code == Some(4) && again.stderr.contains("already is a key"), "{again:?}");
    let keys = format!("hsm keys --module {module} --token it --json --pin-file");
    let listed: Value = serde_json::from_str(&run(&format!("{keys} pin")).stdout).unwrap();
    assert_eq!(listed[0]["label"], "signing");
    assert_eq!(listed[0]["can_sign"], true);
    assert_eq!(run(&format!("{keys} wrong-pin")).code, Some(4));

    assert_eq!(run(&format!("cert new --out new --signer {uri}")).code, Some(0));
    openssl(&sandbox, "verify -CAfile new/certificate_pub.crt new/certificate_pub.crt");
    let request = format!("cert csr --out new/request.pem --subject /CN=it --signer {uri}");
    assert_eq!(run(&request).code, Some(0));
    openssl(&sandbox, "req -in new/request.pem -verify -noout");
    let pair = "cert match new/certificate_pub.crt new/request.pem";
    assert_eq!(run(pair).code, Some(0));
}

/// The members of a certificate in the JSON of any command.
const CERTIFICATE: [&str; 12] = [
    "file",
    "subject",
    "issuer",
    "serial_number",
    "not_before",
    "not_after",
    "days_left",
    "state",
    "key",
    "signature_algorithm",
    "sha1_fingerprint",
    "sha256_fingerprint",
];

#[test]
fn a_certificate_and_a_key_have_the_same_members_in_every_command() {
    let sandbox = Sandbox::new();
    #[rustfmt::skip]
    let table = [
        ("cert inspect --json certificate_pub.crt",             "/0",              &["findings"][..]),
        ("cert new --json --out new",                           "/certificate",    &[]),
        ("cert check --json certificate_pub.crt",               "/certificates/0", &["fine"]),
        ("status --json -c credentials.json",                   "/certificates/0", &["fine"]),
        ("cert rotate --json -c credentials.json --within 1d",  "/certificate",    &[]),
    ];
    for (line, place, others) in table {
        let end = sandbox.run(line);
        assert_eq!(end.code, Some(0), "{line}: {}", end.stderr);
        let data: Value = serde_json::from_str(&end.stdout).unwrap();
        let certificate = data.pointer(place).unwrap().as_object().unwrap();
        let mut members: Vec<&str> = certificate.keys().map(String::as_str).collect();
        members.retain(|member| !others.contains(member));
        members.sort_unstable();
        let mut expected = CERTIFICATE.to_vec();
        expected.sort_unstable();
        assert_eq!(members, expected, "{line}");
        assert_eq!(certificate["key"], json!({"algorithm": "RSA", "bits": 2048}), "{line}");
    }
    let key: Value =
        serde_json::from_str(&sandbox.run("key inspect --json private.key").stdout).unwrap();
    assert_eq!((&key["algorithm"], &key["bits"]), (&json!("RSA"), &json!(2048)));
}
