//! Credentials as text, and the source that the command reports.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[path = "support/sandbox.rs"]
mod sandbox;

use std::io::Write;

use sandbox::{CLIENT_ID, Finished, Sandbox};
use std::process::Stdio;

const DOCUMENT: &str =
    r#"{"client_id":"document","client_secret":"canary-text","scopes":["openid"]}"#;

/// What the doctor says offline about the credentials on standard input and in the variables.
fn examined(arguments: &str, input: &str, variables: &[(&str, &str)]) -> Finished {
    let sandbox = Sandbox::new();
    sandbox.run("context add mine -c credentials.json");
    let mut command = sandbox.ims(&format!("doctor --offline {arguments}"));
    let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let mut child = command.envs(variables).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn credentials_are_read_as_text_from_standard_input_a_variable_and_an_option() {
    let document = DOCUMENT.replace(' ', "");
    for (arguments, input, variables) in [
        ("-c -", DOCUMENT, &[][..]),
        ("", "", &[("IMS_CREDENTIALS", DOCUMENT)]),
        (&*format!("-c {document}"), "", &[]),
    ] {
        let end = examined(arguments, input, variables);
        assert_eq!(end.code, Some(0), "{end:?}");
        assert!(end.stderr.is_empty() && end.stdout.contains("client document"), "{end:?}");
        assert!(!format!("{end:?}").contains("canary"), "{end:?}");
    }
}

/// Everyone who lists the processes sees it. Its content is not repeated.
#[test]
fn a_document_on_the_command_line_gets_a_warning_and_one_in_another_place_gets_none() {
    let warning =
        "the credentials are on the command line, which every user of this machine can read";
    let document = DOCUMENT.replace(' ', "");
    let on_the_line = format!("-c {document}");
    for (arguments, input, variables, is_warned_of) in [
        ("-c -", DOCUMENT, &[][..], false),
        ("", "", &[("IMS_CREDENTIALS", DOCUMENT)], false),
        (on_the_line.as_str(), "", &[], true),
    ] {
        let end = examined(arguments, input, variables);
        let said = end.stdout.contains(&format!("warning  permissions: {warning}"));
        assert_eq!(said, is_warned_of, "{end:?}");
        assert_eq!(end.stdout.contains("no one else can read a secret"), !is_warned_of, "{end:?}");
    }
    let sandbox = Sandbox::new();
    let end = sandbox.run(&format!("token {on_the_line} --url http://127.0.0.1:9"));
    assert!(end.stderr.starts_with(&format!("warning: {warning}")), "{end:?}");
    assert!(!format!("{end:?}").contains("canary"), "{end:?}");
}

#[test]
fn a_document_that_cannot_be_read_is_never_repeated() {
    for text in ["{\"client_secret\":\"canary", "client_secret=canary", "[canary", "a:canary\nb:c"]
    {
        for variable in ["IMS_CREDENTIALS", "AIO_CONFIG_FILE"] {
            let end = examined("", "", &[(variable, text)]);
            assert_ne!(end.code, Some(0), "{variable} {text}");
            assert!(!format!("{end:?}").contains("canary"), "{variable} {text}: {end:?}");
        }
    }
}

#[test]
fn the_doctor_says_where_the_credentials_are_and_what_a_variable_hides() {
    let variables = [("IMS_CREDENTIALS", DOCUMENT)];
    let end = examined("", "", &variables);
    assert!(end.stdout.contains("from the document in IMS_CREDENTIALS"), "{end:?}");
    assert!(end.stdout.contains("not used"), "{end:?}");
    assert!(end.stdout.contains("the current context mine of "), "{end:?}");

    let end = examined("", "", &[]);
    assert!(end.stdout.contains("from the current context mine of "), "{end:?}");
    assert!(end.stdout.contains(CLIENT_ID), "{end:?}");
    assert!(!end.stdout.contains("not used"), "{end:?}");

    let end = examined("-c credentials.json", "", &variables);
    assert!(end.stdout.contains("from the file credentials.json"), "{end:?}");
}
