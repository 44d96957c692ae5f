//! `ims demo`, as a newcomer runs it.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::fs;

#[path = "support/sandbox.rs"]
mod sandbox;

use sandbox::Sandbox;

#[test]
fn the_demonstration_shows_its_eight_steps_and_leaves_no_files() {
    let sandbox = Sandbox::new();
    let demo = sandbox.run("demo");
    assert_eq!((demo.code, demo.stderr.as_str()), (Some(0), ""), "{demo:?}");
    let headings: Vec<&str> =
        demo.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    let expected = [
        "1. A key and its certificate",
        "2. An integration",
        "3. An IMS to ask",
        "4. An assertion",
        "5. Its exchange for an access token",
        "6. A call with it",
        "7. The next thousand calls",
        "8. A refusal, explained",
    ];
    assert_eq!(headings, expected);
    assert!(demo.stdout.contains("1 exchange was made in all"), "{}", demo.stdout);
    assert!(demo.stdout.contains("HTTP 400 invalid_signature"), "{}", demo.stdout);
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
    assert!(!sandbox.path("home").exists() && !sandbox.path("cache").exists());
}

#[test]
fn a_reader_that_stops_causes_no_error_and_leaves_no_files() {
    let sandbox = Sandbox::new();
    let mut demo = sandbox.ims("demo").spawn().unwrap();
    drop(demo.stdout.take());
    let demo = sandbox::Finished::from(demo.wait_with_output().unwrap());
    assert_eq!((demo.code, demo.stderr.as_str()), (Some(141), ""));
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
}
