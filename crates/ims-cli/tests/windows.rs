//! What is different on Windows: access lists in place of modes, `icacls` in place of `chmod`, and a program that `ims exec`
//! waits for.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use windows_permissions::{
    LocalBox, SecurityDescriptor,
    constants::{SeObjectType, SecurityInformation},
    utilities::current_process_sid,
    wrappers::{ConvertSidToStringSid, SetNamedSecurityInfo},
};

#[path = "support/private.rs"]
mod private;
#[expect(dead_code, reason = "nothing here ends an emulator and reads what it said")]
#[path = "support/running_emulator.rs"]
mod running_emulator;
#[path = "support/sandbox.rs"]
mod sandbox;

use private::is_private;
use running_emulator::RunningEmulator;
use sandbox::{CLIENT_SECRET, Finished, Sandbox};

/// Lets everyone read the file, not only this user.
#[track_caller]
fn open_to_everyone(sandbox: &Sandbox, name: &str) {
    let me = ConvertSidToStringSid(&*current_process_sid().unwrap()).unwrap();
    let list = format!("D:P(A;;FA;;;{})(A;;FR;;;WD)", me.to_string_lossy());
    let list: LocalBox<SecurityDescriptor> = list.parse().unwrap();
    let what = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
    let kind = SeObjectType::SE_FILE_OBJECT;
    let path = sandbox.path(name);
    SetNamedSecurityInfo(&path, kind, what, None, None, list.dacl(), None).unwrap();
}

#[test]
fn a_private_key_that_everyone_can_read_is_refused_with_the_line_for_icacls() {
    let sandbox = Sandbox::new();
    open_to_everyone(&sandbox, "private.key");
    let end = sandbox.run("token -c credentials.json");
    assert_eq!(end.code, Some(4), "{end:?}");
    assert!(end.stderr.contains("everyone can read it"), "{}", end.stderr);
    let remedy = "hint: icacls private.key /inheritance:r /grant:r \"*S-1-5-";
    assert!(end.stderr.contains(remedy), "{}", end.stderr);
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_can_be_used_at_once() {
    let sandbox = Sandbox::new();
    let end = sandbox.run("cert new --out new --subject /CN=test");
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(is_private(&sandbox.path("new/private.key")));
    for command in
        ["key inspect new/private.key", "cert match new/certificate_pub.crt new/private.key"]
    {
        let end = sandbox.run(command);
        assert_eq!(end.code, Some(0), "{end:?}");
    }
}

#[test]
fn a_token_is_cached_in_the_folder_for_local_data_and_used_again() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let line = format!("token -c credentials.json --url {}", emulator.url());
    for _ in 0..2 {
        let end: Finished = sandbox.ims(&line).env_remove("IMS_CACHE_DIR").output().unwrap().into();
        assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""), "{end:?}");
    }
    assert_eq!(emulator.exchanges(), 1);
    // The tests set LOCALAPPDATA to this folder.
    assert!(sandbox.path("home/.config/ims/cache").is_dir());
}

#[test]
fn a_program_gets_the_token_and_its_exit_code_is_that_of_ims() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    let exec = format!("exec -c credentials.json --url {} --", emulator.url());
    let mut command = sandbox.ims(&exec);
    command.args(["cmd", "/c", "set & exit 7"]).env("IMS_CLIENT_SECRET", CLIENT_SECRET);
    let end: Finished = command.output().unwrap().into();
    assert_eq!(end.code, Some(7), "{end:?}");
    assert!(end.stdout.contains("IMS_ACCESS_TOKEN=eyJ"), "{end:?}");
    assert!(!end.stdout.contains(CLIENT_SECRET), "{end:?}");
    let missing = sandbox.run(&format!("{exec} no-such-program"));
    assert_eq!(missing.code, Some(127), "{missing:?}");
    assert!(missing.stderr.contains("no-such-program: no such program"), "{missing:?}");
}

#[test]
fn a_script_is_found_without_its_extension() {
    let sandbox = Sandbox::new();
    let emulator = RunningEmulator::start(&sandbox, "-c credentials.json");
    sandbox.write("tool.cmd", "@echo %IMS_CLIENT_ID%\r\n@exit /b 3\r\n");
    let script = sandbox.path("tool").display().to_string();
    let mut command = sandbox.ims(&format!("exec -c credentials.json --url {} --", emulator.url()));
    let end: Finished = command.arg(script).output().unwrap().into();
    assert_eq!((end.code, end.stdout.trim_end()), (Some(3), sandbox::CLIENT_ID), "{end:?}");
}
