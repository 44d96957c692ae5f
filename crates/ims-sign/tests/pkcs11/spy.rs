//! The module `pkcs11-spy` between us and SoftHSM counts what is really called.

use std::{fs, path::Path, thread};

use ims_sign::{
    Signer,
    pkcs11::{Pkcs11Error, Pkcs11Signer},
    testing::check_signer,
};

use crate::rig::{block_on, config, installed, isolated, open, pin, sign, token_with_a_key};

fn spy() -> std::path::PathBuf {
    let paths = [
        "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so",
        "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
        "/usr/lib64/pkcs11/pkcs11-spy.so",
    ];
    installed(&paths, "opensc-pkcs11")
}

#[track_caller]
fn calls(folder: &Path, function: &str) -> usize {
    let log = fs::read_to_string(folder.join("spy.log")).unwrap();
    log.lines().filter(|line| line.ends_with(&format!(": {function}"))).count()
}

isolated! {
    fn a_wrong_pin_is_sent_once_by_any_number_of_threads_that_try_again_and_again(folder) {
        token_with_a_key(folder);
        let wrong = config(&spy()).with_pin(pin("wrong"));
        thread::scope(|scope| {
            for _ in 0..16 {
                let wrong = &wrong;
                scope.spawn(move || {
                    for _ in 0..5 {
                        let error = Pkcs11Signer::open(wrong.clone()).unwrap_err();
                        assert!(matches!(error, Pkcs11Error::PinWrong), "{error}");
                    }
                });
            }
        });
        assert_eq!(calls(folder, "C_Login"), 1);
    }

    fn a_wrong_pin_is_sent_once_by_one_thread_that_tries_again_and_again(folder) {
        token_with_a_key(folder);
        for _ in 0..20 {
            let error = Pkcs11Signer::open(config(&spy()).with_pin(pin("wrong"))).unwrap_err();
            assert!(matches!(error, Pkcs11Error::PinWrong), "{error}");
        }
        assert_eq!(calls(folder, "C_Login"), 1);
    }

    fn a_signer_initializes_and_logs_in_once_and_closes_what_it_opens(folder) {
        token_with_a_key(folder);
        let signer = open(config(&spy()));
        block_on(check_signer(&signer)).unwrap();
        drop(signer);
        assert_eq!(calls(folder, "C_Initialize"), 1);
        assert_eq!(calls(folder, "C_Login"), 1);
        assert_eq!(calls(folder, "C_Finalize"), 0);
        let opened = calls(folder, "C_OpenSession");
        assert!((1..=4).contains(&opened), "{opened}");
        assert_eq!(calls(folder, "C_CloseSession"), opened);
    }

    fn a_lost_login_is_renewed_with_one_login(folder) {
        token_with_a_key(folder);
        let signer = open(config(&spy()));
        let signature = sign(&signer, b"message");
        let context = cryptoki::context::Pkcs11::new(spy()).unwrap();
        let slot = context.get_slots_with_initialized_token().unwrap()[0];
        context.open_ro_session(slot).unwrap().logout().unwrap();
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert_eq!(sign(&signer, b"message"), signature));
            }
        });
        assert_eq!(calls(folder, "C_Login"), 2);
        assert_eq!(signer.public_key().modulus_bits(), 2048);
    }
}
