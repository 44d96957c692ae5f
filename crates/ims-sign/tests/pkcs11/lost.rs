//! PKCS#11 tokens that are lost while they are used, and come back: SoftHSM behind p11-kit's remote, whose processes are
//! killed, and SoftHSM itself, whose files are removed.

use std::{
    cell::RefCell,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use ims_sign::{
    Signer,
    pkcs11::Pkcs11Error,
    testing::{check_outage, check_signer},
};
use ims_testkit::keys;

use crate::rig::{
    block_on, chain, config, expected, installed, isolated, open, refusal, run, sign, softhsm,
    token_with_a_key,
};

/// SoftHSM in another process, reached by p11-kit's socket.
struct Remote(Child);

impl Remote {
    #[track_caller]
    fn start(folder: &Path) -> Self {
        let socket = folder.join("p11-kit.socket");
        let _ = fs::remove_file(&socket);
        let mut server = Command::new("p11-kit")
            .args(["server", "--foreground", "--name", socket.to_str().unwrap()])
            .args(["--provider", softhsm().to_str().unwrap(), "pkcs11:token=ims%20test"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("p11-kit, which cargo xtask test installs");
        // It prints its address once it listens.
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("P11_KIT_SERVER_ADDRESS"), "{line}");
        Self(server)
    }

    /// Kills the processes that hold the token, one for each client, as a crash would. The server stays.
    fn kill_children(&self) {
        let server = self.0.id();
        let children =
            fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        assert!(!children.is_empty());
        for child in children.split_whitespace() {
            run("kill", &["-KILL", child]);
        }
    }

    /// Kills them and the server, so that no module is there.
    fn kill(&mut self) {
        self.kill_children();
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _ = self.0.kill();
    }
}

fn client() -> PathBuf {
    let paths = [
        "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
        "/usr/lib64/pkcs11/p11-kit-client.so",
    ];
    installed(&paths, "p11-kit-modules")
}

isolated! {
    fn a_remote_token_works_like_a_local_one(folder) {
        token_with_a_key(folder);
        let _remote = Remote::start(folder);
        block_on(check_signer(&open(config(&client())))).unwrap();
    }

    fn a_connection_that_breaks_is_replaced_and_the_caller_does_not_notice(folder) {
        token_with_a_key(folder);
        let remote = Remote::start(folder);
        let signer = open(config(&client()));
        for _ in 0..3 {
            assert_eq!(sign(&signer, b"message"), expected(keys::FIRST, b"message"));
            remote.kill_children();
        }
        block_on(check_signer(&signer)).unwrap();
    }

    fn a_server_that_dies_and_comes_back_is_only_an_outage(folder) {
        token_with_a_key(folder);
        let remote = RefCell::new(Remote::start(folder));
        let signer = open(config(&client()));
        for _ in 0..2 {
            let begin = || remote.borrow_mut().kill();
            let end = || drop(remote.replace(Remote::start(folder)));
            block_on(check_outage(&signer, begin, end)).unwrap();
        }
        block_on(check_signer(&signer)).unwrap();
    }

    fn a_token_whose_files_vanish_and_come_back_is_only_an_outage(folder) {
        token_with_a_key(folder);
        let (here, elsewhere) = (folder.join("tokens"), folder.join("elsewhere"));
        let signer = open(config(&softhsm()));
        for _ in 0..2 {
            let begin = || {
                fs::rename(&here, &elsewhere).unwrap();
                fs::create_dir(&here).unwrap();
            };
            let end = || {
                fs::remove_dir(&here).unwrap();
                fs::rename(&elsewhere, &here).unwrap();
            };
            block_on(check_outage(&signer, begin, end)).unwrap();
        }
        block_on(check_signer(&signer)).unwrap();
    }

    fn two_signers_survive_the_loss_of_what_they_share(folder) {
        token_with_a_key(folder);
        let remote = Remote::start(folder);
        let (first, second) = (open(config(&client())), open(config(&client())));
        for _ in 0..3 {
            remote.kill_children();
            for signer in [&first, &second] {
                assert_eq!(sign(signer, b"message"), expected(keys::FIRST, b"message"));
            }
        }
    }

    fn another_key_of_the_same_name_is_not_used(folder) {
        token_with_a_key(folder);
        let signer = open(config(&softhsm()));
        let module = softhsm();
        let tool = |arguments: &[&str]| {
            let login = ["--module", module.to_str().unwrap(), "--token-label", "ims test", "--login", "--pin"];
            run("pkcs11-tool", &[&login, [crate::rig::PIN].as_slice(), arguments].concat());
        };
        tool(&["--delete-object", "--type", "privkey", "--label", crate::rig::KEY]);
        tool(&["--delete-object", "--type", "pubkey", "--label", crate::rig::KEY]);
        let error = block_on(signer.sign(b"message")).unwrap_err();
        assert!(error.is_transient(), "{}", chain(&error));
        assert!(chain(&error).contains("no private key has the label"), "{}", chain(&error));

        crate::rig::import(folder, "ims test", crate::rig::KEY, "01", keys::SECOND);
        let error = block_on(signer.sign(b"message")).unwrap_err();
        assert!(!error.is_transient(), "{}", chain(&error));
        assert!(chain(&error).contains("the signing key was replaced"), "{}", chain(&error));
        assert_eq!(sign(&open(config(&softhsm())), b"message"), expected(keys::SECOND, b"message"));
    }

    fn a_remote_that_does_not_answer_is_an_unusable_module(folder) {
        token_with_a_key(folder);
        let error = refusal(config(&client()));
        assert!(matches!(error, Pkcs11Error::NoToken { .. } | Pkcs11Error::NoModule { .. }), "{error}");
    }
}
